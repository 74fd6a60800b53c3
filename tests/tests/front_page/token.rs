//! A token that the gateway wants: the page asks for it, shows it with the next request, and keeps it nowhere else.

use serde_json::json;
use testbed::{Browser, Reply};

use crate::edge::Edge;

const TOKEN: &str = "s3cret";

#[tokio::test]
async fn the_page_asks_for_the_token_and_shows_it_with_the_next_request() {
    if Browser::is_not_run() {
        return;
    }
    let reply = Reply::json(200, &json!({"status": "completed", "chain": []}));
    let edge = Edge::with(reply, &[("API_TOKEN", TOKEN)]).await;
    let browser = Browser::start().await;
    edge.front_page(&browser).await;
    let shown = "return !document.getElementById('token-form').hidden;";
    assert_eq!(browser.run(shown).await, false);

    browser.click("#process button.main").await;
    browser.wait_for_text("#answer .head", "401").await;
    browser.wait_for_text("#token-told", "Enter it").await;
    assert_eq!(browser.run("return document.activeElement.id;").await, "token");
    browser.fill("#token", "wrong").await;
    browser.click("#token-form button").await;
    browser.click("#process button.main").await;
    browser.wait_for_text("#token-told", "refused").await;

    browser.fill("#token", TOKEN).await;
    browser.click("#token-form button").await;
    browser.click("#process button.main").await;
    browser.wait_for_text("#answer .head", "200").await;
    browser.wait_for_text("#curl", "Bearer $API_TOKEN").await;

    let kept = "return JSON.stringify([{...sessionStorage}, {...localStorage}, document.cookie, document.body.innerText]);";
    let kept = browser.run(kept).await;
    assert!(!kept.as_str().unwrap().contains(TOKEN), "the token was kept: {kept}");
    assert_eq!(browser.run("return document.getElementById('token').value;").await, "");
}
