//! Steady requests from several clients while something happens to what is behind the services.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testbed::{Chain, Service, until};
use tokio::task::JoinSet;

use crate::DEADLINE;

const CLIENTS: i64 = 4;
const INTERVAL: Duration = Duration::from_millis(100);

/// What became of one request: its status and body, or why there is none.
pub(crate) type Sent = Result<(u16, Value), String>;

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
        for user in 1..=CLIENTS {
            let url = format!("{}/api/v1/process", chain.url(Service::Gateway));
            clients.spawn(client(url, user, Arc::clone(&sent), Arc::clone(&stop)));
        }
        Self { sent, stop, clients }
    }

    /// Lets it go on for at least `time` and `count` answers.
    pub(crate) async fn goes_on(&self, time: Duration, count: usize) {
        let (from, before) = (Instant::now(), self.count());
        let enough =
            async || (from.elapsed() >= time && self.count() >= before + count).then_some(());
        let there = until(time + DEADLINE, enough).await;
        assert!(there.is_some(), "{} answers of {count}", self.count() - before);
    }

    /// Waits for the answers that are under way, and gives the trace ids of all: every request must have been answered with one of `statuses`.
    pub(crate) async fn end(mut self, statuses: &[u16]) -> Vec<String> {
        self.stop.store(true, Ordering::Relaxed);
        while let Some(ended) = self.clients.join_next().await {
            ended.unwrap();
        }
        let sent = self.sent.lock().unwrap();
        let good = |sent: &&Sent| sent.as_ref().is_ok_and(|(status, _)| statuses.contains(status));
        let failed: Vec<&Sent> = sent.iter().filter(|sent| !good(sent)).take(5).collect();
        assert!(failed.is_empty(), "of {} requests, failed ones: {failed:?}", sent.len());
        let bodies = sent.iter().flatten();
        bodies.map(|(_, body)| body["trace_id"].as_str().unwrap().to_owned()).collect()
    }

    fn count(&self) -> usize {
        self.sent.lock().unwrap().len()
    }
}

async fn client(url: String, user: i64, sent: Arc<Mutex<Vec<Sent>>>, stop: Arc<AtomicBool>) {
    let http = reqwest::Client::builder().no_proxy().timeout(DEADLINE).build().unwrap();
    let mut ticks = tokio::time::interval(INTERVAL);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while !stop.load(Ordering::Relaxed) {
        ticks.tick().await;
        let body = json!({"user_id": user, "action": "purchase"});
        let answer = async {
            let answer = http.post(&url).json(&body).send().await?;
            let status = answer.status().as_u16();
            Ok::<_, reqwest::Error>((status, answer.json().await?))
        };
        let result = answer.await.map_err(|error| format!("{error:?}"));
        sent.lock().unwrap().push(result);
    }
}
