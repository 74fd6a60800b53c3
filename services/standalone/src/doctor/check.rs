//! The seven checks, in the order in which a fault in one explains the next.

mod collector;
mod dashboards;
mod logs;
mod metrics;
mod traces;

use std::io::Write;

use super::ask::Refused;
use super::patient::Patient;
use super::report::{Finding, Problem};

/// Runs all, prints each as soon as it is known, and says whether nothing is wrong.
pub(super) async fn all(patient: &Patient) -> bool {
    // Before the request's spans have gone through, so that what is counted from here on is about now.
    let before = collector::counts(patient).await;
    let mut well = true;
    let mut tell = |check: &str, finding: Finding| {
        well &= !finding.is_wrong();
        print(&finding.text(check));
    };
    tell("metrics, one source per name", metrics::sources(patient).await);
    tell("metrics, /metrics", metrics::endpoints(patient).await);
    tell("traces", traces::whole(patient).await);
    tell("logs", logs::ids(patient).await);
    tell("from a trace to its logs", logs::correlation(patient).await);
    tell("dashboards", dashboards::queries(patient).await);
    tell("Collector", collector::health(patient, before).await);
    well
}

/// A closed pipe on the other side changes nothing about the system.
fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// A part of the system that does not answer as it should.
fn no_answer(name: &str, url: &str, refused: &Refused) -> Problem {
    let service = name.to_lowercase();
    let remedy = match refused {
        _ if name == "the viewer" => "is it running, and is --traces its address? It is part of `cargo run --release`, whose output says so where it stopped".to_owned(),
        Refused::Unreachable(_) => format!(
            "is it running (docker compose -f infra/compose.yaml ps {service}), and is that its address? --help lists the flags"
        ),
        Refused::Status(..) => {
            format!("its log says why: docker compose -f infra/compose.yaml logs {service}")
        }
    };
    Problem::new(format!("{name} at {}", refused.told(url)), remedy)
}
