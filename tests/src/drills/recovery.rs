//! How long it takes until the system works again.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde_json::json;
use uuid::Uuid;

use crate::http_client::http;
use crate::poll::until;

/// Far more than any recovery should take: what is over it has not recovered.
const DEADLINE: Duration = Duration::from_secs(90);
/// An answer that takes longer is none of a system that works.
const PATIENCE: Duration = Duration::from_secs(3);

/// Asks until a purchase is completed through the whole chain (a 200: audit has it too), and says how long that took.
///
/// # Errors
/// It does not within 90 s.
pub(crate) async fn completed(edge: &str) -> Result<Duration> {
    let started = Instant::now();
    let answered = until(DEADLINE, async || purchase(edge).await.then(|| started.elapsed())).await;
    answered.with_context(|| format!("no purchase is completed after {DEADLINE:?}"))
}

/// In a trace that is not sampled, so that nothing of it is in the accounts, and none of the load's rows.
async fn purchase(edge: &str) -> bool {
    let trace = Uuid::new_v4().simple().to_string();
    let request = http()
        .post(format!("{edge}/api/v1/process"))
        .header("traceparent", format!("00-{trace}-00f067aa0ba902b7-00"))
        .json(&json!({"user_id": 999_999, "action": "recovery"}))
        .timeout(PATIENCE);
    request.send().await.is_ok_and(|answer| answer.status() == reqwest::StatusCode::OK)
}
