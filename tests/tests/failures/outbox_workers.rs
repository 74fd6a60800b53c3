//! Who delivers when the process that placed the order is gone, or when there are several: each record is recorded once.

use serde_json::Value;
use testbed::{Chain, ChainOptions, Engine, Mode, Process, Service, until};
use tokio::task::JoinSet;

use crate::{
    asking::{self, DEADLINE, metric},
    rows::{audits, nothing_is_pending, orders, pending},
};

/// More than two batches of the relay.
const PENDING: i64 = 150;
const CLIENTS: i64 = 6;

async fn the_next_process_delivers(options: ChainOptions) {
    if options.is_not_run() {
        return;
    }
    let mut chain = Chain::start(options.proxied(Service::Audit)).await;
    asking::hold(chain.proxy(Service::Audit)).await;
    let url = format!("{}{}", chain.url(Service::Gateway), asking::PROCESS);
    let request =
        tokio::spawn(async move { asking::send(&url, &[], &asking::purchase(7)).await.unwrap() });
    asking::holds(chain.proxy(Service::Audit), 1).await;

    chain.kill(Service::Order).await;
    let answer = request.await.unwrap();

    answer.assert_problem(502, "bad_gateway", "order-service");
    let placed = orders(&chain).await;
    assert_eq!(
        (placed.len(), pending(&chain).await),
        (1, 1),
        "the order was committed before the call"
    );
    // What the dead process sent is thrown away with its connection: only another delivery can reach audit.
    chain.proxy(Service::Audit).set(Mode::Refuse).await;
    chain.proxy(Service::Audit).set(Mode::Pass).await;
    assert_eq!(audits(&chain).await, []);

    chain.restart(Service::Order).await;

    nothing_is_pending(&chain).await;
    assert_eq!(audits(&chain).await, placed);
    assert_eq!(placed[0].trace_id, answer.text("trace_id"));
    let late = |line: &Value| line["message"] == "Audit record delivered late";
    let line = chain.process(Service::Order).wait_for_json(late).await;
    assert_eq!(line["trace_id"], placed[0].trace_id.as_str(), "{line}");
}

#[tokio::test]
async fn a_record_of_a_killed_process_is_delivered_by_the_next_on_files() {
    the_next_process_delivers(ChainOptions::sqlite()).await;
}

#[tokio::test]
async fn a_record_of_a_killed_process_is_delivered_by_the_next_on_mysql() {
    the_next_process_delivers(ChainOptions::sqlite().on(Service::Order, Engine::MySql)).await;
}

/// Posts from several clients at once, all of which are accepted with their audit record pending.
async fn make_pending(chain: &Chain) {
    let mut clients = JoinSet::new();
    for client in 1..=CLIENTS {
        let url = format!("{}{}", chain.url(Service::Gateway), asking::PROCESS);
        clients.spawn(async move {
            for _ in 0..PENDING / CLIENTS {
                let answer = asking::send(&url, &[], &asking::purchase(client)).await.unwrap();
                assert_eq!(answer.status, 202, "{answer:?}");
            }
        });
    }
    while let Some(ended) = clients.join_next().await {
        ended.unwrap();
    }
}

/// Deliveries that may have arrived though the process heard nothing of it.
fn unanswered(process: &Process) -> i64 {
    let lines = process.json_lines();
    let kept = |line: &&Value| line["message"] == "The audit record is kept for later delivery";
    let refused =
        |line: &Value| line["error"].as_str().is_some_and(|error| error.contains("refused"));
    let count = lines.iter().filter(kept).filter(|line| !refused(line)).count();
    i64::try_from(count).unwrap()
}

/// Audit is on a file, where it is quick, so that few deliveries go unanswered and the assertion on repeats is sharp.
async fn two_processes_share_the_outbox(options: ChainOptions) {
    if options.is_not_run() {
        return;
    }
    let mut chain = Chain::start(options).await;
    chain.stop(Service::Audit).await;
    make_pending(&chain).await;
    assert_eq!(pending(&chain).await, PENDING);
    let mut other = chain.another(Service::Order, &[]);
    other.wait_ready().await;

    chain.restart(Service::Audit).await;
    nothing_is_pending(&chain).await;

    let (orders, audits) = (orders(&chain).await, audits(&chain).await);
    assert_eq!(i64::try_from(orders.len()).unwrap(), PENDING);
    assert_eq!(orders, audits);
    // A lease keeps the others off: only what audit took and did not answer in time may come a second time.
    let labels = ["endpoint=\"/process\"", "status_code=\"200\""];
    let taken = metric(&chain.url(Service::Audit), "http_requests_total", &labels).await.unwrap();
    let unanswered = unanswered(chain.process(Service::Order)) + unanswered(&other.process);
    let repeated = taken as i64 - PENDING;
    assert!((0..=unanswered).contains(&repeated), "{repeated} sent again, {unanswered} unanswered");
    let both = until(DEADLINE, async || {
        let delivered = "tracechain_outbox_delivered_total";
        let one = metric(&chain.url(Service::Order), delivered, &[]).await?;
        let two = metric(&other.url(), delivered, &[]).await?;
        (one + two == PENDING as f64).then_some((one, two))
    });
    let (one, two) = both.await.unwrap();
    assert!(one > 0.0 && two > 0.0, "one process did it all: {one} and {two}");
}

#[tokio::test]
async fn two_processes_on_one_file_deliver_each_record_once() {
    two_processes_share_the_outbox(ChainOptions::sqlite()).await;
}

#[tokio::test]
async fn two_processes_on_one_mysql_deliver_each_record_once() {
    two_processes_share_the_outbox(ChainOptions::sqlite().on(Service::Order, Engine::MySql)).await;
}

#[tokio::test]
async fn two_processes_on_one_mariadb_deliver_each_record_once() {
    two_processes_share_the_outbox(ChainOptions::sqlite().on(Service::Order, Engine::MariaDb))
        .await;
}
