//! The guided exercises: each failed once, then solved, with the answer that the services themselves give away.

use std::collections::BTreeSet;

use testbed::Browser;

use crate::system::System;

const EXERCISES: [&str; 5] = ["context", "database", "audit", "pool", "spans"];

fn within(exercise: &str, css: &str) -> String {
    format!("[data-exercise={exercise}] {css}")
}

/// Starts an exercise and gives the right answer: what the page has switched on, and nobody shows.
async fn begin(system: &System, browser: &Browser, exercise: &str) -> String {
    browser.click(&within(exercise, ".head button")).await;
    browser.wait_for(&format!("document.querySelector({:?})", within(exercise, "form"))).await;
    let on = system.faults().await;
    assert_eq!(on.len(), 1, "{exercise}: {on:?}");
    let (service, faults) = on.into_iter().next().unwrap();
    let shown = browser.run("return document.body.innerText;").await;
    for fault in faults.as_object().unwrap().keys() {
        assert!(!shown.as_str().unwrap().contains(&format!("{fault}=")), "the page tells: {shown}");
    }
    match exercise {
        "audit" => faults.as_object().unwrap().keys().next().unwrap().clone(),
        _ => service,
    }
}

async fn answer(browser: &Browser, exercise: &str, css: &str, said: &str) {
    browser.click(&within(exercise, css)).await;
    browser.click(&within(exercise, "form button.main")).await;
    browser.wait_for_text(&within(exercise, ".said"), said).await;
}

async fn is_over(system: &System, browser: &Browser) {
    browser.wait_for("document.querySelector('#faults-on').hidden").await;
    assert!(system.faults().await.is_empty(), "{:?}", system.faults().await);
}

#[tokio::test]
async fn each_is_failed_with_a_hint_and_solved_with_an_explanation() {
    if Browser::is_not_run() {
        return;
    }
    let (system, browser) = (System::start().await, Browser::start().await);
    system.front_page(&browser).await;

    for exercise in EXERCISES {
        let right = begin(&system, &browser, exercise).await;
        browser.wait_for_text("#faults-on", "An exercise is running").await;
        let wrong = format!("input[type=radio]:not([value={right}])");
        answer(&browser, exercise, &wrong, "No, that is not it.").await;
        assert_eq!(system.faults().await.len(), 1, "{exercise} goes on");
        answer(&browser, exercise, &format!("input[value={right}]"), "Right.").await;
        browser.wait_for_text(&within(exercise, ".badge:not([hidden])"), "solved").await;
        is_over(&system, &browser).await;
        if exercise == "audit" {
            assert_eq!(right, "down", "it really is killed");
            let said = within(exercise, ".said");
            // Its outbox delivers after some seconds, and the page tells of it by itself.
            browser.wait_for_text(&said, "its INSERT audit_logs is there now").await;
            let link = within(exercise, ".body a[href*='/trace/']");
            let href = browser.wait_for(&format!("document.querySelector({link:?})?.href")).await;
            let id = href.as_str().unwrap().rsplit('/').next().unwrap().to_owned();
            let is_late = |span: &crate::system::Span| span.name == "INSERT audit_logs";
            system.trace(&id, |spans| spans.iter().any(is_late)).await;
        }
    }
    system.assert_quiet(&browser).await;
}

#[tokio::test]
async fn the_trace_ends_where_the_context_was_lost_and_coming_back_changes_nothing() {
    if Browser::is_not_run() {
        return;
    }
    let (system, browser) = (System::start().await, Browser::start().await);
    system.front_page(&browser).await;
    let right = begin(&system, &browser, "context").await;

    let link = within("context", ".traces a");
    let href = browser.run(&format!("return document.querySelector({link:?}).href;")).await;
    let id = href.as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    assert_eq!(href, system.viewer(&format!("/trace/{id}")));
    let chain = ["browser", "gateway", "user-service", "order-service"];
    let last = chain.iter().position(|service| *service == right).unwrap();
    let expected: BTreeSet<_> = chain[..=last].iter().map(ToString::to_string).collect();
    let services = |spans: &[crate::system::Span]| {
        spans.iter().map(|span| span.service.clone()).collect::<BTreeSet<_>>()
    };
    system.trace(&id, |spans| services(spans) == expected).await;

    system.front_page(&browser).await;
    let kept = within("context", &format!(".traces a[href$='{id}']"));
    browser.wait_for(&format!("document.querySelector({kept:?}) !== null")).await;
    browser.click(&within("context", "form button.quiet")).await;
    browser.wait_for_text(&within("context", ".said"), "It was this.").await;
    is_over(&system, &browser).await;
    let solved =
        format!("return document.querySelector({:?}).hidden;", within("context", ".badge.ok"));
    assert_eq!(browser.run(&solved).await, true, "giving up is not solving");
}
