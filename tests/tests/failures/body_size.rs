//! What the edge takes goes through the whole chain, however much of it there is, and as it was spelled.

use serde_json::json;
use testbed::{Chain, ChainOptions, Reply, Service, Upstream, http};

use crate::{
    asking,
    rows::{self, audits, orders},
};

/// A body of this many bytes; its members that nobody knows would grow if they were written anew.
fn body(size: usize) -> String {
    let head = r#"{"user_id":7,"action":"a","numbers":["#;
    let (tail, number) = (r#"1],"x":""}"#, "1e15,");
    let numbers = number.repeat((size - head.len() - tail.len()) / number.len());
    let padding = size - head.len() - numbers.len() - tail.len();
    format!(r#"{head}{numbers}1],"x":"{}"}}"#, "y".repeat(padding))
}

async fn send(chain: &Chain, body: String) -> asking::Answer {
    let url = format!("{}{}", chain.url(Service::Gateway), asking::PROCESS);
    let request = http().post(url).header("content-type", "application/json").body(body);
    let answer = request.send().await.unwrap();
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    asking::Answer { status, headers, body: answer.json().await.unwrap() }
}

#[tokio::test]
async fn a_body_as_large_as_the_edge_takes_is_audited() {
    let chain = Chain::start(ChainOptions::sqlite()).await;

    let largest = send(&chain, body(65_536)).await;
    let larger = send(&chain, body(65_537)).await;

    assert!(largest.is_accepted(), "{largest:?}");
    larger.assert_problem(413, "body_too_large", "gateway");
    rows::nothing_is_pending(&chain).await;
    let order = chain.database(Service::Order);
    assert_eq!(rows::count(order, "orders WHERE audited_at IS NOT NULL").await, 1);
    assert_eq!((orders(&chain).await.len(), audits(&chain).await), (1, orders(&chain).await));
}

#[tokio::test]
async fn numbers_reach_audit_as_they_were_spelled() {
    let upstream = Upstream::start(|_| {
        let audit =
            json!({"audit": {"id": uuid::Uuid::nil(), "recorded_at": "2026-01-01T00:00:00Z"}});
        Reply::json(200, &audit)
    })
    .await;
    let options = ChainOptions::sqlite().env(Service::Order, "NEXT_SERVICE_URL", &upstream.url());
    let chain = Chain::start(options).await;
    let unknown = r#""numbers":[1e15, -0.0,1E+2 ,12345678901234567890123, 0.10]"#;

    let answer = send(&chain, format!(r#"{{"user_id":7,"action":"a",{unknown}}}"#)).await;

    assert_eq!(answer.status, 200, "{answer:?}");
    let requests = upstream.requests();
    let received = requests.iter().find(|request| request.path == "/process").unwrap();
    let text = str::from_utf8(&received.body).unwrap();
    assert!(text.contains(unknown), "{text}");
}
