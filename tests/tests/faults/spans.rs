//! `drop_spans`: spans are lost, and the account says how many.

use std::collections::HashSet;

use serde_json::{Value, json};
use testbed::{Chain, ChainOptions, SeenSpan, Service, Sink, http};

const REQUESTS: u64 = 40;
/// The user service's: SERVER, INSERT users, CLIENT.
const OF_USER: u64 = 3;

/// The account that a service wrote when it ended.
async fn account(chain: &mut Chain, service: Service) -> [u64; 5] {
    let process = chain.stop(service).await.unwrap();
    let lines = process.json_lines();
    let closed = |line: &&Value| {
        line["message"].as_str().is_some_and(|text| text.starts_with("Spans accounted for"))
    };
    let line = lines.iter().find(closed).unwrap_or_else(|| panic!("{lines:?}"));
    ["ended", "exported", "failed", "dropped", "queued"].map(|name| line[name].as_u64().unwrap())
}

/// The different spans of a service in these traces.
fn arrived<'s>(spans: &'s [SeenSpan], service: &str) -> HashSet<&'s str> {
    spans.iter().filter(|span| span.service == service).map(|span| span.id.as_str()).collect()
}

#[tokio::test]
async fn lost_spans_count_as_dropped_and_the_account_closes() {
    let sink = Sink::start().await;
    let options = ChainOptions::sqlite().otlp(sink.endpoint());
    let mut chain = Chain::start(options.env(Service::User, "FAULTS", "drop_spans=0.5")).await;
    let mut traces = Vec::new();
    for _ in 0..REQUESTS {
        let url = format!("{}/api/v1/process", chain.url(Service::Gateway));
        let request = http().post(url).json(&json!({"user_id": 1, "action": "purchase"}));
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        traces.push(answer["trace_id"].as_str().unwrap().to_owned());
    }

    let gateway = account(&mut chain, Service::Gateway).await;
    let [ended, exported, failed, dropped, queued] = account(&mut chain, Service::User).await;

    assert_eq!((ended, failed, queued), (REQUESTS * OF_USER, 0, 0));
    assert_eq!(exported + dropped, ended);
    assert!(dropped > 0 && exported > 0, "{dropped} of {ended}");
    assert_eq!(gateway, [REQUESTS * 2, REQUESTS * 2, 0, 0, 0], "the others lose nothing");
    let spans: Vec<_> = traces.iter().flat_map(|trace| sink.spans(trace)).collect();
    assert_eq!(arrived(&spans, "user-service").len() as u64, exported);
    assert_eq!(arrived(&spans, "gateway").len() as u64, REQUESTS * 2);
}
