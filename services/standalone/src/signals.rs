//! Signals from outside, as requests to stop.

use std::time::{Duration, Instant};

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use crate::failure::Failure;
use crate::supervision::StopRequest;

/// Programs such as `timeout` signal a process and then its group: that is one request, not two.
const SAME_REQUEST: Duration = Duration::from_millis(200);

/// Turns SIGINT and SIGTERM into stop requests: the first of either asks for an orderly stop, a
/// later SIGINT for an immediate one. A later SIGTERM changes nothing: it comes from programs.
pub(crate) fn listen() -> Result<mpsc::Receiver<StopRequest>, Failure> {
    let no_handler = |error| Failure::failed(format!("signals cannot be received: {error}"));
    let mut interrupt = signal(SignalKind::interrupt()).map_err(no_handler)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(no_handler)?;
    let (sender, receiver) = mpsc::channel(2);
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        let first = Instant::now();
        let _ = sender.send(StopRequest::Orderly).await;
        while interrupt.recv().await.is_some() {
            if first.elapsed() > SAME_REQUEST {
                let _ = sender.send(StopRequest::AtOnce).await;
            }
        }
    });
    Ok(receiver)
}
