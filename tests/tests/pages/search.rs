//! The page of all traces is searched.

use serde_json::json;
use testbed::{Browser, Sink, http};
use viewer::{Config, Viewer};

use crate::made::{Made, SERVER, send, small_trace};
use crate::visit::Visit;

const TRACES: &str = "document.querySelectorAll('.traces tbody tr').length";

#[tokio::test]
async fn fields_narrow_the_list_and_the_address_keeps_them() {
    let Some(visit) = Visit::begin().await else { return };
    let browser = &visit.browser;
    two_traces(&visit.sink).await;
    visit.open("/").await;
    browser.wait_for(&format!("{TRACES} === 2")).await;

    for (field, value) in [
        ("service", "shop"),
        ("name", "SELECT goods"),
        ("attribute", "http.route=/shop"),
        ("min", "50ms"),
        ("q", "{ status = error }"),
    ] {
        browser.fill(&format!("[name={field}]"), value).await;
        browser.click("button[type=submit]").await;
        browser.wait_for(&format!("{TRACES} === 1 && document.querySelector('.traces .service').textContent === 'loadgen'")).await;
        let address = browser.run("return location.href").await;
        assert!(address.as_str().unwrap().contains(&format!("{field}=")), "{address}");
        visit.open("/trace").await;
        browser.open(address.as_str().unwrap()).await;
        browser
            .wait_for(&format!(
                "{TRACES} === 1 && document.querySelector('[name={field}]').value === {}",
                json!(value)
            ))
            .await;
        browser.click(".actions button[type=button]").await;
        browser.wait_for(&format!("{TRACES} === 2")).await;
    }
    browser.fill("[name=service]", "nobody \"\\").await;
    browser.click("button[type=submit]").await;
    browser.wait_for_text("#found", "No trace fits").await;
    visit.ends_quietly().await;
}

#[tokio::test]
async fn a_query_that_is_none_is_refused_at_its_place() {
    let Some(visit) = Visit::begin().await else { return };
    let browser = &visit.browser;
    two_traces(&visit.sink).await;
    visit.open("/").await;
    browser.wait_for(&format!("{TRACES} === 2")).await;

    browser.fill("[name=q]", "{ name = }").await;
    browser.click("button[type=submit]").await;

    browser.wait_for_text("#q-error", "col 10").await;
    let place = browser.run("return document.querySelector('#q-error pre').textContent").await;
    assert_eq!(place, json!("{ name = }\n         ^"));
    assert_eq!(
        browser.run("return document.querySelector('[name=q]').getAttribute('aria-invalid')").await,
        json!("true")
    );
    let complaints = browser.console().await;
    assert!(complaints.iter().all(|line| line.contains("status of 400")), "{complaints:?}");
    browser.fill("[name=q]", "{ }").await;
    browser.click("button[type=submit]").await;
    browser.wait_for("document.querySelector('#q-error').textContent === ''").await;
    visit.ends_quietly().await;
}

#[tokio::test]
async fn a_paused_list_waits_and_a_focused_row_stays_when_others_come() {
    let Some(visit) = Visit::begin().await else { return };
    let browser = &visit.browser;
    send(&visit.sink.endpoint(), &trace(1), &small_trace()).await;
    visit.open("/").await;
    browser.wait_for(&format!("{TRACES} === 1")).await;
    browser.run("document.querySelector('.traces a').focus()").await;
    send(&visit.sink.endpoint(), &trace(2), &small_trace()).await;
    browser.wait_for(&format!("{TRACES} === 2")).await;
    let focused = browser.run("return document.activeElement.getAttribute('href')").await;
    assert_eq!(focused, json!(format!("/trace/{}", trace(1))));

    browser.click(".title button").await;
    send(&visit.sink.endpoint(), &trace(3), &small_trace()).await;
    // What the store holds is still told; only the list waits.
    browser.wait_for_text("#store", "3 traces").await;
    assert_eq!(browser.run(&format!("return {TRACES}")).await, json!(2));
    browser.click(".title button").await;
    browser.wait_for(&format!("{TRACES} === 3")).await;
    visit.ends_quietly().await;
}

#[tokio::test]
async fn what_the_store_had_to_let_go_is_told() {
    if Browser::is_not_run() {
        return;
    }
    let viewer =
        Viewer::start(&Config { store_bytes: viewer::MIN_BUDGET_BYTES, ..Config::default() })
            .await
            .unwrap();
    let endpoint = format!("http://{}", viewer.addresses().otlp_http);
    let long = "n".repeat(50_000);
    for number in 0..40 {
        send(&endpoint, &trace(number + 1), &[Made::new("shop", &long, (1, 0), SERVER, (0, 10))])
            .await;
    }
    assert!(viewer.store().stats().traces_evicted > 0);
    let browser = Browser::start().await;

    browser.open(&format!("http://{}/", viewer.addresses().pages)).await;
    browser.wait_for_text("#store .wrong", "evicted traces").await;

    browser.open(&format!("http://{}/trace/{}", viewer.addresses().pages, trace(1))).await;
    browser.wait_for_text("[role=alert]", "was evicted").await;
}

#[tokio::test]
async fn what_was_refused_is_not_said_to_have_made_room() {
    let Some(visit) = Visit::begin().await else { return };
    let bad = json!({"traceId": trace(1), "spanId": "0000000000000000", "name": "no id"});
    let body = json!({"resourceSpans": [{"scopeSpans": [{"spans": [bad]}]}]});
    let url = format!("{}/v1/traces", visit.sink.endpoint());
    http().post(url).json(&body).send().await.unwrap();

    visit.open("/").await;

    visit.browser.wait_for_text("#store .wrong", "1 refused span").await;
    let told =
        visit.browser.run("return document.querySelector('#store .wrong').textContent").await;
    assert!(!told.as_str().unwrap().contains("made room"), "{told}");
    visit.ends_quietly().await;
}

#[tokio::test]
async fn the_closed_and_the_open_time_leave_the_other_fields_in_their_row() {
    let Some(visit) = Visit::begin().await else { return };
    visit.browser.resize(1600, 900, false).await;
    visit.open("/").await;
    visit.browser.wait_for("document.querySelector('.filter') !== null").await;
    let tops = "const top = (css) => Math.round(document.querySelector(css).getBoundingClientRect().bottom); \
                return [top('[name=service]'), top('[name=limit]'), top('.when')]";
    let closed = visit.browser.run(tops).await;
    assert_eq!((&closed[1], &closed[2]), (&closed[0], &closed[0]), "one row");

    visit.browser.click(".when summary").await;

    let opened = visit.browser.run(tops).await;
    assert_eq!((&opened[0], &opened[1]), (&closed[0], &closed[1]), "nothing has moved");
    visit.ends_quietly().await;
}

async fn two_traces(sink: &Sink) {
    send(&sink.endpoint(), &trace(1), &small_trace()).await;
    send(
        &sink.endpoint(),
        &trace(2),
        &[Made::new("shop-2", "GET /other", (1, 0), SERVER, (0, 5_000))],
    )
    .await;
}

fn trace(number: u128) -> String {
    format!("{number:032x}")
}
