//! The chain with a sink behind it, and a caller in front of it.

use std::collections::HashMap;
use std::time::Duration;

use reqwest::RequestBuilder;
use serde_json::{Value, json};
use testbed::{Chain, ChainOptions, Scrape, SeenSpan, Service, Sink, http, tree, until};

/// Longer than a batch of spans waits, on a loaded machine.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

/// The running chain and what it exports to.
pub(crate) struct System {
    // Processes before what they send to.
    pub(crate) chain: Chain,
    pub(crate) sink: Sink,
}

/// An answer of the gateway.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) traceresponse: String,
    pub(crate) body: Value,
}

impl System {
    /// `None` when an engine has to be passed over.
    pub(crate) async fn start(options: ChainOptions) -> Option<Self> {
        if options.is_not_run() {
            return None;
        }
        let sink = Sink::start().await;
        let chain = Chain::start(options.otlp(sink.endpoint())).await;
        Some(Self { chain, sink })
    }

    /// A request to the gateway, as our user agent.
    pub(crate) fn post(&self, path: &str, body: &Value) -> RequestBuilder {
        let url = format!("{}{path}", self.chain.url(Service::Gateway));
        http().post(url).header("user-agent", "loadgen/1").json(body)
    }

    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        let url = format!("{}{path}", self.chain.url(Service::Gateway));
        http().get(url).header("user-agent", "loadgen/1")
    }

    /// The trace, once everything that the services have ended has arrived: it is exactly `expected`.
    pub(crate) async fn trace(&self, trace_id: &str, expected: &str) -> Vec<SeenSpan> {
        let complete = async || (tree(&self.sink.spans(trace_id)) == expected).then_some(());
        until(DEADLINE / 2, complete).await;
        self.wait_exported().await;
        let spans = self.sink.spans(trace_id);
        let seen = tree(&spans);
        assert!(
            seen == expected,
            "trace {trace_id} should be\n{expected}\nand is\n{seen}\n{}",
            self.other_traces(trace_id)
        );
        spans
    }

    /// Where the spans of a broken trace have gone.
    pub(crate) fn other_traces(&self, trace_id: &str) -> String {
        let ids = self.sink.store().newest(5).into_iter().map(|id| id.to_string());
        let others = ids.filter(|id| id != trace_id);
        others
            .map(|id| format!("beside it, trace {id}:\n{}", tree(&self.sink.spans(&id))))
            .collect()
    }

    /// Waits until no service has a span left to send.
    pub(crate) async fn wait_exported(&self) {
        let exported = async || {
            let scrapes = self.scrape().await;
            scrapes
                .values()
                .all(|scrape| scrape.value("otel_sdk_spans_queued") == 0.0)
                .then_some(())
        };
        let exported = until(DEADLINE, exported).await;
        assert!(exported.is_some(), "spans are still queued");
    }

    /// The metrics of every service.
    pub(crate) async fn scrape(&self) -> HashMap<Service, Scrape> {
        let mut scrapes = HashMap::new();
        for service in Service::ALL {
            scrapes.insert(service, Scrape::of(&self.chain.url(service)).await);
        }
        scrapes
    }

    /// Waits until the order service has acknowledged this many audit records since its start.
    pub(crate) async fn wait_delivered(&self, records: f64) {
        let url = self.chain.url(Service::Order);
        let delivered = async || {
            let scrape = Scrape::of(&url).await;
            let done = scrape.value("tracechain_outbox_delivered_total") >= records
                && scrape.value("tracechain_outbox_pending") == 0.0;
            done.then_some(())
        };
        let delivered = until(DEADLINE, delivered).await;
        assert!(delivered.is_some(), "the outbox has not delivered {records} records");
    }

    /// Exports a caller's span, as the load generator does.
    pub(crate) async fn export_caller(&self, caller: &Caller) {
        let answer =
            http().post(format!("{}/v1/traces", self.sink.endpoint())).json(&caller.otlp()).send();
        assert_eq!(answer.await.unwrap().status(), 200);
    }
}

/// Sends a request and reads the answer.
pub(crate) async fn ask(request: RequestBuilder) -> Answer {
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    let traceresponse = answer.headers()["traceresponse"].to_str().unwrap().to_owned();
    Answer { status, traceresponse, body: answer.json().await.unwrap() }
}

impl Answer {
    /// The trace that the gateway says it is in.
    pub(crate) fn trace_id(&self) -> String {
        self.traceresponse.split('-').nth(1).unwrap().to_owned()
    }
}

/// The CLIENT span of a caller that exports.
pub(crate) struct Caller {
    pub(crate) trace_id: String,
    pub(crate) span_id: String,
}

impl Caller {
    pub(crate) fn new() -> Self {
        let random = || uuid::Uuid::new_v4().simple().to_string();
        Self { trace_id: random(), span_id: random()[..16].to_owned() }
    }

    pub(crate) fn traceparent(&self) -> String {
        format!("00-{}-{}-01", self.trace_id, self.span_id)
    }

    fn otlp(&self) -> Value {
        let span = json!({
            "traceId": self.trace_id, "spanId": self.span_id, "name": "POST /api/v1/process", "kind": 3,
            "startTimeUnixNano": "1000000000", "endTimeUnixNano": "2000000000",
            "attributes": [{"key": "peer.service", "value": {"stringValue": "gateway"}}],
        });
        let name = json!({"key": "service.name", "value": {"stringValue": "loadgen"}});
        json!({"resourceSpans": [{"resource": {"attributes": [name]}, "scopeSpans": [{"spans": [span]}]}]})
    }
}
