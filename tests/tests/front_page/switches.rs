//! The switches of the laboratory, and what the page says while something is on.

use serde_json::json;
use testbed::{Browser, http};

use crate::system::System;

fn switch(service: &str, fault: usize) -> String {
    format!("[data-service={service}] label:nth-of-type({fault}) input")
}

#[tokio::test]
async fn a_switch_turns_its_fault_on_and_off_and_leaves_the_others_alone() {
    if Browser::is_not_run() {
        return;
    }
    let (system, browser) = (System::start().await, Browser::start().await);
    system.front_page(&browser).await;
    assert!(system.faults().await.is_empty(), "everything is off at the start");
    assert_eq!(browser.run("return document.querySelector('#faults-on').hidden;").await, true);

    browser.click(&switch("user-service", 3)).await;
    browser.wait_for_text("#faults-on", "user-service: drop_context=1").await;
    browser.click(&switch("gateway", 1)).await;
    browser.wait_for_text("#faults-on", "gateway: latency=500ms:1").await;
    let both =
        [("gateway", json!({"latency": "500ms:1"})), ("user-service", json!({"drop_context": 1}))];
    assert_eq!(system.faults().await, both.map(|(name, faults)| (name.to_owned(), faults)).into());
    // The warning sticks to the top, where the button would come to lie.
    browser.run("document.querySelector('#process').scrollIntoView();").await;
    browser.click("#process button.main").await;
    browser.wait_for_text("#answer .chain", "another trace").await;

    browser.click(&switch("gateway", 1)).await;
    browser.wait_for("!document.querySelector('#faults-on').textContent.includes('gateway')").await;
    assert_eq!(system.faults().await.keys().collect::<Vec<_>>(), ["user-service"]);
    browser.click("#all-off").await;
    browser.wait_for("document.querySelector('#faults-on').hidden").await;
    assert!(system.faults().await.is_empty());
    system.assert_quiet(&browser).await;
}

#[tokio::test]
async fn what_somebody_else_switches_on_is_shown_and_loud() {
    if Browser::is_not_run() {
        return;
    }
    let (system, browser) = (System::start().await, Browser::start().await);
    system.front_page(&browser).await;

    let faults = json!({"faults": "error=500:0.25"});
    let url = system.edge("/lab/audit-service/faults");
    assert_eq!(http().put(url).json(&faults).send().await.unwrap().status(), 200);

    browser.wait_for_text("#faults-on", "audit-service: error=500:0.25").await;
    let shown = format!("document.querySelector({:?}).checked", switch("audit-service", 2));
    browser.wait_for(&shown).await;
    browser.wait_for_text("[data-service=audit-service]", "500:0.25").await;
}
