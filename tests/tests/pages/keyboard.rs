//! The main path without a pointer.

use serde_json::json;
use testbed::Key;

use crate::made::{TRACE, send, small_trace};
use crate::visit::{ROWS, Visit, is_span};

/// More than the elements that can have the focus on the page of all traces.
const MOST_TABS: usize = 40;

#[tokio::test]
async fn the_keys_alone_lead_from_the_list_to_a_span_and_back() {
    let Some(visit) = Visit::begin().await else { return };
    let browser = &visit.browser;
    send(&visit.sink.endpoint(), TRACE, &small_trace()).await;
    visit.open("/").await;
    browser.wait_for_text(".traces", "GET /shop").await;

    // The first stop is the way past the navigation.
    browser.press([Key::Tab]).await;
    browser.wait_for("document.activeElement.classList.contains('skip') && document.activeElement.getBoundingClientRect().top >= 0").await;
    browser.press([Key::Enter]).await;
    browser.wait_for("document.activeElement.id === 'main'").await;
    tab_until(&visit, "document.activeElement.matches('.traces a')").await;
    let outline = browser.run("return getComputedStyle(document.activeElement).outlineStyle").await;
    assert_eq!(outline, json!("solid"), "the focus is seen");
    browser.press([Key::Enter]).await;
    browser.wait_for(&format!("{ROWS} === 4")).await;

    tab_until(&visit, "document.activeElement.matches('[role=tree]')").await;
    browser.press([Key::Down]).await;
    active(&visit, "GET /shop").await;
    browser.press([Key::Left]).await;
    browser.wait_for(&format!("{ROWS} === 2")).await;
    browser.press([Key::Right, Key::Right]).await;
    browser.wait_for(&format!("{ROWS} === 4")).await;
    active(&visit, "SELECT goods").await;
    browser.press([Key::Left]).await;
    active(&visit, "GET /shop").await;
    browser.press([Key::End]).await;
    active(&visit, "pack").await;
    browser.press([Key::Home, Key::Down, Key::Down, Key::Enter]).await;
    browser.wait_for_text(".details h2", "SELECT goods").await;

    // Into the panel, and out of it to where the reader was.
    tab_until(&visit, "document.activeElement.matches('.details .close')").await;
    browser.press([Key::Escape]).await;
    browser.wait_for("document.querySelector('.details').hidden && document.activeElement.matches('[role=tree]')").await;
    active(&visit, "SELECT goods").await;
    visit.ends_quietly().await;
}

#[tokio::test]
async fn the_keys_alone_lead_from_the_map_to_two_traces_and_their_comparison() {
    let Some(visit) = Visit::begin().await else { return };
    let browser = &visit.browser;
    for trace in [TRACE, &"1".repeat(32)] {
        send(&visit.sink.endpoint(), trace, &small_trace()).await;
    }
    visit.open("/map").await;
    browser.wait_for("document.querySelectorAll('.map a').length === 5").await;

    tab_until(&visit, "document.activeElement.matches('.map a.arrow')").await;
    tab_until(&visit, "document.activeElement.matches('.map a.box[data-name^=\"shop,\"]')").await;
    browser.press([Key::Enter]).await;

    browser.wait_for("document.querySelectorAll('.pick input').length === 2").await;
    for row in [1, 2] {
        tab_until(
            &visit,
            &format!("document.activeElement.matches('tr:nth-child({row}) .pick input')"),
        )
        .await;
        browser.press([Key::Space]).await;
    }
    tab_until(&visit, "document.activeElement.matches('.choice button')").await;
    browser.press([Key::Enter]).await;
    browser.wait_for("document.querySelectorAll('.pair').length === 4").await;
    tab_until(&visit, "document.activeElement.matches('[role=tree]')").await;
    browser.press([Key::End, Key::Enter]).await;
    browser.wait_for_text(".details h2", "pack").await;
    visit.ends_quietly().await;
}

async fn tab_until(visit: &Visit, condition: &str) {
    for _ in 0..MOST_TABS {
        visit.browser.press([Key::Tab]).await;
        if visit.browser.run(&format!("return {condition}")).await == json!(true) {
            return;
        }
    }
    panic!("{MOST_TABS} tabs do not lead to where `{condition}`");
}

async fn active(visit: &Visit, name: &str) {
    let row = "document.getElementById(document.querySelector('[role=tree]').getAttribute('aria-activedescendant'))";
    visit.browser.wait_for(&is_span(row, "shop", name)).await;
}
