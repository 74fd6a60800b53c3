//! The relay: delivers audit records that the request itself could not, and notes those that were delivered.
//!
//! Invariants: a row is delivered at least once, by whichever process holds its lease; a redelivery continues the trace that
//! placed the order. Polls and acknowledgements leave no spans.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::{StreamExt, stream};
use http::{HeaderMap, StatusCode};
use opentelemetry::context::FutureExt as _;
use shared::{client::Client, names, propagation::Carrier, scope::Scope, timestamp::now_micros};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    audit::{self, Delivery},
    metrics,
    store::{Delivered, DueAudit, Store},
};

mod acks;

pub(crate) use acks::Acks;

/// The lease that an order is inserted with: the request's own call to audit comes first.
pub(crate) const FIRST_LEASE: Duration = Duration::from_secs(5);
/// Longer than a batch can take: its rows over the parallel deliveries, at a second each.
const LEASE: Duration = Duration::from_secs(6);
const BATCH: u32 = 64;
const PARALLEL: usize = 16;
const POLL: Duration = Duration::from_millis(250);
/// Twice what a delivery may take, since audit gets half of what is left.
const DELIVERY_SCOPE: Duration = Duration::from_secs(2);
const FIRST_DELAY: Duration = Duration::from_millis(500);
const LONGEST_DELAY: Duration = Duration::from_secs(10);
/// No lease and no delay lasts so long, whatever is between the clocks of several machines: what is due later was written by a
/// clock that was ahead, and would wait until the right one is there too.
const FURTHEST: Duration = Duration::from_secs(30);
/// How often such records are looked for.
const RECALL_INTERVAL: Duration = Duration::from_secs(2);
const STATEMENT_TIME: Duration = Duration::from_secs(5);

/// The running relay.
pub(crate) struct Outbox {
    acks: Acks,
    stop: CancellationToken,
    tasks: JoinSet<()>,
}

struct Relay {
    store: Store,
    client: Client,
    acks: Acks,
    worker: Uuid,
}

impl Outbox {
    /// Starts the relay and the writer of acknowledgements.
    pub(crate) fn start(store: Store, client: Client) -> Self {
        let ((acks, reports), stop) = (acks::channel(), CancellationToken::new());
        let relay =
            Relay { store: store.clone(), client, acks: acks.clone(), worker: Uuid::now_v7() };
        let mut tasks = JoinSet::new();
        tasks.spawn(Arc::new(relay).run(stop.clone()));
        tasks.spawn(reports.write(store, stop.clone()));
        Self { acks, stop, tasks }
    }

    pub(crate) fn acks(&self) -> Acks {
        self.acks.clone()
    }

    /// Ends the relay and writes the acknowledgements that are there; what is not acknowledged is delivered again by the
    /// next process, and audit ignores what it has.
    pub(crate) async fn stop(mut self) {
        self.stop.cancel();
        while self.tasks.join_next().await.is_some() {}
    }
}

impl Relay {
    async fn run(self: Arc<Self>, stop: CancellationToken) {
        let mut recalled: Option<Instant> = None;
        while !stop.is_cancelled() {
            if recalled.is_none_or(|last| last.elapsed() >= RECALL_INTERVAL) {
                self.recall().await;
                recalled = Some(Instant::now());
            }
            let claimed = self.claim().await;
            let full = claimed.len() == BATCH as usize;
            let deliveries = stream::iter(claimed).map(|due| self.deliver(due));
            let delivered: Vec<bool> = deliveries.buffer_unordered(PARALLEL).collect().await;
            self.show().await;
            // A full batch that audit took means that more is waiting and that it can be delivered.
            if !(full && delivered.contains(&true)) {
                tokio::select! { () = stop.cancelled() => {}, () = tokio::time::sleep(POLL) => {} }
            }
        }
    }

    /// Frees what a clock that was ahead has put off.
    async fn recall(&self) {
        let now = now_micros();
        let (latest, deadline) =
            (now + FURTHEST.as_micros() as i64, Instant::now() + STATEMENT_TIME);
        match self.store.recall(now, latest, deadline).await {
            Ok(0) => {}
            Ok(records) => tracing::warn!(
                records,
                "Audit records were due further ahead than any delay: a clock has jumped; they are due now"
            ),
            Err(error) => {
                tracing::debug!(error = error.to_string(), "The outbox cannot be read");
            }
        }
    }

    async fn claim(&self) -> Vec<DueAudit> {
        let now = now_micros();
        let (lease_end, deadline) =
            (now + LEASE.as_micros() as i64, Instant::now() + STATEMENT_TIME);
        let claimed = self.store.claim_due(self.worker, BATCH, now, lease_end, deadline).await;
        claimed.unwrap_or_else(|error| {
            tracing::debug!(error = error.to_string(), "The outbox cannot be read");
            Vec::new()
        })
    }

    /// Delivers one record within the trace that placed its order, which its log lines name too; true when audit has it.
    async fn deliver(&self, due: DueAudit) -> bool {
        let carrier = Carrier {
            traceparent: due.continuation.traceparent.clone(),
            tracestate: due.continuation.tracestate.clone(),
            baggage: due.continuation.baggage.clone(),
        };
        self.deliver_in_context(due).with_context(carrier.to_context()).await
    }

    async fn deliver_in_context(&self, due: DueAudit) -> bool {
        let scope = Scope::new(names::service::ORDER, DELIVERY_SCOPE, &HeaderMap::new());
        scope.identify(due.request_id);
        match audit::deliver(&self.client, due.audit_body.into(), &scope).await {
            Delivery::Recorded { audit_id, recorded_at, .. } => {
                tracing::info!(order_id = %due.order_id, attempts = due.attempts, "Audit record delivered late");
                self.acks.send(Delivered { order_id: due.order_id, audit_id, recorded_at });
                return true;
            }
            Delivery::Refused(status) => {
                self.acks.park(&self.store, due.order_id, status).await;
            }
            // Its caller was told that it is placed, so it stays, for a person to look at.
            Delivery::Spent => {
                self.acks.park(&self.store, due.order_id, StatusCode::CONFLICT).await;
            }
            Delivery::Failed => self.postpone(due.order_id, due.attempts).await,
        }
        false
    }

    async fn postpone(&self, order_id: Uuid, attempts: i64) {
        let doublings = u32::try_from(attempts - 1).unwrap_or(0).min(10);
        let delay = (FIRST_DELAY * 2_u32.pow(doublings)).min(LONGEST_DELAY);
        let next = now_micros() + delay.as_micros() as i64;
        // If it fails, the lease runs out and the row is due again.
        if let Err(error) = self.store.postpone(order_id, next).await {
            tracing::debug!(error = error.to_string(), "A delivery could not be postponed");
        }
    }

    async fn show(&self) {
        let (pending, parked) =
            futures_util::join!(self.store.pending_count(), self.store.parked_count());
        if let (Ok(pending), Ok(parked)) = (pending, parked) {
            metrics::outbox(pending, parked);
        }
    }
}
