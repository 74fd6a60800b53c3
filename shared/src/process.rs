//! The skeleton of every process: configuration, runtime, telemetry, run, flush.
//!
//! Invariant: telemetry is flushed last, after the server has drained, whatever way `run` ended.

use std::{ffi::OsString, io::Read, process::ExitCode};

use clap::Parser;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::{
    config::{self, RuntimeArgs},
    propagation,
    telemetry::Telemetry,
};

/// More than all connections together need.
const MOST_FILES: u64 = 65_536;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What a service's `run` gets beside its configuration.
#[derive(Clone, Debug)]
pub struct Process {
    /// `service.name` unless `OTEL_SERVICE_NAME` says otherwise, and the name in problems and chain entries.
    pub service: &'static str,
    /// The port when none is configured.
    pub default_port: u16,
    /// Cancelled when the process is told to stop.
    pub shutdown: CancellationToken,
}

impl Process {
    /// The result of `work`, or `None` when the process was told to stop before it was there.
    pub async fn until_shutdown<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            result = work => Some(result),
            () = self.shutdown.cancelled() => None,
        }
    }
}

/// Parses the configuration `C` from `args` (the program's name first) and the environment, starts the runtime and
/// telemetry, runs `run` until it returns, and flushes.
///
/// The exit code is 0 after an orderly stop, 2 when the configuration was wrong ([`config::is_invalid`] says of `run`'s
/// error whether it was), 1 when `run` failed otherwise.
pub fn main<C, F>(
    service: &'static str,
    default_port: u16,
    args: impl IntoIterator<Item = OsString>,
    run: impl FnOnce(C, Process) -> F,
) -> ExitCode
where
    C: Parser + AsRef<RuntimeArgs>,
    F: Future<Output = anyhow::Result<()>>,
{
    if let Err(error) = config::load_dotenv() {
        eprintln!("error: {error}");
        return ExitCode::from(2);
    }
    let config: C = match config::parse(args) {
        Ok(config) => config,
        Err(code) => return code,
    };
    raise_open_files();
    let args = config.as_ref().clone();
    let process = Process { service, default_port, shutdown: CancellationToken::new() };
    match runtime(&args) {
        Ok(runtime) => runtime.block_on(supervise(&args, process, |process| run(config, process))),
        Err(error) => failed("the runtime did not start", &error.into()),
    }
}

/// A connection is a file, and the usual soft limit of files is below `MAX_CONNECTIONS`. Where it cannot be raised, idle connections
/// make room instead.
fn raise_open_files() {
    if let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE)
        && soft < MOST_FILES.min(hard)
    {
        // An error leaves the limit as it was.
        let _ = setrlimit(Resource::RLIMIT_NOFILE, MOST_FILES.min(hard), hard);
    }
}

async fn supervise<F>(
    args: &RuntimeArgs,
    process: Process,
    run: impl FnOnce(Process) -> F,
) -> ExitCode
where
    F: Future<Output = anyhow::Result<()>>,
{
    let verbatim = !args.telemetry.spans_enabled();
    propagation::install(&args.otel_propagators.0, verbatim);
    let telemetry = match Telemetry::start(&args.telemetry, process.service) {
        Ok(telemetry) => telemetry,
        Err(error) => return failed("telemetry did not start", &error),
    };
    for line in config::replaced_variables() {
        tracing::warn!("{line}");
    }
    if let Err(error) = watch_for_stop(args, &process.shutdown) {
        return failed("signals cannot be watched", &error.into());
    }
    let result = run(process).await;
    if let Err(error) = &result {
        tracing::error!(error = format!("{error:#}"), "The process stops on an error");
    }
    telemetry.flush().await;
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed("stopped", &error),
    }
}

fn failed(what: &str, error: &anyhow::Error) -> ExitCode {
    eprintln!("error: {what}: {error:#}");
    if config::is_invalid(error) { ExitCode::from(2) } else { ExitCode::FAILURE }
}

fn runtime(args: &RuntimeArgs) -> std::io::Result<tokio::runtime::Runtime> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = args.worker_threads.map_or(cores.div_ceil(4), usize::from);
    let mut builder = if threads == 1 {
        tokio::runtime::Builder::new_current_thread()
    } else {
        tokio::runtime::Builder::new_multi_thread()
    };
    builder.worker_threads(threads).enable_all().build()
}

/// Cancels `shutdown` on SIGTERM, SIGINT, and, where asked for, when standard input closes.
fn watch_for_stop(args: &RuntimeArgs, shutdown: &CancellationToken) -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    if args.exit_on_stdin_close {
        watch_stdin(shutdown.clone())?;
    }
    let shutdown = shutdown.clone();
    tokio::spawn(async move {
        let reason = tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
            () = shutdown.cancelled() => "standard input closed",
        };
        tracing::info!(reason, "Stopping");
        shutdown.cancel();
    });
    Ok(())
}

/// A thread of its own: a blocking read on the runtime would hold its shutdown until a byte comes.
fn watch_stdin(shutdown: CancellationToken) -> std::io::Result<()> {
    let watch = move || {
        let mut buffer = [0; 64];
        while matches!(std::io::stdin().read(&mut buffer), Ok(read) if read > 0) {}
        shutdown.cancel();
    };
    std::thread::Builder::new().name("stdin".to_owned()).spawn(watch).map(drop)
}
