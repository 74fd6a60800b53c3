//! SIGTERM while requests are coming in: what was accepted is not lost, and every span is accounted for.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use testbed::{Chain, ChainOptions, Engine, Mode, Process, Service, Sink, http, until};
use uuid::Uuid;

use crate::{
    asking::{self, DEADLINE, metric},
    load::{Load, reconcile, statuses},
    raw::Raw,
};

/// A client's way, against the direction in which they were started.
const FROM_THE_EDGE: [Service; 4] =
    [Service::Gateway, Service::User, Service::Order, Service::Audit];

/// Where the spans of some processes have gone.
#[derive(Debug, Default)]
struct Account {
    ended: u64,
    exported: u64,
    failed: u64,
    dropped: u64,
    queued: u64,
}

impl Account {
    /// The last line that a process writes about its spans.
    fn add(&mut self, process: &Process) {
        let lines = process.json_lines();
        let is_it = |line: &&Value| {
            line["message"].as_str().is_some_and(|text| text.starts_with("Spans accounted for"))
        };
        let line = lines.iter().rfind(is_it);
        let line = line.unwrap_or_else(|| panic!("no account in\n{}", process.last_output()));
        let number = |key: &str| line[key].as_u64().unwrap_or_else(|| panic!("no {key} in {line}"));
        assert_eq!(
            number("ended"),
            number("exported") + number("failed") + number("dropped") + number("queued"),
            "{line}"
        );
        self.ended += number("ended");
        self.exported += number("exported");
        self.failed += number("failed");
        self.dropped += number("dropped");
        self.queued += number("queued");
    }
}

/// Stops a service; it must end well.
async fn stop(chain: &mut Chain, service: Service, account: &mut Account) {
    let mut stopped = chain.stop(service).await.unwrap();
    assert_eq!(stopped.exit_status().unwrap().code(), Some(0), "{service}");
    account.add(&stopped);
}

/// Under load, each service in turn is stopped and started again, then all of them at once.
async fn nothing_is_lost(options: ChainOptions) {
    if options.is_not_run() {
        return;
    }
    let (sink, mut account) = (Sink::start().await, Account::default());
    let mut chain = Chain::start(options.otlp(sink.endpoint())).await;
    let load = Load::on(&chain);
    for service in FROM_THE_EDGE {
        load.accepted(25).await;
        stop(&mut chain, service, &mut account).await;
        chain.restart(service).await;
    }
    load.accepted(25).await;
    for service in FROM_THE_EDGE {
        chain.process(service).sigterm();
    }
    for service in FROM_THE_EDGE {
        stop(&mut chain, service, &mut account).await;
    }
    let sent = load.end().await;

    for service in Service::ALL {
        chain.restart(service).await;
    }
    reconcile(&chain, &sent).await;
    let statuses = statuses(&sent);
    let expected = [None, Some(200), Some(202), Some(502), Some(503), Some(504)];
    assert!(statuses.keys().all(|status| expected.contains(status)), "{statuses:?}");

    for service in FROM_THE_EDGE {
        stop(&mut chain, service, &mut account).await;
    }
    let stored = sink.store().span_count();
    assert_eq!(account.queued, 0, "{account:?}");
    assert!(account.exported <= stored, "{account:?}, {stored} stored");
    assert!(stored <= account.exported + account.failed, "{account:?}, {stored} stored");
    // The sink takes everything and the queues are large enough: then nothing may be missing at all.
    assert_eq!((account.failed + account.dropped, stored), (0, account.ended), "{account:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_services_stop_under_load_on_files() {
    nothing_is_lost(ChainOptions::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_services_stop_under_load_on_postgres_and_mysql() {
    nothing_is_lost(ChainOptions::servers(Engine::MySql)).await;
}

/// Sends one request to `service` itself, stops the service once `holds` sees that the request is in flight, then lets it go
/// on by `release`.
async fn answer_while_stopping(
    chain: &mut Chain,
    service: Service,
    body: &Value,
    holds: impl AsyncFn(&Chain) -> bool,
    release: impl AsyncFn(&Chain),
) -> String {
    let url = chain.url(service);
    let mut client = Raw::connect(&url).await;
    let path = if service == Service::Gateway { asking::PROCESS } else { "/process" };
    client.post(path, body).await;
    let held = until(DEADLINE, async || holds(chain).await.then_some(())).await;
    assert!(held.is_some(), "the request to {service} is not in flight");
    chain.process(service).sigterm();
    let refuses = until(DEADLINE, async || http().get(&url).send().await.is_err().then_some(()));
    assert!(refuses.await.is_some(), "{service} takes new connections while it stops");
    release(chain).await;
    let answer = client.answer().await;
    let mut stopped = chain.stop(service).await.unwrap();
    assert_eq!(stopped.exit_status().unwrap().code(), Some(0), "{service}");
    answer
}

#[tokio::test]
async fn what_is_in_flight_is_answered_with_connection_close() {
    let mut options = ChainOptions::sqlite().on(Service::Audit, Engine::Postgres);
    if options.is_not_run() {
        return;
    }
    options = options.database_proxied(Service::Audit);
    for service in [Service::User, Service::Order, Service::Audit] {
        options = options.proxied(service);
    }
    let mut chain = Chain::start(options).await;
    let mut answers = BTreeMap::new();
    for (service, next) in [
        (Service::Gateway, Service::User),
        (Service::User, Service::Order),
        (Service::Order, Service::Audit),
    ] {
        asking::hold(chain.proxy(next)).await;
        let holds = async |chain: &Chain| chain.proxy(next).open() > 0;
        let release = async |chain: &Chain| chain.proxy(next).set(Mode::Pass).await;
        let answer =
            answer_while_stopping(&mut chain, service, &asking::purchase(7), holds, release).await;
        answers.insert(service.name(), answer);
    }
    chain.database_proxy(Service::Audit).set(Mode::BlackHole).await;
    let order = json!({"id": Uuid::new_v4(), "total_cents": 1, "currency": "EUR"});
    let body = json!({"user_id": 7, "action": "purchase", "order": order});
    let holds = async |chain: &Chain| {
        let used = ["state=\"used\""];
        metric(&chain.url(Service::Audit), "db_client_connections", &used).await == Some(1.0)
    };
    let release = async |chain: &Chain| chain.database_proxy(Service::Audit).set(Mode::Pass).await;
    let answer = answer_while_stopping(&mut chain, Service::Audit, &body, holds, release).await;
    answers.insert("audit", answer);

    for (service, answer) in answers {
        assert!(answer.starts_with("HTTP/1.1 20"), "{service}: {answer}");
        assert!(answer.contains("\r\nconnection: close\r\n"), "{service}: {answer}");
    }
}
