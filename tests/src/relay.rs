//! An HTTP hop between two services that changes headers on their way: what a careless proxy does to trace context.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::{AbortHandle, JoinSet};

use crate::http_client::http;

type Rewrite = Box<dyn FnMut(&mut HeaderMap) + Send>;

/// The running hop; it ends with the value.
#[derive(Debug)]
pub struct Relay {
    port: u16,
    way: Arc<Way>,
    task: AbortHandle,
}

struct Way {
    target: OnceLock<String>,
    /// Status and `Retry-After` of what every request is answered with in place of being passed on.
    refusal: Mutex<Option<(u16, u64)>>,
    rewrite: Mutex<Rewrite>,
    client: reqwest::Client,
}

impl std::fmt::Debug for Way {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Way").field("target", &self.target).finish_non_exhaustive()
    }
}

impl Relay {
    /// Starts on a free port of 127.0.0.1, in the caller's runtime. `rewrite` sees the headers of every request before they go on.
    ///
    /// # Panics
    /// When no port can be bound.
    pub async fn start(rewrite: impl FnMut(&mut HeaderMap) + Send + 'static) -> Self {
        let way = Arc::new(Way {
            target: OnceLock::new(),
            refusal: Mutex::default(),
            rewrite: Mutex::new(Box::new(rewrite)),
            client: http(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port is free");
        let port = listener.local_addr().expect("a bound listener has an address").port();
        let task = tokio::spawn(serve(listener, Arc::clone(&way))).abort_handle();
        Self { port, way, task }
    }

    /// Where requests go; until it is said they are answered with 502.
    ///
    /// # Panics
    /// When it was said before.
    pub fn lead_to(&self, url: String) {
        self.way.target.set(url).expect("a relay leads to one place");
    }

    /// Answers every request with this status and `Retry-After: <seconds>`, until [`Relay::pass`].
    pub fn refuse(&self, status: u16, retry_after: u64) {
        *self.way.refusal.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((status, retry_after));
    }

    /// Passes requests on again.
    pub fn pass(&self) {
        *self.way.refusal.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// `http://127.0.0.1:<port>`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(listener: TcpListener, way: Arc<Way>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let way = Arc::clone(&way);
        connections.spawn(async move {
            let service = service_fn(|request| pass_on(request, &way));
            let connection = hyper::server::conn::http1::Builder::new();
            // An error is the client's going away.
            let _ = connection.serve_connection(TokioIo::new(stream), service).await;
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn pass_on(request: Request<Incoming>, way: &Way) -> anyhow::Result<Response<Full<Bytes>>> {
    let (mut head, body) = request.into_parts();
    let refusal = *way.refusal.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((status, retry_after)) = refusal {
        // Read to its end: a connection that is closed on what still comes would be another failure.
        body.collect().await?;
        let answer = Response::builder().status(status).header(header::RETRY_AFTER, retry_after);
        return Ok(answer.body(Full::default())?);
    }
    let Some(target) = way.target.get() else {
        let mut answer = Response::new(Full::default());
        *answer.status_mut() = StatusCode::BAD_GATEWAY;
        return Ok(answer);
    };
    for hop_by_hop in
        [header::HOST, header::CONNECTION, header::CONTENT_LENGTH, header::TRANSFER_ENCODING]
    {
        head.headers.remove(hop_by_hop);
    }
    (way.rewrite.lock().unwrap_or_else(PoisonError::into_inner))(&mut head.headers);
    let body = body.collect().await?.to_bytes();
    let sent = way
        .client
        .request(head.method, format!("{target}{}", head.uri))
        .headers(head.headers)
        .body(body);
    let answer = sent.send().await?;
    let (status, mut headers) = (answer.status(), answer.headers().clone());
    headers.remove(header::CONNECTION);
    headers.remove(header::TRANSFER_ENCODING);
    let mut passed = Response::new(Full::new(answer.bytes().await?));
    *passed.status_mut() = status;
    *passed.headers_mut() = headers;
    Ok(passed)
}
