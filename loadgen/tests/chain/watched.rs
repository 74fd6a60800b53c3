//! `--watch`: verdicts as metrics, as they come.

use std::time::Duration;

use testbed::{Port, Scrape, Service, http, until};

use crate::system::System;

const DEADLINE: Duration = Duration::from_secs(30);
const WHOLE: &str = "loadgen_traces_verified_total{hop=\"\",verdict=\"whole\"}";
const BROKEN: &str =
    "loadgen_traces_verified_total{hop=\"user-service → order-service\",verdict=\"broken\"}";

/// Until a sample is as large.
async fn reaches(url: &str, sample: &str, value: f64) -> Scrape {
    let reached = until(DEADLINE, async || {
        let scrape = Scrape::of(url).await;
        (scrape.value(sample) >= value).then_some(scrape)
    });
    reached.await.unwrap_or_else(|| panic!("{sample} has not come to {value}"))
}

#[tokio::test]
async fn verdicts_are_served_while_it_runs_and_a_stop_ends_it_with_the_report() {
    let system = System::start().await;
    let port = Port::reserve();
    let (number, url) = (port.number().to_string(), format!("http://127.0.0.1:{}", port.number()));
    let args = ["--watch", "--rate", "5", "--metrics-port", &number, "--verify-after", "500ms"];
    let run = system.begin(&args, &[]);
    let served = async || http().get(format!("{url}/metrics")).send().await.is_ok().then_some(());
    until(DEADLINE, served).await.expect("metrics are served");

    let good = reaches(&url, WHOLE, 10.0).await;
    assert_eq!(good.sum_with("loadgen_traces_verified_total", "verdict=\"broken\""), 0.0);
    assert!(good.sum("loadgen_request_duration_seconds_count") >= 10.0);

    let fault = system.misbehave(Service::User, "drop_context").await;
    reaches(&url, BROKEN, 5.0).await;
    system.misbehave(Service::User, "").await;
    let whole = Scrape::of(&url).await.value(WHOLE);
    reaches(&url, WHOLE, whole + 10.0).await;
    run.process.sigterm();
    let ended = run.end().await;

    let struck = fault.count("drop_context").await;
    assert_eq!(ended.code, 3);
    assert!(ended.stdout.contains(" broken at user-service → order-service\n"), "{}", ended.stdout);
    assert_eq!(ended.number("/verification/verdicts/broken"), struck);
    let requests = ended.number("/total/requests");
    assert_eq!(ended.number("/verification/expected"), requests);
    assert_eq!(ended.number("/verification/verdicts/whole"), requests - struck);
}
