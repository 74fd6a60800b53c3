//! `tracechain doctor`: asks a running system whether its telemetry is whole, and says what to do where it is not.
//!
//! Invariant: every check ends in one of three words, `ok`, `WRONG` or `not here`, and nothing that could not be checked counts as ok.

mod addresses;
mod ask;
mod backends;
mod check;
mod patient;
mod report;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

use crate::announcement::say;
use crate::failure::Failure;
use addresses::Addresses;
use patient::Patient;

/// Ask a running system whether its telemetry is whole.
#[derive(Debug, Parser)]
#[command(name = "tracechain doctor", long_about = ABOUT)]
struct Doctor {
    #[command(flatten)]
    addresses: Addresses,
}

/// Runs every check, prints what came of each, and says with the exit code whether all is well.
pub(crate) fn main(flags: Vec<OsString>) -> ExitCode {
    if let Err(error) = shared::config::load_dotenv() {
        say(&error);
        return ExitCode::from(2);
    }
    let args = std::iter::once(OsString::from("tracechain doctor")).chain(flags);
    let doctor = match shared::config::parse::<Doctor>(args) {
        Ok(doctor) => doctor,
        Err(code) => return code,
    };
    match crate::single_threaded(examine(doctor.addresses)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            say(&failure.sentence);
            ExitCode::from(failure.exit_code)
        }
    }
}

async fn examine(addresses: Addresses) -> Result<bool, Failure> {
    let patient = Patient::meet(addresses).await.map_err(Failure::failed)?;
    Ok(check::all(&patient).await)
}

const ABOUT: &str = "\
Ask a running system whether its telemetry is whole: seven checks, each answered with `ok`, with `WRONG`, what is wrong and what \
to do, or with `not here` where the system has no such part.

It sends `POST /api/v1/process` to the edge (an order of the default product, for user 1), looks for that request's trace and log \
lines, and asks the backends what the dashboards ask. What is only on its way is waited for; meanwhile it sends such a request every \
second, so that rates have something to go by.

Without flags it looks where the full stack and the embedded default have their ports. Where the viewer stands in Tempo's place, \
there is no Prometheus, Loki, Grafana or Collector to be asked unless its address is given. Any address but those of edge and traces \
may be `none`: what needs it is then named as not here.

Exit codes: 0 nothing is wrong, 1 something is, 2 the command line or a variable is wrong.";
