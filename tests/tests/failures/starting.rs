//! A service that waits for its database at its start.

use serde_json::{Value, json};
use testbed::{Port, Program, http, tracechain, until};

use crate::asking::DEADLINE;

#[tokio::test]
async fn a_service_that_waits_for_its_database_is_alive_and_asks_callers_to_come_again() {
    let (port, nobody) = (Port::reserve(), Port::reserve());
    let database = format!("postgres://app:s3cret@127.0.0.1:{}/users", nobody.number());
    let program = Program::new(tracechain()).arg("user").env("DATABASE_URL", database);
    let _process = program.env("PORT", port.number().to_string()).start();
    let url = |path: &str| format!("http://127.0.0.1:{}{path}", port.number());
    let alive = until(DEADLINE, async || {
        http().get(url("/health/live")).send().await.ok()?.error_for_status().ok()
    });
    assert!(alive.await.is_some());

    let health = http().get(url("/health/ready")).send().await.unwrap();
    assert_eq!(health.status(), 503);
    let health: Value = health.json().await.unwrap();
    assert_eq!(health["checks"]["process"]["status"], "starting", "{health}");

    let answer = http().post(url("/process")).json(&json!({"user_id": 1})).send().await.unwrap();
    assert_eq!(answer.status(), 503);
    assert_eq!(answer.headers()["retry-after"], "1");
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    let problem: Value = answer.json().await.unwrap();
    assert_eq!(
        (&problem["code"], &problem["service"]),
        (&json!("unavailable"), &json!("user-service"))
    );
}
