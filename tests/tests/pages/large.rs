//! A trace of ten thousand spans.

use std::time::Instant;

use serde_json::json;
use testbed::Key;

use crate::made::{INTERNAL, Made, TRACE, send};
use crate::visit::{ROWS, Visit, is_span};

const SPANS: u64 = 10_000;

#[tokio::test]
async fn ten_thousand_spans_open_with_few_elements_and_the_last_is_one_key_away() {
    let Some(visit) = Visit::begin().await else { return };
    let browser = &visit.browser;
    send(&visit.sink.endpoint(), TRACE, &wide_trace()).await;
    assert_eq!(visit.sink.store().span_count(), SPANS);

    let began = Instant::now();
    visit.open_trace(TRACE).await;
    browser.wait_for_text(".facts", "10,000").await;
    println!("{SPANS} spans shown after {:?}", began.elapsed());

    // Another part of the time is another drawing of the same few rows.
    browser.run("document.querySelector('.minimap').focus()").await;
    let zooms = "const began = performance.now(); for (let time = 0; time < 20; time += 1) document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: '+', bubbles: true })); return performance.now() - began;";
    let took = browser.run(zooms).await;
    println!("20 zooms over {SPANS} spans took {took} ms");
    // Whatever the time is on a busy machine: the work is that of the rows in view.
    let drawn = browser.run(&format!("return {ROWS}")).await;
    assert!(drawn.as_u64().unwrap() < 100, "{drawn} rows");
    browser.wait_for("location.hash.includes('from=')").await;
    browser.type_keys("0").await;
    browser.wait_for("!location.hash.includes('from=')").await;
    let paths = browser.run("return document.querySelectorAll('.minimap path').length").await;
    assert_eq!(paths, json!(1), "one for each colour, not for each span");

    // What is drawn is bounded by the window, not by the trace.
    let drawn = browser.run(&format!("return {ROWS}")).await;
    assert!(drawn.as_u64().unwrap() < 100, "{drawn} rows");
    assert!(
        browser.run("return document.querySelectorAll('*').length").await.as_u64().unwrap() < 3_000
    );
    browser.run("document.querySelector('[role=tree]').focus()").await;
    browser.press([Key::End]).await;
    let last = format!("step {}", SPANS - 1);
    browser.wait_for(&is_span("document.querySelector('.row.active')", "batch", &last)).await;
    browser.press([Key::Enter]).await;
    browser.wait_for_text(".details h2", &last).await;
    visit.ends_quietly().await;
}

#[tokio::test]
async fn a_chain_of_five_thousand_calls_opens_too_and_folds_into_one_row() {
    let Some(visit) = Visit::begin().await else { return };
    let browser = &visit.browser;
    let span = |id: u64| {
        Made::new("deep", &format!("call {id}"), (id, id - 1), INTERNAL, (id, 20_000 - id))
    };
    send(&visit.sink.endpoint(), TRACE, &(1..=5_000).map(span).collect::<Vec<_>>()).await;

    visit.open_trace(TRACE).await;
    browser.wait_for_text(".facts", "5,000").await;
    browser.run("document.querySelector('[role=tree]').focus()").await;
    browser.press([Key::Left]).await;

    browser.wait_for(&format!("{ROWS} === 1")).await;
    assert_eq!(
        browser
            .run("return document.querySelector('[role=treeitem]').getAttribute('aria-expanded')")
            .await,
        json!("false")
    );
    visit.ends_quietly().await;
}

#[tokio::test]
async fn the_many_parts_of_one_span_that_waited_for_ten_thousand_are_drawn_as_few() {
    let Some(visit) = Visit::begin().await else { return };
    let browser = &visit.browser;
    let span = |id: u64| {
        let (from, to) = if id == 1 { (0, 200_000) } else { (id * 20, id * 20 + 10) };
        Made::new(
            "batch",
            &format!("step {}", id - 1),
            (id, u64::from(id > 1)),
            INTERNAL,
            (from, to),
        )
    };
    // Between two children the root goes on by itself, so as many parts of the critical path are its own.
    send(&visit.sink.endpoint(), TRACE, &(1..SPANS).map(span).collect::<Vec<_>>()).await;

    visit.open_trace(TRACE).await;
    browser.wait_for_text(".facts", "9,999").await;
    browser.wait_for("document.querySelectorAll('.row .critical').length > 0").await;
    let drawn = browser.run("return document.querySelectorAll('*').length").await;
    assert!(drawn.as_u64().unwrap() < 3_000, "{drawn} elements");
    let siblings =
        "return document.querySelectorAll('[role=treeitem]')[1].getAttribute('aria-setsize')";
    assert_eq!(browser.run(siblings).await, json!("9998"), "also those that are not drawn");
    visit.ends_quietly().await;
}

/// A root, a hundred below it, and the rest below those.
fn wide_trace() -> Vec<Made> {
    let span = |id: u64| {
        let parent =
            if id <= 101 { u64::from(id > 1) } else { 2 + (id - 102) * 100 / (SPANS - 101) };
        let from = if id == 1 { 0 } else { id * 10 };
        let to = if id <= 101 { 200_000 } else { id * 10 + 50 };
        Made::new("batch", &format!("step {}", id - 1), (id, parent), INTERNAL, (from, to))
    };
    (1..=SPANS).map(span).collect()
}
