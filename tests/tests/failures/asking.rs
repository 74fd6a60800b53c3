//! Asking a service, and what it answered.

use std::time::Duration;

use http::HeaderMap;
use serde_json::{Value, json};
use testbed::{Chain, Mode, Proxy, Service, http, until};

/// Longer than anything that a test waits for takes on a loaded machine.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);
pub(crate) const PROCESS: &str = "/api/v1/process";

/// One answer, its body as JSON.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    /// A text member of the body.
    pub(crate) fn text(&self, key: &str) -> &str {
        self.body[key].as_str().unwrap_or_else(|| panic!("no text {key} in {self:?}"))
    }

    /// A header as text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// 202 is as good as 200 where it is not audit that the test is about: on a loaded machine it may have been slow.
    pub(crate) fn is_accepted(&self) -> bool {
        matches!(self.status, 200 | 202)
    }

    /// Holds the answer against the form of every problem: the status, the code, who failed, and the two ids.
    pub(crate) fn assert_problem(&self, status: u16, code: &str, service: &str) {
        let said = (self.status, self.text("code"), self.text("service"));
        assert_eq!(said, (status, code, service), "{self:?}");
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:?}");
        let trace_id = self.text("trace_id");
        assert!(
            trace_id.len() == 32 && trace_id.bytes().all(|b| b.is_ascii_hexdigit()),
            "{self:?}"
        );
        assert!(uuid::Uuid::try_parse(self.text("request_id")).is_ok(), "{self:?}");
    }
}

/// A body that the chain takes, of a user of its own.
pub(crate) fn purchase(user_id: i64) -> Value {
    json!({"user_id": user_id, "action": "purchase"})
}

/// Sends `body` to a service with these headers.
pub(crate) async fn send(
    url: &str,
    headers: &[(&'static str, &str)],
    body: &Value,
) -> Result<Answer, reqwest::Error> {
    let mut request = http().post(url).json(body);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = request.send().await?;
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let body = serde_json::from_slice(&answer.bytes().await?).unwrap_or_default();
    Ok(Answer { status, headers, body })
}

/// Sends one request through the gateway.
pub(crate) async fn process(chain: &Chain, user_id: i64) -> Answer {
    let url = format!("{}{PROCESS}", chain.url(Service::Gateway));
    send(&url, &[], &purchase(user_id)).await.unwrap()
}

/// Lets nothing through a proxy any more; connections that were kept from before, for probes too, are closed first, so that
/// one that is open afterwards carries a request that is held.
pub(crate) async fn hold(proxy: &Proxy) {
    proxy.set(Mode::Refuse).await;
    let closed = until(DEADLINE, async || (proxy.open() == 0).then_some(())).await;
    assert!(closed.is_some(), "{} connections are still open", proxy.open());
    proxy.set(Mode::BlackHole).await;
}

/// Waits until a proxy holds this many requests.
pub(crate) async fn holds(proxy: &Proxy, requests: u64) {
    let held = until(DEADLINE, async || (proxy.open() == requests).then_some(())).await;
    assert!(held.is_some(), "{} requests are in flight, not {requests}", proxy.open());
}

/// `/health` of a service: its status and body.
pub(crate) async fn health(url: &str) -> Option<(u16, Value)> {
    let answer = http().get(format!("{url}/health")).send().await.ok()?;
    Some((answer.status().as_u16(), answer.json().await.ok()?))
}

/// The value of a metric; with labels, of the first series that has all of them.
pub(crate) async fn metric(url: &str, name: &str, labels: &[&str]) -> Option<f64> {
    let text = http().get(format!("{url}/metrics")).send().await.ok()?.text().await.ok()?;
    text.lines().find_map(|line| {
        let rest = line.strip_prefix(name)?;
        let (series, value) = rest.rsplit_once(' ')?;
        let is_it = series.is_empty() || series.starts_with('{');
        (is_it && labels.iter().all(|label| series.contains(label))).then(|| value.parse().ok())?
    })
}
