//! Does every query of the dashboards get data?

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::no_answer;
use crate::dashboards::{self, Query, Source};
use crate::doctor::ask::Refused;
use crate::doctor::patient::{Patient, Traces};
use crate::doctor::report::{Finding, Problem};

const INTERVAL: Duration = Duration::from_secs(1);
/// The rules' name is what a dashboard asks for; a query that needs traffic has it by then.
const NO_DATA: &str = "send some requests and open the dashboard: a panel that stays empty asks for a metric that is not scraped, or not made (Tempo's generator, infra/prometheus/recording-rules.yaml)";

/// What came of a query.
enum Outcome {
    Data,
    Empty,
    Unanswered(Problem),
    Wrong(Problem),
}

/// Asks all of them, and the empty ones again until the time is over.
pub(super) async fn queries(patient: &Patient) -> Finding {
    if let (Err(why), Err(_)) = (&patient.prometheus, &patient.grafana) {
        return Finding::NotHere(why.clone());
    }
    let mut problems = grafana(patient).await;
    let (asked, passed_over): (Vec<_>, Vec<_>) =
        dashboards::queries().into_iter().partition(|query| can_be_asked(patient, query));
    let count = asked.len();
    let empty = until_data(patient, asked, &mut problems).await;
    problems.extend(empty.iter().map(no_data));
    let seen = format!("{count} queries answered{}", named(&passed_over));
    Finding::of(problems, seen)
}

/// The viewer stands in Tempo's place for whoever looks a trace up, not for the queries of dashboards.
fn can_be_asked(patient: &Patient, query: &Query) -> bool {
    let has_tempo = patient.kind == Traces::Tempo;
    address(patient, query.source).is_ok() && (has_tempo || !query.needs_tempo())
}

/// Gives what stays empty; what is refused goes to `problems`, a backend that is not there once.
async fn until_data(
    patient: &Patient,
    mut left: Vec<Query>,
    problems: &mut Vec<Problem>,
) -> Vec<Query> {
    let end = Instant::now() + patient.wait;
    let mut silent = BTreeSet::new();
    loop {
        let mut empty = Vec::new();
        for query in left {
            if silent.contains(&query.source) {
                continue;
            }
            match ask(patient, &query).await {
                Outcome::Data => {}
                Outcome::Empty => empty.push(query),
                Outcome::Wrong(problem) => problems.push(problem),
                Outcome::Unanswered(problem) => {
                    silent.insert(query.source);
                    problems.push(problem);
                }
            }
        }
        left = empty;
        if left.is_empty() || Instant::now() + INTERVAL > end {
            return left;
        }
        patient.stir().await;
        tokio::time::sleep(INTERVAL).await;
    }
}

async fn ask(patient: &Patient, query: &Query) -> Outcome {
    let (name, url) = match address(patient, query.source) {
        Ok(part) => part,
        Err(_) => return Outcome::Data,
    };
    let found = match query.source {
        Source::Prometheus => patient.series(url, &query.text).await.map(|series| series.len()),
        Source::Loki => patient.loki_streams(url, &query.text).await.map(|streams| streams.len()),
        Source::Tempo => patient.traces_found(&query.text).await,
    };
    match found {
        Ok(0) if query.empty_means.is_none() => Outcome::Empty,
        Ok(_) => Outcome::Data,
        Err(refused @ Refused::Unreachable(_)) => {
            Outcome::Unanswered(no_answer(name, url, &refused))
        }
        Err(refused) => Outcome::Wrong(Problem::new(
            format!("`{}` of {} is refused: {}", query.panel, query.dashboard, refused.told(url)),
            format!("mend the query in infra/grafana/dashboards: {}", query.text),
        )),
    }
}

fn address(patient: &Patient, source: Source) -> Result<(&'static str, &str), &str> {
    let (name, url) = match source {
        Source::Prometheus => ("Prometheus", &patient.prometheus),
        Source::Loki => ("Loki", &patient.loki),
        Source::Tempo => return Ok(("Tempo", &patient.traces)),
    };
    url.as_deref().map(|url| (name, url)).map_err(String::as_str)
}

fn no_data(query: &Query) -> Problem {
    Problem::new(
        format!("`{}` of {} has no data: {}", query.panel, query.dashboard, query.text),
        NO_DATA,
    )
}

fn named(passed_over: &[Query]) -> String {
    let panels: BTreeSet<&str> = passed_over.iter().map(|query| query.panel.as_str()).collect();
    let panels: Vec<_> = panels.into_iter().collect();
    if panels.is_empty() {
        return String::new();
    }
    format!("; not asked, as there is nothing to ask: {}", panels.join(", "))
}

async fn grafana(patient: &Patient) -> Vec<Problem> {
    let Ok(grafana) = &patient.grafana else { return Vec::new() };
    let url = format!("{grafana}/api/health");
    match patient.ask.json(&url, &[]).await {
        Ok(health) if health["database"] == "ok" => Vec::new(),
        Ok(health) => vec![Problem::new(
            format!("Grafana at {url} answered {health}"),
            "its database, the volume `grafana`, does not work: its log says why",
        )],
        Err(refused) => vec![no_answer("Grafana", &url, &refused)],
    }
}
