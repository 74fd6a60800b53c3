//! A part of a trace's time: chosen by dragging and by keys, kept in the address, and spans that outlive their root.

use serde_json::{Value, json};

use testbed::Key;

use crate::made::{CLIENT, INTERNAL, Made, SERVER, TRACE, send, small_trace};
use crate::visit::{ROWS, Visit};

/// The part that is shown, in milliseconds; `[]` for the whole.
async fn part(visit: &Visit) -> Vec<f64> {
    let hash = "const given = new URLSearchParams(location.hash.slice(1)); return [given.get('from'), given.get('to')].filter(Boolean).map(Number)";
    let part = visit.browser.run(hash).await;
    part.as_array().unwrap().iter().filter_map(Value::as_f64).collect()
}

async fn until_part(visit: &Visit, expected: [f64; 2]) {
    let is = format!(
        "(() => {{ const given = new URLSearchParams(location.hash.slice(1)); return Math.abs(given.get('from') - {}) < 2 && Math.abs(given.get('to') - {}) < 2 && given.has('to'); }})()",
        expected[0], expected[1]
    );
    visit.browser.wait_for(&is).await;
}

#[tokio::test]
async fn the_keys_zoom_move_and_show_the_whole_again_and_the_address_keeps_it() {
    let Some(visit) = Visit::begin().await else { return };
    let browser = &visit.browser;
    send(&visit.sink.endpoint(), TRACE, &small_trace()).await;
    visit.open_trace(TRACE).await;
    browser.wait_for(&format!("{ROWS} === 4")).await;
    assert_eq!(part(&visit).await, [0.0; 0]);

    // Of 100 ms, the middle half, then a tenth of that to the right.
    browser.run("document.querySelector('.minimap').focus()").await;
    press(&visit, "+").await;
    until_part(&visit, [25.0, 75.0]).await;
    browser.press([Key::Right]).await;
    until_part(&visit, [30.0, 80.0]).await;
    browser.wait_for("document.activeElement.ariaValueText === '30 ms to 80 ms of 100 ms'").await;

    // What is before the part is only told of; what is in it is drawn.
    let select = "[...document.querySelectorAll('.row')].find((row) => row.querySelector('.name').textContent === 'SELECT goods')";
    browser.wait_for(&format!("{select}.querySelector('.bar').style.left === '-2%' || {select}.querySelector('.elsewhere') !== null")).await;
    browser.open(browser.run("return location.href").await.as_str().unwrap()).await;
    browser.run("location.reload()").await;
    browser.wait_for(&format!("{ROWS} === 4")).await;
    browser
        .wait_for("document.querySelector('.minimap').ariaValueText === '30 ms to 80 ms of 100 ms'")
        .await;

    // Around the chosen span, from the tree; with the shift key along the time.
    browser.click("[data-span='0000000000000004']").await;
    browser.wait_for_text(".details h2", "pack").await;
    browser.run("document.querySelector('[role=tree]').focus()").await;
    press(&visit, "0").await;
    browser.wait_for("!location.hash.includes('from=') && location.hash.includes('span=')").await;
    press(&visit, "+").await;
    until_part(&visit, [32.5, 82.5]).await;
    press(&visit, "-").await;
    browser.wait_for("!location.hash.includes('from=')").await;
    visit.ends_quietly().await;
}

#[tokio::test]
async fn a_drag_over_the_strip_or_the_ruler_shows_that_part() {
    let Some(visit) = Visit::begin().await else { return };
    let browser = &visit.browser;
    send(&visit.sink.endpoint(), TRACE, &small_trace()).await;
    visit.open_trace(TRACE).await;

    browser.drag(".minimap", 0.2, 0.6).await;
    until_part(&visit, [20.0, 60.0]).await;
    // The ruler shows the part, so half of it is a quarter of the whole.
    browser.drag(".ticks", 0.0, 0.5).await;
    until_part(&visit, [20.0, 40.0]).await;
    browser.drag(".minimap", 0.8, 0.8).await;
    until_part(&visit, [70.0, 90.0]).await;
    browser.click(".toolbar button:nth-of-type(5)").await;
    browser.wait_for("!location.hash.includes('from=')").await;
    visit.ends_quietly().await;
}

#[tokio::test]
async fn the_critical_path_goes_on_with_what_outlives_the_root() {
    let Some(visit) = Visit::begin().await else { return };
    let browser = &visit.browser;
    let spans = [
        Made::new("order", "POST /process", (1, 0), SERVER, (0, 60_000)),
        Made::new("order", "INSERT orders", (2, 1), CLIENT, (5_000, 50_000)),
        Made::new("order", "late delivery", (3, 1), CLIENT, (400_000, 500_000)),
        Made::new("audit", "POST /process", (4, 3), SERVER, (410_000, 495_000)),
        Made::new("audit", "nap", (5, 4), INTERNAL, (420_000, 421_000)),
    ];
    send(&visit.sink.endpoint(), TRACE, &spans).await;
    visit.open_trace(TRACE).await;
    browser.wait_for(&format!("{ROWS} === 5")).await;

    let critical = "return [...document.querySelectorAll('.row')].map((row) => row.querySelectorAll('.critical').length)";
    // The root before and after its INSERT, that, and all three that are late: around what is below them, and the last itself.
    assert_eq!(browser.run(critical).await, json!([2, 1, 2, 2, 1]));
    visit.ends_quietly().await;
}

async fn press(visit: &Visit, key: &str) {
    // The key of a character is that character.
    visit.browser.type_keys(key).await;
}
