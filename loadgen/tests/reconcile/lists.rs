//! Against lists of a target that is made for the test.

use std::{
    collections::HashMap,
    sync::Mutex,
    time::{Duration, Instant},
};

use clap::Parser as _;
use loadgen::{
    cli::Cli,
    outcome::{Answer, End, Sent},
    reconcile::{Kind, Reconciler},
};
use serde_json::{Value, json};
use testbed::{Received, Reply, Upstream};
use uuid::Uuid;

use crate::asking::{finish, outcome};

/// A row of both lists, written in this second of a minute long before any run.
fn row(number: u128, second: u8) -> Value {
    let at = format!("2020-01-01T00:00:{second:02}Z");
    json!({
        "request_id": Uuid::from_u128(number), "trace_id": "ab".repeat(16), "audit": "recorded",
        "created_at": at, "recorded_at": at,
    })
}

fn page(rows: &[Value], next: Option<&str>) -> Reply {
    Reply::json(200, &json!({"items": rows, "next": next}))
}

fn done(number: u128) -> loadgen::outcome::Outcome {
    let answer = Answer { status: 200, expected: true, bytes: 0, said: None };
    let sent = Sent { root: None, request_id: Some(Uuid::from_u128(number)) };
    outcome(sent, End::Answered(answer))
}

async fn start(upstream: &Upstream, token: Option<&str>) -> anyhow::Result<Reconciler> {
    let mut args = vec!["loadgen"];
    args.extend(token.into_iter().flat_map(|token| ["--token", token]));
    let token = Cli::parse_from(args).run.requests.token;
    Reconciler::start(&upstream.url().parse()?, token.as_ref()).await
}

#[tokio::test]
async fn pages_are_followed_and_every_look_up_is_unsampled_and_has_the_token() {
    let upstream = Upstream::start(|received| match received.path.split_once('?') {
        Some((_, "limit=1")) => page(&[row(0, 0)], None),
        Some((_, "limit=200")) => page(&[row(3, 3), row(2, 2)], Some("a&b=+/")),
        Some((_, "limit=200&after=a%26b%3D%2B%2F")) => page(&[row(1, 1)], None),
        _ => Reply::json(404, &json!({})),
    })
    .await;
    let reconciler = start(&upstream, Some("s3cret")).await.unwrap();
    (1..=3).for_each(|number| reconciler.note(&done(number)));

    let summary = finish(&reconciler).await;

    assert_eq!(summary.to_string(), "3 answers, 3 orders, 3 audit records");
    for received in upstream.requests() {
        assert_eq!(received.header("authorization"), Some("Bearer s3cret"));
        let traceparent = received.header("traceparent").unwrap();
        assert!(traceparent.len() == 55 && traceparent.ends_with("-00"), "{traceparent}");
    }
}

#[tokio::test]
async fn a_list_is_read_to_the_rows_from_before_the_run() {
    let upstream = Upstream::start(|received| {
        let number = |query: &str| query.rsplit('=').next().and_then(|n| n.parse().ok());
        match received.path.split_once('?').unwrap().1 {
            // The newest row tells the time here, since its clock is behind the header's.
            "limit=1" => page(&[row(100, 59)], None),
            "limit=200" => page(&[row(102, 59), row(101, 59)], Some("1")),
            query => page(&[older(number(query).unwrap_or(0))], Some("2")),
        }
    })
    .await;
    let reconciler = start(&upstream, None).await.unwrap();
    [101, 102].into_iter().for_each(|number| reconciler.note(&done(number)));

    let summary = finish(&reconciler).await;

    assert_eq!(summary.to_string(), "2 answers, 2 orders, 2 audit records");
    let paths: Vec<String> =
        upstream.requests().into_iter().map(|received| received.path).collect();
    let read = |list: &str| paths.iter().filter(|path| path.starts_with(list)).count();
    // The time, the newest page, one from the minute that clocks may differ, and the first from before it.
    assert_eq!((read("/api/v1/orders"), read("/api/v1/audit")), (4, 4), "{paths:#?}");
}

/// The row of a page: each is half a minute older than the one before.
fn older(page: u8) -> Value {
    let at = if page == 1 { "2020-01-01T00:00:10Z" } else { "2019-12-31T23:59:10Z" };
    json!({
        "request_id": Uuid::from_u128(page.into()), "trace_id": "ab".repeat(16),
        "audit": "recorded", "created_at": at, "recorded_at": at,
    })
}

#[tokio::test]
async fn rows_of_an_older_run_are_found_while_very_many_others_stay_pending() {
    const PENDING: u128 = 40;
    let pending = |number| {
        let mut row = row(number, 0);
        row["audit"] = json!("pending");
        row
    };
    let upstream = Upstream::start(move |received| {
        let is_orders = received.path.starts_with("/api/v1/orders");
        let id = received.path.split_once("request_id=").map(|(_, id)| Uuid::parse_str(id));
        match id {
            // The lists do not go back to the older run's rows.
            None if is_orders => page(&(1..=PENDING).map(pending).collect::<Vec<_>>(), None),
            None => page(&[], None),
            Some(id) if id == Ok(Uuid::from_u128(PENDING + 1)) => {
                page(&[row(PENDING + 1, 0)], None)
            }
            Some(Ok(id)) if is_orders => page(&[pending(id.as_u128())], None),
            Some(_) => page(&[], None),
        }
    })
    .await;
    let reconciler = start(&upstream, None).await.unwrap();
    (1..=PENDING + 1).for_each(|number| reconciler.note(&done(number)));

    let summary = reconciler.finish(Duration::from_millis(300), |_| {}).await;

    let kinds: Vec<_> = summary.mismatches.iter().map(|of| (of.kind, of.count)).collect();
    assert_eq!(kinds, [(Kind::AuditPending, 40)], "{summary}");
}

/// A target that gives `replies` before it gives rows, for every list and page of it anew.
async fn reluctant(replies: Vec<Reply>) -> Upstream {
    let asked = Mutex::new(HashMap::<String, usize>::new());
    Upstream::start(move |received: &Received| {
        let mut asked = asked.lock().unwrap();
        let count = asked.entry(received.path.clone()).or_default();
        *count += 1;
        replies.get(*count - 1).cloned().unwrap_or_else(|| page(&[row(1, 1)], None))
    })
    .await
}

#[tokio::test]
async fn what_may_pass_is_asked_again_before_the_load_and_after_it() {
    let busy = |status| Reply::json(status, &json!({"code": "overloaded"}));
    let upstream = reluctant(vec![busy(503), busy(429), Reply::Close, busy(504), busy(500)]).await;
    let reconciler = start(&upstream, None).await.unwrap();
    reconciler.note(&done(1));

    let summary = finish(&reconciler).await;

    assert_eq!(summary.to_string(), "1 answers, 1 orders, 1 audit records");
    // Two lists, each read before and after.
    assert_eq!(upstream.requests().len(), 4 * 6);
}

#[tokio::test]
async fn it_is_waited_as_long_as_the_target_says() {
    let later = Reply::json(503, &json!({})).header("retry-after", "1");
    let upstream = reluctant(vec![later]).await;
    let started = Instant::now();
    start(&upstream, None).await.unwrap();
    // One second for each of the two lists.
    assert!(started.elapsed() >= Duration::from_secs(2), "{:?}", started.elapsed());
    assert_eq!(upstream.requests().len(), 4);
}

#[tokio::test]
async fn it_is_not_waited_for_a_target_that_names_a_time_beyond_the_patience() {
    let later = Reply::json(503, &json!({})).header("retry-after", "3600");
    let upstream = reluctant(vec![later]).await;
    let error = start(&upstream, None).await.unwrap_err().to_string();
    assert!(error.contains("answered 503 Service Unavailable; its log says why"), "{error}");
    assert_eq!(upstream.requests().len(), 1);
}

#[tokio::test]
async fn a_list_that_cannot_be_read_is_said_before_the_load() {
    let cases = [
        (
            Reply::json(401, &json!({})),
            "answered 401 Unauthorized; give a token that may read it: --token",
        ),
        (Reply::json(404, &json!({})), "answered 404 Not Found; the target has no such list"),
        (Reply::json(200, &json!({"rows": []})), "is no list of rows: missing field `items`"),
        (Reply::Close, "got no answer"),
    ];
    for (reply, expected) in cases {
        let upstream = Upstream::start(move |_| reply.clone()).await;
        let error = format!("{:#}", start(&upstream, None).await.unwrap_err());
        assert!(error.contains("/api/v1/orders?limit=1 ") && error.contains(expected), "{error}");
    }
}
