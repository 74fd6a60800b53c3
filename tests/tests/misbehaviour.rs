//! The proxy and the upstream do to a client what they are told to.

use std::time::{Duration, Instant};

use serde_json::json;
use testbed::{Mode, Proxy, Reply, Upstream, http, until};

const DEADLINE: Duration = Duration::from_secs(10);
const A_WHILE: Duration = Duration::from_millis(300);

async fn upstream_behind_a_proxy() -> (Upstream, Proxy) {
    let upstream = Upstream::start(|_| Reply::json(200, &json!({"well": true}))).await;
    let proxy = Proxy::to(upstream.port()).await;
    (upstream, proxy)
}

async fn status(url: &str) -> Result<u16, reqwest::Error> {
    http().get(url).send().await.map(|answer| answer.status().as_u16())
}

#[tokio::test]
async fn a_passing_proxy_passes_and_counts() {
    let (upstream, proxy) = upstream_behind_a_proxy().await;

    assert_eq!(status(&proxy.url()).await.unwrap(), 200);
    assert_eq!(status(&proxy.url()).await.unwrap(), 200);

    assert_eq!((proxy.accepted(), upstream.requests().len()), (2, 2));
    let closed = until(DEADLINE, async || (proxy.open() == 0).then_some(())).await;
    assert!(closed.is_some(), "{} connections are open", proxy.open());
}

#[tokio::test]
async fn a_refusing_proxy_refuses_until_it_passes_again() {
    let (upstream, proxy) = upstream_behind_a_proxy().await;

    proxy.set(Mode::Refuse).await;
    let refused = status(&proxy.url()).await.unwrap_err();
    assert!(refused.is_connect(), "{refused:?}");
    assert_eq!((proxy.accepted(), upstream.requests().len()), (0, 0));

    proxy.set(Mode::Pass).await;
    assert_eq!(status(&proxy.url()).await.unwrap(), 200);
}

#[tokio::test]
async fn a_closing_proxy_accepts_and_closes() {
    let (upstream, proxy) = upstream_behind_a_proxy().await;

    proxy.set(Mode::Close).await;
    let closed = status(&proxy.url()).await.unwrap_err();

    assert!(!closed.is_connect() && !closed.is_timeout(), "{closed:?}");
    assert_eq!((proxy.accepted(), upstream.requests().len()), (1, 0));
}

#[tokio::test]
async fn a_black_hole_never_answers_and_lets_go_when_it_passes_again() {
    let (upstream, proxy) = upstream_behind_a_proxy().await;
    proxy.set(Mode::BlackHole).await;

    let url = proxy.url();
    let mut request = tokio::spawn(async move { status(&url).await });
    assert!(
        tokio::time::timeout(A_WHILE, &mut request).await.is_err(),
        "a black hole has answered"
    );
    assert_eq!((proxy.accepted(), upstream.requests().len()), (1, 0));

    proxy.set(Mode::Pass).await;
    assert_eq!(request.await.unwrap().unwrap(), 200);
}

#[tokio::test]
async fn a_delaying_proxy_delays_each_request_once() {
    let (_upstream, proxy) = upstream_behind_a_proxy().await;
    proxy.set(Mode::Delay(A_WHILE)).await;

    let start = Instant::now();
    assert_eq!(status(&proxy.url()).await.unwrap(), 200);

    assert!(start.elapsed() >= A_WHILE && start.elapsed() < 10 * A_WHILE, "{:?}", start.elapsed());
}

#[tokio::test]
async fn cutting_closes_an_open_connection_and_spares_the_next() {
    let upstream = Upstream::start(|_| Reply::Hang).await;
    let proxy = Proxy::to(upstream.port()).await;
    let url = proxy.url();
    let request = tokio::spawn(async move { status(&url).await });
    let arrived = until(DEADLINE, async || (upstream.requests().len() == 1).then_some(())).await;
    assert!(arrived.is_some(), "the request has not arrived");

    proxy.cut();
    assert!(request.await.unwrap().is_err(), "a connection that was cut has answered");

    upstream.answer(|_| Reply::json(200, &json!({})));
    assert_eq!(status(&proxy.url()).await.unwrap(), 200);
}

#[tokio::test]
async fn an_upstream_remembers_the_whole_request() {
    let upstream = Upstream::start(|received| {
        Reply::json(201, &received.json())
            .header("x-seen", received.header("x-sent").unwrap_or("nothing"))
    })
    .await;

    let request = http()
        .post(format!("{}/process?a=1", upstream.url()))
        .header("x-sent", "something")
        .json(&json!({"user_id": 7}));
    let answer = request.send().await.unwrap();

    assert_eq!(
        (answer.status().as_u16(), answer.headers()["x-seen"].to_str().unwrap()),
        (201, "something")
    );
    assert_eq!(answer.json::<serde_json::Value>().await.unwrap(), json!({"user_id": 7}));
    let received = &upstream.requests()[0];
    assert_eq!((received.method.as_str(), received.path.as_str()), ("POST", "/process?a=1"));
    assert_eq!(
        (received.header("x-sent"), received.json()),
        (Some("something"), json!({"user_id": 7}))
    );
}

#[tokio::test]
async fn an_upstream_answers_garbage() {
    let upstream = Upstream::start(|_| Reply::Raw("this is not HTTP\r\n\r\n".into())).await;

    let error = status(&upstream.url()).await.unwrap_err();

    assert!(format!("{error:?}").contains("Parse"), "{error:?}");
    assert_eq!(upstream.requests().len(), 1);
}

#[tokio::test]
async fn an_upstream_closes_after_taking_the_request() {
    let upstream = Upstream::start(|_| Reply::Close).await;

    let error = status(&upstream.url()).await.unwrap_err();

    assert!(format!("{error:?}").contains("IncompleteMessage"), "{error:?}");
    assert_eq!(upstream.requests().len(), 1);
}

#[tokio::test]
async fn an_upstream_hangs_or_answers_late() {
    let upstream = Upstream::start(|_| Reply::Hang).await;
    assert!(
        tokio::time::timeout(A_WHILE, status(&upstream.url())).await.is_err(),
        "it has answered"
    );

    upstream.answer(|_| Reply::After(A_WHILE, Box::new(Reply::body(503, "text/plain", "later"))));
    let start = Instant::now();
    assert_eq!(status(&upstream.url()).await.unwrap(), 503);
    assert!(start.elapsed() >= A_WHILE, "{:?}", start.elapsed());
    assert_eq!(upstream.requests().len(), 2);
}
