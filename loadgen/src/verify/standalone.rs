//! `loadgen verify` and `loadgen contract`: traces that something else made.
//!
//! An error is one of arguments, or of a backend that cannot be asked, and is exit code 2; a trace that is not as it should be is 3.

use std::{sync::Arc, time::Duration};

use anyhow::Context as _;
use opentelemetry::trace::TraceId;
use shared::config::Invalid;
use tokio::time::{Instant, sleep};

use super::{
    backend::{Backend, Found},
    contract::{self, Contracts},
    expectation::Expectation,
    queue::{Settings, Verifier},
    span::Span,
    summary::Summary,
};
use crate::{
    cli::{ContractArgs, LookupArgs, VerifyArgs},
    exit::Exit,
    output as printing,
    report::ReportFile,
};

mod ids;
mod output;
mod tree;

/// Between look-ups of the trace that a contract is written from: it is taken when nothing was added to it for so long.
const SETTLED: Duration = Duration::from_secs(1);

/// Verifies the traces that `args` names, and prints the summary.
///
/// # Errors
/// Bad arguments, or a backend that cannot be asked: exit code 2.
pub(crate) async fn verify(args: &VerifyArgs) -> anyhow::Result<Exit> {
    let ids = ids::wanted(args)?;
    let contracts = Contracts::load(&args.lookup.contracts)?;
    if contracts.get(&args.against).is_none() {
        let (name, names) = (&args.against, contracts.names().join(", "));
        return Err(Invalid(format!(
            "--against '{name}': there is no such contract; accepted: {names}"
        ))
        .into());
    }
    let report = args.report.as_deref().map(ReportFile::open).transpose()?;
    let backend = reach(&args.lookup).await?;
    let summary = look_up(args, &ids, contracts, backend).await;
    let exit = if summary.is_good() { Exit::Good } else { Exit::NotWhole };
    let written = report.map_or(Ok(()), |report| report.write(&summary));
    printing::print(&format!("{summary}\n"));
    Ok(written.map_or_else(|error| exit.max(unwritten(&error)), |()| exit))
}

/// Of something that was found out and could not be written.
fn unwritten(error: &anyhow::Error) -> Exit {
    printing::tell(&format!("error: {error:#}"));
    Exit::Missed
}

async fn look_up(
    args: &VerifyArgs,
    ids: &[TraceId],
    contracts: Contracts,
    backend: Backend,
) -> Summary {
    let settings = Settings {
        after: Duration::ZERO,
        timeout: args.lookup.verify_timeout,
        concurrency: args.lookup.verify_concurrency.get(),
        killed: args.killed.clone(),
    };
    let verifier = Verifier::start(settings, Arc::new(contracts), backend, None);
    let contract: Arc<str> = args.against.as_str().into();
    for id in ids {
        verifier.expect(Expectation::of_trace(*id, Some(Arc::clone(&contract))));
    }
    verifier.finish().await
}

/// Writes a contract from the trace that `args` names, to its file or to standard output.
///
/// # Errors
/// Bad arguments, a file that cannot be written, or a backend that cannot be asked: exit code 2.
pub(crate) async fn contract(args: &ContractArgs) -> anyhow::Result<Exit> {
    let backend = reach(&args.lookup).await?;
    let spans = settled(&backend, args).await?;
    let root = match tree::root(&spans) {
        Ok(root) => root,
        Err(why) => {
            let id = args.from_trace;
            printing::tell(&format!("error: no contract can be written from trace {id}: {why}"));
            return Ok(Exit::NotWhole);
        }
    };
    let name = args.name.as_deref().unwrap_or(&root.name);
    let text = contract::from_trace(name, &spans)?.to_toml()?;
    match &args.output {
        Some(path) => output::write(path, &text)?,
        None => {
            let written = printing::write(&text).context("standard output cannot be written");
            return Ok(written.map_or_else(|error| unwritten(&error), |()| Exit::Good));
        }
    }
    Ok(Exit::Good)
}

/// The spans of the trace once they are a tree and no more come; what is there when the time is over.
async fn settled(backend: &Backend, args: &ContractArgs) -> anyhow::Result<Vec<Span>> {
    let deadline = Instant::now() + args.lookup.verify_timeout;
    let mut before = Vec::new();
    loop {
        let last = Instant::now() >= deadline;
        let spans = match backend.fetch(args.from_trace).await {
            Ok(Found::Spans(spans)) => spans,
            Ok(Found::Unknown) => Vec::new(),
            Ok(Found::Evicted) => {
                let what = "was there, and had to make room for others; have the backend keep more";
                return Err(Invalid(format!("trace {} {what}", args.from_trace)).into());
            }
            Err(error) if last => return Err(unreachable(backend, &error)),
            Err(_) => Vec::new(),
        };
        let steady = spans.len() == before.len() && tree::root(&spans).is_ok();
        if steady || last {
            return Ok(spans);
        }
        before = spans;
        sleep(SETTLED.min(deadline - Instant::now())).await;
    }
}

/// The backend, found to be there.
async fn reach(args: &LookupArgs) -> anyhow::Result<Backend> {
    let backend = Backend::new(args.backend, &args.traces, &args.headers)?;
    match backend.check().await {
        Ok(()) => Ok(backend),
        Err(error) => Err(unreachable(&backend, &error)),
    }
}

fn unreachable(backend: &Backend, error: &super::backend::LookupError) -> anyhow::Error {
    let url = backend.url();
    Invalid(format!(
        "--traces {url}: the backend {error}; accepted: the query API of a backend that runs"
    ))
    .into()
}
