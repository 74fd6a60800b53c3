//! `latency` and `error`: the service is slow, the service fails.

use std::time::{Duration, Instant};

use testbed::Scrape;

use crate::one_service::{SERVICE, User, duration};

#[tokio::test]
async fn latency_is_the_services_own_time() {
    let service = User::with(&[("FAULTS", "latency=300ms")]).await;
    let slow = Duration::from_millis(300);

    let begun = Instant::now();
    let answer = service.process().await;

    answer.ok(200);
    assert!(begun.elapsed() >= slow);
    let span = service.span(&answer.trace_id, "Server", "POST /process").await;
    assert!(duration(&span) >= slow, "{span:#}");
    assert_eq!(span["status"], "unset", "{span:#}");
    let call = service.span(&answer.trace_id, "Client", "POST /process").await;
    let waited =
        call["start_unix_nano"].as_u64().unwrap() - span["start_unix_nano"].as_u64().unwrap();
    assert!(Duration::from_nanos(waited) >= slow, "it waits before it works: {call:#}");
    let line = &service.user.logged(&answer.trace_id, "Request completed").await[0];
    assert!(line["duration_seconds"].as_f64().unwrap() >= 0.3, "{line}");
    assert_eq!(service.struck("latency").await, 1.0);
}

#[tokio::test]
async fn latency_beyond_the_deadline_is_a_504_at_the_deadline() {
    let service = User::with(&[("FAULTS", "latency=60s,error=500")]).await;

    let begun = Instant::now();
    let answer = service.user.ask(service.purchase().header("x-deadline-ms", "200")).await;

    answer.problem(504, "timeout", SERVICE);
    let took = begun.elapsed();
    assert!(took >= Duration::from_millis(200) && took < Duration::from_secs(60), "{took:?}");
    assert!(service.calls().is_empty(), "it was not worked on");
}

#[tokio::test]
async fn an_error_is_a_failure_of_this_service_everywhere() {
    let service = User::with(&[("FAULTS", "error=503")]).await;

    let answer = service.process().await;

    answer.problem(503, "unavailable", SERVICE);
    assert_eq!(answer.header("retry-after"), Some("1"));
    assert!(service.calls().is_empty(), "it was not worked on");
    let span = service.span(&answer.trace_id, "Server", "POST /process").await;
    assert!(span["status"]["error"].is_string(), "{span:#}");
    assert_eq!(span["attributes"]["error.type"], "unavailable", "{span:#}");
    assert_eq!(span["attributes"]["http.response.status_code"], 503, "{span:#}");
    assert_eq!(service.user.logged(&answer.trace_id, "Request failed").await.len(), 1);
    let labels = "endpoint=\"/process\",method=\"POST\",status_code=\"503\"";
    let scrape = Scrape::of(&service.user.url("")).await;
    for metric in ["http_requests_total", "http_errors_total"] {
        assert_eq!(scrape.value(&format!("{metric}{{{labels}}}")), 1.0, "{metric}");
    }
    assert_eq!(service.struck("error").await, 1.0);
}

#[tokio::test]
async fn every_status_has_its_own_code() {
    let service = User::laboratory().await;
    for (status, code) in [
        (400, "bad_request"),
        (404, "not_found"),
        (409, "conflict"),
        (413, "body_too_large"),
        (415, "unsupported_media_type"),
        (422, "invalid"),
        (500, "internal_error"),
        (502, "bad_gateway"),
        (503, "unavailable"),
        (504, "timeout"),
    ] {
        service.set(&format!("error={status}")).await;
        service.process().await.problem(status, code, SERVICE);
        service.user.get("/users").await.problem(status, code, SERVICE);
    }
}

#[tokio::test]
async fn health_and_metrics_are_never_struck() {
    let service =
        User::with(&[("FAULTS", "latency=60s,error=500,db_latency=60s,drop_spans")]).await;
    for path in ["/health", "/health/live", "/health/ready", "/metrics"] {
        assert_eq!(service.user.get(path).await.status, 200, "{path}");
    }
    assert_eq!(service.struck("latency").await, 0.0);
}

#[tokio::test]
async fn a_share_strikes_some_requests_and_each_is_counted() {
    let service = User::with(&[("FAULTS", "error=503:0.5")]).await;
    let mut failed = 0.0;
    for _ in 0..60 {
        match service.process().await.status {
            503 => failed += 1.0,
            status => assert_eq!(status, 200),
        }
    }
    assert_eq!(service.struck("error").await, failed);
    // All or none of 60 by chance alone would be one run in 10^18.
    assert!(failed > 0.0 && failed < 60.0, "{failed}");
}
