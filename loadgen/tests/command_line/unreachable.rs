//! What has to run and does not: said in one line before any load is sent.

use std::time::Duration;

use serde_json::json;
use testbed::{Port, Reply, Upstream};

use super::refused;

/// An address where nobody listens.
fn nowhere() -> (Port, String) {
    let port = Port::reserve();
    let url = format!("http://127.0.0.1:{}", port.number());
    (port, url)
}

/// Runs the program beside the servers of the test.
async fn told(args: &[&str]) -> String {
    let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
    let run = move || refused(&args.iter().map(String::as_str).collect::<Vec<_>>());
    let told = tokio::task::spawn_blocking(run);
    tokio::time::timeout(Duration::from_secs(60), told).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_target_that_is_not_there_is_told() {
    let (_port, target) = nowhere();
    for args in [&["--closed"][..], &["--verify"], &["--watch"], &["--reconcile"], &[]] {
        let line = told(&[&["--target", &target], args].concat()).await;
        assert!(line.contains(&target) && line.contains("--target"), "{args:?}: {line}");
    }
}

#[tokio::test]
async fn a_backend_that_is_not_there_is_told_and_the_target_gets_nothing() {
    let (_port, traces) = nowhere();
    let target = Upstream::start(|_| Reply::json(200, &json!({}))).await;
    for backend in ["tempo", "jaeger"] {
        let url = target.url();
        let args = ["--verify", "--target", &url, "--traces", &traces, "--backend", backend];
        let line = told(&args).await;
        assert!(line.contains(&traces) && line.contains("--traces"), "{line}");
    }
    assert_eq!(target.requests().len(), 0);
}

#[tokio::test]
async fn a_server_that_is_no_backend_is_told_and_the_target_gets_nothing() {
    let target = Upstream::start(|_| Reply::json(200, &json!({}))).await;
    let page = Upstream::start(|_| Reply::body(500, "text/html", "<p>no</p>")).await;
    let (target_url, page_url) = (target.url(), page.url());
    let line = told(&["--verify", "--target", &target_url, "--traces", &page_url]).await;
    assert!(line.contains(&page_url) && line.contains("--backend"), "{line}");
    assert_eq!(target.requests().len(), 0);
}

#[tokio::test]
async fn a_target_without_lists_of_rows_is_told_and_gets_no_load() {
    let target = Upstream::start(|_| Reply::json(404, &json!({}))).await;
    let url = target.url();
    let line = told(&["--reconcile", "--target", &url]).await;
    assert!(line.starts_with("rows cannot be reconciled: GET "), "{line}");
    assert!(line.contains("--reconcile needs the gateway's"), "{line}");
    // It was only asked for the list.
    let requests = target.requests();
    assert!(requests.iter().all(|request| request.method == http::Method::GET), "{requests:?}");
}

#[tokio::test]
async fn the_subcommands_tell_of_a_backend_that_is_not_there() {
    let (_port, traces) = nowhere();
    let id = "0af7651916cd43dd8448eb211c80319c";
    for args in [["verify", "--trace", id], ["contract", "--from-trace", id]] {
        let line = told(&[&args[..], &["--traces", &traces]].concat()).await;
        assert!(line.starts_with(&format!("--traces {traces}")), "{line}");
    }
}
