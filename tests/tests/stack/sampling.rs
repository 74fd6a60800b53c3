//! Tail sampling: what is kept is kept whole, what is not leaves nothing.

use serde_json::{Value, json};
use testbed::{ChainOptions, CollectorOptions, Service, http, tree};

use crate::system::System;
use crate::{PROCESS, REFUSED};

const ORDINARY: i64 = 150;
const FAILING: i64 = 10;

fn trace_id(body: &Value) -> String {
    body["trace_id"].as_str().unwrap().to_owned()
}

/// A trace that is slow without an error.
async fn wait_at_the_gateway(system: &System) -> String {
    let url = format!("{}/do_task?seconds=3", system.chain.url(Service::Gateway));
    let answer = http().get(url).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    // traceresponse: 00-<trace>-<span>-<flags>
    let header = answer.headers()["traceresponse"].to_str().unwrap();
    header.split('-').nth(1).unwrap().to_owned()
}

#[tokio::test]
async fn tail_sampling_keeps_every_error_and_every_slow_trace_whole_and_a_share_of_the_rest() {
    let options = CollectorOptions::default()
        .tail_sampling()
        .env("TAIL_SAMPLING_WAIT", "4s")
        .env("TAIL_SAMPLING_SLOW_MS", "2500");
    let Some(system) = System::start(ChainOptions::sqlite(), options).await else { return };

    let slow = wait_at_the_gateway(&system).await;
    let mut ordinary = Vec::new();
    for user in 1..=ORDINARY {
        let (status, body) = system.process(user, Value::Null).await;
        assert_eq!(status, 200, "{body}");
        ordinary.push(trace_id(&body));
    }
    let mut failing = Vec::new();
    for user in 1..=FAILING {
        let items = json!([{"sku": "no-such-thing", "quantity": 1}]);
        let (status, body) = system.process(user, items).await;
        assert_eq!(status, 422, "{body}");
        failing.push(trace_id(&body));
    }

    for trace_id in &failing {
        system.trace(trace_id, REFUSED).await;
    }
    let spans = system.trace(&slow, "gateway SERVER GET /do_task\n").await;
    assert!(!spans[0].failed);
    // Decisions are made in the order of arrival, so those on the ordinary ones are past.
    system.forwarded().await;
    let mut kept = 0;
    for trace_id in &ordinary {
        let spans = system.jaeger.spans(trace_id).await;
        assert!(spans.is_empty() || tree(&spans) == PROCESS, "in part:\n{}", tree(&spans));
        kept += i32::from(!spans.is_empty());
    }
    // 10 % of 150 with six standard deviations on either side, of which the lower one is none at all.
    assert!((1..=37).contains(&kept), "{kept} of {ORDINARY} ordinary traces are kept");
}
