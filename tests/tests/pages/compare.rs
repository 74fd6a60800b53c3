//! The page of two traces side by side.

use std::time::Instant;

use serde_json::json;
use testbed::{Browser, Chain, ChainOptions, Key, Service, http};
use viewer::{Config, Viewer};

use crate::made::{CLIENT, INTERNAL, Made, SERVER, TRACE, send, small_trace};
use crate::visit::Visit;

const OTHER: &str = "11111111111111111111111111111111";
const PAIRS: &str = "document.querySelectorAll('.pair').length";

/// The small trace once more: its database call is slower, its packing succeeds, and it delivers instead of calling the till.
fn changed_trace() -> Vec<Made> {
    let mut spans = small_trace();
    spans[2].to += 60_000;
    spans[3].is_failed = false;
    spans[1].attributes[1].1 = "1002";
    spans.push(Made::new("shop", "deliver", (5, 2), INTERNAL, (91_000, 94_000)));
    spans
}

fn with_till() -> Vec<Made> {
    let mut spans = small_trace();
    spans.push(Made::new("shop", "call the till", (5, 2), CLIENT, (91_000, 92_000)));
    spans
}

#[tokio::test]
async fn what_differs_is_told_at_its_span_and_in_the_sum() {
    let Some(visit) = Visit::begin().await else { return };
    let browser = &visit.browser;
    send(&visit.sink.endpoint(), TRACE, &with_till()).await;
    send(&visit.sink.endpoint(), OTHER, &changed_trace()).await;

    visit.open(&format!("/compare?left={TRACE}&right={OTHER}")).await;

    browser.wait_for(&format!("{PAIRS} === 6")).await;
    for (name, class, told) in [
        ("SELECT goods", "slower", "▲ +60 ms (+600 %)"),
        ("call the till", "only-left", "only left"),
        ("deliver", "only-right", "only right"),
        ("pack", "same", "error ≠ unset"),
        ("GET /shop", "same", "the same"),
    ] {
        browser.wait_for(&pair(name, class, told)).await;
    }
    let facts = browser.run("return [...document.querySelectorAll('.facts dd')].slice(3).map((fact) => fact.textContent)").await;
    assert_eq!(facts, json!(["1", "1", "1", "1"]));
    // Both bars are on one scale: seven times as long is seven times as wide.
    let widths = "const [left, right] = [...document.querySelectorAll('.pair.slower .bar')].map((bar) => parseFloat(bar.style.width)); return Math.round(right / left)";
    assert_eq!(browser.run(widths).await, json!(7));

    browser.run("[...document.querySelectorAll('.pair')].find((row) => row.textContent.includes('≠ 1')).click()").await;
    browser.wait_for_text(".details tr.differs", "user.id").await;
    let values = "return [...document.querySelectorAll('.details tr.differs td')].map((cell) => cell.textContent)";
    assert_eq!(browser.run(values).await, json!(["1001", "1002"]));
    visit.ends_quietly().await;
}

#[tokio::test]
async fn the_list_is_narrowed_and_ordered_and_the_address_keeps_it() {
    let Some(visit) = Visit::begin().await else { return };
    let browser = &visit.browser;
    send(&visit.sink.endpoint(), TRACE, &with_till()).await;
    send(&visit.sink.endpoint(), OTHER, &changed_trace()).await;
    visit.open(&format!("/compare?left={TRACE}&right={OTHER}&order=delta")).await;

    browser.wait_for_text(".pair:first-child .name", "SELECT goods").await;
    browser.run("document.querySelector('[name=show]').value = 'sides'; document.querySelector('[name=show]').dispatchEvent(new Event('change'))").await;
    browser.wait_for(&format!("{PAIRS} === 2")).await;
    let address = browser.run("return location.href").await;
    visit.open("/trace").await;
    browser.open(address.as_str().unwrap()).await;
    browser.wait_for(&format!("{PAIRS} === 2")).await;

    browser.click(".ids button[type=button]").await;
    browser.wait_for(&pair("deliver", "only-left", "only left")).await;
    // The way back leads to what was compared before.
    browser.run("history.back()").await;
    browser.wait_for(&pair("deliver", "only-right", "only right")).await;

    // By keys: to the last pair and into it.
    browser.run("document.querySelector('.pairs-list [role=tree]').focus()").await;
    browser.press([Key::End, Key::Enter]).await;
    browser.wait_for_text(".details h2", "call the till").await;
    browser.press([Key::Escape]).await;
    browser.wait_for("document.querySelector('.details').hidden && document.activeElement.matches('[role=tree]')").await;
    visit.ends_quietly().await;
}

#[tokio::test]
async fn traces_are_chosen_in_the_list_and_on_the_page_of_one() {
    let Some(visit) = Visit::begin().await else { return };
    let browser = &visit.browser;
    let chain = Chain::start(ChainOptions::sqlite().otlp(visit.sink.endpoint())).await;
    let url = format!("{}/api/v1/process", chain.url(Service::Gateway));
    let mut traces = Vec::new();
    for user in [1001, 1002] {
        let body = json!({"user_id": user, "action": "purchase"});
        let answer: serde_json::Value =
            http().post(&url).json(&body).send().await.unwrap().json().await.unwrap();
        let trace = answer["trace_id"].as_str().unwrap().to_owned();
        visit.sink.wait_for(&trace, 14).await;
        traces.push(trace);
    }
    visit.open("/").await;
    browser.wait_for("document.querySelectorAll('.pick input').length === 2").await;
    assert_eq!(
        browser.run("return document.querySelector('.choice button').disabled").await,
        json!(true)
    );
    for row in [1, 2] {
        browser.click(&format!(".traces tbody tr:nth-child({row}) .pick input")).await;
    }
    browser.click(".choice button").await;
    // Two purchases are the same fourteen spans, with other ids and other durations.
    browser.wait_for(&format!("location.pathname === '/compare' && {PAIRS} > 10")).await;
    browser.wait_for("[...document.querySelectorAll('.facts dd')].slice(3, 6).every((fact) => fact.textContent === '0')").await;

    visit.open_trace(&traces[0]).await;
    visit.open_trace(&traces[1]).await;
    // What was looked at before is offered.
    browser
        .wait_for(&format!(
            "document.querySelector('.compare-with [name=right]').value === '{}'",
            traces[0]
        ))
        .await;
    browser.click(".compare-with button").await;
    browser
        .wait_for(&format!(
            "location.search === '?left={}&right={}' && {PAIRS} > 10",
            traces[1], traces[0]
        ))
        .await;
    drop(chain);
    visit.ends_quietly().await;
}

#[tokio::test]
async fn an_id_that_leads_to_no_trace_is_refused_at_its_field() {
    if Browser::is_not_run() {
        return;
    }
    let config = Config { store_bytes: viewer::MIN_BUDGET_BYTES, ..Config::default() };
    let viewer = Viewer::start(&config).await.unwrap();
    let endpoint = format!("http://{}", viewer.addresses().otlp_http);
    let long = "n".repeat(50_000);
    for number in 1..40_u128 {
        let span = Made::new("shop", &long, (1, 0), SERVER, (0, 10));
        send(&endpoint, &format!("{number:032x}"), &[span]).await;
    }
    send(&endpoint, TRACE, &small_trace()).await;
    let browser = Browser::start().await;
    let open = async |right: &str| {
        let address =
            format!("http://{}/compare?left={TRACE}&right={right}", viewer.addresses().pages);
        browser.open(&address).await;
    };
    for (right, told) in [("no id", "is not a trace id"), (&format!("{:032x}", 1), "was evicted")] {
        open(right).await;
        browser.wait_for_text("#right-error", told).await;
        assert_eq!(browser.run("return ['left', 'right'].map((name) => document.querySelector(`[name=${name}]`).getAttribute('aria-invalid'))").await, json!([null, "true"]));
    }
    // One that is on its way appears when it has come.
    open(OTHER).await;
    browser.wait_for_text("#right-error", "is not here").await;
    send(&endpoint, OTHER, &changed_trace()).await;
    browser.wait_for(&format!("{PAIRS} === 5")).await;
    assert_eq!(
        browser.run("return document.querySelector('#right-error').textContent").await,
        json!("")
    );
    let complaints = browser.console().await;
    assert!(complaints.iter().all(|line| line.contains("status of 4")), "{complaints:?}");
}

#[tokio::test]
async fn a_trace_that_begins_further_down_is_held_against_the_part_that_it_has() {
    let Some(visit) = Visit::begin().await else { return };
    let browser = &visit.browser;
    send(&visit.sink.endpoint(), TRACE, &small_trace()).await;
    let mut part = small_trace().split_off(1);
    part[0].parent = 0;
    send(&visit.sink.endpoint(), OTHER, &part).await;

    visit.open(&format!("/compare?left={TRACE}&right={OTHER}")).await;

    browser.wait_for(&format!("{PAIRS} === 4")).await;
    browser.wait_for("document.querySelectorAll('.only-left').length === 1 && document.querySelectorAll('.only-right').length === 0").await;
    visit.ends_quietly().await;
}

#[tokio::test]
async fn ten_thousand_spans_and_names_of_markup_are_compared_with_few_elements() {
    let Some(visit) = Visit::begin().await else { return };
    let browser = &visit.browser;
    const IMAGE: &str = "<img src=x onerror=alert(1)>";
    let spans = |extra: u64| {
        let span = move |id: u64| {
            Made::new(
                "batch",
                if id.is_multiple_of(2) { "step" } else { IMAGE },
                (id, u64::from(id > 1)),
                INTERNAL,
                (id * 10, id * 10 + 50 + extra),
            )
            .with(IMAGE, if extra == 0 { "a" } else { IMAGE })
        };
        (1..=10_000).map(span).collect::<Vec<_>>()
    };
    send(&visit.sink.endpoint(), TRACE, &spans(0)).await;
    send(&visit.sink.endpoint(), OTHER, &spans(7)).await;
    let began = Instant::now();

    visit.open(&format!("/compare?left={TRACE}&right={OTHER}")).await;

    browser.wait_for_text(".facts", "10,000").await;
    println!("2 x 10,000 spans compared after {:?}", began.elapsed());
    // The first of a name is held against the first, the last against the last.
    let facts =
        "[...document.querySelectorAll('.facts dd')].slice(3).map((fact) => fact.textContent)";
    assert_eq!(browser.run(&format!("return {facts}")).await, json!(["0", "0", "0", "10,000"]));
    assert!(browser.run(&format!("return {PAIRS}")).await.as_u64().unwrap() < 100);
    assert!(
        browser.run("return document.querySelectorAll('*').length").await.as_u64().unwrap() < 3_000
    );
    browser.run("document.querySelector('.pairs-list [role=tree]').focus()").await;
    browser.press([Key::End, Key::Enter]).await;
    browser.wait_for_text(".details .differs", IMAGE).await;
    assert_eq!(
        browser.run("return document.querySelectorAll('main img, main [onerror]').length").await,
        json!(0)
    );
    visit.ends_quietly().await;
}

/// Whether a pair of this name has this class and tells this.
fn pair(name: &str, class: &str, told: &str) -> String {
    format!(
        "[...document.querySelectorAll('.pair.{class}')].some((row) => row.querySelector('.name').textContent === {} && row.textContent.includes({}))",
        json!(name),
        json!(told)
    )
}

#[tokio::test]
async fn a_trace_of_one_span_has_one_span() {
    let Some(visit) = Visit::begin().await else { return };
    let span = [Made::new("shop", "GET /shop", (1, 0), SERVER, (0, 1_000))];
    send(&visit.sink.endpoint(), TRACE, &span).await;

    visit.open(&format!("/compare?left={TRACE}&right={TRACE}")).await;

    visit.browser.wait_for("[...document.querySelectorAll('.facts dd')].filter((fact) => fact.textContent.endsWith(', 1 span')).length === 2").await;
    visit.ends_quietly().await;
}
