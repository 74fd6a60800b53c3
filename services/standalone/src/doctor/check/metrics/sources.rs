//! Does each of the services' metrics come from one place?

use std::collections::{BTreeMap, BTreeSet};

use super::no_answer;
use crate::doctor::backends::Series;
use crate::doctor::patient::{Look, Patient};
use crate::doctor::report::{Finding, Problem};

/// Every name of ours with every place that it comes from. `source` is what prometheus.yaml gives to a service's metrics that were pushed.
const NAMES: &str =
    "count by (__name__, job, service, source) ({__name__=~\"(http|db|tracechain|otel_sdk)_.*\"})";

/// A name that comes from two jobs, or of one service by scrape and by push, is counted twice wherever it is summed up.
pub(in crate::doctor) async fn sources(patient: &Patient) -> Finding {
    let prometheus = match &patient.prometheus {
        Ok(url) => url,
        Err(why) => return Finding::NotHere(why.clone()),
    };
    let series = patient
        .until(async || match patient.series(prometheus, NAMES).await {
            Err(refused) => Look::Never(no_answer("Prometheus", prometheus, &refused)),
            Ok(series) => match unseen(patient, &series) {
                Some(service) => Look::NotYet(nothing_of(service, prometheus)),
                None => Look::Found(series),
            },
        })
        .await;
    match series {
        Err(problem) => Finding::Wrong(vec![problem]),
        Ok(series) => judged(&series),
    }
}

/// A service whose metrics are not there yet.
fn unseen(patient: &Patient, series: &[Series]) -> Option<&'static str> {
    let asked = patient.services.iter().filter(|(_, address)| address.url().is_some());
    let mut names = asked.map(|(name, _)| *name);
    names.find(|name| !series.iter().any(|series| label(series, "service") == *name))
}

fn judged(series: &[Series]) -> Finding {
    let (mut jobs, mut ways) = (BTreeMap::new(), BTreeMap::new());
    for series in series {
        let (name, service) = (label(series, "__name__"), label(series, "service"));
        add(&mut jobs, name, label(series, "job"));
        add(&mut ways, (name, service), label(series, "source"));
    }
    let jobs_of =
        |(name, jobs): (&&str, &BTreeSet<&str>)| (jobs.len() > 1).then(|| two_jobs(name, jobs));
    let mut problems: Vec<Problem> = jobs.iter().filter_map(jobs_of).collect();
    let twice = ways.iter().filter(|(_, ways)| ways.len() > 1);
    let services: BTreeSet<&str> = twice.map(|((_, service), _)| *service).collect();
    problems.extend(services.into_iter().map(two_ways));
    Finding::of(problems, format!("{} names, each from one job", jobs.len()))
}

fn add<'a, K: Ord>(places: &mut BTreeMap<K, BTreeSet<&'a str>>, of: K, place: &'a str) {
    places.entry(of).or_default().insert(place);
}

fn label<'a>(Series { labels }: &'a Series, name: &str) -> &'a str {
    labels.get(name).map(String::as_str).unwrap_or_default()
}

fn nothing_of(service: &str, prometheus: &str) -> Problem {
    Problem::new(
        format!("Prometheus at {prometheus} has no metric of {service}"),
        format!(
            "{prometheus}/targets says why none is scraped; their addresses are in infra/prometheus/targets/tracechain.yaml"
        ),
    )
}

fn two_jobs(name: &str, jobs: &BTreeSet<&str>) -> Problem {
    let jobs: Vec<&str> = jobs.iter().copied().collect();
    Problem::new(
        format!("{name} comes from the jobs {}", jobs.join(" and ")),
        "take one of them out of infra/prometheus/prometheus.yaml: sums over this name count double",
    )
}

fn two_ways(service: &str) -> Problem {
    Problem::new(
        format!("the metrics of {service} are scraped, and pushed to the Collector as well"),
        format!(
            "something else sends metrics as {service}, or it was restarted with another OTEL_METRICS_EXPORTER less than 5 minutes ago: sums over them count double"
        ),
    )
}
