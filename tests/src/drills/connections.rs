//! Many connections to the edge on which nothing is ever sent.

use std::time::Duration;

use anyhow::{Result, ensure};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::Outcome;
use super::restarts::{row, without_servers};
use super::row::Admitted;
use super::run::Run;
use super::scale::Scale;
use super::system::{System, servers};
use crate::chain_options::Service;
use crate::not_run;

/// How long a connection may take to be there. Beyond what the edge holds at once it waits, as anybody's does.
const CONNECT_DEADLINE: Duration = Duration::from_secs(5);
/// Open files beside the connections themselves.
const OTHER_FILES: usize = 500;

/// Opens them at once and keeps those that came about.
async fn open(port: &str, count: usize) -> Vec<TcpStream> {
    let mut connecting = JoinSet::new();
    for _ in 0..count {
        let address = format!("127.0.0.1:{port}");
        connecting
            .spawn(async move { timeout(CONNECT_DEADLINE, TcpStream::connect(address)).await });
    }
    connecting.join_all().await.into_iter().flatten().flatten().collect()
}

/// The most files that this process may have open.
fn file_limit() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(usize::MAX)
}

pub(super) async fn drill(scale: &Scale) -> Result<Outcome> {
    let options = servers(scale);
    if let Some(missing) = without_servers(&options) {
        return Ok(missing);
    }
    let wanted = scale.connections + OTHER_FILES;
    if file_limit() < wanted {
        let limit = file_limit();
        not_run::report("silent connections");
        let text = format!("{wanted} open files are needed, and {limit} are allowed: ulimit -n");
        return Ok(Outcome::NotRun(text));
    }
    let system = System::start(options).await;
    let url = system.chain.url(Service::Gateway);
    let port = url.rsplit(':').next().unwrap_or_default();
    let mut run = Run::start(scale, system.ends(), scale.outage, &[]).await?;
    let silent = open(port, scale.connections).await;
    ensure!(!silent.is_empty(), "not one connection could be opened");
    run.goes_on(scale.outage).await?;
    drop(silent);
    run.recovered().await?;
    Ok(Outcome::Done(Box::new(row(run, system, Admitted::Astray).await?)))
}
