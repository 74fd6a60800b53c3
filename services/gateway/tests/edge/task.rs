//! `GET /do_task`.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;

use crate::gateway::{Gateway, send};

#[tokio::test]
async fn a_task_takes_its_seconds_whatever_the_request_timeout() {
    let gateway = Gateway::with("http://127.0.0.1:9", &[("REQUEST_TIMEOUT_MS", "100")]).await;
    for (seconds, least) in [("0", 0), ("0.3", 300), ("1", 1000)] {
        let begun = Instant::now();
        let answer = gateway.get(&format!("/do_task?seconds={seconds}")).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let json = answer.json();
        assert_eq!(
            (&json["status"], json["seconds"].as_f64()),
            (&json!("completed"), seconds.parse().ok())
        );
        assert_eq!(json["trace_id"], json!(answer.trace().0));
        assert!(begun.elapsed() >= Duration::from_millis(least), "{seconds}");
    }
}

#[tokio::test]
async fn a_task_without_seconds_takes_five() {
    let gateway = Gateway::with("http://127.0.0.1:9", &[]).await;
    let begun = Instant::now();
    let answer = gateway.get("/do_task").await;
    assert_eq!((answer.status, answer.json()["seconds"].as_f64()), (200, Some(5.0)));
    assert!(begun.elapsed() >= Duration::from_secs(5));
}

#[tokio::test]
async fn a_callers_deadline_cuts_a_task_short() {
    let gateway = Gateway::with("http://127.0.0.1:9", &[]).await;
    let begun = Instant::now();
    let request =
        gateway.request(Method::GET, "/do_task?seconds=30").header("x-deadline-ms", "200");
    send(request).await.problem(504, "timeout");
    assert!(begun.elapsed() < Duration::from_secs(20));
}

#[tokio::test]
async fn seconds_out_of_range_are_refused() {
    let gateway = Gateway::with("http://127.0.0.1:9", &[]).await;
    for seconds in ["-1", "30.1", "NaN", "inf", "long", ""] {
        let problem =
            gateway.get(&format!("/do_task?seconds={seconds}")).await.problem(400, "bad_request");
        assert!(problem["detail"].as_str().unwrap().contains("seconds"), "{problem}");
    }
}
