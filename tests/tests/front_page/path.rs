//! From the button on the front page to the waterfall, whose first span is the browser's own.

use testbed::{Browser, Key};

use crate::system::{Span, System};

fn of<'s>(spans: &'s [Span], service: &str, kind: &str) -> &'s Span {
    spans.iter().find(|span| span.service == service && span.kind == kind).unwrap()
}

/// Sees that the trace begins in the browser and that the gateway's span hangs directly below.
async fn begins_in_the_browser(system: &System, id: &str) {
    // The last span of all, which on a busy machine comes with a later delivery.
    let is_whole = |spans: &[Span]| {
        let has = |name: &str| spans.iter().any(|span| span.name == name);
        has("INSERT audit_logs")
            && spans.iter().any(|span| span.service == "browser")
            && spans.iter().any(|span| span.service == "gateway" && span.kind == "SPAN_KIND_SERVER")
    };
    let spans = system.trace(id, is_whole).await;
    let root = of(&spans, "browser", "SPAN_KIND_CLIENT");
    let server = of(&spans, "gateway", "SPAN_KIND_SERVER");
    assert_eq!((root.parent.as_str(), &server.parent), ("", &root.id));
    assert_eq!(root.name, "POST /api/v1/process");
    for (name, value) in [
        ("peer.service", "gateway"),
        ("service.peer.name", "gateway"),
        ("http.request.method", "POST"),
        ("url.full", &system.edge("/api/v1/process")),
        ("server.address", "127.0.0.1"),
    ] {
        assert_eq!(root.attributes[name], value, "{name}: {root:#?}");
    }
    let status = root.attributes["http.response.status_code"].as_str().unwrap();
    assert!(["200", "202"].contains(&status), "{root:#?}");
    let milliseconds = |(start, end): (u64, u64)| (end - start) / 1_000_000;
    let (whole, part) = (milliseconds(root.nanoseconds), milliseconds(server.nanoseconds));
    assert!(whole >= part && whole < 60_000, "{whole} ms in the browser, {part} ms in the gateway");
    let apart = root.nanoseconds.0.abs_diff(server.nanoseconds.0) / 1_000_000;
    assert!(apart <= whole, "the browser's span began {apart} ms from the gateway's");
}

async fn answered(browser: &Browser) -> String {
    browser.wait_for_text("#export", "the trace begins in this browser").await;
    browser
        .wait_for("document.querySelector('#follow + code').textContent")
        .await
        .as_str()
        .unwrap()
        .to_owned()
}

async fn shows_the_waterfall(system: &System, browser: &Browser, id: &str) {
    let permalink = system.viewer(&format!("/trace/{id}"));
    browser.wait_for(&format!("location.href === {permalink:?}")).await;
    for text in ["browser", "POST /api/v1/process", "gateway", "INSERT audit_logs"] {
        browser.wait_for(&format!("document.body.innerText.includes({text:?})")).await;
    }
}

#[tokio::test]
async fn one_click_sends_a_request_and_one_more_shows_its_trace() {
    if Browser::is_not_run() {
        return;
    }
    let (system, browser) = (System::start().await, Browser::start().await);
    system.front_page(&browser).await;

    browser.click("#process button.main").await;

    let id = answered(&browser).await;
    for service in ["gateway", "user-service", "order-service"] {
        browser.wait_for_text("#answer .chain", service).await;
    }
    browser.wait_for_text("#curl", "curl -X POST").await;
    browser.wait_for_text("#recent", &id).await;
    begins_in_the_browser(&system, &id).await;
    browser.click("#follow").await;
    shows_the_waterfall(&system, &browser, &id).await;
    system.assert_quiet(&browser).await;
}

#[tokio::test]
async fn the_keyboard_alone_is_enough() {
    if Browser::is_not_run() {
        return;
    }
    let (system, browser) = (System::start().await, Browser::start().await);
    system.front_page(&browser).await;

    tab_to(&browser, "#process button.main").await;
    browser.press([Key::Enter]).await;
    let id = answered(&browser).await;
    begins_in_the_browser(&system, &id).await;
    tab_to(&browser, "#follow").await;
    browser.press([Key::Enter]).await;

    shows_the_waterfall(&system, &browser, &id).await;
    system.assert_quiet(&browser).await;
}

#[tokio::test]
async fn arrow_keys_go_from_one_kind_of_request_to_the_next() {
    if Browser::is_not_run() {
        return;
    }
    let (system, browser) = (System::start().await, Browser::start().await);
    system.front_page(&browser).await;

    tab_to(&browser, "#tab-process").await;
    browser.press([Key::Right, Key::Right]).await;
    browser.wait_for("document.activeElement.id === 'tab-task'").await;
    tab_to(&browser, "#seconds").await;
    browser.fill("#seconds", "0.2").await;
    browser.press([Key::Enter]).await;

    let id = answered(&browser).await;
    browser.wait_for_text("#answer .head", "GET /do_task?seconds=0.2").await;
    let spans = system.trace(&id, |spans| spans.len() == 2).await;
    assert_eq!(of(&spans, "browser", "SPAN_KIND_CLIENT").name, "GET /do_task");
    system.assert_quiet(&browser).await;
}

/// Presses Tab until the focus is there, and says so when it never gets there.
async fn tab_to(browser: &Browser, css: &str) {
    for _ in 0..60 {
        let is_there = format!("return document.activeElement.matches({css:?});");
        if browser.run(&is_there).await == true {
            return;
        }
        browser.press([Key::Tab]).await;
    }
    panic!("{css} cannot be reached by Tab");
}
