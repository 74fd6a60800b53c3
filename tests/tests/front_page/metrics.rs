//! `/view_metrics` while the values change below its reader.

use testbed::{Browser, http, until};

use crate::system::{DEADLINE, System};

/// What stands in the row of requests that were processed.
const PROCESSED: &str = "document.querySelector('[data-family=tracechain_requests_processed_total] \
    tr[data-labels=\"outcome=completed\"] td')?.textContent";

/// Has one request completed. One that is accepted only, since a busy machine left audit too little time, is counted elsewhere.
async fn process(system: &System) {
    let body = serde_json::json!({"user_id": 7, "action": "purchase"});
    let url = system.edge("/api/v1/process");
    let completed = until(DEADLINE, async || {
        let answer = http().post(&url).json(&body).send().await.unwrap();
        (answer.status() == 200).then_some(())
    });
    assert!(completed.await.is_some(), "no request was completed");
}

#[tokio::test]
async fn values_come_by_themselves_and_the_readers_place_is_kept() {
    if Browser::is_not_run() {
        return;
    }
    let (system, browser) = (System::start().await, Browser::start().await);
    process(&system).await;
    browser.open(&system.edge("/view_metrics")).await;
    browser.wait_for("!document.querySelector('#controls').hidden").await;
    browser.wait_for(&format!("{PROCESSED} === '1'")).await;
    browser.run("document.querySelector('[data-family=process_threads]').scrollIntoView(); window.place = scrollY;").await;
    browser.run("window.kept = document.querySelector('[data-family=process_threads]');").await;

    process(&system).await;

    browser.wait_for(&format!("{PROCESSED} === '2'")).await;
    let kept = "return scrollY === window.place && window.place > 0 \
        && window.kept === document.querySelector('[data-family=process_threads]');";
    assert_eq!(browser.run(kept).await, true, "the page jumped, or was built anew");
    let percentiles = "[...document.querySelectorAll('[data-family=http_request_duration_seconds] tbody tr')] \
        .find((row) => row.dataset.labels.includes('/api/v1/process')).cells.length === 7";
    browser.wait_for(percentiles).await;
    browser.wait_for_text("#source", "Prometheus reads the same").await;
    system.assert_quiet(&browser).await;
}

#[tokio::test]
async fn a_filter_shows_only_what_fits_and_holds_while_values_come() {
    if Browser::is_not_run() {
        return;
    }
    let (system, browser) = (System::start().await, Browser::start().await);
    process(&system).await;
    browser.open(&system.edge("/view_metrics")).await;
    browser.wait_for("!document.querySelector('#controls').hidden").await;

    browser.fill("#filter", "outcome=completed").await;

    let shown = "[...document.querySelectorAll('.family:not([hidden])')].map((one) => one.dataset.family).join()";
    let expected = "tracechain_registrations_total,tracechain_requests_processed_total";
    browser.wait_for(&format!("{shown} === {expected:?}")).await;
    let rows =
        "document.querySelectorAll('.family:not([hidden]) tbody tr:not([hidden])').length === 2";
    browser.wait_for(rows).await;
    process(&system).await;
    browser.wait_for(&format!("{PROCESSED} === '2'")).await;
    browser.wait_for(&format!("{shown} === {expected:?}")).await;
    browser.fill("#filter", "no such thing").await;
    browser.wait_for_text("#state", "0 of ").await;
    system.assert_quiet(&browser).await;
}
