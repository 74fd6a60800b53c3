//! What comes in is shown as text, whatever it looks like.

use serde_json::json;

use crate::made::{Made, SERVER, TRACE, send, send_log};
use crate::visit::Visit;

const IMAGE: &str = "<img src=x onerror=alert(1)>";
const SCRIPT: &str = "<script>alert(1)</script>";

#[tokio::test]
async fn markup_in_names_attributes_and_log_lines_stays_text() {
    let Some(visit) = Visit::begin().await else { return };
    let browser = &visit.browser;
    let span = Made::new(SCRIPT, IMAGE, (1, 0), SERVER, (0, 5_000))
        .failed()
        .with(IMAGE, SCRIPT)
        .with("peer.service", IMAGE);
    send(&visit.sink.endpoint(), TRACE, &[span]).await;
    send_log(&visit.sink.endpoint(), (TRACE, 1), 0, SCRIPT, SCRIPT).await;

    visit.open("/").await;
    browser.wait_for_text(".traces a", IMAGE).await;
    browser.wait_for_text(".traces .service", SCRIPT).await;
    browser.wait_for_text(".dot title", IMAGE).await;
    has_no_foreign_element(&visit).await;

    visit.open_trace(TRACE).await;
    browser.wait_for_text("h1", IMAGE).await;
    browser.wait_for_text(".lines .message", SCRIPT).await;
    browser.click("[role=treeitem]").await;
    browser.wait_for_text(".details", SCRIPT).await;
    browser.click(".raw summary").await;
    browser.wait_for_text(".raw pre", IMAGE).await;
    has_no_foreign_element(&visit).await;

    // An address is as foreign as a span.
    visit.open("/trace/%3Cimg%20src=x%20onerror=alert(1)%3E").await;
    browser.wait_for_text("h1", IMAGE).await;
    has_no_foreign_element(&visit).await;
    let complaints = browser.console().await;
    assert!(complaints.iter().all(|line| line.contains("status of 400")), "{complaints:?}");
    visit.ends_quietly().await;
}

/// Neither the picture nor a script of the trace's is an element of the page. An open alert would fail the question itself.
async fn has_no_foreign_element(visit: &Visit) {
    let foreign = "return document.querySelectorAll('main script, main [onerror], img:not([src^=\"/pages/\"])').length";
    assert_eq!(visit.browser.run(foreign).await, json!(0));
}
