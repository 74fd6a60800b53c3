//! Is the trace of the request that was sent in the backend, with spans of every service?

use super::no_answer;
use crate::doctor::backends::Spans;
use crate::doctor::patient::{Look, Patient, Sample, Traces};
use crate::doctor::report::{Finding, Problem};

/// Waits for the trace.
pub(super) async fn whole(patient: &Patient) -> Finding {
    let trace_id = match &patient.sample {
        Ok(Sample { broken: Some((caller, called)), .. }) => {
            return Finding::Wrong(vec![broken(caller, called)]);
        }
        Ok(sample) => &sample.trace_id,
        Err(problem) => return Finding::Wrong(vec![problem.clone()]),
    };
    let name = backend(patient);
    let spans = patient
        .until(async || match patient.spans(trace_id).await {
            Err(refused) => Look::Never(no_answer(name, &patient.traces, &refused)),
            Ok(spans) => match missing(patient, &spans) {
                None => Look::Found(spans),
                Some(missing) => Look::NotYet(incomplete(patient, trace_id, &spans, &missing)),
            },
        })
        .await;
    match spans {
        Err(problem) => Finding::Wrong(vec![problem]),
        Ok(spans) => {
            let count: usize = spans.values().map(std::collections::BTreeSet::len).sum();
            Finding::Ok(format!(
                "{trace_id} is in {name} with {count} spans of {}",
                spans.into_keys().collect::<Vec<_>>().join(", ")
            ))
        }
    }
}

pub(super) fn backend(patient: &Patient) -> &'static str {
    if patient.kind == Traces::Viewer { "the viewer" } else { "Tempo" }
}

fn missing(patient: &Patient, spans: &Spans) -> Option<String> {
    let names = patient.services.iter().map(|(name, _)| *name);
    let missing: Vec<&str> = names.filter(|name| !spans.contains_key(*name)).collect();
    (!missing.is_empty()).then(|| missing.join(", "))
}

fn broken(caller: &str, called: &str) -> Problem {
    Problem::new(
        format!("{called} began a trace of its own when {caller} called it"),
        format!(
            "what stands between them takes the header traceparent away: a proxy, or {caller} itself with FAULTS=drop_context (its /health says so) or OTEL_PROPAGATORS=none"
        ),
    )
}

fn incomplete(patient: &Patient, trace_id: &str, spans: &Spans, missing: &str) -> Problem {
    let name = backend(patient);
    if spans.is_empty() {
        return Problem::new(
            format!(
                "the trace {trace_id} of a request just sent is not in {name} at {}",
                patient.traces
            ),
            "does OTEL_EXPORTER_OTLP_ENDPOINT of the services point to the Collector, and TEMPO_ENDPOINT of the Collector to Tempo? With sampling, unsampled requests have no trace",
        );
    }
    Problem::new(
        format!("the trace {trace_id} of a request just sent has no span of {missing}"),
        "is its OTEL_EXPORTER_OTLP_ENDPOINT that of the others, its OTEL_TRACES_EXPORTER otlp, its clock right? Its log line `Spans accounted for`, or otel_sdk_spans_failed_total, tells what it could not send; audit-service's comes later where it was down",
    )
}
