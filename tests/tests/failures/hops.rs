//! A next service that is down, slow, or answers garbage: who is blamed, what the spans say, and how often it was asked.

use std::time::Duration;

use serde_json::json;
use testbed::{Mode, Received, Reply, Service, until};

use crate::{
    asking::{self, DEADLINE},
    hop::{Failure, Hop, TIMEOUT},
    raw::Raw,
};

/// What the test's own client takes on a loaded machine.
const SLACK: Duration = Duration::from_millis(500);

/// Both hops, with an upstream that answers so, fail as `expected`.
async fn both_fail(
    reply: impl Fn(&Received) -> Reply + Clone + Send + Sync + 'static,
    expected: fn() -> Failure,
) {
    for hop in Hop::both().await {
        hop.upstream.answer(reply.clone());
        hop.fails(expected()).await;
    }
}

#[tokio::test]
async fn a_service_that_is_down_is_tried_three_times_and_named() {
    for hop in Hop::both().await {
        hop.proxy.set(Mode::Refuse).await;
        let tries = vec![Some("connect"); 3];
        hop.fails(Failure { tries, arrived: 0, ..Failure::bad_gateway(None) }).await;
    }
}

#[tokio::test]
async fn a_service_that_hangs_is_given_up_in_time_and_asked_once() {
    for hop in Hop::both().await {
        hop.upstream.answer(|_| Reply::Hang);
        let expected =
            || Failure { status: 504, code: "timeout", ..Failure::bad_gateway(Some("timeout")) };
        let took = hop.fails(expected()).await;
        assert!(took < TIMEOUT + SLACK, "{} waited for {took:?}", hop.caller);

        hop.proxy.set(Mode::BlackHole).await;
        let took = hop.fails(Failure { arrived: 0, ..expected() }).await;
        assert!(took < TIMEOUT + SLACK, "{} waited for {took:?}", hop.caller);
    }
}

#[tokio::test]
async fn a_request_that_was_taken_is_not_sent_again_when_the_connection_breaks() {
    both_fail(|_| Reply::Close, || Failure::bad_gateway(Some("connection_broken"))).await;
}

#[tokio::test]
async fn what_is_not_http_is_a_bad_gateway() {
    both_fail(
        |_| Reply::Raw("this is not HTTP\r\n\r\n".into()),
        || Failure::bad_gateway(Some("connection_broken")),
    )
    .await;
}

#[tokio::test]
async fn an_answer_that_is_no_json_object_is_a_bad_gateway() {
    for hop in Hop::both().await {
        for (kind, body) in
            [("text/html", "<h1>Welcome to nginx!</h1>"), ("application/json", "[1]")]
        {
            hop.upstream.answer(move |_| Reply::body(200, kind, body));
            hop.fails(Failure::bad_gateway(None)).await;
        }
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_a_bad_gateway_and_not_asked_for_again() {
    both_fail(
        |_| Reply::Raw("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"order\":".into()),
        || Failure::bad_gateway(None),
    )
    .await;
}

#[tokio::test]
async fn a_status_that_nobody_expects_is_a_bad_gateway() {
    for hop in Hop::both().await {
        for (status, name) in [(500, "500"), (418, "418"), (503, "503")] {
            hop.upstream.answer(move |_| Reply::body(status, "text/plain", "no problem document"));
            hop.fails(Failure::bad_gateway(Some(name))).await;
        }
    }
}

#[tokio::test]
async fn a_503_is_passed_up_with_its_retry_after_and_never_repeated() {
    for hop in Hop::both().await {
        hop.upstream.answer(|received| {
            let (service, trace) = ("somebody", received.header("traceparent").unwrap_or_default());
            let body = json!({
                "status": 503, "code": "overloaded", "service": service,
                "trace_id": trace.get(3..35), "request_id": received.header("x-request-id"),
            });
            Reply::body(503, "application/problem+json", body.to_string())
                .header("retry-after", "7")
        });
        let answer = asking::process(&hop.chain, 1001).await;
        answer.assert_problem(503, "overloaded", "somebody");
        assert_eq!(answer.header("retry-after"), Some("7"));
        assert_eq!(hop.arrived(), 1, "{} repeated it", hop.caller);
        let expected = Failure {
            status: 503,
            code: "overloaded",
            tries: vec![Some("503")],
            is_own: false,
            arrived: 1,
        };
        hop.assert_spans(&answer, &expected).await;
    }
}

#[tokio::test]
async fn a_kept_connection_that_the_server_closed_unread_costs_nothing() {
    for hop in Hop::both().await {
        hop.upstream.answer(|_| Reply::json(200, &json!({"order": {}})));
        let (service, path) = match hop.caller {
            "gateway" => (Service::Gateway, asking::PROCESS),
            _ => (Service::User, "/process"),
        };
        let mut client = Raw::connect(&hop.chain.url(service)).await;
        client.post(path, &asking::purchase(7)).await;
        assert!(client.answer().await.starts_with("HTTP/1.1 200"));
        assert_eq!(hop.proxy.open(), 1, "the connection is not kept");
        let connections = hop.proxy.accepted();

        // Frozen, the caller sees the request first and only then that its connection is closed.
        hop.chain.process(service).pause();
        client.post(path, &asking::purchase(7)).await;
        hop.proxy.cut();
        let closed = until(DEADLINE, async || (hop.proxy.open() == 0).then_some(())).await;
        hop.chain.process(service).resume();

        assert!(closed.is_some(), "the proxy has not closed the connection");
        let answer = client.answer().await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert_eq!((hop.arrived(), hop.proxy.accepted()), (2, connections + 1), "{}", hop.caller);
    }
}
