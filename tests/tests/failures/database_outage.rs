//! A service whose database stops, hangs, or is not there yet: it says so, the others stay well, and it recovers by itself.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testbed::{Chain, ChainOptions, Engine, Instance, PrivateServer, Server, Service, http, until};
use uuid::Uuid;

use crate::asking::{self, Answer, DEADLINE, health};

const TIMEOUT: Duration = Duration::from_secs(3);

/// A service on a server of its own, the others on files.
struct Outage {
    service: Service,
    database: &'static str,
    server: PrivateServer,
    chain: Chain,
}

impl Outage {
    async fn prepare(service: Service, engine: Engine) -> Option<Self> {
        if engine.is_not_run() {
            return None;
        }
        let server = Server::private(engine).await;
        let options = ChainOptions::sqlite()
            .on_database(service, server.database().await)
            .env_all("REQUEST_TIMEOUT_MS", &TIMEOUT.as_millis().to_string());
        let chain = Chain::start(options).await;
        let database = match service {
            Service::User => "users-db",
            Service::Order => "orders-db",
            _ => "audit-db",
        };
        Some(Self { service, database, server, chain })
    }

    /// Waits until the service's own `/health` has this status, and gives it.
    async fn health_becomes(&self, status: u16) -> Value {
        let url = self.chain.url(self.service);
        let seen = until(DEADLINE, async || {
            health(&url).await.filter(|(now, _)| *now == status).map(|(_, body)| body)
        });
        let seen = seen.await;
        seen.unwrap_or_else(|| panic!("/health of {} is not {status}", self.service))
    }

    /// A POST to the service itself.
    async fn post(&self) -> Answer {
        let url = format!("{}/process", self.chain.url(self.service));
        let order = json!({"id": Uuid::new_v4(), "total_cents": 1, "currency": "EUR"});
        let body = json!({"user_id": 7, "action": "purchase", "order": order});
        asking::send(&url, &[], &body).await.unwrap()
    }

    /// While the database is away: the service names it, the others are well and still report their next hop.
    async fn is_told_by_its_own_service_alone(&self) {
        let body = self.health_becomes(503).await;
        assert_eq!(
            (&body["status"], &body["checks"][self.database]["status"]),
            (&json!("unhealthy"), &json!("unhealthy"))
        );
        assert!(body["checks"][self.database]["detail"].is_string(), "{body}");
        let started = Instant::now();
        self.post().await.assert_problem(503, "dependency_unavailable", self.database);
        assert!(
            started.elapsed() < TIMEOUT + Duration::from_millis(500),
            "{:?}",
            started.elapsed()
        );
        for other in Service::ALL.into_iter().filter(|other| *other != self.service) {
            let (status, body) = health(&self.chain.url(other)).await.unwrap();
            assert_eq!((status, &body["status"]), (200, &json!("healthy")), "{other}: {body}");
            let next = body["checks"]
                .as_object()
                .unwrap()
                .values()
                .find(|check| check["decisive"] == false);
            assert_eq!(next.is_some(), other.next().is_some(), "{other}: {body}");
        }
        let through_the_chain = asking::process(&self.chain, 7).await;
        if self.service == Service::Audit {
            assert_eq!(through_the_chain.status, 202, "{through_the_chain:?}");
        } else {
            through_the_chain.assert_problem(503, "dependency_unavailable", self.database);
        }
    }

    async fn is_over(&self, pid: u32) {
        let body = self.health_becomes(200).await;
        assert_eq!(body["checks"][self.database]["status"], "healthy", "{body}");
        let answer = self.post().await;
        assert!(answer.is_accepted(), "{answer:?}");
        let through_the_chain = asking::process(&self.chain, 7).await;
        assert!(through_the_chain.is_accepted(), "{through_the_chain:?}");
        assert_eq!(self.chain.process(self.service).pid(), pid, "it was restarted");
    }
}

/// The database stops and starts, hangs and goes on; the service stays the same process.
async fn a_service_survives(service: Service, engine: Engine) {
    let Some(mut outage) = Outage::prepare(service, engine).await else { return };
    let pid = outage.chain.process(service).pid();
    outage.is_over(pid).await;

    outage.server.stop().await;
    outage.is_told_by_its_own_service_alone().await;
    outage.server.start().await;
    outage.is_over(pid).await;

    outage.server.pause();
    outage.is_told_by_its_own_service_alone().await;
    outage.server.resume();
    outage.is_over(pid).await;
}

#[tokio::test]
async fn user_service_survives_an_outage_of_postgres() {
    a_service_survives(Service::User, Engine::Postgres).await;
}

#[tokio::test]
async fn order_service_survives_an_outage_of_mysql() {
    a_service_survives(Service::Order, Engine::MySql).await;
}

#[tokio::test]
async fn order_service_survives_an_outage_of_mariadb() {
    a_service_survives(Service::Order, Engine::MariaDb).await;
}

#[tokio::test]
async fn audit_service_survives_an_outage_of_postgres() {
    a_service_survives(Service::Audit, Engine::Postgres).await;
}

async fn status(instance: &Instance, path: &str) -> Option<u16> {
    let answer = http().get(format!("{}{path}", instance.url())).send().await.ok()?;
    Some(answer.status().as_u16())
}

/// The lines that tell of a try.
fn tries(instance: &Instance) -> Vec<Value> {
    let is_try = |line: &Value| line["message"] == "Database is not ready, trying again";
    instance.process.json_lines().into_iter().filter(is_try).collect()
}

async fn a_database_is_waited_for_at_start(service: Service, engine: Engine) {
    let Some(mut outage) = Outage::prepare(service, engine).await else { return };
    outage.server.stop().await;

    let mut instance = outage.chain.another(service, &[]);
    let tried = until(DEADLINE, async || (tries(&instance).len() >= 3).then_some(())).await;

    assert!(tried.is_some(), "{}", instance.process.last_output());
    assert_eq!(status(&instance, "/health/live").await, Some(200));
    assert_eq!(status(&instance, "/health/ready").await, Some(503));
    assert_eq!(status(&instance, "/health").await, Some(503));
    let warnings =
        instance.process.json_lines().into_iter().filter(|line| line["level"] == "WARN").count();
    let tries = tries(&instance);
    assert!(
        warnings.abs_diff(tries.len()) <= 1,
        "other warnings: {}",
        instance.process.last_output()
    );
    for pair in tries.windows(2) {
        assert_eq!(pair[0]["database"], outage.database, "{pair:?}");
        assert!(pair[0]["next_try_ms"].as_i64() < pair[1]["next_try_ms"].as_i64(), "{pair:?}");
    }

    outage.server.start().await;
    instance.wait_ready().await;
    assert_eq!(status(&instance, "/health").await, Some(200));
}

#[tokio::test]
async fn a_postgres_that_comes_later_is_waited_for() {
    a_database_is_waited_for_at_start(Service::User, Engine::Postgres).await;
}

#[tokio::test]
async fn a_mysql_that_comes_later_is_waited_for() {
    a_database_is_waited_for_at_start(Service::Order, Engine::MySql).await;
}

#[tokio::test]
async fn a_mariadb_that_comes_later_is_waited_for() {
    a_database_is_waited_for_at_start(Service::Order, Engine::MariaDb).await;
}
