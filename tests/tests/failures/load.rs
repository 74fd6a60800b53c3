//! Steady POSTs through the gateway from several clients, and the reconciliation of what they were told with the rows.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use testbed::{Chain, Service, until};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::{
    asking::{self, DEADLINE},
    rows,
};

const CLIENTS: i64 = 6;
/// Each client sends no faster, so a system that refuses everything is not hammered.
const INTERVAL: Duration = Duration::from_millis(15);

/// What became of one request.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) request_id: Uuid,
    /// `None` without an answer.
    pub(crate) status: Option<u16>,
    pub(crate) body: Value,
    /// Whether the answer said `Connection: close`.
    pub(crate) closes: bool,
}

impl Sent {
    pub(crate) fn is_accepted(&self) -> bool {
        matches!(self.status, Some(200 | 202))
    }
}

/// Clients that send until they are told to end.
pub(crate) struct Load {
    sent: Arc<Mutex<Vec<Sent>>>,
    stop: Arc<AtomicBool>,
    clients: JoinSet<()>,
}

impl Load {
    pub(crate) fn on(chain: &Chain) -> Self {
        let (sent, stop) = (Arc::default(), Arc::default());
        let mut clients = JoinSet::new();
        for number in 1..=CLIENTS {
            let url = format!("{}{}", chain.url(Service::Gateway), asking::PROCESS);
            clients.spawn(client(url, number, Arc::clone(&sent), Arc::clone(&stop)));
        }
        Self { sent, stop, clients }
    }

    /// Waits until `count` more requests have been accepted.
    pub(crate) async fn accepted(&self, count: usize) {
        let accepted =
            || self.sent.lock().unwrap().iter().filter(|sent| sent.is_accepted()).count();
        let before = accepted();
        let enough = until(DEADLINE, async || (accepted() >= before + count).then_some(())).await;
        assert!(
            enough.is_some(),
            "{} of {count}: {:?}",
            accepted() - before,
            statuses(&self.sent.lock().unwrap())
        );
    }

    /// Waits for the answers that are under way, and gives everything that was sent.
    pub(crate) async fn end(mut self) -> Vec<Sent> {
        self.stop.store(true, Ordering::Relaxed);
        while let Some(ended) = self.clients.join_next().await {
            ended.unwrap();
        }
        let sent = self.sent.lock().unwrap();
        sent.clone()
    }
}

async fn client(url: String, user_id: i64, sent: Arc<Mutex<Vec<Sent>>>, stop: Arc<AtomicBool>) {
    // Connections are kept, as clients of a busy service do.
    let http = reqwest::Client::builder().no_proxy().timeout(DEADLINE).build().unwrap();
    let mut ticks = tokio::time::interval(INTERVAL);
    while !stop.load(Ordering::Relaxed) {
        ticks.tick().await;
        let request_id = Uuid::new_v4();
        let request = http.post(&url).header("idempotency-key", request_id.to_string());
        let mut result = Sent { request_id, status: None, body: Value::Null, closes: false };
        if let Ok(answer) = request.json(&asking::purchase(user_id)).send().await {
            result.closes =
                answer.headers().get("connection").is_some_and(|value| value == "close");
            let status = answer.status().as_u16();
            if let Ok(body) = answer.json().await {
                (result.status, result.body) = (Some(status), body);
            }
        }
        sent.lock().unwrap().push(result);
    }
}

/// How often each status came, for an assertion.
pub(crate) fn statuses(sent: &[Sent]) -> BTreeMap<Option<u16>, usize> {
    let mut statuses = BTreeMap::new();
    for one in sent {
        *statuses.entry(one.status).or_default() += 1;
    }
    statuses
}

/// Waits until nothing is pending, then holds what clients were told against the rows: whatever was accepted has its order
/// and its audit record under the ids that were answered, no order is without its audit record, and nothing is there twice.
pub(crate) async fn reconcile(chain: &Chain, sent: &[Sent]) {
    rows::nothing_is_pending(chain).await;
    let (orders, audits) = (rows::orders(chain).await, rows::audits(chain).await);
    assert_eq!(orders, audits, "orders and audit records differ");
    let by_request: HashMap<Uuid, &str> =
        orders.iter().map(|order| (order.request_id, order.trace_id.as_str())).collect();
    assert_eq!(by_request.len(), orders.len(), "a request has two orders");
    for one in sent.iter().filter(|one| one.is_accepted()) {
        let trace_id = by_request.get(&one.request_id);
        assert_eq!(trace_id.copied(), one.body["trace_id"].as_str(), "lost: {one:?}");
    }
    let known: HashSet<Uuid> = sent.iter().map(|one| one.request_id).collect();
    assert!(orders.iter().all(|order| known.contains(&order.request_id)), "an order of nobody");
}
