//! `POST /api/v1/process`, where all goes well.

use std::time::Duration;

use serde_json::{Value, json};
use testbed::{Reply, Upstream};

use crate::gateway::{Gateway, calls, completed, send};

#[tokio::test]
async fn a_request_goes_into_the_chain_and_its_answer_comes_back_up() {
    let upstream = Upstream::start(|_| completed()).await;
    let gateway = Gateway::start(&upstream).await;
    let body = r#"{"z": 1.10, "user_id": 1001, "action": "päckchen ✓", "items": [{"sku": "mouse", "quantity": 2, "gift": true}], "a": 12345678901234567890123}"#;
    let request = gateway.request(reqwest::Method::POST, "/api/v1/process");
    let answer = send(request.header("content-type", "application/json").body(body)).await;

    assert_eq!(answer.status, 200, "{answer:?}");
    let json = answer.json();
    let (trace_id, span_id, flags) = answer.trace();
    assert_eq!(flags, "03");
    assert_eq!((&json["trace_id"], &json["further"]), (&json!(trace_id), &json!({"n": 1.5})));
    let services: Vec<_> =
        json["chain"].as_array().unwrap().iter().map(|entry| &entry["service"]).collect();
    assert_eq!(services, ["gateway", "user-service"]);
    assert_eq!(
        (&json["chain"][0]["trace_id"], &json["chain"][0]["span_id"]),
        (&json!(trace_id), &json!(span_id))
    );
    assert!(json["chain"][0]["duration_ms"].as_f64().unwrap() > 0.0);
    assert_eq!(
        answer.header("server-timing"),
        Some(&*format!("traceparent;desc=\"00-{trace_id}-{span_id}-03\""))
    );

    let [sent] = calls(&upstream).try_into().unwrap();
    assert_eq!((sent.method.as_str(), sent.path.as_str()), ("POST", "/process"));
    let request_id = json["request_id"].as_str().unwrap();
    let expected = format!(
        r#"{{"z":1.10,"user_id":1001,"action":"päckchen ✓","items":[{{"sku": "mouse", "quantity": 2, "gift": true}}],"a":12345678901234567890123,"request_id":"{request_id}"}}"#
    );
    assert_eq!(String::from_utf8_lossy(&sent.body), expected);
    assert_eq!(sent.header("x-request-id"), Some(request_id));
    assert_eq!(sent.header("content-type"), Some("application/json"));
    assert_eq!(sent.header("idempotency-key"), None);
}

#[tokio::test]
async fn the_trace_has_a_server_span_and_right_below_it_the_call() {
    let upstream = Upstream::start(|_| completed()).await;
    let gateway = Gateway::start(&upstream).await;
    let answer = send(gateway.process()).await;
    let (trace_id, span_id, _) = answer.trace();

    let spans = gateway.spans(&trace_id, 2).await;
    let of_kind = |kind: &str| spans.iter().find(|span| span["kind"] == kind).unwrap();
    let (server, client) = (of_kind("Server"), of_kind("Client"));
    assert_eq!(
        (&server["span"], &server["span_id"]),
        (&json!("POST /api/v1/process"), &json!(span_id))
    );
    assert_eq!(server["parent_span_id"], "0000000000000000");
    assert_eq!(
        (&client["span"], &client["parent_span_id"]),
        (&json!("POST /process"), &json!(span_id))
    );
    let attributes = &server["attributes"];
    assert_eq!(attributes["user.id"], json!(1001));
    assert_eq!(attributes["http.route"], "/api/v1/process");
    assert_eq!(attributes["http.response.status_code"], json!(200));
    let attributes = &client["attributes"];
    assert_eq!(
        (&attributes["peer.service"], &attributes["url.template"]),
        (&json!("user-service"), &json!("/process"))
    );
    assert_eq!(attributes["server.port"], json!(upstream.port()));
    let sent = format!("00-{trace_id}-{}-03", client["span_id"].as_str().unwrap());
    assert_eq!(calls(&upstream)[0].header("traceparent"), Some(&*sent));
    assert!(
        !spans.iter().any(|span| span.to_string().contains("purchase")),
        "nothing of the body is in a span"
    );
}

#[tokio::test]
async fn the_user_id_travels_as_baggage_and_wins_over_the_callers() {
    let upstream = Upstream::start(|_| completed()).await;
    let gateway = Gateway::start(&upstream).await;
    send(gateway.process().header("baggage", "user.id=7,tenant=blue")).await;

    let sent = calls(&upstream)[0].header("baggage").unwrap().to_owned();
    let mut members: Vec<_> = sent.split(',').collect();
    members.sort_unstable();
    assert_eq!(members, ["tenant=blue", "user.id=1001"]);
}

#[tokio::test]
async fn a_202_stays_a_202_and_a_replays_ids_and_header_are_passed_up() {
    let first_trace = "0af7651916cd43dd8448eb211c80319c";
    let upstream = Upstream::start(move |_| {
        let body = json!({"status": "accepted", "trace_id": first_trace, "request_id": "r", "audit": {"status": "pending"}});
        Reply::json(202, &body).header("idempotency-replayed", "true")
    })
    .await;
    let gateway = Gateway::start(&upstream).await;
    let answer = send(gateway.process()).await;

    assert_eq!((answer.status, answer.header("idempotency-replayed")), (202, Some("true")));
    let json = answer.json();
    assert_eq!((&json["trace_id"], &json["request_id"]), (&json!(first_trace), &json!("r")));
    assert_eq!(
        json["chain"][0]["trace_id"],
        json!(answer.trace().0),
        "this run's, not the first one's"
    );
    assert_eq!(json["chain"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_callers_deadline_can_only_be_lowered() {
    let upstream = Upstream::start(|_| completed()).await;
    let gateway = Gateway::start(&upstream).await;
    for (asked, at_most) in
        [(Some("2000"), 1950), (None, 7950), (Some("600000"), 7950), (Some("soon"), 7950)]
    {
        let request = asked
            .iter()
            .fold(gateway.process(), |request, asked| request.header("x-deadline-ms", *asked));
        assert_eq!(send(request).await.status, 200);
        let sent = calls(&upstream)
            .last()
            .unwrap()
            .header("x-deadline-ms")
            .unwrap()
            .parse::<u64>()
            .unwrap();
        assert!(sent <= at_most && sent > at_most - 1000, "{asked:?} became {sent}");
    }
}

#[tokio::test]
async fn a_callers_request_id_is_not_taken_neither_from_the_header_nor_from_the_body() {
    let upstream = Upstream::start(|_| completed()).await;
    let gateway = Gateway::start(&upstream).await;
    let theirs = "018f4e6c-1a2b-7c3d-8e4f-5a6b7c8d9e0f";
    let body = json!({"user_id": 1, "action": "a", "request_id": theirs});
    let answer = send(gateway.post("/api/v1/process", &body).header("x-request-id", theirs)).await;

    let ours = answer.json()["request_id"].as_str().unwrap().to_owned();
    assert_ne!(ours, theirs);
    let [sent] = calls(&upstream).try_into().unwrap();
    assert_eq!(
        (sent.json()["request_id"].as_str(), sent.header("x-request-id")),
        (Some(&*ours), Some(&*ours))
    );
}

#[tokio::test]
async fn values_at_the_ends_of_their_ranges_are_accepted() {
    let upstream = Upstream::start(|_| completed()).await;
    let gateway = Gateway::start(&upstream).await;
    let with = |extra: Value| {
        let mut body = json!({"user_id": 1, "action": "a"});
        body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        body
    };
    let item = json!({"sku": "s".repeat(64), "quantity": 1_000_000});
    for extra in [
        json!({"user_id": 9_007_199_254_740_991_i64}),
        json!({"action": "💥".repeat(64)}),
        json!({"action": "\u{0}"}),
        json!({"user_name": "ü".repeat(200), "user_email": format!("{}@e.org", "a".repeat(248))}),
        json!({"user_name": null, "user_email": null, "items": null}),
        json!({"items": []}),
        json!({"items": vec![item; 50]}),
    ] {
        let answer = send(gateway.post("/api/v1/process", &with(extra.clone()))).await;
        assert_eq!(answer.status, 200, "{extra}: {}", answer.text);
    }
}

#[tokio::test]
async fn each_request_counts_once_by_what_became_of_it() {
    let upstream = Upstream::start(|request| match request.json()["user_id"].as_i64() {
        Some(1) => completed(),
        Some(2) => Reply::json(202, &json!({})),
        _ => Reply::Close,
    })
    .await;
    let gateway = Gateway::start(&upstream).await;
    let sample =
        |outcome: &str| format!("tracechain_requests_processed_total{{outcome=\"{outcome}\"}}");
    assert_eq!(
        gateway.metric(&sample("rejected")).await,
        Some(0.0),
        "a family is there from the start"
    );
    for user_id in [1, 1, 2, 3, -1] {
        send(gateway.post("/api/v1/process", &json!({"user_id": user_id, "action": "a"}))).await;
    }
    let mut counted = Vec::new();
    for outcome in ["completed", "accepted", "failed", "rejected"] {
        counted.push(gateway.metric(&sample(outcome)).await.unwrap());
    }
    assert_eq!(counted, [2.0, 1.0, 1.0, 1.0]);
}

#[tokio::test]
async fn a_post_runs_to_its_end_though_its_client_goes_away() {
    let upstream =
        Upstream::start(|_| Reply::After(Duration::from_millis(300), Box::new(completed()))).await;
    let gateway = Gateway::start(&upstream).await;
    let impatient = gateway.process().timeout(Duration::from_millis(100)).send().await;
    assert!(impatient.unwrap_err().is_timeout());
    let line = gateway.process.wait_for_json(|line| line["message"] == "Request completed").await;
    assert_eq!((&line["status_code"], &line["route"]), (&json!(200), &json!("/api/v1/process")));
}
