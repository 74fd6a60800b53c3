//! The page of metrics, over services whose metrics a test makes: what is drawn, told and led to, and what is not there.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use testbed::{
    Axe, Browser, Key, Port, Process, Program, Reply, Upstream, http, tracechain, until,
};

use crate::made::{TRACE, send_ago, small_trace};
use crate::visit::Visit;

const OFTEN: Duration = Duration::from_millis(100);

/// A process whose counters go up with every read. `shop` is the service of the made traces.
async fn measured() -> Upstream {
    let reads = AtomicU32::new(0);
    Upstream::start(move |_| text(reads.fetch_add(1, Ordering::Relaxed))).await
}

fn text(reads: u32) -> Reply {
    let n = f64::from(reads) * 20.0;
    let bucket = |bound: &str, share: f64| {
        format!(
            "http_request_duration_seconds_bucket{{endpoint=\"/orders/{{id}}\",le=\"{bound}\"}} {}\n",
            n * share
        )
    };
    Reply::body(
        200,
        "text/plain",
        format!(
            "http_requests_total{{endpoint=\"/orders/{{id}}\",status_code=\"200\"}} {}\n\
             http_requests_total{{endpoint=\"/orders/{{id}}\",status_code=\"503\"}} {}\n{}{}{}\
             db_client_connections{{state=\"used\"}} 3\ndb_client_connections{{state=\"idle\"}} 1\n\
             db_client_connections{{state=\"max\"}} 16\nprocess_resident_memory_bytes 20971520\n\
             otel_sdk_spans_ended_total {n}\notel_sdk_spans_exported_total {n}\notel_sdk_spans_failed_total 0\n\
             otel_sdk_spans_dropped_total 0\notel_sdk_spans_queued 0\n",
            n * 0.9,
            n * 0.1,
            bucket("0.1", 0.5),
            bucket("0.3", 0.95),
            bucket("+Inf", 1.0),
        ),
    )
}

fn chart(name: &str, css: &str) -> String {
    format!("[data-chart={name}] {css}")
}

/// What a chart tells at its cursor, once it holds a text.
async fn tells(visit: &Visit, name: &str, text: &str) -> String {
    let told = format!(
        "document.querySelector({:?})?.getAttribute('aria-valuetext')",
        chart(name, ".plot")
    );
    let told = visit.browser.wait_for(&format!("{told}?.includes({text:?}) && {told}")).await;
    told.as_str().unwrap().to_owned()
}

#[tokio::test]
async fn rate_errors_duration_pool_and_spans_are_drawn_and_a_value_leads_to_its_traces() {
    let service = measured().await;
    let targets = format!("shop=127.0.0.1:{}", service.port());
    let Some(visit) = Visit::scraping(&targets, OFTEN).await else { return };
    let browser = &visit.browser;
    send_ago(&visit.sink.endpoint(), &"3".repeat(32), &small_trace(), 600).await;
    visit.open("/charts?minutes=5").await;

    browser.wait_for_text("#found", "1 of 1 target up").await;
    // Half of the requests are within 0.1 s, 95 of 100 within 0.3 s.
    tells(&visit, "duration", "p50 100 ms, p95 300 ms").await;
    tells(&visit, "pool", "used 3, idle 1, max 16").await;
    tells(&visit, "memory", "shop 20 MiB").await;
    let tick = format!(
        "[...document.querySelectorAll({:?})].some((text) => text.textContent === '10 MiB')",
        chart("memory", "text")
    );
    browser.wait_for(&tick).await;
    browser.wait_for_text("#summary [data-service=shop]", "(10 %)").await;
    browser.wait_for_text("#accounts [data-service=shop]", "closes").await;
    let drawn = format!("document.querySelectorAll({:?}).length > 3", chart("rate", "text"));
    browser.wait_for(&drawn).await;

    // By keys: back in time, into the legend, and to the traces.
    browser
        .wait_for(&format!(
            "document.querySelector({:?}).ariaValueMax >= 2",
            chart("rate", ".plot")
        ))
        .await;
    browser.run(&format!("document.querySelector({:?}).focus()", chart("rate", ".plot"))).await;
    let newest = browser.run("return document.activeElement.ariaValueNow").await;
    browser.press([Key::Left]).await;
    browser
        .wait_for(&format!("Number(document.activeElement.ariaValueNow) === {newest} - 1"))
        .await;
    browser.wait_for_text(&chart("rate", ".moment"), "at ").await;
    browser.press([Key::End, Key::Enter]).await;
    browser.wait_for("document.activeElement.matches('.legend a')").await;
    // A trace of that moment, however long the browser took to get here.
    let ago = "return Math.floor(Date.now() / 1000) - Number(new URL(document.activeElement.href).searchParams.get('start')) - 1";
    let ago = browser.run(ago).await.as_u64().unwrap();
    send_ago(&visit.sink.endpoint(), TRACE, &small_trace(), ago).await;
    browser.press([Key::Enter]).await;

    browser
        .wait_for("location.pathname === '/' && location.search.includes('service=shop&start=')")
        .await;
    let link = format!("document.querySelector('a[href=\"/trace/{TRACE}\"]') !== null");
    let only = "document.querySelectorAll('.traces tbody tr').length === 1";
    browser.wait_for(&format!("{link} && {only}")).await;
    let from = browser.run("return document.querySelector('[name=start]').value").await;
    assert!(from.as_str().unwrap().len() >= 16, "the time is in its field: {from}");
    visit.ends_quietly().await;
}

#[tokio::test]
async fn a_pointer_on_a_chart_tells_its_moment_and_a_click_follows_it() {
    let service = measured().await;
    let targets = format!("shop=127.0.0.1:{}", service.port());
    let Some(visit) = Visit::scraping(&targets, OFTEN).await else { return };
    let browser = &visit.browser;
    visit.open("/charts?minutes=5").await;
    tells(&visit, "errors", "shop ").await;
    browser
        .wait_for(&format!(
            "document.querySelector({:?}).ariaValueMax >= 1",
            chart("errors", ".plot")
        ))
        .await;

    browser.click(&chart("errors", ".plot")).await;

    browser.wait_for("location.pathname === '/'").await;
    // A 4xx is no failed span, so the status code is asked for.
    browser.wait_for_text("#found", "No trace fits").await;
    let query = browser.run("return document.querySelector('[name=q]').value").await;
    assert_eq!(query, "{ span.http.response.status_code >= 400 }");
    visit.ends_quietly().await;
}

#[tokio::test]
async fn a_table_has_the_same_values_and_links() {
    let service = measured().await;
    let targets = format!("shop=127.0.0.1:{}", service.port());
    let Some(visit) = Visit::scraping(&targets, OFTEN).await else { return };
    let browser = &visit.browser;
    visit.open("/charts?minutes=5").await;
    tells(&visit, "duration", "p99").await;

    browser.click(&chart("duration", "summary")).await;

    browser.wait_for_text(&chart("duration", "thead"), "p99").await;
    let cell = chart("duration", "tbody td a");
    browser.wait_for_text(&cell, "100 ms").await;
    let href =
        browser.run(&format!("return document.querySelector({cell:?}).getAttribute('href')")).await;
    assert!(href.as_str().unwrap().starts_with("/?service=shop&start="), "{href}");
    visit.ends_quietly().await;
}

#[tokio::test]
async fn what_is_down_or_has_no_metrics_is_shown_as_that_and_not_as_zero() {
    let is_down = Arc::new(AtomicBool::new(false));
    let (reads, down) = (AtomicU32::new(0), Arc::clone(&is_down));
    let fickle = Upstream::start(move |_| {
        let is_down = down.load(Ordering::Relaxed);
        if is_down { Reply::Close } else { text(reads.fetch_add(1, Ordering::Relaxed)) }
    });
    let (fickle, other) =
        (fickle.await, Upstream::start(|_| Reply::body(404, "text/plain", "")).await);
    let targets = format!("shop=127.0.0.1:{},<i>audit=127.0.0.1:{}", fickle.port(), other.port());
    let Some(visit) = Visit::scraping(&targets, OFTEN).await else { return };
    let browser = &visit.browser;
    visit.open("/charts?minutes=5").await;
    tells(&visit, "rate", "shop ").await;
    browser.wait_for_text("#troubles", "<i>audit no metrics").await;
    browser.wait_for_text("#troubles", "Set OTEL_METRICS_EXPORTER=prometheus").await;
    browser.wait_for_text("#found", "1 of 2 targets up").await;

    is_down.store(true, Ordering::Relaxed);

    browser.wait_for_text("[data-trouble=shop]", "⚠ shop down since").await;
    // Once a whole step is without a read.
    let told = tells(&visit, "rate", "shop down").await;
    assert!(!told.contains("shop 0"), "{told}");
    browser
        .wait_for(&format!("document.querySelectorAll({:?}).length > 0", chart("rate", ".out")))
        .await;
    browser.wait_for_text("#summary [data-service=shop]", "down").await;
    is_down.store(false, Ordering::Relaxed);
    browser.wait_for("document.querySelector('[data-trouble=shop]') === null").await;
    tells(&visit, "rate", "/s").await;
    visit.ends_quietly().await;
}

#[tokio::test]
async fn without_targets_the_page_says_how_to_have_some() {
    let Some(visit) = Visit::begin().await else { return };
    visit.open("/charts").await;
    visit
        .browser
        .wait_for_text("#found", "SCRAPE_TARGETS=gateway=http://localhost:5000/metrics")
        .await;
    visit.browser.wait_for("document.querySelector('#measured').hidden").await;
    visit.ends_quietly().await;
}

#[tokio::test]
async fn the_page_is_for_everyone_in_either_theme_narrow_or_wide() {
    let (service, silent) = (measured().await, Upstream::start(|_| Reply::Close).await);
    let targets = format!("shop=127.0.0.1:{},till=127.0.0.1:{}", service.port(), silent.port());
    let Some(visit) = Visit::scraping(&targets, OFTEN).await else { return };
    let browser = &visit.browser;
    for (width, is_dark) in [(1600, false), (1600, true), (360, false), (360, true)] {
        browser.resize(width, 1000, is_dark).await;
        visit.open("/charts?minutes=5").await;
        tells(&visit, "duration", "p99").await;
        browser.click(&chart("rate", "summary")).await;
        browser
            .wait_for(&format!("document.querySelector({:?}) !== null", chart("rate", "tbody tr")))
            .await;
        let beyond = browser.run("return document.documentElement.scrollWidth - innerWidth").await;
        assert!(beyond.as_i64().unwrap() <= 0, "{width} px: {beyond} too wide");
        if Axe::is_not_run() {
            continue;
        }
        browser.run(&Axe::source()).await;
        let violations = browser.run_async(AXE).await;
        assert_eq!(violations, json!([]), "{width} px, dark: {is_dark}");
    }
    visit.ends_quietly().await;
}

const AXE: &str = "const found = await axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] }); \
                   return found.violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html, failureSummary }) => html + ' ' + failureSummary).join(' | '));";

#[tokio::test]
async fn the_page_goes_on_when_the_viewer_is_back() {
    if Browser::is_not_run() {
        return;
    }
    let service = measured().await;
    let ports =
        ["VIEWER_PORT", "VIEWER_QUERY_PORT", "VIEWER_OTLP_GRPC_PORT", "VIEWER_OTLP_HTTP_PORT"]
            .map(|name| (name, Port::reserve()));
    let url = |path: &str| format!("http://127.0.0.1:{}{path}", ports[0].1.number());
    let start = async || -> Process {
        let program = Program::new(tracechain()).arg("viewer");
        let program = program.env("SCRAPE_TARGETS", format!("shop=127.0.0.1:{}", service.port()));
        let program = ports
            .iter()
            .fold(program, |program, (name, port)| program.env(name, port.number().to_string()));
        let process = program.start();
        let ready =
            until(Duration::from_secs(60), async || http().get(url("/ready")).send().await.ok());
        assert!(ready.await.is_some(), "{}", process.last_output());
        process
    };
    let viewer = start().await;
    let browser = Browser::start().await;
    browser.open(&url("/charts")).await;
    browser.wait_for_text("#found", "1 of 1 target up").await;

    viewer.kill9();
    browser.wait_for_text("#found", "No answer").await;
    browser.wait_for_text("#live", "viewer lost").await;
    drop(viewer);
    let _viewer = start().await;

    browser.wait_for_text("#live", "live").await;
    browser.wait_for_text("#found", "1 of 1 target up").await;
    for line in browser.console().await {
        assert!(line.contains("net::ERR_"), "{line}");
    }
    let all: Value = http().get(url("/api/metrics")).send().await.unwrap().json().await.unwrap();
    assert_eq!(all["interval_seconds"], json!(5.0));
}

#[tokio::test]
async fn an_axis_of_things_that_are_counted_has_no_half_of_one() {
    let Some(visit) = Visit::begin().await else { return };
    visit.open("/charts").await;
    let steps = "const { scalesFor } = await import('/pages/charts/picture.js'); \
                 return [1, 2, 40].map((most) => scalesFor([0, 1], [{ values: [most] }], 300, 1).step)";
    assert_eq!(visit.browser.run_async(steps).await, json!([1, 1, 20]));
    visit.ends_quietly().await;
}
