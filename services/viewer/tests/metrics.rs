//! `/api/metrics` over targets that come, go, and answer what they should not.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, http::StatusCode, routing::get};
use serde_json::{Value, json};
use support::get_json;
use tokio::{
    net::TcpListener,
    time::{Instant, sleep},
};
use viewer::{Config, Viewer};

const DEADLINE: Duration = Duration::from_secs(30);

type Answer = Arc<Mutex<(StatusCode, String)>>;

/// A process with `/metrics`, whose answer the test changes.
struct Service {
    answer: Answer,
    address: std::net::SocketAddr,
}

impl Service {
    async fn start(text: &str) -> Self {
        let answer: Answer = Arc::new(Mutex::new((StatusCode::OK, text.to_owned())));
        let served = Arc::clone(&answer);
        let app =
            Router::new().route("/metrics", get(async move || served.lock().unwrap().clone()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { answer, address }
    }

    fn answers(&self, status: u16, text: &str) {
        *self.answer.lock().unwrap() = (StatusCode::from_u16(status).unwrap(), text.to_owned());
    }
}

async fn viewer_of(targets: &str) -> Viewer {
    let scrape_targets = targets.parse().unwrap();
    let scrape_interval = Duration::from_millis(50);
    Viewer::start(&Config { scrape_targets, scrape_interval, ..Config::default() }).await.unwrap()
}

/// The first target, once it is as the test wants it.
async fn target(viewer: &Viewer, is_there: impl Fn(&Value) -> bool) -> Value {
    let end = Instant::now() + DEADLINE;
    loop {
        let target = get_json(viewer, "/api/metrics?step=1").await["targets"][0].take();
        if is_there(&target) {
            return target;
        }
        assert!(Instant::now() < end, "{target:#}");
        sleep(Duration::from_millis(20)).await;
    }
}

fn known(column: &Value) -> Vec<f64> {
    column.as_array().unwrap().iter().filter_map(Value::as_f64).collect()
}

fn text(requests: u32) -> String {
    format!(
        "# TYPE http_requests_total counter\n\
         http_requests_total{{endpoint=\"/orders/{{id}}\",method=\"GET\",status_code=\"200\"}} {requests}\n\
         http_requests_total{{endpoint=\"/orders\",method=\"GET\",status_code=\"503\"}} {}\n\
         http_request_duration_seconds_bucket{{endpoint=\"/orders\",le=\"0.1\"}} {requests}\n\
         http_request_duration_seconds_bucket{{endpoint=\"/orders\",le=\"+Inf\"}} {requests}\n\
         db_client_connections{{state=\"used\"}} 1\ndb_client_connections{{state=\"max\"}} 16\n\
         otel_sdk_spans_ended_total 20\notel_sdk_spans_exported_total 17\notel_sdk_spans_failed_total 1\n\
         otel_sdk_spans_dropped_total 0\notel_sdk_spans_queued 2\n",
        requests / 10
    )
}

#[tokio::test]
async fn a_target_is_read_and_its_counters_become_rates() {
    let service = Service::start(&text(100)).await;
    let viewer = viewer_of(&format!("order-service={}", service.address)).await;
    target(&viewer, |target| target["state"] == "up").await;

    service.answers(200, &text(200));

    let of = target(&viewer, |target| {
        known(&target["requests_per_second"]).iter().any(|rate| *rate > 0.0)
    })
    .await;
    assert_eq!((&of["service"], &of["reason"]), (&json!("order-service"), &Value::Null));
    assert_eq!(of["url"], format!("http://{}/metrics", service.address));
    assert!(known(&of["server_errors_per_second"]).iter().any(|rate| *rate > 0.0), "{of:#}");
    let p50 = known(&of["p50_seconds"]);
    assert!(p50.iter().any(|p50| (p50 - 0.05).abs() < 1e-9), "half of the one bucket: {p50:?}");
    assert!(known(&of["pool_max"]).ends_with(&[16.0]), "{of:#}");
    assert_eq!(known(&of["pool_idle"]), [0.0; 0], "what it does not have is not zero");
    let account =
        json!({"ended": 20.0, "exported": 17.0, "failed": 1.0, "dropped": 0.0, "queued": 2.0});
    assert_eq!(of["spans"], account);
    let all = get_json(&viewer, "/api/metrics").await;
    assert_eq!((&all["step_seconds"], &all["limits"]["series"]), (&json!(15), &json!(5000)));
    assert_eq!(
        all["at"].as_array().unwrap().len(),
        all["targets"][0]["states"].as_array().unwrap().len()
    );
}

#[tokio::test]
async fn what_is_no_metrics_is_told_as_what_it_is_and_never_as_zero() {
    let service = Service::start("<!doctype html>").await;
    let viewer = viewer_of(&format!("shop={}", service.address)).await;
    let told = |state: &'static str, reason: &'static str| {
        move |target: &Value| {
            target["state"] == state
                && target["reason"].as_str().is_some_and(|told| told.contains(reason))
        }
    };
    target(&viewer, told("unreadable", "line 1 is not of Prometheus' text format")).await;
    service.answers(404, "");
    target(&viewer, told("not_served", "OTEL_METRICS_EXPORTER=prometheus")).await;
    service.answers(503, "");
    target(&viewer, told("down", "answers 503")).await;
    service.answers(302, "");
    target(&viewer, told("unreadable", "answers 302")).await;
    service.answers(200, &"# padding\n".repeat(500_000));
    target(&viewer, told("unreadable", "more than 4 MiB")).await;
    let of = target(&viewer, |_| true).await;
    assert_eq!(known(&of["requests_per_second"]), [0.0; 0], "{of:#}");
    service.answers(200, &text(1));
    let of = target(&viewer, |target| target["state"] == "up").await;
    assert_eq!(of["reason"], Value::Null);
}

#[tokio::test]
async fn nobody_listening_is_down_and_without_targets_there_are_none() {
    // Bound and let go: a port on which nobody listens.
    let address = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let viewer = viewer_of(&address.to_string()).await;
    let of = target(&viewer, |target| target["state"] == "down").await;
    assert_eq!(of["service"], address.to_string());
    assert!(of["reason"].as_str().unwrap().contains("refused"), "{of:#}");
    assert!(of["since"].as_u64().unwrap() > 1_700_000_000_000);

    let none = get_json(&support::start().await, "/api/metrics").await;
    assert_eq!((&none["targets"], &none["at"]), (&json!([]), &json!([])));
}

#[tokio::test]
async fn a_window_that_is_none_is_refused_with_its_range() {
    let viewer = support::start().await;
    for (query, told) in
        [("step=0", "step is 0"), ("step=601", "from 1 to 600"), ("seconds=0", "seconds is 0")]
    {
        let answer = support::get(&viewer, &format!("/api/metrics?{query}")).await;
        assert_eq!(answer.status(), 400);
        let text = answer.text().await.unwrap();
        assert!(text.contains(told), "{text}");
    }
}
