//! Are log lines kept with the ids of their spans, and do they lead to and from a trace?

use super::{no_answer, traces};
use crate::doctor::ask::Refused;
use crate::doctor::backends::{Line, Spans};
use crate::doctor::patient::{Look, Patient};
use crate::doctor::report::{Finding, Problem};

/// Every service has lines, and lines with both ids.
pub(super) async fn ids(patient: &Patient) -> Finding {
    for_each_service(patient, async |service| match patient.lines(service, None).await {
        Err(refused) => Look::Never(refused_by(patient, &refused)),
        Ok(lines) => {
            let lines = lines.unwrap_or_default();
            let whole = lines.iter().filter(|line| has_ids(line)).count();
            match (lines.len(), whole) {
                (0, _) => Look::NotYet(no_lines(service)),
                (_, 0) => Look::NotYet(without_ids(service)),
                (all, whole) => Look::Found(format!("{service} {whole} of {all}")),
            }
        }
    })
    .await
}

/// The trace of the request that was sent leads to lines of every service, and each of them to a span of it.
pub(super) async fn correlation(patient: &Patient) -> Finding {
    let trace_id = match &patient.sample {
        Ok(sample) => &sample.trace_id,
        Err(_) => return Finding::Wrong(vec![no_sample()]),
    };
    for_each_service(patient, async |service| {
        let spans = match patient.spans(trace_id).await {
            Ok(spans) => spans,
            Err(refused) => {
                return Look::Never(no_answer(traces::backend(patient), &patient.traces, &refused));
            }
        };
        match patient.lines(service, Some(trace_id)).await {
            Err(refused) => Look::Never(refused_by(patient, &refused)),
            Ok(lines) => lead(service, trace_id, &lines.unwrap_or_default(), &spans),
        }
    })
    .await
}

async fn for_each_service(
    patient: &Patient,
    look: impl AsyncFn(&'static str) -> Look<String>,
) -> Finding {
    if let (Err(why), crate::doctor::patient::Traces::Tempo) = (&patient.loki, patient.kind) {
        return Finding::NotHere(why.clone());
    }
    let (mut seen, mut problems) = (Vec::new(), Vec::new());
    for (service, _) in &patient.services {
        match patient.until(async || look(service).await).await {
            Ok(found) => seen.push(found),
            Err(problem) if problems.contains(&problem) => {}
            Err(problem) => problems.push(problem),
        }
    }
    Finding::of(problems, format!("lines with trace and span id: {}", seen.join(", ")))
}

fn lead(service: &str, trace_id: &str, lines: &[Line], spans: &Spans) -> Look<String> {
    let is_known = |line: &&Line| spans.values().any(|ids| ids.contains(&line.span_id));
    let known = lines.iter().filter(is_known).count();
    if lines.is_empty() {
        return Look::NotYet(Problem::new(
            format!(
                "no log line of {service} has the id of the trace {trace_id}, which went through it just now"
            ),
            "do lines come at all (the check `logs`)? If so, the service began a trace of its own: a hop before it lost the traceparent (the check `traces`)",
        ));
    }
    if known < lines.len() {
        return Look::NotYet(Problem::new(
            format!(
                "{} of {} log lines of {service} name a span that the trace {trace_id} does not have",
                lines.len() - known,
                lines.len()
            ),
            "spans were lost where their log records were not: see otel_sdk_spans_dropped_total and _failed_total of the service",
        ));
    }
    Look::Found(format!("{service} {known}"))
}

fn has_ids(line: &Line) -> bool {
    !line.trace_id.is_empty() && !line.span_id.is_empty()
}

fn refused_by(patient: &Patient, refused: &Refused) -> Problem {
    match &patient.loki {
        Ok(loki) => no_answer("Loki", loki, refused),
        Err(_) => no_answer("the viewer", &patient.traces, refused),
    }
}

fn no_lines(service: &str) -> Problem {
    Problem::new(
        format!("there is no log line of {service} of the last hour"),
        "is OTEL_LOGS_EXPORTER of the service otlp (the default), LOG_LEVEL info or lower, and LOKI_ENDPOINT of the Collector right?",
    )
}

fn without_ids(service: &str) -> Problem {
    Problem::new(
        format!("the newest log lines of {service} have no trace and span id"),
        "is allow_structured_metadata on in infra/loki.yaml, and do the records come by OTLP, not from the container's output?",
    )
}

fn no_sample() -> Problem {
    Problem::new(
        "no request came through, so there is no trace to follow",
        "see the check `traces`",
    )
}
