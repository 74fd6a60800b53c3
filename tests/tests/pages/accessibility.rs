//! axe-core finds no violation of WCAG 2.1 A and AA, on any page, in either theme, narrow or wide.

use serde_json::{Value, json};
use testbed::Axe;

use crate::made::{CLIENT, Made, SERVER, TRACE, send, send_log, small_trace};
use crate::visit::Visit;

const RUN: &str = "const found = await axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] }); \
                   return found.violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html, failureSummary }) => html + ' ' + failureSummary).join(' | '));";

#[tokio::test]
async fn no_page_violates_wcag() {
    if Axe::is_not_run() {
        return;
    }
    let Some(visit) = Visit::begin().await else { return };
    let axe = Axe::source();
    let mut spans = small_trace();
    spans.push(Made::new("audit", "orphan", (10, 0xdead), SERVER, (50_000, 60_000)));
    spans.push(Made::new("shop", "call", (11, 2), CLIENT, (60_000, 70_000)));
    send(&visit.sink.endpoint(), TRACE, &spans).await;
    send_log(&visit.sink.endpoint(), (TRACE, 2), 0, "shop", "packed").await;

    for (width, is_dark) in [(1600, false), (1600, true), (360, false), (360, true)] {
        visit.browser.resize(width, 1000, is_dark).await;
        for (path, ready) in pages() {
            visit.open("/trace").await;
            visit.open(&path).await;
            visit.browser.wait_for(ready).await;
            visit.browser.run(&axe).await;
            let violations = visit.browser.run_async(RUN).await;
            assert_eq!(violations, json!([]), "{path}, {width} px, dark: {is_dark}");
        }
    }
    let complaints = visit.browser.console().await;
    assert!(complaints.iter().all(|line| line.contains("status of 40")), "{complaints:?}");
    visit.ends_quietly().await;
}

/// An address, and what is true once its page is as it is meant to be.
fn pages() -> [(String, &'static str); 10] {
    let rows = "document.querySelectorAll('.traces tbody tr').length === 1";
    [
        ("/".to_owned(), rows),
        ("/?q=%7B+name+%3D+%7D".to_owned(), "document.querySelector('#q-error pre') !== null"),
        (format!("/trace/{TRACE}"), "document.querySelector('.lines') !== null"),
        (
            format!("/trace/{TRACE}#span=0000000000000003"),
            "document.querySelector('.details h2') !== null && document.querySelector('.lines') !== null",
        ),
        (format!("/trace/{}", "2".repeat(32)), "document.querySelector('[role=alert]') !== null"),
        ("/logs".to_owned(), "document.querySelector('.lines tbody tr') !== null"),
        ("/map".to_owned(), "document.querySelectorAll('.map a.box').length > 2"),
        (
            format!("/compare?left={TRACE}&right={TRACE}"),
            "document.querySelectorAll('.pair').length > 3",
        ),
        (
            "/compare?left=none".to_owned(),
            "document.querySelector('#left-error').textContent !== ''",
        ),
        ("/trace".to_owned(), "document.querySelector('#file') !== null"),
    ]
}

#[test]
fn the_rules_are_the_whole_axe() {
    if Axe::is_not_run() {
        return;
    }
    let axe: Value = json!(Axe::source().len());
    assert!(axe.as_u64().unwrap() > 100_000, "{axe} bytes");
}
