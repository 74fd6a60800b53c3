//! Bytes that are not UTF-8, in the path, the query, headers and the body.

use crate::system::system;
use crate::wire::{exchange, get, statuses};

/// `head` with its `?` replaced by a byte that no UTF-8 text holds.
fn bytes(text: &str) -> Vec<u8> {
    text.bytes().map(|byte| if byte == b'?' { 0xff } else { byte }).collect()
}

#[tokio::test]
async fn a_path_of_any_bytes_is_refused_or_found_nowhere() {
    let system = system().await;
    for port in system.all() {
        for path in ["/?", "/api/v1/users/?", "/orders/?", "/api/traces/?"] {
            let answers = exchange(port, bytes(&get(path, ""))).await;
            assert!(matches!(statuses(&answers)[..], [400 | 404]), "{port} {path}: {answers:?}");
        }
        for path in [
            "/%ff",
            "/api/v1/users/%ff",
            "/users/%ff",
            "/orders/%c0%af",
            "/api/traces/%ff",
            "/page/%ff.js",
            "/trace/%00",
        ] {
            let answers = exchange(port, get(path, "")).await;
            // The viewer's shell is the same for every id, and says itself that there is no such trace.
            assert!(
                matches!(statuses(&answers)[..], [200 | 400 | 404]),
                "{port} {path}: {answers:?}"
            );
            assert!(answers[0].status != 200 || path == "/trace/%00", "{port} {path}");
        }
    }
    system.is_well().await;
}

#[tokio::test]
async fn a_query_of_any_bytes_is_refused() {
    let system = system().await;
    let edge = system.port("EDGE_PORT");
    let lists = [
        (edge, "/api/v1/users"),
        (edge, "/api/v1/orders"),
        (edge, "/api/v1/audit"),
        (system.port("USER_PORT"), "/users"),
        (system.port("ORDER_PORT"), "/orders"),
        (system.port("AUDIT_PORT"), "/audit"),
    ];
    for (port, path) in lists {
        for query in ["limit=%ff", "after=%ff", "limit=1&limit=2&after=%00", "after=%"] {
            let answers = exchange(port, get(&format!("{path}?{query}"), "")).await;
            assert_eq!(statuses(&answers), [400], "{port} {path}?{query}: {answers:?}");
            answers[0].problem(400, "bad_request");
        }
        let raw: Vec<u8> = get(&format!("{path}?limit=@"), "")
            .bytes()
            .map(|b| if b == b'@' { 0xff } else { b })
            .collect();
        let answers = exchange(port, raw).await;
        assert_eq!(statuses(&answers), [400], "{port} {path}");
    }
    system.is_well().await;
}

#[tokio::test]
async fn headers_of_any_bytes_are_passed_over_or_refused() {
    let system = system().await;
    let names = [
        "traceparent",
        "tracestate",
        "baggage",
        "x-deadline-ms",
        "x-request-id",
        "idempotency-key",
        "authorization",
        "accept",
        "user-agent",
        "origin",
        "x-any",
    ];
    let body = r#"{"user_id": 1001, "action": "oddity"}"#;
    for (port, path) in system.services().into_iter().take(2) {
        for name in names {
            let head = format!(
                "POST {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\ncontent-type: application/json\r\n{name}: a?b\r\n\
                 content-length: {}\r\n\r\n{body}",
                body.len()
            );
            let answers = exchange(port, bytes(&head)).await;
            let expected = if name == "idempotency-key" { &[400][..] } else { &[200, 202][..] };
            assert!(expected.contains(&answers[0].status), "{port} {name}: {answers:?}");
        }
        let typed = format!(
            "POST {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\ncontent-type: ?\r\ncontent-length: 2\r\n\r\n{{}}"
        );
        assert_eq!(statuses(&exchange(port, bytes(&typed)).await), [415]);
    }
    for port in system.all() {
        let answers = exchange(port, bytes(&get("/health/live", "x-any: ?\r\n"))).await;
        assert!(matches!(statuses(&answers)[..], [200 | 404]), "{port}: {answers:?}");
        // A name is a token (RFC 9110, section 5.1), and a value has no control characters.
        for wrong in [
            "x-?: a\r\n",
            ": a\r\n",
            "x y: a\r\n",
            "x-a : b\r\n",
            "x-a: b\u{0}c\r\n",
            "no colon\r\n",
        ] {
            let answers = exchange(port, bytes(&get("/health/live", wrong))).await;
            assert_eq!(statuses(&answers), [400], "{port} {wrong:?}");
            answers[0].problem(400, "bad_request");
        }
    }
    system.is_well().await;
}

#[tokio::test]
async fn a_body_of_any_bytes_is_not_json() {
    let system = system().await;
    for (port, path) in system.services() {
        for body in ["?", "{\"user_id\": 1001, \"action\": \"?\"}", "{\"other\": \"?\"}"] {
            let request = format!(
                "POST {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
            let answers = exchange(port, bytes(&request)).await;
            assert_eq!(statuses(&answers), [400], "{port} {body:?}");
            answers[0].problem(400, "malformed_json");
        }
    }
    system.is_well().await;
}
