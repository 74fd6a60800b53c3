//! `tracechain health URL`: a health check for containers without curl.

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use crate::announcement::say;
use crate::failure::Failure;
use crate::probe;

const TIMEOUT: Duration = Duration::from_secs(2);

/// Asks once, prints the body, and says with the exit code how it went.
pub(crate) fn main(url: &str) -> ExitCode {
    match crate::single_threaded(ask(url)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            say(&failure.sentence);
            ExitCode::from(failure.exit_code)
        }
    }
}

async fn ask(given: &str) -> Result<(), Failure> {
    let url = parse(given)?;
    let client = probe::client(TIMEOUT).map_err(Failure::failed)?;
    let answer = probe::get(&client, url.clone()).await.map_err(|cause| {
        Failure::failed(format!("{url} did not answer within {} s: {cause}", TIMEOUT.as_secs()))
    })?;
    print(&answer.body);
    if answer.status.is_success() {
        return Ok(());
    }
    Err(Failure::failed(format!("{url} answered {}, a 2xx status is healthy", answer.status)))
}

fn parse(given: &str) -> Result<reqwest::Url, Failure> {
    let absolute = if given.contains("://") { given.to_owned() } else { format!("http://{given}") };
    let wrong = |why: &str| {
        Failure::failed(format!(
            "'{given}' cannot be asked: {why}; give a URL such as http://127.0.0.1:5000/health"
        ))
    };
    let url = reqwest::Url::parse(&absolute).map_err(|error| wrong(&error.to_string()))?;
    match url.scheme() {
        "http" | "https" => Ok(url),
        other => Err(wrong(&format!("'{other}' is neither http nor https"))),
    }
}

/// A closed pipe on the other side does not make the asked one unhealthy.
fn print(body: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{}", body.trim_end()).and_then(|()| out.flush());
}
