//! One run of the program, put together: configuration, then the load with all that watches it, or one of the subcommands.

use std::{ffi::OsString, process::ExitCode};

use tokio_util::sync::CancellationToken;

use crate::{
    cli::{Cli, Command},
    exit::Exit,
    output,
    verify::standalone,
};

mod observer;
mod preparation;
mod run;
mod wish;

/// Runs the program with `args` (its name first).
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    if let Err(error) = shared::config::load_dotenv() {
        output::tell(&format!("error: {error}"));
        return Exit::BadArguments.into();
    }
    let cli = match shared::config::parse::<Cli>(args) {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    let ended = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime.block_on(dispatch(cli)),
        Err(error) => Err(error.into()),
    };
    ended.unwrap_or_else(|error| failed(&error))
}

async fn dispatch(cli: Cli) -> anyhow::Result<ExitCode> {
    cli.check()?;
    match cli.command {
        None => run::run(cli.run, stop_on_signals()?).await,
        Some(Command::Verify(args)) => standalone::verify(&args).await.map(ExitCode::from),
        Some(Command::Contract(args)) => standalone::contract(&args).await.map(ExitCode::from),
    }
}

/// What fails is what was asked for, or what has to be there for it: once load was sent, a run comes to its report.
fn failed(error: &anyhow::Error) -> ExitCode {
    output::tell(&format!("error: {error:#}"));
    Exit::BadArguments.into()
}

/// Cancelled by the first Ctrl-C or SIGTERM: the load ends, and what is under way is finished. A second one ends the program at once.
fn stop_on_signals() -> std::io::Result<CancellationToken> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) =
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    tokio::spawn(async move {
        for again in [false, true] {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            if again {
                output::tell("stopped a second time: ended without a report");
                std::process::exit(130);
            }
            stopped.cancel();
        }
    });
    Ok(stop)
}
