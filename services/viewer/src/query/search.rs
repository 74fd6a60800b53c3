//! Search, answered as Tempo answers it: the newest traces with spans that match.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{Query as Parameters, State},
};
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value};
use serde::{Deserialize, Serialize};

use super::{
    Query, Resources,
    refusal::Refusal,
    summary::{ServiceStats, Summary},
    tempo_json,
};
use crate::{
    Store, Trace,
    traceql::{self, Field, Operand, Subject, Whole, duration, nanoseconds},
};

const DEFAULT_LIMIT: usize = 20;
const MAX_LIMIT: usize = 1000;
/// Spans shown of each trace unless `spss` says another number.
const DEFAULT_SPANS: usize = 3;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Search {
    #[serde(default)]
    q: String,
    #[serde(default)]
    tags: String,
    limit: Option<usize>,
    /// Spans per span set.
    spss: Option<usize>,
    /// Seconds since the epoch.
    start: Option<u64>,
    end: Option<u64>,
    min_duration: Option<String>,
    max_duration: Option<String>,
}

/// A search that has been checked.
struct Plan {
    query: traceql::Query,
    limit: usize,
    spans: usize,
    from: u64,
    to: u64,
    shortest: u64,
    longest: u64,
}

#[derive(Debug, Serialize)]
pub(super) struct Found {
    traces: Vec<FoundTrace>,
    metrics: Metrics,
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Metrics {
    inspected_traces: u64,
    inspected_bytes: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct FoundTrace {
    #[serde(rename = "traceID")]
    trace_id: String,
    root_service_name: String,
    root_trace_name: String,
    start_time_unix_nano: String,
    duration_ms: u64,
    /// Ours; Tempo's milliseconds are too coarse to compare short traces.
    duration_nanos: String,
    service_stats: BTreeMap<String, ServiceStats>,
    span_set: SpanSet,
    span_sets: [SpanSet; 1],
}

#[derive(Clone, Debug, Serialize)]
struct SpanSet {
    spans: Vec<FoundSpan>,
    matched: usize,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct FoundSpan {
    #[serde(rename = "spanID")]
    span_id: String,
    name: String,
    start_time_unix_nano: String,
    duration_nanos: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attributes: Vec<serde_json::Value>,
}

pub(super) async fn search(
    State(query): State<Query>,
    Parameters(search): Parameters<Search>,
) -> Result<Json<Found>, Refusal> {
    let plan = search.plan().map_err(Refusal::bad_request)?;
    query.scan(move |store| find(store, &plan)).await.map(Json)
}

impl Search {
    fn plan(&self) -> Result<Plan, String> {
        let query = traceql::Query::parse(&self.q).map_err(|error| error.to_string())?;
        let tags =
            traceql::Query::parse_tags(&self.tags).map_err(|error| format!("tags: {error}"))?;
        let query = query.and(tags);
        let limit = self.limit.unwrap_or(DEFAULT_LIMIT);
        if !(1..=MAX_LIMIT).contains(&limit) {
            return Err(format!("limit is {limit}: write a number from 1 to {MAX_LIMIT}"));
        }
        let seconds = |seconds: u64| seconds.saturating_mul(1_000_000_000);
        Ok(Plan {
            query,
            limit,
            spans: self.spss.unwrap_or(DEFAULT_SPANS),
            from: self.start.map_or(0, seconds),
            to: self.end.map_or(u64::MAX, seconds),
            shortest: length("minDuration", self.min_duration.as_deref(), 0)?,
            longest: length("maxDuration", self.max_duration.as_deref(), u64::MAX)?,
        })
    }
}

fn length(name: &str, text: Option<&str>, default: u64) -> Result<u64, String> {
    match text.filter(|text| !text.is_empty()) {
        Some(text) => nanoseconds(text)
            .ok_or_else(|| format!("{name} is {text:?}: write a duration such as 100ms or 1.5s")),
        None => Ok(default),
    }
}

fn find(store: &Store, plan: &Plan) -> Found {
    let (mut traces, mut inspected_traces, mut inspected_bytes) = (Vec::new(), 0, 0);
    // Trace by trace, so that no search holds the store while it decodes.
    for trace in store.newest(usize::MAX).into_iter().filter_map(|id| store.trace(id)) {
        inspected_traces += 1;
        inspected_bytes += trace.encoded_len();
        traces.extend(examine(&trace, plan));
        if traces.len() == plan.limit {
            break;
        }
    }
    traces.sort_by_key(|(start, _)| std::cmp::Reverse(*start));
    let traces = traces.into_iter().map(|(_, trace)| trace).collect();
    Found {
        traces,
        metrics: Metrics { inspected_traces, inspected_bytes: inspected_bytes.to_string() },
    }
}

fn examine(trace: &Trace, plan: &Plan) -> Option<(u64, FoundTrace)> {
    // Only a question about whole traces is worth reading those of which no span matches.
    let known = plan.query.asks_about_traces().then(|| Summary::of(trace)).flatten();
    let span_set = matching(trace, known.as_ref().map(|summary| &summary.whole), plan)?;
    let summary = known.or_else(|| Summary::of(trace))?;
    let in_time = summary.start <= plan.to && summary.end() >= plan.from;
    if !in_time || !(plan.shortest..=plan.longest).contains(&summary.whole.duration) {
        return None;
    }
    Some((summary.start, FoundTrace::of(trace, summary, span_set)))
}

impl FoundTrace {
    fn of(trace: &Trace, summary: Summary, span_set: SpanSet) -> Self {
        let (root_service_name, root_trace_name) = summary.root();
        Self {
            trace_id: trace.id.to_string(),
            root_service_name,
            root_trace_name,
            start_time_unix_nano: summary.start.to_string(),
            duration_ms: summary.whole.duration / 1_000_000,
            duration_nanos: summary.whole.duration.to_string(),
            service_stats: summary.services,
            span_sets: [span_set.clone()],
            span_set,
        }
    }
}

/// The earliest spans that match. One is decoded at a time, so that a large trace is not decoded as a whole.
fn matching(trace: &Trace, whole: Option<&Whole>, plan: &Plan) -> Option<SpanSet> {
    let mut resources = Resources::default();
    let mut found = Vec::new();
    for stored in &trace.spans {
        let position = resources.of(&stored.origin);
        let Some(span) = stored.decode() else { continue };
        let subject = Subject { span: &span, resource: resources.attributes(position), whole };
        if plan.query.matches(subject) {
            found.push((span.start_time_unix_nano, FoundSpan::of(subject, &plan.query)));
        }
    }
    found.sort_by_key(|(start, _)| *start);
    let matched = found.len();
    let spans = found.into_iter().map(|(_, span)| span).take(plan.spans).collect();
    (matched > 0).then_some(SpanSet { spans, matched })
}

impl FoundSpan {
    fn of(subject: Subject<'_>, query: &traceql::Query) -> Self {
        let span = subject.span;
        // Like Tempo, a result shows the fields that the query asked about.
        let mut asked: Vec<_> =
            query.conditions().iter().map(|condition| &condition.field).collect();
        asked.dedup();
        let shown = asked.into_iter().filter(|field| **field != Field::Name).filter_map(|field| {
            let value = AnyValue { value: Some(shown(field.value(subject)?)) };
            Some(KeyValue { key: field.to_string(), value: Some(value), ..KeyValue::default() })
        });
        Self {
            span_id: hex::encode(&span.span_id),
            name: span.name.clone(),
            start_time_unix_nano: span.start_time_unix_nano.to_string(),
            duration_nanos: duration(span).to_string(),
            attributes: tempo_json::attributes(shown.collect()),
        }
    }
}

fn shown(value: Operand) -> Value {
    match value {
        Operand::Text(text) => Value::StringValue(text),
        Operand::Integer(number) => Value::IntValue(number),
        Operand::Float(number) => Value::DoubleValue(number),
        Operand::Boolean(flag) => Value::BoolValue(flag),
        Operand::Duration(nanos) => Value::IntValue(i64::try_from(nanos).unwrap_or(i64::MAX)),
        Operand::Kind(kind) => Value::StringValue(
            kind.as_str_name().trim_start_matches("SPAN_KIND_").to_ascii_lowercase(),
        ),
        Operand::Status(status) => Value::StringValue(
            status.as_str_name().trim_start_matches("STATUS_CODE_").to_ascii_lowercase(),
        ),
    }
}
