//! The database server of one service stops under load, shortly or for a while; the services stay the same processes.

use anyhow::{Result, ensure};

use super::Outcome;
use super::restarts::{row, without_servers};
use super::row::{Admitted, Row};
use super::run::Run;
use super::scale::Scale;
use super::system::{System, servers};
use crate::chain_options::Service;
use crate::engine::Engine;
use crate::private_server::PrivateServer;
use crate::server::Server;

/// `peer.service` of a service's database.
pub(super) fn name(service: Service) -> &'static str {
    match service {
        Service::Order => "orders-db",
        Service::Audit => "audit-db",
        Service::User | Service::Gateway => "users-db",
    }
}

/// With the engine that it runs on.
pub(super) fn title(service: Service) -> String {
    format!("{} ({})", name(service), engine(service))
}

fn engine(service: Service) -> Engine {
    if service == Service::Order { Engine::MySql } else { Engine::Postgres }
}

/// A server that only this service uses, and the system on it.
async fn start(scale: &Scale, service: Service) -> Result<(PrivateServer, System), Outcome> {
    let options = servers(scale);
    if let Some(missing) = without_servers(&options) {
        return Err(missing);
    }
    let server = Server::private(engine(service)).await;
    let options = options.on_database(service, server.database().await);
    Ok((server, System::start(options).await))
}

/// What depends on the database says so, and audit's is made up for later.
fn was_felt(service: Service, row: &Row) -> bool {
    if service == Service::Audit {
        row.report.status("202") > 0
    } else {
        row.report.answers('5') > 0
    }
}

pub(super) async fn restart(scale: &Scale, service: Service) -> Result<Outcome> {
    let (mut server, system) = match start(scale, service).await {
        Ok(started) => started,
        Err(outcome) => return Ok(outcome),
    };
    let mut run = Run::start(scale, system.ends(), scale.outage, &[]).await?;
    for _ in 0..scale.strikes {
        server.stop().await;
        server.start().await;
        run.recovered().await?;
        run.lead().await?;
    }
    Ok(Outcome::Done(Box::new(row(run, system, Admitted::Astray).await?)))
}

pub(super) async fn outage(scale: &Scale, service: Service) -> Result<Outcome> {
    let (mut server, system) = match start(scale, service).await {
        Ok(started) => started,
        Err(outcome) => return Ok(outcome),
    };
    let mut run = Run::start(scale, system.ends(), scale.outage, &[]).await?;
    server.stop().await;
    run.goes_on(scale.outage).await?;
    server.start().await;
    run.recovered().await?;
    let row = row(run, system, Admitted::Astray).await?;
    ensure!(was_felt(service, &row), "nobody has missed the database: {:?}", row.report.total);
    Ok(Outcome::Done(Box::new(row)))
}
