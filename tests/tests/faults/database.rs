//! `db_latency` and `pool`: the database is slow, the pool is small.

use std::time::{Duration, Instant};

use crate::one_service::{SERVICE, User, duration};

#[tokio::test]
async fn a_slow_statement_shows_in_its_span_and_its_metric() {
    let service = User::with(&[("FAULTS", "db_latency=300ms")]).await;
    let slow = Duration::from_millis(300);

    let answer = service.process().await;

    answer.ok(200);
    let insert = service.span(&answer.trace_id, "Client", "INSERT users").await;
    assert!(duration(&insert) >= slow, "{insert:#}");
    assert_eq!(insert["status"], "unset", "{insert:#}");
    let call = service.span(&answer.trace_id, "Client", "POST /process").await;
    assert!(call["start_unix_nano"].as_u64() >= insert["end_unix_nano"].as_u64(), "{call:#}");
    let sum = "db_query_duration_seconds_sum{collection=\"users\",operation=\"INSERT\"}";
    assert!(service.metric(sum).await >= 0.3);
    assert_eq!(service.struck("db_latency").await, 1.0);
}

#[tokio::test]
async fn a_database_that_is_slower_than_the_deadline_is_not_available() {
    let service = User::with(&[("FAULTS", "db_latency=60s")]).await;

    let answer = service.user.ask(service.purchase().header("x-deadline-ms", "200")).await;

    let problem = answer.problem(503, "dependency_unavailable", "users-db");
    assert!(service.calls().is_empty(), "{problem}");
    assert_eq!(service.user.get("/health").await.status, 200, "the database itself is well");
    assert_eq!(service.user.service(), SERVICE);
}

async fn connections(service: &User) -> f64 {
    service.metric("db_client_connections{state=\"max\"}").await
}

#[tokio::test]
async fn a_small_pool_makes_requests_wait_for_each_other() {
    let service = User::with(&[
        ("DB_POOL_SIZE", "4"),
        ("LAB", "true"),
        ("FAULTS", "pool=1,db_latency=150ms"),
    ])
    .await;
    assert_eq!(connections(&service).await, 1.0);

    let begun = Instant::now();
    let get = || service.user.get("/users");
    let answers = tokio::join!(get(), get(), get(), get());

    assert!(begun.elapsed() >= Duration::from_millis(600), "one after the other");
    for answer in [answers.0, answers.1, answers.2, answers.3] {
        answer.ok(200);
    }
    for (faults, expected) in [("pool=3", 3.0), ("pool=9", 4.0), ("", 4.0), ("pool=1", 1.0)] {
        service.set(faults).await;
        assert_eq!(connections(&service).await, expected, "{faults}");
        service.user.get("/users").await.ok(200);
    }
}
