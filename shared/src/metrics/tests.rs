use axum::body::Body;
use http::{Request, StatusCode, header};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use super::{exemplars::tests::ids, *};

async fn scrape(accept: &str) -> (StatusCode, String, String) {
    let request =
        Request::get("/metrics").header(header::ACCEPT, accept).body(Body::empty()).unwrap();
    let response = routes().oneshot(request).await.unwrap();
    let content_type = response.headers()[header::CONTENT_TYPE].to_str().unwrap().to_owned();
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, content_type, String::from_utf8(body.to_vec()).unwrap())
}

fn assert_has(text: &str, lines: &[&str]) {
    for line in lines {
        assert!(text.lines().any(|found| found.starts_with(line)), "{line} is not in\n{text}");
    }
}

#[tokio::test]
async fn what_is_recorded_is_served_with_its_names_and_labels() {
    http_request("POST", "/t/process", 200, 0.25, Some(&ids(7, true)));
    http_request("POST", "/t/process", 422, 0.001, None);
    http_client_request("POST", "/t/process", "200", "user-service", 0.02, None);
    db_query("INSERT", "t_users", 0.0003, None);
    db_connection_wait(0.0001);
    db_pool(|| PoolState { idle: 3, used: 1, max: 8 });

    let (status, content_type, text) = scrape("*/*").await;
    assert_eq!((status, content_type.as_str()), (StatusCode::OK, "text/plain; version=0.0.4"));
    assert_has(
        &text,
        &[
            r#"http_requests_total{endpoint="/t/process",method="POST",status_code="200"} 1"#,
            r#"http_requests_total{endpoint="/t/process",method="POST",status_code="422"} 1"#,
            r#"http_errors_total{endpoint="/t/process",method="POST",status_code="422"} 1"#,
            r#"http_request_duration_seconds_bucket{endpoint="/t/process",method="POST",status_code="200",le="0.3"} 1"#,
            r#"http_client_request_duration_seconds_count{endpoint="/t/process",method="POST",peer_service="user-service",status_code="200"} 1"#,
            r#"db_query_duration_seconds_bucket{collection="t_users",operation="INSERT",le="0.0005"} 1"#,
            r#"db_client_connections{state="idle"} 3"#,
            r#"db_client_connections{state="used"} 1"#,
            r#"db_client_connections{state="max"} 8"#,
            "db_client_connection_wait_seconds_count 1",
            "process_cpu_seconds_total ",
            "process_resident_memory_bytes ",
        ],
    );
    assert!(
        !text.contains(
            r#"http_errors_total{endpoint="/t/process",method="POST",status_code="200"}"#
        )
    );
    assert!(!text.contains("trace_id"));

    let (_, content_type, text) = scrape("application/openmetrics-text; version=1.0.0").await;
    assert!(content_type.starts_with("application/openmetrics-text; version=1.0.0"));
    assert!(text.ends_with("# EOF\n"));
    let bucket = r#"http_request_duration_seconds_bucket{endpoint="/t/process",method="POST",status_code="200",le="0.3"} 1 # {trace_id="07"#;
    assert_has(&text, &[bucket, "# TYPE http_requests counter"]);
}

#[test]
fn decimals_are_written_whole() {
    for number in [0, 7, 99, 200, 499, 65535] {
        assert_eq!(decimal(number, &mut [0; 5]), number.to_string());
    }
}
