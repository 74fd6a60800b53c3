//! The program's variables.

use std::{net::TcpListener, time::Duration};

use testbed::{Port, Upstream, http};

use crate::gateway::{Gateway, completed, prepared, send};

const DEADLINE: Duration = Duration::from_secs(20);

#[tokio::test]
async fn the_edge_port_has_the_same_routes() {
    let upstream = Upstream::start(|_| completed()).await;
    let edge = Port::reserve();
    let gateway =
        Gateway::with(&upstream.url(), &[("EDGE_PORT", &edge.number().to_string())]).await;
    let url = |path: &str| format!("http://127.0.0.1:{}{path}", edge.number());
    let answer = send(
        http().post(url("/api/v1/process")).json(&serde_json::json!({"user_id": 1, "action": "a"})),
    )
    .await;
    assert_eq!((answer.status, send(gateway.process()).await.status), (200, 200));
    for path in ["/", "/health", "/metrics", "/openapi.json"] {
        assert_eq!(send(http().get(url(path))).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn a_taken_edge_port_is_named_with_its_variable() {
    let (port, edge) = (Port::reserve(), Port::reserve());
    let taken = TcpListener::bind(("127.0.0.1", edge.number())).unwrap();
    let mut process =
        prepared(&port, "http://127.0.0.1:9", &[("EDGE_PORT", &edge.number().to_string())]).start();
    let status = process.wait_exit(DEADLINE).await;
    assert_eq!(status.code(), Some(1));
    let output = process.last_output();
    assert!(
        output.contains("EDGE_PORT") && output.contains(&edge.number().to_string()),
        "{output}"
    );
    drop(taken);
}

#[tokio::test]
async fn a_value_that_is_not_accepted_ends_the_program_with_the_variables_name() {
    for (name, value) in [
        ("NEXT_SERVICE_URL", "ftp://x"),
        ("USER_SERVICE_URL", "http://"),
        ("ORDER_SERVICE_URL", "://"),
        ("EDGE_PORT", "65536"),
        ("EDGE_TRUST", "maybe"),
        ("CORS_ORIGINS", "*"),
    ] {
        let port = Port::reserve();
        let mut process = prepared(&port, "http://127.0.0.1:9", &[(name, value)]).start();
        let status = process.wait_exit(DEADLINE).await;
        let output = process.last_output();
        assert_eq!(status.code(), Some(2), "{name}: {output}");
        let says_what = output.contains("accepted") || output.contains("0..=65535");
        assert!(output.contains(name) && output.contains(value) && says_what, "{output}");
    }
}
