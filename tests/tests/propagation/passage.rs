//! The running chain with a stand-in for audit-service, which shows what arrives at the last hop.

use serde_json::{Value, json};
use testbed::{Chain, ChainOptions, Received, Reply, Service, Sink, Upstream, http};

/// The user of every request: what the gateway writes into the baggage.
pub(crate) const USER_ID: &str = "7310001";

/// Header lines, in order; a name may come several times.
pub(crate) type Lines<'l> = &'l [(&'l str, &'l str)];

/// Gateway, user and order in front of the stand-in, exporting to a sink whatever they export.
pub(crate) struct Passage {
    // Processes before what they talk to.
    chain: Chain,
    last: Upstream,
    pub(crate) sink: Sink,
}

/// What came of one request.
pub(crate) struct Passed {
    pub(crate) answer: Value,
    traceresponse: Option<String>,
    arrived: Received,
}

impl Passage {
    /// With these variables for every service, and those for the gateway.
    pub(crate) async fn start(all: Lines<'_>, gateway: Lines<'_>) -> Self {
        let (sink, last) = (Sink::start().await, Upstream::start(audit).await);
        let mut options = ChainOptions::sqlite().otlp(sink.endpoint()).env(
            Service::Order,
            "NEXT_SERVICE_URL",
            &last.url(),
        );
        for (name, value) in all {
            options = options.env_all(name, value);
        }
        for (name, value) in gateway {
            options = options.env(Service::Gateway, name, value);
        }
        Self { chain: Chain::start(options).await, last, sink }
    }

    /// Sends a request with these header lines through the chain.
    pub(crate) async fn pass(&self, lines: Lines<'_>) -> Passed {
        let earlier = self.last.requests().len();
        let url = format!("{}/api/v1/process", self.chain.url(Service::Gateway));
        let body = json!({"user_id": USER_ID.parse::<i64>().unwrap(), "action": "purchase"});
        let request = lines.iter().fold(http().post(url).json(&body), |request, (name, value)| {
            request.header(*name, *value)
        });
        let answer = request.send().await.unwrap();
        let traceresponse = answer.headers().get("traceresponse");
        let traceresponse = traceresponse.map(|value| value.to_str().unwrap().to_owned());
        let status = answer.status();
        let answer = answer.json().await.unwrap();
        assert_eq!(status, 200, "{lines:?}: {answer}");
        let mut arrived = self.last.requests().split_off(earlier);
        assert_eq!(arrived.len(), 1, "{lines:?}: requests at the last hop");
        Passed { answer, traceresponse, arrived: arrived.remove(0) }
    }

    /// Ends the services, so that whatever they had to export is there.
    pub(crate) async fn stop(&mut self) {
        for service in [Service::Gateway, Service::User, Service::Order, Service::Audit] {
            self.chain.stop(service).await;
        }
    }
}

impl Passed {
    /// All lines of a header at the last hop.
    pub(crate) fn lines(&self, name: &str) -> Vec<String> {
        let lines = self.arrived.headers.get_all(name).iter();
        lines.map(|line| String::from_utf8_lossy(line.as_bytes()).into_owned()).collect()
    }

    /// Trace id, parent id and flags of the only `traceparent` at the last hop.
    pub(crate) fn traceparent(&self) -> [String; 3] {
        let lines = self.lines("traceparent");
        let [line] = lines.as_slice() else { panic!("not one traceparent: {}", self.shown()) };
        let parts: Vec<_> = line.split('-').map(str::to_owned).collect();
        let [version, trace_id, parent, flags] = <[String; 4]>::try_from(parts).unwrap();
        assert_eq!(version, "00", "{line}");
        [trace_id, parent, flags]
    }

    /// The members of the baggage at the last hop, sorted: their order means nothing.
    pub(crate) fn baggage(&self) -> Vec<String> {
        let lines = self.lines("baggage");
        let members =
            lines.iter().flat_map(|line| line.split(',')).map(|member| member.trim().to_owned());
        let mut members: Vec<_> = members.collect();
        members.sort_unstable();
        members
    }

    /// The trace id of the answer: in the body, in the chain of all services and in `traceresponse` alike.
    pub(crate) fn trace_id(&self) -> &str {
        let trace_id = self.answer["trace_id"].as_str().unwrap();
        for entry in self.answer["chain"].as_array().unwrap() {
            assert_eq!(entry["trace_id"], trace_id, "{}", self.shown());
        }
        let named = self.traceresponse.as_deref().and_then(|value| value.split('-').nth(1));
        assert_eq!(
            named,
            Some(trace_id),
            "traceresponse {:?}: {}",
            self.traceresponse,
            self.shown()
        );
        trace_id
    }

    /// What to say when an assertion fails: the whole of it.
    pub(crate) fn shown(&self) -> String {
        format!("answered {:#}\narrived {:#?}", self.answer, self.arrived.headers)
    }
}

fn audit(_: &Received) -> Reply {
    let audit = json!({"id": uuid::Uuid::new_v4(), "recorded_at": "2026-01-02T03:04:05Z"});
    Reply::json(200, &json!({"status": "completed", "audit": audit, "chain": []}))
}
