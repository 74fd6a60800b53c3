//! A clock time alone tells traces of one day apart, and no others.

use serde_json::Value;

use crate::made::{Made, SERVER, send_ago};
use crate::visit::Visit;

const DAY: u64 = 86_400;
/// What the list and the axis of the picture say of when traces began.
const TOLD: &str = "return { began: [...document.querySelectorAll('.traces .began')].map((cell) => cell.textContent), \
                    axis: [...document.querySelectorAll('.scatter text:not(.end)')].map((text) => text.textContent), \
                    dots: [...document.querySelectorAll('.dot title')].map((title) => title.textContent) }";

#[tokio::test]
async fn traces_of_several_days_are_shown_with_their_dates_and_those_of_one_day_without() {
    let Some(visit) = Visit::begin().await else { return };
    let browser = &visit.browser;
    let span = [Made::new("shop", "GET /shop", (1, 0), SERVER, (0, 5_000))];
    send_ago(&visit.sink.endpoint(), &format!("{:032x}", 1), &span, 1).await;
    visit.open("/").await;
    browser.wait_for("document.querySelectorAll('.dot').length === 1").await;
    let month = "return new Intl.DateTimeFormat('en-GB', { month: 'short' }).format(Date.now())";
    let month = browser.run(month).await;
    let month = month.as_str().unwrap();
    let one_day = browser.run(TOLD).await;
    assert!(!one_day.to_string().contains(month), "{one_day}");

    // Of another day it is the whole page that changes, the trace that was shown before too.
    send_ago(&visit.sink.endpoint(), &format!("{:032x}", 2), &span, 9 * DAY).await;
    browser.wait_for("document.querySelectorAll('.dot').length === 2").await;

    let two_days = browser.run(TOLD).await;
    for part in ["began", "axis", "dots"] {
        let texts = two_days[part].as_array().unwrap();
        assert!(texts.len() > 1 && texts.iter().all(has_date), "{part}: {texts:?}");
    }
    visit.ends_quietly().await;
}

/// Day and month, then a year or a time: `21 Nov 2026, 14:05:33.123`, `21 Nov, 14:05`, `21 Nov 2026`.
fn has_date(text: &Value) -> bool {
    let text = text.as_str().unwrap_or_default();
    let months =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    months.iter().any(|month| text.contains(month))
}
