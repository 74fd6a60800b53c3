//! The pages for everyone: axe-core's rules of WCAG 2.1 A and AA, dark and light, from 360 to 1600 pixels. Leaves pictures behind.

use serde_json::Value;
use testbed::{Axe, Browser};

use crate::system::System;

const VIOLATIONS: &str = "const found = await axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']});
    return found.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(' ')}`);";

/// Looks at the page that is open in every size and theme, with `css` in view.
async fn look(browser: &Browser, name: &str, css: &str) {
    for (size, width, height) in [("narrow", 360, 800), ("wide", 1600, 1000)] {
        for (theme, is_dark) in [("light", false), ("dark", true)] {
            browser.resize(width, height, is_dark).await;
            let at = format!("{name}-{size}-{theme}");
            let overflow = "return document.documentElement.scrollWidth - innerWidth;";
            let overflow = browser.run(overflow).await.as_i64().unwrap();
            assert!(overflow <= 0, "{at} is {overflow} pixels too wide");
            if !Axe::is_not_run() {
                browser.run(&Axe::source()).await;
                let violations = browser.run_async(VIOLATIONS).await;
                assert_eq!(violations, Value::Array(Vec::new()), "{at}");
            }
            browser.run(&format!("document.querySelector({css:?}).scrollIntoView();")).await;
            browser.screenshot(&at).await;
        }
    }
}

#[tokio::test]
async fn the_front_page_is_for_everyone_with_an_answer_an_error_and_an_exercise() {
    if Browser::is_not_run() {
        return;
    }
    let (system, browser) = (System::start().await, Browser::start().await);
    system.front_page(&browser).await;
    browser.click("#process button.main").await;
    browser.wait_for_text("#export", "the trace begins in this browser").await;
    look(&browser, "front-page", "body").await;

    browser.click("#tab-register").await;
    browser.fill("#email", "nonsense").await;
    browser.click("#register button.main").await;
    browser.wait_for("document.querySelector('#email[aria-invalid=true]')").await;
    look(&browser, "front-page-refused", "#register").await;

    browser.click("[data-exercise=pool] .head button").await;
    browser.wait_for("document.querySelector('[data-exercise=pool] form')").await;
    browser.wait_for_text("#faults-on", "An exercise is running").await;
    look(&browser, "front-page-exercise", "[data-exercise=pool]").await;
}

#[tokio::test]
async fn the_page_of_metrics_is_for_everyone() {
    if Browser::is_not_run() {
        return;
    }
    let (system, browser) = (System::start().await, Browser::start().await);
    system.front_page(&browser).await;
    browser.click("#process button.main").await;
    browser.wait_for_text("#export", "the trace begins in this browser").await;
    browser.open(&system.edge("/view_metrics")).await;
    browser.wait_for("!document.querySelector('#controls').hidden").await;
    look(&browser, "view-metrics", "body").await;
}
