//! Names as long as a sender likes: they are wrapped or cut, and no page is scrolled sideways for them.

use serde_json::json;

use crate::made::{CLIENT, Made, SERVER, TRACE, send, send_log};
use crate::visit::Visit;

const SERVICE: &str = "a-service-with-a-name-that-some-template-has-put-together-from-region-cluster-namespace-team-and-application-without-end";
const ROUTE: &str =
    "POST https://payments.example.org/v1/reconciliations/{reconciliation_id}/entries/{entry_id}";
const OTHER: &str = "0af7651916cd43dd8448eb211c80319d";

/// If the document is wider than its window, what reaches beyond it.
const BEYOND: &str = "if (document.documentElement.scrollWidth <= innerWidth) return []; \
                      return [...document.querySelectorAll('main *')].filter((each) => each.getBoundingClientRect().right > innerWidth).map((each) => `${each.tagName} ${each.getAttribute('class')}`)";

#[tokio::test]
async fn long_names_leave_every_page_as_wide_as_its_window() {
    let Some(visit) = Visit::begin().await else { return };
    let browser = &visit.browser;
    for trace in [TRACE, OTHER] {
        let spans = [
            Made::new(SERVICE, ROUTE, (1, 0), CLIENT, (0, 9_000)),
            Made::new("shop", ROUTE, (2, 1), SERVER, (1_000, 8_000)),
            Made::new(SERVICE, ROUTE, (3, 2), CLIENT, (2_000, 7_000)).with("peer.service", SERVICE),
        ];
        send(&visit.sink.endpoint(), trace, &spans).await;
    }
    send_log(&visit.sink.endpoint(), (TRACE, 1), 0, SERVICE, "a line").await;

    for width in [360, 1000] {
        browser.resize(width, 900, false).await;
        for (page, is_there) in [
            ("/".to_owned(), ".traces tbody tr"),
            ("/logs".to_owned(), ".lines tbody tr"),
            (format!("/trace/{TRACE}"), ".lines tbody tr"),
            (format!("/trace/{TRACE}#span=0000000000000001"), ".details h2"),
            (format!("/compare?left={TRACE}&right={OTHER}"), ".pair"),
        ] {
            visit.open("/trace").await;
            visit.open(&page).await;
            browser.wait_for(&format!("document.querySelector('{is_there}') !== null")).await;
            let beyond = browser.run(BEYOND).await;
            assert_eq!(beyond, json!([]), "{page} is too wide at {width}");
        }
    }
    visit.ends_quietly().await;
}
