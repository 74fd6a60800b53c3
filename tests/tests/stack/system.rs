//! What every test of this binary starts.

use reqwest::StatusCode;
use serde_json::{Value, json};
use testbed::{
    Chain, ChainOptions, Collector, CollectorOptions, External, Jaeger, Loki, Scrape, SeenSpan,
    Service, http, tree, until,
};

use crate::DEADLINE;

/// A chain that exports to the Collector, which sends to Jaeger and Loki.
pub(crate) struct System {
    // Whoever sends is dropped before what it sends to.
    pub(crate) chain: Chain,
    pub(crate) collector: Collector,
    pub(crate) loki: Loki,
    pub(crate) jaeger: Jaeger,
}

/// Whether one of these has to be passed over; each is said by name.
pub(crate) fn is_not_run(programs: &[External]) -> bool {
    programs.iter().filter(|program| program.is_not_run()).count() > 0
}

impl System {
    /// `None` when a program has to be passed over.
    pub(crate) async fn start(chain: ChainOptions, collector: CollectorOptions) -> Option<Self> {
        if is_not_run(&[External::COLLECTOR, External::LOKI, External::JAEGER])
            || chain.is_not_run()
        {
            return None;
        }
        let (jaeger, loki) = tokio::join!(Jaeger::start(), Loki::start());
        let collector = collector.traces_to(&jaeger.otlp_address()).logs_to(&loki.otlp_endpoint());
        let collector = Collector::start(collector).await;
        let chain = Chain::start(chain.otlp(collector.endpoint())).await;
        Some(Self { chain, collector, loki, jaeger })
    }

    /// Sends one request of a user to the gateway.
    pub(crate) async fn process(&self, user_id: i64, items: Value) -> (StatusCode, Value) {
        let url = format!("{}/api/v1/process", self.chain.url(Service::Gateway));
        let mut body = json!({"user_id": user_id, "action": "purchase"});
        if !items.is_null() {
            body["items"] = items;
        }
        let answer = http().post(url).json(&body).send().await.unwrap();
        (answer.status(), answer.json().await.unwrap())
    }

    /// The trace, once it is in Jaeger exactly as expected.
    pub(crate) async fn trace(&self, trace_id: &str, expected: &str) -> Vec<SeenSpan> {
        let whole = until(DEADLINE, async || {
            let spans = self.jaeger.spans(trace_id).await;
            (tree(&spans) == expected).then_some(spans)
        })
        .await;
        match whole {
            Some(spans) => spans,
            None => panic!(
                "trace {trace_id} should be\n{expected}\nand is\n{}",
                tree(&self.jaeger.spans(trace_id).await)
            ),
        }
    }

    /// Waits until no service has a span left to send, and gives each one's metrics.
    pub(crate) async fn exported(&self) -> Vec<(Service, Scrape)> {
        exported(&self.chain).await
    }

    /// Waits until the Collector's queues are empty, and gives its metrics.
    pub(crate) async fn forwarded(&self) -> Scrape {
        forwarded(&self.collector).await
    }
}

/// Waits until no service has a span left to send, and gives each one's metrics.
pub(crate) async fn exported(chain: &Chain) -> Vec<(Service, Scrape)> {
    let mut scrapes = Vec::new();
    for service in Service::ALL {
        let url = chain.url(service);
        let empty = until(DEADLINE, async || {
            let scrape = Scrape::of(&url).await;
            (scrape.value("otel_sdk_spans_queued") == 0.0).then_some(scrape)
        });
        let scrape = empty.await;
        scrapes.push((service, scrape.unwrap_or_else(|| panic!("{service} keeps spans"))));
    }
    scrapes
}

/// Waits until the Collector's queues are empty, and gives its metrics.
pub(crate) async fn forwarded(collector: &Collector) -> Scrape {
    let empty = until(DEADLINE, async || {
        let scrape = collector.metrics().await;
        let busy = scrape.sum("otelcol_exporter_queue_size")
            + scrape.sum("otelcol_exporter_in_flight_requests");
        (busy == 0.0).then_some(scrape)
    });
    empty.await.unwrap_or_else(|| {
        panic!("the Collector's queue does not empty:\n{}", collector.last_output())
    })
}

/// What the Collector counts when something does not get through.
pub(crate) fn lost(scrape: &Scrape) -> Vec<(String, f64)> {
    let kinds = ["spans", "log_records", "metric_points"];
    let ways =
        ["receiver_refused", "receiver_failed", "exporter_enqueue_failed", "exporter_send_failed"];
    let names = ways.iter().flat_map(|way| kinds.map(|kind| format!("otelcol_{way}_{kind}")));
    let counted = names.map(|name| (name.clone(), scrape.sum(&name)));
    counted.filter(|(_, count)| *count != 0.0).collect()
}
