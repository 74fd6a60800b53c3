//! What the page makes of answers, bad ones above all.

use serde_json::json;
use testbed::{Browser, Reply};

use crate::{edge::Edge, system::System};

async fn register(browser: &Browser, first: &str, last: &str, email: &str) {
    browser.click("#tab-register").await;
    for (field, text) in [("#first_name", first), ("#last_name", last), ("#email", email)] {
        browser.fill(field, text).await;
    }
    browser.click("#register button.main").await;
    // Whatever came of it, the answer is there and its span is sent.
    browser.wait_for_text("#export", "span was").await;
}

/// The text beside a field, which the field names as its description; `None` where there is none.
async fn said_of(browser: &Browser, field: &str) -> Option<String> {
    let script = format!(
        "const field = document.querySelector({field:?});
         const said = document.getElementById(field.getAttribute('aria-describedby'));
         return field.getAttribute('aria-invalid') === 'true' ? said.textContent : null;"
    );
    browser.run(&script).await.as_str().map(str::to_owned)
}

async fn focused(browser: &Browser) -> String {
    browser.run("return document.activeElement.id;").await.as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_refused_e_mail_is_told_at_its_field_and_a_corrected_one_is_taken() {
    if Browser::is_not_run() {
        return;
    }
    let (system, browser) = (System::start().await, Browser::start().await);
    system.front_page(&browser).await;

    register(&browser, "Ada", "Lovelace", "nonsense").await;
    let said = said_of(&browser, "#email").await.unwrap();
    assert!(said.contains("is no e-mail address"), "{said}");
    assert_eq!(said_of(&browser, "#first_name").await, None);
    assert_eq!(focused(&browser).await, "email");

    register(&browser, "Ada", "", "ada@").await;
    assert!(said_of(&browser, "#last_name").await.unwrap().contains("accepted: 1 to 100"));
    assert!(said_of(&browser, "#email").await.is_some());
    assert_eq!(focused(&browser).await, "last_name");

    register(&browser, "Ada", "Lovelace", "ada@example.org").await;
    browser.wait_for_text("#answer .head", "201").await;
    assert_eq!(said_of(&browser, "#email").await, None);

    register(&browser, "Augusta", "King", "ada@example.org").await;
    browser.wait_for_text("#answer .head", "409").await;
    assert!(said_of(&browser, "#email").await.unwrap().contains("belongs to another user"));
    let kept = browser.run("return JSON.stringify({...sessionStorage});").await;
    assert!(!kept.as_str().unwrap().contains("example.org"), "an address was kept: {kept}");

    let complaints = browser.console().await;
    assert!(complaints.iter().all(|one| one.contains("status of 4")), "{complaints:?}");
}

#[tokio::test]
async fn a_pointer_into_the_list_of_items_leads_to_its_row() {
    if Browser::is_not_run() {
        return;
    }
    let (system, browser) = (System::start().await, Browser::start().await);
    system.front_page(&browser).await;

    browser.click("#add-item").await;
    browser.fill("#items .item:nth-child(2) .quantity input", "many").await;
    browser.click("#process button.main").await;
    browser.wait_for_text("#answer .head", "422").await;

    let second = "#items .item:nth-child(2) .quantity input";
    assert!(said_of(&browser, second).await.is_some());
    assert_eq!(said_of(&browser, "#items .item:nth-child(1) .quantity input").await, None);
    browser.click("#items .item:nth-child(2) button").await;
    browser.click("#process button.main").await;
    // 200, or 202 where a busy machine leaves audit too little time.
    let taken = "document.querySelector('#answer .head .ok, #answer .head .note') !== null";
    browser.wait_for(taken).await;
    assert_eq!(browser.run("return document.querySelectorAll('[aria-invalid]').length;").await, 0);
}

#[tokio::test]
async fn markup_in_an_answer_stays_text() {
    if Browser::is_not_run() {
        return;
    }
    let evil = "<img src=x onerror=alert(1)><script>alert(2)</script>";
    let body = json!({
        "status": evil, "request_id": evil,
        "chain": [{"service": evil, "trace_id": evil, "span_id": evil, "duration_ms": 1.0}]
    });
    let edge = Edge::answering(Reply::json(200, &body)).await;
    let browser = Browser::start().await;
    edge.front_page(&browser).await;

    browser.click("#process button.main").await;

    browser.wait_for_text("#answer .head", evil).await;
    browser.wait_for_text("#answer .chain", evil).await;
    let made = "return document.querySelectorAll('img, body script').length;";
    assert_eq!(browser.run(made).await, 0);
}

#[tokio::test]
async fn a_problem_of_a_service_is_shown_with_its_name_and_a_span_that_nobody_takes_is_told() {
    if Browser::is_not_run() {
        return;
    }
    let problem = json!({
        "type": "urn:tracechain:problem:unavailable", "title": "Not available", "status": 503, "code": "unavailable",
        "detail": "the database is away", "service": "order-service", "trace_id": "", "request_id": "r"
    });
    let reply = Reply::body(503, "application/problem+json", problem.to_string());
    let edge = Edge::answering(reply).await;
    let browser = Browser::start().await;
    edge.front_page(&browser).await;

    browser.click("#process button.main").await;

    browser.wait_for_text("#answer .head", "503").await;
    browser.wait_for_text("#answer div.notice", "the database is away").await;
    browser.wait_for_text("#answer dl", "order-service").await;
    browser.wait_for_text("#answer", "Nothing that shows traces answers on this host").await;
    browser.wait_for_text("#export.bad", "could not be reached").await;
    assert_eq!(browser.run("return document.querySelector('#lab').hidden;").await, true);
}
