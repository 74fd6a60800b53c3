//! Paths that lead out of the folder of the pages, and the headers that each answer has.

use crate::system::system;
use crate::wire::{exchange, get, post, statuses};

#[tokio::test]
async fn no_path_leads_out_of_the_pages() {
    let system = system().await;
    for port in system.all() {
        for path in [
            "/../../../../etc/passwd",
            "/page/../../../etc/passwd",
            "/page/..%2f..%2f..%2fetc%2fpasswd",
            "/%2e%2e/%2e%2e/etc/passwd",
            "/pages/../Cargo.toml",
            "/pages/..%2fCargo.toml",
            "/pages/..%2F..%2F..%2F..%2Fetc/passwd",
            "//etc/passwd",
            "/pages//etc/passwd",
            "/pages/%2fetc/passwd",
            "/page/....//....//etc/passwd",
            "/page/front.js%00.html",
            "/pages/main.js/..",
            "/..\\..\\etc\\passwd",
            "/.env",
            "/.git/config",
            "/page/",
            "/pages/",
        ] {
            let answers = exchange(port, get(path, "")).await;
            assert!(matches!(statuses(&answers)[..], [400 | 404]), "{port} {path}: {answers:?}");
        }
    }
    system.is_well().await;
}

#[tokio::test]
async fn every_answer_tells_a_browser_to_make_no_more_of_it() {
    let system = system().await;
    let edge = system.port("EDGE_PORT");
    let body = r#"{"user_id": 1001, "action": "oddity"}"#;
    let mut asked: Vec<_> =
        system.all().into_iter().map(|port| (port, get("/nowhere", ""))).collect();
    for path in [
        "/",
        "/index",
        "/view_metrics",
        "/page/front.js",
        "/openapi.json",
        "/api/v1/users",
        "/metrics",
        "/health",
    ] {
        asked.push((edge, get(path, "")));
    }
    asked.extend([
        (edge, post("/api/v1/process", "", body)),
        (edge, post("/api/v1/process", "", "{")),
    ]);
    asked.extend(
        ["/", "/api/store", "/api/traces/nonsense"]
            .map(|path| (system.port("VIEWER_PORT"), get(path, ""))),
    );

    for (port, request) in asked {
        let answers = exchange(port, &request).await;
        let headers = &answers[0].headers;
        let at = format!("{port} {request}");
        assert_eq!(headers["x-content-type-options"], "nosniff", "{at}");
        assert_eq!(headers["x-frame-options"], "DENY", "{at}");
        assert_eq!(headers["referrer-policy"], "no-referrer", "{at}");
        let policy = &headers["content-security-policy"];
        assert!(
            policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{at}: {policy}"
        );
        assert!(!policy.contains("unsafe"), "{at}: {policy}");
    }
    system.is_well().await;
}
