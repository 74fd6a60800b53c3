//! A broken trace says what is wrong, at the span.

use serde_json::json;

use crate::made::{CLIENT, INTERNAL, Made, SERVER, TRACE, send, small_trace};
use crate::visit::{Visit, is_span};

#[tokio::test]
async fn orphans_second_roots_skewed_clocks_and_circles_are_told_where_they_are() {
    let Some(visit) = Visit::begin().await else { return };
    let mut spans = small_trace();
    spans.extend([
        Made::new("audit", "orphan", (10, 0xdead), SERVER, (50_000, 60_000)),
        Made::new("audit", "second", (11, 0), SERVER, (51_000, 61_000)),
        Made::new("shop", "call", (12, 2), CLIENT, (60_000, 70_000)),
        Made::new("till", "early", (13, 12), SERVER, (30_000, 35_000)),
        Made::new("shop", "by hand", (16, 12), INTERNAL, (40_000, 65_000)),
        Made::new("till", "round", (14, 15), INTERNAL, (70_000, 71_000)),
        Made::new("till", "and round", (15, 14), INTERNAL, (70_000, 71_000)),
    ]);
    send(&visit.sink.endpoint(), TRACE, &spans).await;

    visit.open_trace(TRACE).await;

    for (service, name, told) in [
        ("audit", "orphan", "Orphan: its parent 000000000000dead is not here"),
        ("audit", "second", "Second root"),
        ("till", "early", "Clock skew: it starts 30 ms before its parent in shop"),
        ("shop", "by hand", "It starts 20 ms before its parent."),
        ("till", "round", "circle"),
    ] {
        let row = format!(
            "[...document.querySelectorAll('[role=treeitem]')].some((row) => {} && row.textContent.includes({}))",
            is_span("row", service, name),
            json!(told)
        );
        visit.browser.wait_for(&row).await;
        visit.browser.wait_for_text("#head .wrong", told).await;
    }
    visit.browser.click("#head .wrong button").await;
    visit.browser.wait_for_text(".details .wrong", "Clock skew").await;
    assert_eq!(
        visit.browser.run("return document.querySelectorAll('[role=treeitem]').length").await,
        json!(11)
    );
    visit.ends_quietly().await;
}

#[tokio::test]
async fn a_trace_that_is_not_here_says_so_and_appears_when_it_comes() {
    let Some(visit) = Visit::begin().await else { return };
    visit.open(&format!("/trace/{TRACE}")).await;
    visit.browser.wait_for_text("main", "It appears here as soon as it arrives").await;

    send(&visit.sink.endpoint(), TRACE, &small_trace()).await;

    visit.browser.wait_for_text("h1", "GET /shop").await;
    let complaints = visit.browser.console().await;
    assert!(complaints.iter().all(|line| line.contains("status of 404")), "{complaints:?}");
    visit.ends_quietly().await;
}
