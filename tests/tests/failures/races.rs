//! Many clients who want the same thing at the same moment: one of them gets it, and all get the same answer or a clear no.

use std::collections::HashSet;

use serde_json::{Value, json};
use testbed::{Chain, ChainOptions, Engine, Service};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::{
    asking::{self, Answer},
    rows::{audits, count, nothing_is_pending, orders},
};

const CLIENTS: i64 = 8;
const ROUNDS: i64 = 4;

/// Sends a request of each client at once; `request` makes its key and body.
async fn at_once(chain: &Chain, path: &str, request: impl Fn(i64) -> (Uuid, Value)) -> Vec<Answer> {
    let mut clients = JoinSet::new();
    let start = std::sync::Arc::new(tokio::sync::Barrier::new(usize::try_from(CLIENTS).unwrap()));
    for client in 0..CLIENTS {
        let url = format!("{}{path}", chain.url(Service::Gateway));
        let (key, body) = request(client);
        let start = std::sync::Arc::clone(&start);
        clients.spawn(async move {
            start.wait().await;
            let headers = [("idempotency-key", key.to_string())];
            asking::send(&url, &headers.each_ref().map(|(name, key)| (*name, key.as_str())), &body)
                .await
                .unwrap()
        });
    }
    clients.join_all().await
}

/// The statuses in order; 202 stands as 200, since audit may be slow for reasons of its own.
fn statuses(answers: &[Answer]) -> Vec<u16> {
    let status = |answer: &Answer| if answer.is_accepted() { 200 } else { answer.status };
    let mut statuses: Vec<_> = answers.iter().map(status).collect();
    statuses.sort_unstable();
    statuses
}

/// One of them got `status`, all others were told that somebody was first.
fn assert_one(answers: &[Answer], status: u16) {
    let mut expected = vec![status];
    expected.resize(answers.len(), 409);
    assert_eq!(statuses(answers), expected, "{answers:?}");
    for refused in answers.iter().filter(|answer| answer.status == 409) {
        assert_eq!(refused.text("service"), "user-service", "{refused:?}");
    }
}

fn distinct<'a>(answers: &'a [Answer], pointer: &str) -> HashSet<&'a Value> {
    let value = |answer: &'a Answer| {
        answer.body.pointer(pointer).unwrap_or_else(|| panic!("no {pointer} in {answer:?}"))
    };
    answers.iter().map(value).collect()
}

async fn one_new_user(chain: &Chain, round: i64) {
    let user_id = 1000 + round;
    let body = json!({"user_id": user_id, "action": "purchase", "user_email": format!("{user_id}@example.org")});

    let answers = at_once(chain, asking::PROCESS, |_| (Uuid::new_v4(), body.clone())).await;

    assert_eq!(statuses(&answers), vec![200; answers.len()], "{answers:?}");
    let users = count(chain.database(Service::User), &format!("users WHERE id = {user_id}")).await;
    let of_user = format!("orders WHERE user_id = {user_id}");
    assert_eq!((users, count(chain.database(Service::Order), &of_user).await), (1, CLIENTS));
    assert_eq!(distinct(&answers, "/order/id").len(), answers.len());
}

async fn one_email(chain: &Chain, round: i64) {
    let email = format!("wanted-{round}@example.org");
    let of = |client| json!({"user_id": 2000 + 100 * round + client, "action": "purchase", "user_email": email});
    let before = orders(chain).await.len();

    let answers = at_once(chain, asking::PROCESS, |client| (Uuid::new_v4(), of(client))).await;

    assert_one(&answers, 200);
    let owners = format!("users WHERE email = '{email}'");
    assert_eq!(count(chain.database(Service::User), &owners).await, 1);
    assert_eq!(orders(chain).await.len(), before + 1, "a refused request has an order");
}

async fn one_email_to_register(chain: &Chain, round: i64) {
    let email = format!("registered-{round}@example.org");
    let body = json!({"first_name": "Ada", "last_name": "Lovelace", "email": email});
    let registrations = async || count(chain.database(Service::User), "registrations").await;
    let before = registrations().await;

    let answers = at_once(chain, "/api/v1/register", |_| (Uuid::new_v4(), body.clone())).await;

    assert_one(&answers, 201);
    assert_eq!(registrations().await, before + 1);
}

async fn one_key(chain: &Chain, path: &str, status: u16, body: &Value) {
    let key = Uuid::new_v4();

    let answers = at_once(chain, path, |_| (key, body.clone())).await;

    assert_eq!(statuses(&answers), vec![status; answers.len()], "{answers:?}");
    for pointer in ["/user/id", "/order/id", "/trace_id", "/request_id"] {
        assert_eq!(distinct(&answers, pointer).len(), 1, "{pointer} in {answers:?}");
    }
    let audit: HashSet<_> =
        answers.iter().filter_map(|answer| answer.body["audit"]["id"].as_str()).collect();
    assert!(audit.len() <= 1, "{answers:?}");
    let first = |answer: &&Answer| answer.header("idempotency-replayed").is_none();
    assert_eq!(answers.iter().filter(first).count(), 1, "who was first? {answers:?}");
    let of_key =
        |rows: Vec<crate::rows::Ids>| rows.iter().filter(|row| row.request_id == key).count();
    assert_eq!((of_key(orders(chain).await), of_key(audits(chain).await)), (1, 1));
}

async fn races(options: ChainOptions) {
    if options.is_not_run() {
        return;
    }
    let chain = Chain::start(options).await;
    for round in 0..ROUNDS {
        one_new_user(&chain, round).await;
        one_email(&chain, round).await;
        one_email_to_register(&chain, round).await;
        one_key(&chain, asking::PROCESS, 200, &asking::purchase(3000 + round)).await;
        let email = format!("key-{round}@example.org");
        let body = json!({"first_name": "Ada", "last_name": "Lovelace", "email": email});
        one_key(&chain, "/api/v1/register", 201, &body).await;
    }
    nothing_is_pending(&chain).await;
    assert_eq!(orders(&chain).await, audits(&chain).await, "orders and audit records differ");
}

#[tokio::test]
async fn many_at_once_get_one_result_on_files() {
    races(ChainOptions::sqlite()).await;
}

#[tokio::test]
async fn many_at_once_get_one_result_on_postgres_and_mysql() {
    races(ChainOptions::servers(Engine::MySql)).await;
}

#[tokio::test]
async fn many_at_once_get_one_result_on_postgres_and_mariadb() {
    races(ChainOptions::servers(Engine::MariaDb)).await;
}
