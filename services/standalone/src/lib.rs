//! The launcher: `tracechain` starts every process of the system as a child of its own, in the
//! order in which they need each other, and stops them in the opposite order.
//!
//! A service name belongs to a process, and a hop is only real when it crosses a socket, so the
//! services are never threads of one process.
//!
//! Invariant: no child survives the launcher, whatever ends the launcher. Each child leaves when
//! its standard input closes, and only the launcher holds the other end.
//!
//! Invariant: what the launcher checked is what the children use. Ports, hosts and addresses are
//! worked out once (`plan`) and handed to every child as variables.

mod announcement;
mod cli;
pub mod dashboards;
mod doctor;
mod environment;
mod failure;
mod health;
mod migrate;
mod plan;
mod ports;
mod probe;
mod services;
mod signals;
mod supervision;
mod variables;

use std::process::ExitCode;

pub use cli::main;
pub use failure::Failure;
pub use ports::PortUse;
pub use supervision::{ChildSpec, StopRequest, supervise};

/// Runs every service as a child process until a signal asks to stop.
fn run_all() -> ExitCode {
    match launch() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            announcement::say(&failure.sentence);
            ExitCode::from(failure.exit_code)
        }
    }
}

fn launch() -> Result<(), Failure> {
    let environment = environment::Environment::load()?;
    let plan = plan::Plan::new(&environment, &services::own_program()?)?;
    ports::check(plan.children.iter().flat_map(|child| &child.ports))?;
    variables::warnings(&environment).iter().for_each(|line| announcement::say(line));
    plan.create_data_directory()?;
    single_threaded(async {
        let stop = signals::listen()?;
        let announcement = plan.announcement;
        supervise(plan.children, stop, || announcement::say(&announcement)).await
    })
}

/// The launcher waits nearly all its life: one thread is enough and keeps it small.
fn single_threaded<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::failed(format!("the runtime did not start: {error}")))?
        .block_on(work)
}
