//! The same page on the gateway's own port, where the viewer lets it in as well.

use testbed::Browser;

use crate::system::System;

#[tokio::test]
async fn the_page_of_the_gateways_own_port_begins_traces_and_leads_to_the_viewer_too() {
    if Browser::is_not_run() {
        return;
    }
    let (system, browser) = (System::start().await, Browser::start().await);
    for host in ["127.0.0.1", "localhost"] {
        let page = system.gateway("/").replace("127.0.0.1", host);
        browser.open(&page).await;
        browser.wait_for("document.documentElement.dataset.ready").await;
        browser.wait_for_text("#wiring", "traces are shown by the viewer").await;

        browser.click("#process button.main").await;

        browser.wait_for_text("#export", "the trace begins in this browser").await;
        let follow = browser.run("return document.querySelector('#follow').href;").await;
        let pages = system.viewer("/trace/").replace("127.0.0.1", host);
        assert!(follow.as_str().unwrap().starts_with(&pages), "{follow}");
    }
    assert_eq!(browser.console().await, Vec::<String>::new());
}

/// No policy can name an IPv6 address, and links need its brackets.
#[tokio::test]
async fn a_page_at_an_ipv6_address_works_as_any_other() {
    if Browser::is_not_run() {
        return;
    }
    let (system, browser) = (System::on("::1").await, Browser::start().await);
    browser.open(&system.edge("/")).await;
    browser.wait_for("document.documentElement.dataset.ready").await;
    browser.wait_for_text("#wiring", "traces are shown by the viewer at http://[::1]:").await;

    browser.click("#process button.main").await;

    browser.wait_for_text("#export", "the trace begins in this browser").await;
    browser.click("#follow").await;
    let viewer = system.viewer("/trace/");
    browser.wait_for(&format!("location.href.startsWith({viewer:?})")).await;
    browser.wait_for_text("h1", "POST /api/v1/process").await;
    system.assert_quiet(&browser).await;
}
