//! The viewer goes and comes back while a page is open.

use std::time::Duration;

use serde_json::json;
use testbed::{Browser, Port, Process, Program, http, tracechain, until};

use crate::made::{TRACE, send, small_trace};

struct Place {
    pages: Port,
    query: Port,
    grpc: Port,
    http: Port,
}

#[tokio::test]
async fn open_pages_say_that_the_viewer_is_lost_and_go_on_when_it_is_back() {
    if Browser::is_not_run() {
        return;
    }
    let place = Place {
        pages: Port::reserve(),
        query: Port::reserve(),
        grpc: Port::reserve(),
        http: Port::reserve(),
    };
    let viewer = place.start().await;
    let browser = Browser::start().await;
    send(&place.otlp(), TRACE, &small_trace()).await;
    browser.open(&place.url("/")).await;
    browser.wait_for_text("#live", "live").await;
    browser.wait_for_text(".traces", "GET /shop").await;

    viewer.kill9();
    browser.wait_for_text("#live", "viewer lost").await;
    drop(viewer);
    let viewer = place.start().await;

    browser.wait_for("document.querySelector('#live').textContent === 'live'").await;
    // It has forgotten everything, and the page says so.
    browser.wait_for_text("#found", "None yet").await;
    send(&place.otlp(), &"1".repeat(32), &small_trace()).await;
    browser.wait_for("document.querySelectorAll('.traces tbody tr').length === 1").await;

    // A trace that is shown stays, since nothing else has it any more.
    browser.click(".traces a").await;
    browser.wait_for_text("h1", "GET /shop").await;
    browser.wait_for_text("#live", "live").await;
    viewer.kill9();
    browser.wait_for_text("#live", "viewer lost").await;
    drop(viewer);
    let _viewer = place.start().await;
    browser.wait_for("document.querySelector('#live').textContent === 'live'").await;
    assert_eq!(
        browser.run("return document.querySelectorAll('[role=treeitem]').length").await,
        json!(4)
    );
    // The browser itself complains of connections that were refused, and of nothing else.
    for line in browser.console().await {
        assert!(line.contains("net::ERR_") || line.contains("status of 404"), "{line}");
    }
}

impl Place {
    async fn start(&self) -> Process {
        let process = Program::new(tracechain())
            .arg("viewer")
            .env("VIEWER_PORT", self.pages.number().to_string())
            .env("VIEWER_QUERY_PORT", self.query.number().to_string())
            .env("VIEWER_OTLP_GRPC_PORT", self.grpc.number().to_string())
            .env("VIEWER_OTLP_HTTP_PORT", self.http.number().to_string())
            .start();
        let ready = until(Duration::from_secs(60), async || {
            http().get(self.url("/ready")).send().await.ok()
        });
        assert!(ready.await.is_some(), "{}", process.last_output());
        process
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.pages.number())
    }

    fn otlp(&self) -> String {
        format!("http://127.0.0.1:{}", self.http.number())
    }
}
