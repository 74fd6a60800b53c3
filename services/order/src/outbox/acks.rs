//! What was delivered, on its way to the database: gathered, so that one statement notes many.

use std::time::{Duration, Instant};

use http::StatusCode;
use shared::timestamp::now_micros;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::STATEMENT_TIME;
use crate::{
    metrics,
    store::{Delivered, Store},
};

/// How long acknowledgements are gathered into one statement.
const GATHER: Duration = Duration::from_millis(25);

/// Where deliveries are reported.
#[derive(Clone)]
pub(crate) struct Acks {
    delivered: mpsc::UnboundedSender<Delivered>,
    /// From those who wait until everything reported before is written.
    flushes: mpsc::UnboundedSender<oneshot::Sender<()>>,
}

/// What is reported, at the writer's end.
pub(super) struct Reports {
    delivered: mpsc::UnboundedReceiver<Delivered>,
    flushes: mpsc::UnboundedReceiver<oneshot::Sender<()>>,
}

/// Not bounded in itself: each entry stands for a request in flight or a claimed row, and those are.
pub(super) fn channel() -> (Acks, Reports) {
    let (delivered, reports) = mpsc::unbounded_channel();
    let (flushes, asked) = mpsc::unbounded_channel();
    (Acks { delivered, flushes }, Reports { delivered: reports, flushes: asked })
}

impl Acks {
    /// Notes a delivery. After the stop nobody listens, and the row is delivered once more.
    pub(crate) fn send(&self, delivered: Delivered) {
        let _ = self.delivered.send(delivered);
    }

    /// Returns when what was sent before is written, or when nobody writes any more.
    pub(crate) async fn flush(&self) {
        let (written, is_written) = oneshot::channel();
        if self.flushes.send(written).is_ok() {
            let _ = is_written.await;
        }
    }

    /// Puts aside a row that audit refuses; false when that failed, and the relay is to try again.
    pub(crate) async fn park(&self, store: &Store, order_id: Uuid, status: StatusCode) -> bool {
        let reason = format!("audit-service answered {status}");
        match store.park(order_id, &reason, now_micros()).await {
            Ok(true) => {
                tracing::error!(order_id = %order_id, reason, "An audit record is parked");
                true
            }
            // Parked before, and said then.
            Ok(false) => true,
            Err(error) => {
                let error = error.to_string();
                tracing::warn!(error, "An audit record could not be parked");
                false
            }
        }
    }
}

impl Reports {
    /// Writes what is reported, until the stop; then what is still there.
    pub(super) async fn write(mut self, store: Store, stop: CancellationToken) {
        let (mut batch, mut waiting) = (Vec::new(), Vec::new());
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                received = self.delivered.recv_many(&mut batch, usize::MAX) => if received == 0 { break },
                Some(one) = self.flushes.recv() => waiting.push(one),
            }
            if waiting.is_empty() {
                tokio::select! {
                    () = stop.cancelled() => {},
                    () = tokio::time::sleep(GATHER) => {},
                    Some(one) = self.flushes.recv() => waiting.push(one),
                }
            }
            // Those who wait first: what they wait for was sent before they asked.
            drain(&mut self.flushes, &mut waiting);
            drain(&mut self.delivered, &mut batch);
            write(&store, &mut batch).await;
            for one in waiting.drain(..) {
                // Whoever asked may have gone away.
                let _ = one.send(());
            }
        }
        drain(&mut self.delivered, &mut batch);
        write(&store, &mut batch).await;
    }
}

fn drain<T>(receiver: &mut mpsc::UnboundedReceiver<T>, into: &mut Vec<T>) {
    while let Ok(one) = receiver.try_recv() {
        into.push(one);
    }
}

async fn write(store: &Store, batch: &mut Vec<Delivered>) {
    if batch.is_empty() {
        return;
    }
    match store.acknowledge(batch, Instant::now() + STATEMENT_TIME).await {
        Ok(noted) => metrics::outbox_delivered(noted),
        Err(error) => {
            tracing::warn!(
                error = error.to_string(),
                "Acknowledgements are lost; the records are delivered again"
            );
        }
    }
    batch.clear();
}
