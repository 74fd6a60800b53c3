//! An HTTP server in the place of a service, which answers as a test tells it and remembers every request.

use std::fmt;
use std::io::Write as _;
use std::net::TcpStream as BlockingStream;
use std::os::fd::AsFd as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};

/// A request that arrived, complete.
#[derive(Clone, Debug)]
pub struct Received {
    /// Its method.
    pub method: Method,
    /// Path and query.
    pub path: String,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

impl Received {
    /// The body as JSON; `Null` when it is none.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// A header as text, the first of its name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// What to do with a request.
#[derive(Clone, Debug)]
pub enum Reply {
    /// Answer it.
    Answer(Response<Bytes>),
    /// Write these bytes in place of an answer, then close.
    Raw(Bytes),
    /// Never answer, and keep the connection open.
    Hang,
    /// Close the connection.
    Close,
    /// Wait, then do this.
    After(Duration, Box<Reply>),
}

impl Reply {
    /// An answer of JSON.
    ///
    /// # Panics
    /// When `status` is not one of HTTP.
    #[must_use]
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        Self::body(status, "application/json", body.to_string())
    }

    /// An answer of any kind.
    ///
    /// # Panics
    /// When `status` is not one of HTTP.
    #[must_use]
    pub fn body(status: u16, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        let mut answer = Response::new(body.into());
        *answer.status_mut() =
            StatusCode::from_u16(status).unwrap_or_else(|error| panic!("{status}: {error}"));
        answer
            .headers_mut()
            .insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static(content_type));
        Self::Answer(answer)
    }

    /// The same with a header more; only an answer has headers.
    ///
    /// # Panics
    /// When the value cannot be one of a header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        if let Self::Answer(answer) = &mut self {
            let value = http::HeaderValue::from_str(value)
                .unwrap_or_else(|error| panic!("{value}: {error}"));
            answer.headers_mut().append(name, value);
        }
        self
    }
}

type Handler = Box<dyn Fn(&Received) -> Reply + Send + Sync>;

/// The running server; it ends with the value.
#[derive(Debug)]
pub struct Upstream {
    port: u16,
    shared: Arc<Shared>,
    task: AbortHandle,
}

struct Shared {
    handler: Mutex<Handler>,
    requests: Mutex<Vec<Received>>,
}

impl Upstream {
    /// Starts a server on a free port of 127.0.0.1, in the caller's runtime.
    ///
    /// # Panics
    /// When no port can be bound.
    pub async fn start(handler: impl Fn(&Received) -> Reply + Send + Sync + 'static) -> Self {
        let shared =
            Arc::new(Shared { handler: Mutex::new(Box::new(handler)), requests: Mutex::default() });
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .unwrap_or_else(|error| panic!("cannot bind a port: {error}"));
        let port = listener
            .local_addr()
            .map(|address| address.port())
            .unwrap_or_else(|error| panic!("no port: {error}"));
        let task = tokio::spawn(serve(listener, Arc::clone(&shared))).abort_handle();
        Self { port, shared, task }
    }

    /// Changes what it does with requests from now on.
    pub fn answer(&self, handler: impl Fn(&Received) -> Reply + Send + Sync + 'static) {
        *self.shared.handler.lock().unwrap_or_else(PoisonError::into_inner) = Box::new(handler);
    }

    /// The port it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `http://127.0.0.1:<port>`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Every request so far, in the order in which they were complete.
    #[must_use]
    pub fn requests(&self) -> Vec<Received> {
        self.shared.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Shared").field("requests", &self.requests).finish_non_exhaustive()
    }
}

async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(connection(stream, Arc::clone(&shared)));
        while connections.try_join_next().is_some() {}
    }
}

async fn connection(stream: TcpStream, shared: Arc<Shared>) {
    // A second handle on the socket, for the bytes that hyper would never write.
    let Ok(raw) = stream.as_fd().try_clone_to_owned() else {
        return;
    };
    let raw = Arc::new(BlockingStream::from(raw));
    let service = service_fn(|request| respond(request, &shared, &raw));
    // An error is what the test asked for (`Close`), or the client's going away.
    let _ = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn respond(
    request: Request<Incoming>,
    shared: &Shared,
    raw: &BlockingStream,
) -> anyhow::Result<Response<Full<Bytes>>> {
    let (head, body) = request.into_parts();
    let path = head.uri.path_and_query().map_or_else(|| head.uri.to_string(), ToString::to_string);
    let received = Received {
        method: head.method,
        path,
        headers: head.headers,
        body: body.collect().await?.to_bytes(),
    };
    let mut reply = (shared.handler.lock().unwrap_or_else(PoisonError::into_inner))(&received);
    shared.requests.lock().unwrap_or_else(PoisonError::into_inner).push(received);
    loop {
        match reply {
            Reply::Answer(answer) => return Ok(answer.map(Full::new)),
            Reply::Raw(bytes) => {
                (&*raw).write_all(&bytes)?;
                anyhow::bail!("written by hand");
            }
            Reply::Hang => std::future::pending().await,
            Reply::Close => anyhow::bail!("told to close"),
            Reply::After(delay, then) => {
                tokio::time::sleep(delay).await;
                reply = *then;
            }
        }
    }
}
