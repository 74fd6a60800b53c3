//! Ctrl-C in the middle of a load: what was sent is verified and reported.

use std::time::Duration;

use testbed::{Scrape, Service, until};

use crate::{run::Verdicts, system::System};

#[tokio::test]
async fn a_load_that_is_interrupted_is_verified_and_reported() {
    let system = System::start().await;
    let args = [
        "--closed",
        "--connections",
        "4",
        "--duration",
        "10m",
        "--verify",
        "--verify-after",
        "500ms",
        "--reconcile",
    ];
    let run = system.begin(&args, &[]);
    let sent = until(Duration::from_secs(30), async || {
        let scrape = Scrape::of(&system.chain.url(Service::Gateway)).await;
        (scrape.sum_with("http_requests_total", "method=\"POST\"") >= 30.0).then_some(())
    });
    sent.await.expect("requests are sent");

    run.process.interrupt();
    let ended = run.end().await;

    let requests = ended.number("/total/requests");
    let elapsed = ended.report["elapsed_seconds"].as_f64().unwrap();
    assert!(requests >= 30 && elapsed < 60.0, "{requests} in {elapsed} s");
    ended.assert_ended(0, &Verdicts::whole(requests));
    assert_eq!(ended.rows(), [requests; 3], "{}", ended.stdout);
    assert_eq!(system.traces().len() as u64, requests);
}

#[tokio::test]
async fn a_second_interrupt_ends_it_at_once() {
    let system = System::start().await;
    let load = ["--rate", "10", "--duration", "10m"];
    // Its traces are not due for long, so it waits.
    let verify = ["--verify", "--verify-after", "20s", "--progress", "always"];
    let run = system.begin(&[&load[..], &verify].concat(), &[]);
    let sent = until(Duration::from_secs(30), async || {
        let scrape = Scrape::of(&system.chain.url(Service::Gateway)).await;
        (scrape.sum_with("http_requests_total", "method=\"POST\"") >= 5.0).then_some(())
    });
    sent.await.expect("requests are sent");
    run.process.interrupt();
    run.process.wait_for_line(|line| line.starts_with("the load has ended")).await;
    run.process.interrupt();
    let ended = run.end().await;
    assert_eq!((ended.code, ended.stdout.as_str()), (130, ""), "{}", ended.stderr);
    assert!(ended.stderr.contains("stopped a second time"), "{}", ended.stderr);
}
