//! Pictures of each page, dark and light, narrow and wide, for people to look at: `target/screenshots`.

use serde_json::{Value, json};
use testbed::{Chain, ChainOptions, Service, http};

use crate::visit::{ROWS, Visit};

const REQUESTS: u64 = 24;

#[tokio::test]
async fn pages_fit_their_window_from_360_to_1600_pixels_and_are_pictured() {
    let Some(visit) = Visit::begin().await else { return };
    let browser = &visit.browser;
    let faults = "latency=60ms:0.3,error=503:0.15";
    let options =
        ChainOptions::sqlite().otlp(visit.sink.endpoint()).env(Service::Order, "FAULTS", faults);
    let chain = Chain::start(options).await;
    let (other, trace) = traffic(&chain).await;
    visit.sink.wait_for(&trace, 14).await;
    let span =
        visit.sink.spans(&trace).into_iter().find(|span| span.name == "INSERT orders").unwrap().id;

    for width in [360, 800, 1600] {
        for is_dark in [false, true] {
            browser.resize(width, 900, is_dark).await;
            let theme = if is_dark { "dark" } else { "light" };
            visit.open("/").await;
            browser
                .wait_for(&format!(
                    "document.querySelectorAll('.traces tbody tr').length === {REQUESTS}"
                ))
                .await;
            picture(&visit, &format!("traces-{width}-{theme}")).await;
            visit.open_trace(&trace).await;
            browser
                .wait_for(&format!("{ROWS} === 14 && document.querySelector('.lines') !== null"))
                .await;
            picture(&visit, &format!("trace-{width}-{theme}")).await;
            visit.open("/logs").await;
            browser.wait_for("document.querySelectorAll('.lines tbody tr').length > 20").await;
            picture(&visit, &format!("logs-{width}-{theme}")).await;
            visit.open("/trace").await;
            browser.wait_for("document.querySelector('#file') !== null").await;
            picture(&visit, &format!("open-{width}-{theme}")).await;
            visit.open(&format!("/trace/{trace}#span={span}")).await;
            browser.wait_for_text(".details h2", "INSERT orders").await;
            picture(&visit, &format!("span-{width}-{theme}")).await;
            visit.open("/map").await;
            browser.wait_for("document.querySelectorAll('.map a.box').length === 8").await;
            picture(&visit, &format!("map-{width}-{theme}")).await;
            visit.open(&format!("/compare?left={other}&right={trace}")).await;
            browser.wait_for("document.querySelectorAll('.pair').length > 10").await;
            picture(&visit, &format!("compare-{width}-{theme}")).await;
            browser.click(".pair:nth-child(3) .name").await;
            browser.wait_for("document.querySelector('.details h2') !== null").await;
            picture(&visit, &format!("pair-{width}-{theme}")).await;
        }
    }
    drop(chain);
    visit.ends_quietly().await;
}

/// No page is scrolled sideways.
async fn picture(visit: &Visit, name: &str) {
    let beyond =
        visit.browser.run("return document.documentElement.scrollWidth - innerWidth").await;
    assert!(beyond.as_i64().unwrap() <= 0, "{name} is {beyond} pixels too wide");
    visit.browser.screenshot(name).await;
}

/// Some requests, of which some fail; the traces of the first and the last that did not.
async fn traffic(chain: &Chain) -> (String, String) {
    let url = format!("{}/api/v1/process", chain.url(Service::Gateway));
    let mut completed = Vec::new();
    for user in 0..REQUESTS {
        let body = json!({"user_id": 1001 + user, "action": "purchase", "items": [{"sku": "keyboard", "quantity": 1}]});
        let answer: Value =
            http().post(&url).json(&body).send().await.unwrap().json().await.unwrap();
        if answer["status"] == "completed" {
            completed.extend(answer["trace_id"].as_str().map(str::to_owned));
        }
    }
    (completed.first().unwrap().clone(), completed.last().unwrap().clone())
}
