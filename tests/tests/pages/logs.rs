//! The page of all log lines.

use serde_json::json;

use crate::made::{TRACE, send, send_log, small_trace};
use crate::visit::Visit;

const LINES: &str = "document.querySelectorAll('.lines tbody tr').length";

#[tokio::test]
async fn lines_come_live_are_searched_and_lead_to_their_span() {
    let Some(visit) = Visit::begin().await else { return };
    let browser = &visit.browser;
    send(&visit.sink.endpoint(), TRACE, &small_trace()).await;
    visit.open("/logs").await;
    browser.wait_for_text("#found", "No log line fits").await;

    for text in ["packed", "packed again", "<script>alert(1)</script>"] {
        send_log(&visit.sink.endpoint(), (TRACE, 4), 0, "shop", text).await;
    }
    send_log(&visit.sink.endpoint(), (&"3".repeat(32), 1), 60, "till", "paid").await;

    browser.wait_for(&format!("{LINES} === 4")).await;
    // By the time at which they were written, not at which they came.
    browser.wait_for_text(".lines tbody tr:last-child", "paid").await;
    browser.wait_for_text(".lines", "<script>alert(1)</script>").await;
    for (field, value, found) in [
        ("service", "till", 1),
        ("text", "PACKED", 2),
        ("trace_id", TRACE, 3),
        ("service", "nobody", 0),
    ] {
        browser.fill(&format!("[name={field}]"), value).await;
        browser.click("button[type=submit]").await;
        browser.wait_for(&format!("{LINES} === {found}")).await;
        let address = browser.run("return location.search").await;
        assert!(address.as_str().unwrap().contains(field), "{address}");
        browser.click(".actions button[type=button]").await;
        browser.wait_for(&format!("{LINES} === 4")).await;
    }
    browser.fill("[name=trace_id]", "no id").await;
    browser.click("button[type=submit]").await;
    browser.wait_for_text("#found", "is not a trace id").await;
    let complaints = browser.console().await;
    assert!(complaints.iter().all(|line| line.contains("status of 400")), "{complaints:?}");

    visit.open("/logs?text=again").await;
    browser.wait_for(&format!("{LINES} === 1")).await;
    browser.click(".lines a").await;
    browser.wait_for_text(".details h2", "pack").await;
    assert_eq!(browser.run("return location.pathname").await, json!(format!("/trace/{TRACE}")));
    visit.ends_quietly().await;
}

#[tokio::test]
async fn the_lines_of_a_stack_trace_stay_lines() {
    let Some(visit) = Visit::begin().await else { return };
    let browser = &visit.browser;
    send_log(&visit.sink.endpoint(), (TRACE, 4), 0, "shop", "Broken\n  at pack\n  at main").await;
    visit.open("/logs").await;
    browser.wait_for(&format!("{LINES} === 1")).await;

    let text = browser.run("return document.querySelector('.lines .message').innerText").await;

    assert!(text.as_str().unwrap().contains("Broken\n  at pack\n  at main"), "{text}");
    visit.ends_quietly().await;
}
