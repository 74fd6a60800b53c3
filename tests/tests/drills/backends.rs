//! The Collector in trouble: no request fails, and every span that is missing is counted.

use crate::row;

async fn costs_no_request(name: &str) {
    let Some(row) = row(name).await else { return };
    assert_eq!((row.complaints(), row.lost()), (vec![], 0), "{row:#?}");
    let total = &row.report.total;
    assert_eq!(row.report.answers('2'), total.requests, "{row:#?}");
    // Each trace that is not whole lacks a span at least, and each such span was counted by whoever could not send it.
    assert!(row.report.not_whole() <= row.account.astray(), "{row:#?}");
}

#[tokio::test]
async fn a_collector_that_is_down_costs_no_request() {
    costs_no_request("collector-down").await;
}

#[tokio::test]
async fn a_collector_that_never_answers_costs_no_request() {
    costs_no_request("collector-black-hole").await;
}

#[tokio::test]
async fn a_slow_collector_costs_no_request() {
    costs_no_request("collector-slow").await;
}

#[tokio::test]
async fn a_collector_that_answers_429_costs_no_request() {
    costs_no_request("collector-429").await;
}

#[tokio::test]
async fn a_collector_that_answers_503_costs_no_request() {
    costs_no_request("collector-503").await;
}
