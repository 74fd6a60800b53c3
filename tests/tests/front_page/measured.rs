//! The viewer's page of metrics over what `tracechain` starts: it is there without a setting, and leads to the traces of a moment.

use serde_json::{Value, json};
use testbed::{Axe, Browser, http};

use crate::system::System;

const SERVICES: [&str; 4] = ["gateway", "user-service", "order-service", "audit-service"];

#[tokio::test]
async fn without_a_setting_every_service_is_measured_and_a_value_leads_to_its_traces() {
    if Browser::is_not_run() {
        return;
    }
    let (system, browser) = (System::start().await, Browser::start().await);
    let url = system.edge("/api/v1/process");
    let refused = http().post(&url).json(&json!({"user_id": 0})).send().await.unwrap();
    assert_eq!(refused.status(), 422);
    browser.open(&system.viewer("/charts")).await;

    browser.wait_for_text("#found", "4 of 4 targets up").await;
    // Every target has been read, so what comes now is an increase.
    for user in 1..=20 {
        let body = json!({"user_id": user, "action": "purchase"});
        assert!(http().post(&url).json(&body).send().await.unwrap().status().is_success());
    }
    for service in SERVICES {
        let row = format!("#accounts [data-service={service}]");
        browser.wait_for_text(&row, "closes").await;
        // The time to answer is a chart of its own for each.
        let title = format!("Time to answer, {service}");
        browser.wait_for(&format!("[...document.querySelectorAll('[data-chart=duration] figcaption')].some((title) => title.textContent.startsWith({title:?}))")).await;
    }
    browser.wait_for_text("#summary [data-service=order-service]", "of 1").await;
    assert_eq!(
        browser.run("return document.querySelectorAll('[data-chart=pool]').length").await,
        json!(3),
        "the gateway has no database"
    );
    browser.click("[data-chart=rate] summary").await;
    let cells = "[...document.querySelectorAll('[data-chart=rate] tbody td:nth-child(2) a')].find((cell) => cell.textContent !== '0/s')";
    browser.wait_for(&format!("{cells} !== undefined")).await;
    pictures(&browser).await;
    browser.run(&format!("{cells}.click()")).await;

    browser
        .wait_for("location.pathname === '/' && location.search.includes('service=gateway&start=')")
        .await;
    browser.wait_for("document.querySelectorAll('.traces tbody tr').length >= 1").await;
    browser
        .wait_for(
            "document.querySelector('.when').open && document.querySelector('[name=end]').value",
        )
        .await;
    system.assert_quiet(&browser).await;
}

/// Real values in every size and theme.
async fn pictures(browser: &Browser) {
    for width in [360, 800, 1600] {
        for (theme, is_dark) in [("light", false), ("dark", true)] {
            browser.resize(width, 1400, is_dark).await;
            let overflow = "return document.documentElement.scrollWidth - innerWidth;";
            let beyond = browser.run(overflow).await.as_i64().unwrap();
            assert!(beyond <= 0, "{width} pixels, {theme}: {beyond} too wide");
            browser.screenshot(&format!("charts-{width}-{theme}")).await;
            if !Axe::is_not_run() {
                browser.run(&Axe::source()).await;
                let violations = browser.run_async(VIOLATIONS).await;
                assert_eq!(violations, Value::Array(Vec::new()), "{width} pixels, {theme}");
            }
        }
    }
}

const VIOLATIONS: &str = "const found = await axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']});
    return found.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(' ')}`);";
