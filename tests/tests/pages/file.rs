//! A trace leaves as a file and comes back, here or anywhere else that reads OTLP.

use serde_json::{Value, json};
use testbed::{Sink, http};

use crate::made::{TRACE, post, send, small_trace};
use crate::visit::{ROWS, Visit};

/// Keeps what a download would write, in place of a folder of the browser's.
const CATCH: &str = "window.caught = undefined; const make = URL.createObjectURL; \
                     URL.createObjectURL = (blob) => { blob.text().then((text) => { window.caught = text; }); return make.call(URL, blob); };";

#[tokio::test]
async fn a_download_is_otlp_json_that_a_receiver_takes_and_the_page_opens() {
    let Some(visit) = Visit::begin().await else { return };
    let browser = &visit.browser;
    send(&visit.sink.endpoint(), TRACE, &small_trace()).await;
    visit.open_trace(TRACE).await;
    browser.run(CATCH).await;
    browser.click(".trace-id button:last-of-type").await;
    let file = browser.wait_for("window.caught").await;
    let otlp: Value = serde_json::from_str(file.as_str().unwrap()).unwrap();

    // Every receiver of OTLP takes it, with the same spans.
    let other = Sink::start().await;
    post(&format!("{}/v1/traces", other.endpoint()), &otlp).await;
    assert_eq!(other.spans(TRACE), visit.sink.spans(TRACE));

    opens(&visit, "otlp.json", file.as_str().unwrap()).await;
    // As Tempo answers it, and as the Collector writes it, an export a line.
    let tempo =
        browser.run_async(&format!("return (await fetch('/api/traces/{TRACE}')).text()")).await;
    opens(&visit, "tempo.json", tempo.as_str().unwrap()).await;
    let lines = split(&otlp);
    opens(&visit, "collector.jsonl", &lines).await;
    let others = "{\"resourceLogs\": []}\n{\"resourceMetrics\": []}\n";
    opens(&visit, "mixed.jsonl", &(others.to_owned() + &lines)).await;
    visit.ends_quietly().await;
}

#[tokio::test]
async fn a_parent_of_zeros_in_a_file_is_none() {
    let Some(visit) = Visit::begin().await else { return };
    for zeros in ["0000000000000000", "AAAAAAAAAAA="] {
        let span = json!({"traceId": TRACE, "spanId": "0000000000000001", "parentSpanId": zeros, "name": "first", "startTimeUnixNano": "1"});
        let file = json!({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]});

        choose(&visit, "zeros.json", &file.to_string()).await;

        visit.browser.wait_for_text("h1", "first").await;
        let notes = visit.browser.run("return document.querySelectorAll('.note').length").await;
        assert_eq!(notes, json!(0), "{zeros}");
    }
    visit.ends_quietly().await;
}

#[tokio::test]
async fn a_file_dropped_on_the_page_opens_too_also_over_another_trace() {
    let Some(visit) = Visit::begin().await else { return };
    let browser = &visit.browser;
    send(&visit.sink.endpoint(), TRACE, &small_trace()).await;
    let url = format!("{}/api/traces/{TRACE}", visit.sink.query_url());
    let tempo = http().get(url).send().await.unwrap().text().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dropped.json");
    std::fs::write(&path, tempo).unwrap();

    for (page, css) in [("/trace".to_owned(), "main"), (format!("/trace/{TRACE}"), "[role=tree]")] {
        visit.open("/logs").await;
        visit.open(&page).await;
        browser
            .wait_for(&format!(
                "document.querySelector({css:?}) !== null && document.querySelector('h1') !== null"
            ))
            .await;
        browser.drop_file(css, &path).await;
        browser.wait_for_text(".source", "From the file dropped.json").await;
        browser.wait_for(&format!("{ROWS} === 4")).await;
    }
    visit.ends_quietly().await;
}

#[tokio::test]
async fn a_file_that_is_none_is_refused_in_words() {
    let Some(visit) = Visit::begin().await else { return };
    for (text, told) in [
        ("{", "cannot be read"),
        ("{\"a\": 1}", "no resourceSpans"),
        ("{\"resourceSpans\": []}", "no spans"),
    ] {
        choose(&visit, "bad.json", text).await;
        visit.browser.wait_for_text("[role=alert]", told).await;
    }
    visit.ends_quietly().await;
}

async fn opens(visit: &Visit, name: &str, text: &str) {
    choose(visit, name, text).await;
    visit.browser.wait_for_text(".source", name).await;
    visit.browser.wait_for(&format!("{ROWS} === 4")).await;
    visit.browser.wait_for_text(".trace-id", TRACE).await;
    visit.browser.wait_for("document.querySelectorAll('.row.failed').length === 1").await;
}

async fn choose(visit: &Visit, name: &str, text: &str) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    visit.open("/trace").await;
    visit.browser.fill("#file", path.to_str().unwrap()).await;
    // It is read before the folder goes.
    visit
        .browser
        .wait_for("document.querySelector('[role=treeitem], [role=alert]') !== null")
        .await;
}

/// Each resource of an export as an export of its own, one a line.
fn split(otlp: &Value) -> String {
    let groups = otlp["resourceSpans"].as_array().unwrap();
    groups.iter().map(|group| json!({"resourceSpans": [group]}).to_string() + "\n").collect()
}
