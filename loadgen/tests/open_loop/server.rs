//! A server that counts its connections.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use bytes::Bytes;
use http::Response;
use http_body_util::{BodyExt as _, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpListener, task::AbortHandle};

/// Answers every request with 200 after a while.
pub(crate) struct Counting {
    pub(crate) url: String,
    counts: Arc<Counts>,
    task: AbortHandle,
}

#[derive(Default)]
struct Counts {
    accepted: AtomicUsize,
    open: AtomicUsize,
    peak: AtomicUsize,
}

impl Counting {
    pub(crate) async fn start(delay: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let counts = Arc::new(Counts::default());
        let task = tokio::spawn(serve(listener, Arc::clone(&counts), delay)).abort_handle();
        Self { url, counts, task }
    }

    /// Connections that were taken, but for the one that only looked whether somebody is there.
    pub(crate) fn accepted(&self) -> usize {
        self.counts.accepted.load(SeqCst) - 1
    }

    /// Connections open at once at most.
    pub(crate) fn peak(&self) -> usize {
        self.counts.peak.load(SeqCst)
    }
}

impl Drop for Counting {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(listener: TcpListener, counts: Arc<Counts>, delay: Duration) {
    while let Ok((stream, _)) = listener.accept().await {
        counts.accepted.fetch_add(1, SeqCst);
        let open = counts.open.fetch_add(1, SeqCst) + 1;
        counts.peak.fetch_max(open, SeqCst);
        let counts = Arc::clone(&counts);
        tokio::spawn(async move {
            let service = service_fn(|request: http::Request<Incoming>| async move {
                // A body that breaks off is no matter: there is no one to answer.
                let _ = request.into_body().collect().await;
                tokio::time::sleep(delay).await;
                Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(b"{}"))))
            });
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
            counts.open.fetch_sub(1, SeqCst);
        });
    }
}
