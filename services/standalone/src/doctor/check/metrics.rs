//! Are the services' metrics there, and each of them once?

use std::collections::{BTreeMap, BTreeSet};

use super::no_answer;
use crate::doctor::ask::Refused;
use crate::doctor::backends::Series;
use crate::doctor::patient::{Look, Patient};
use crate::doctor::report::{Finding, Problem};

/// Every name of ours with every job that it comes from.
const NAMES: &str = "count by (__name__, job) ({__name__=~\"(http|db|tracechain|otel_sdk)_.*\"})";

/// A name that comes from two jobs is counted twice wherever it is summed up.
pub(super) async fn sources(patient: &Patient) -> Finding {
    let prometheus = match &patient.prometheus {
        Ok(url) => url,
        Err(why) => return Finding::NotHere(why.clone()),
    };
    let jobs = patient
        .until(async || match patient.series(prometheus, NAMES).await {
            Err(refused) => Look::Never(no_answer("Prometheus", prometheus, &refused)),
            Ok(series) if series.is_empty() => Look::NotYet(nothing_scraped(prometheus)),
            Ok(series) => Look::Found(jobs(series)),
        })
        .await;
    match jobs {
        Err(problem) => Finding::Wrong(vec![problem]),
        Ok(jobs) => {
            let twice = jobs.iter().filter(|(_, jobs)| jobs.len() > 1);
            let problems = twice.map(|(name, jobs)| two_sources(name, jobs)).collect();
            Finding::of(problems, format!("{} names, each from one job", jobs.len()))
        }
    }
}

fn jobs(series: Vec<Series>) -> BTreeMap<String, BTreeSet<String>> {
    let mut jobs: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for Series { labels } in series {
        let label = |name: &str| labels.get(name).cloned().unwrap_or_default();
        jobs.entry(label("__name__")).or_default().insert(label("job"));
    }
    jobs
}

fn nothing_scraped(prometheus: &str) -> Problem {
    Problem::new(
        format!("Prometheus at {prometheus} has no metric of the services"),
        format!(
            "{prometheus}/targets says why none is scraped; their addresses are in infra/prometheus/targets/tracechain.yaml"
        ),
    )
}

fn two_sources(name: &str, jobs: &BTreeSet<String>) -> Problem {
    let jobs: Vec<&str> = jobs.iter().map(String::as_str).collect();
    Problem::new(
        format!("{name} comes from the jobs {}", jobs.join(" and ")),
        "take one of them out of infra/prometheus/prometheus.yaml: sums over this name count double",
    )
}

/// Each service is asked itself; what Prometheus cannot scrape is told as well.
pub(super) async fn endpoints(patient: &Patient) -> Finding {
    let mut problems = Vec::new();
    let mut seen = Vec::new();
    for (service, address) in &patient.services {
        let Some(url) = address.url() else { continue };
        match endpoint(patient, service, url).await {
            Ok(how) => seen.push(format!("{service} {how}")),
            Err(problem) => problems.push(problem),
        }
    }
    if let Ok(prometheus) = &patient.prometheus {
        problems.extend(targets_down(patient, prometheus).await);
    }
    if seen.is_empty() && problems.is_empty() {
        return Finding::NotHere("the address of every service is `none`".to_owned());
    }
    Finding::of(problems, seen.join(", "))
}

async fn endpoint(patient: &Patient, service: &str, url: &str) -> Result<&'static str, Problem> {
    let url = format!("{url}/metrics");
    let refused = match patient.ask.get(&url, &[]).await {
        Ok(answer)
            if answer.status == 200 && answer.body.contains("otel_sdk_spans_ended_total") =>
        {
            return Ok("answers");
        }
        Ok(answer) if answer.status == 404 && is_pushed(patient, service).await => {
            return Ok("pushes");
        }
        Ok(answer) => answer.refused(),
        Err(refused) => refused,
    };
    let remedy = match &refused {
        Refused::Unreachable(_) => {
            "start it, or say with the flag of its name where it is: its own log says why it does not run"
        }
        Refused::Status(404, _) => {
            "it runs with another OTEL_METRICS_EXPORTER than `prometheus`; with `otlp` it pushes to the Collector, and nothing of it has come to Prometheus"
        }
        Refused::Status(..) => {
            "is this a service of tracechain? The flag of its name says where it is"
        }
    };
    Err(Problem::new(format!("{service}: {}", refused.told(&url)), remedy))
}

/// Whether Prometheus has this service's metrics although it serves none.
async fn is_pushed(patient: &Patient, service: &str) -> bool {
    let Ok(prometheus) = &patient.prometheus else { return false };
    let query = format!("otel_sdk_spans_ended_total{{service=\"{service}\"}}");
    patient.series(prometheus, &query).await.is_ok_and(|series| !series.is_empty())
}

/// What was down when it was last scraped may be back: a service that was started again is well only after the next scrape.
async fn targets_down(patient: &Patient, prometheus: &str) -> Vec<Problem> {
    let mut down = Vec::new();
    let all_up = patient
        .until(async || match patient.series(prometheus, "up == 0").await {
            Err(refused) => Look::Never(no_answer("Prometheus", prometheus, &refused)),
            Ok(series) => {
                down = series.iter().map(|series| target_down(prometheus, series)).collect();
                series
                    .first()
                    .map_or(Look::Found(()), |first| Look::NotYet(target_down(prometheus, first)))
            }
        })
        .await;
    match all_up {
        Ok(()) => Vec::new(),
        Err(problem) if down.is_empty() => vec![problem],
        Err(_) => down,
    }
}

fn target_down(prometheus: &str, Series { labels }: &Series) -> Problem {
    let label = |name: &str| labels.get(name).cloned().unwrap_or_default();
    Problem::new(
        format!(
            "Prometheus cannot scrape {} {} at {}",
            label("job"),
            label("service"),
            label("instance")
        ),
        format!("{prometheus}/targets has the error; addresses are in infra/prometheus/targets"),
    )
}
