//! Are the services' metrics there, and each of them once?

use super::no_answer;
use crate::doctor::ask::Refused;
use crate::doctor::backends::Series;
use crate::doctor::patient::{Look, Patient};
use crate::doctor::report::{Finding, Problem};

mod sources;

pub(super) use sources::sources;

/// What is not scraped because it pushes (OTEL_METRICS_EXPORTER=otlp) is not down; as the alert TargetDown has it.
const DOWN: &str = "up == 0 unless on (service) otel_sdk_spans_ended_total{source=\"otlp\"}";

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
        .until(async || match patient.series(prometheus, DOWN).await {
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
