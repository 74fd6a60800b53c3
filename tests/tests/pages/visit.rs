//! A browser in front of a viewer, and what holds of every visit.

use std::time::Duration;

use serde_json::json;
use testbed::{Browser, Sink};

/// One viewer of its own, and a browser that has not been anywhere yet.
pub(crate) struct Visit {
    pub(crate) browser: Browser,
    pub(crate) sink: Sink,
}

impl Visit {
    /// `None` where there is no browser and none is asked for; said by name.
    pub(crate) async fn begin() -> Option<Self> {
        if Browser::is_not_run() {
            return None;
        }
        Some(Self { sink: Sink::start().await, browser: Browser::start().await })
    }

    /// The same with a viewer that reads metrics.
    pub(crate) async fn scraping(targets: &str, interval: Duration) -> Option<Self> {
        if Browser::is_not_run() {
            return None;
        }
        let sink = Sink::scraping(targets, interval).await;
        Some(Self { sink, browser: Browser::start().await })
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.sink.query_url())
    }

    pub(crate) async fn open(&self, path: &str) {
        self.browser.open(&self.url(path)).await;
    }

    /// Goes to a trace and waits until its spans are drawn.
    pub(crate) async fn open_trace(&self, trace: &str) {
        self.open(&format!("/trace/{trace}")).await;
        self.browser.wait_for(ROWS).await;
    }

    /// Nothing was complained of on the console, and no other host was asked for anything.
    pub(crate) async fn ends_quietly(self) {
        assert_eq!(self.browser.console().await, Vec::<String>::new());
        let asked: Vec<_> = self.browser.asked().await.into_iter().collect();
        assert_eq!(asked, [self.sink.query_url()]);
    }
}

/// How many rows of a waterfall are drawn.
pub(crate) const ROWS: &str = "document.querySelectorAll('[role=treeitem]').length";

/// Whether a row of the waterfall is the span of this service and name.
pub(crate) fn is_span(row: &str, service: &str, name: &str) -> String {
    let (service, name) = (json!(service), json!(name));
    format!(
        "({row}?.querySelector('.service').textContent === {service} && {row}?.querySelector('.name').textContent === {name})"
    )
}
