//! What a test has to pass over, said by name: nothing is skipped in silence.

use std::fs::OpenOptions;
use std::io::Write;

use crate::environment;

/// Whether a test has to pass over what `TRACECHAIN_NOT_RUN` lists as `name`, because it is really not here.
///
/// Says so, by the name of the test, on stdout and in the report of `infra/test.sh`, where it is called `title`.
pub(crate) fn is_passed_over(name: &str, title: &str, is_here: impl FnOnce() -> bool) -> bool {
    if !environment::listed_as_not_run(name) || is_here() {
        return false;
    }
    report(title);
    true
}

/// Says the same of what is in no registry, so that nobody can be asked to have it: missing it is never a failure.
///
/// # Panics
/// When the report of `infra/test.sh` cannot be written.
pub fn report(title: &str) {
    let thread = std::thread::current();
    let line = format!("not run: {title}: {}", thread.name().unwrap_or("a test"));
    println!("{line}");
    if let Some(report) = environment::not_run_report() {
        report_line(&report, &line)
            .unwrap_or_else(|error| panic!("cannot write {}: {error}", report.display()));
    }
}

fn report_line(report: &std::path::Path, line: &str) -> std::io::Result<()> {
    // One write per line, so that lines of several test processes do not mix.
    OpenOptions::new()
        .append(true)
        .create(true)
        .open(report)?
        .write_all(format!("{line}\n").as_bytes())
}
