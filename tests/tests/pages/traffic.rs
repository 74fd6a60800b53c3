//! One real request: it appears by itself, and its trace is whole.

use serde_json::{Value, json};
use testbed::{Chain, ChainOptions, Service, http};

use crate::visit::{ROWS, Visit};

#[tokio::test]
async fn a_request_appears_on_the_open_page_and_a_click_leads_to_its_whole_trace() {
    let Some(visit) = Visit::begin().await else { return };
    let browser = &visit.browser;
    visit.open("/").await;
    browser.wait_for_text("#found", "None yet").await;
    browser.wait_for("document.querySelector('#live').dataset.state === 'live'").await;
    let chain = Chain::start(ChainOptions::sqlite().otlp(visit.sink.endpoint())).await;

    let trace = purchase(&chain).await;

    let link = format!("a[href=\"/trace/{trace}\"]");
    // All fourteen spans of a purchase, without a reload.
    browser
        .wait_for(&format!(
            "document.querySelector({})?.closest('tr').children[3].textContent.startsWith('14')",
            json!(link)
        ))
        .await;
    browser.wait_for_text("#numbers", "p95").await;
    browser.wait_for("document.querySelectorAll('.dot').length === 1").await;
    browser.click(&link).await;
    browser.wait_for(&format!("{ROWS} === 14")).await;
    browser.wait_for_text("h1", "POST /api/v1/process").await;
    browser.wait_for("document.querySelectorAll('.row .critical').length > 3").await;
    browser.wait_for("document.querySelectorAll('.row .network').length > 3").await;
    let chain_told =
        browser.wait_for("document.querySelector('.graph svg')?.getAttribute('aria-label')").await;
    for call in [
        "gateway calls user-service",
        "user-service calls users-db",
        "order-service calls audit-service",
    ] {
        assert!(chain_told.as_str().unwrap().contains(call), "{chain_told}");
    }
    // Each service says that it has completed its request.
    browser.wait_for("[...document.querySelectorAll('.lines .message')].filter((cell) => cell.textContent.startsWith('Request completed')).length === 4").await;
    assert_eq!(
        browser.run("return document.querySelectorAll('.note').length").await,
        json!(0),
        "nothing is wrong with it"
    );
    drop(chain);
    visit.ends_quietly().await;
}

#[tokio::test]
async fn a_chosen_span_shows_what_is_known_of_it_and_is_kept_in_the_address() {
    let Some(visit) = Visit::begin().await else { return };
    let browser = &visit.browser;
    let chain = Chain::start(ChainOptions::sqlite().otlp(visit.sink.endpoint())).await;
    let trace = purchase(&chain).await;
    visit.sink.wait_for(&trace, 14).await;
    visit.open_trace(&trace).await;
    browser.wait_for(&format!("{ROWS} === 14")).await;

    let span =
        visit.sink.spans(&trace).into_iter().find(|span| span.name == "INSERT users").unwrap();
    browser.click(&format!("[data-span='{}']", span.id)).await;

    browser.wait_for_text(".details h2", "INSERT users").await;
    for text in [
        "db.query.text",
        "INSERT INTO users",
        "peer.service",
        "users-db",
        "service.instance.id",
        "parent span id",
    ] {
        browser.wait_for_text(".details", text).await;
    }
    let hash = browser.run("return location.hash").await;
    assert!(hash.as_str().unwrap().starts_with("#span="), "{hash}");
    browser.open(browser.run("return location.href").await.as_str().unwrap()).await;
    browser.run("location.reload()").await;
    browser.wait_for_text(".details h2", "INSERT users").await;
    // From the log line to the span that wrote it.
    browser.click(".lines button.link").await;
    browser
        .wait_for("document.querySelector('.details h2')?.textContent.startsWith('POST ')")
        .await;
    drop(chain);
    visit.ends_quietly().await;
}

async fn purchase(chain: &Chain) -> String {
    let body = json!({"user_id": 1001, "action": "purchase", "items": [{"sku": "keyboard", "quantity": 1}]});
    let url = format!("{}/api/v1/process", chain.url(Service::Gateway));
    let answer: Value = http().post(url).json(&body).send().await.unwrap().json().await.unwrap();
    assert_eq!(answer["status"], "completed", "{answer}");
    answer["trace_id"].as_str().unwrap().to_owned()
}
