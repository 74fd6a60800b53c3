//! Log records, the newest first.

use axum::{
    Json,
    extract::{Query as Parameters, State},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use opentelemetry_proto::tonic::{
    common::v1::{AnyValue, any_value::Value as Any},
    logs::v1::LogRecord,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Query, refusal::Refusal};
use crate::{Store, TraceId, store::ServiceNames};

const DEFAULT_LIMIT: usize = 100;
const MAX_LIMIT: usize = 1000;
/// The lowest severity number of each level, and its name.
const LEVELS: [(i32, &str); 6] =
    [(1, "TRACE"), (5, "DEBUG"), (9, "INFO"), (13, "WARN"), (17, "ERROR"), (21, "FATAL")];

#[derive(Debug, Deserialize)]
pub(super) struct Filter {
    trace_id: Option<String>,
    service: Option<String>,
    /// This level and all that are worse.
    level: Option<String>,
    /// Somewhere in the message, in any case.
    text: Option<String>,
    limit: Option<usize>,
}

struct Plan {
    trace_id: Option<TraceId>,
    service: Option<String>,
    lowest: i32,
    text: String,
    limit: usize,
}

#[derive(Debug, Serialize)]
struct Line {
    time_unix_nano: String,
    level: String,
    message: Value,
    service: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    trace_id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    span_id: String,
    attributes: Map<String, Value>,
}

pub(super) async fn logs(
    State(query): State<Query>,
    Parameters(filter): Parameters<Filter>,
) -> Result<Json<Value>, Refusal> {
    let plan = filter.plan().map_err(Refusal::bad_request)?;
    let lines = query.scan(move |store| find(store, &plan)).await?;
    Ok(Json(json!({"logs": lines})))
}

impl Filter {
    fn plan(self) -> Result<Plan, String> {
        let given = |value: Option<String>| value.filter(|value| !value.is_empty());
        let limit = self.limit.unwrap_or(DEFAULT_LIMIT);
        if !(1..=MAX_LIMIT).contains(&limit) {
            return Err(format!("limit is {limit}: write a number from 1 to {MAX_LIMIT}"));
        }
        let trace_id = given(self.trace_id)
            .map(|id| TraceId::parse(&id))
            .transpose()
            .map_err(|error| error.to_string())?;
        let lowest = given(self.level).map_or(Ok(0), |level| lowest_severity(&level))?;
        let text = self.text.unwrap_or_default().to_lowercase();
        Ok(Plan { trace_id, service: given(self.service), lowest, text, limit })
    }
}

fn lowest_severity(level: &str) -> Result<i32, String> {
    let name = level.to_ascii_uppercase();
    let name = if name == "WARNING" { "WARN" } else { &name };
    let known = LEVELS.iter().find(|(_, known)| *known == name).map(|(number, _)| *number);
    known.ok_or_else(|| {
        format!("level is {level:?}: write trace, debug, info, warn, error or fatal")
    })
}

fn find(store: &Store, plan: &Plan) -> Vec<Line> {
    // Only the cheap test runs under the store's lock; what it lets through shares its bytes with the store.
    let candidates = store.logs(|log| plan.trace_id.is_none_or(|id| log.trace_id == Some(id)));
    let mut names = ServiceNames::default();
    let lines = candidates.iter().filter_map(|log| {
        let service = names.of(&log.origin);
        if plan.service.as_ref().is_some_and(|wanted| *wanted != service) {
            return None;
        }
        let record = log.decode().filter(|record| record.severity_number >= plan.lowest)?;
        let line = Line::of(record, service);
        plan.finds_text_in(&line.message).then_some(line)
    });
    lines.take(plan.limit).collect()
}

impl Plan {
    fn finds_text_in(&self, message: &Value) -> bool {
        self.text.is_empty()
            || match message {
                Value::String(message) => message.to_lowercase().contains(&self.text),
                other => other.to_string().to_lowercase().contains(&self.text),
            }
    }
}

impl Line {
    fn of(record: LogRecord, service: String) -> Self {
        let time = if record.time_unix_nano == 0 {
            record.observed_time_unix_nano
        } else {
            record.time_unix_nano
        };
        let attributes = record
            .attributes
            .into_iter()
            .map(|pair| (pair.key, pair.value.map_or(Value::Null, plain)));
        Self {
            time_unix_nano: time.to_string(),
            level: level(record.severity_number, record.severity_text),
            message: record.body.map_or(Value::Null, plain),
            service,
            trace_id: hex::encode(record.trace_id),
            span_id: hex::encode(record.span_id),
            attributes: attributes.collect(),
        }
    }
}

fn level(number: i32, text: String) -> String {
    let named = LEVELS
        .iter()
        .rev()
        .find(|(lowest, _)| number >= *lowest)
        .map(|(_, name)| (*name).to_owned());
    named.unwrap_or(text)
}

/// A value as a reader of JSON expects it.
fn plain(value: AnyValue) -> Value {
    match value.value {
        None => Value::Null,
        Some(Any::StringValue(text)) => json!(text),
        Some(Any::BoolValue(flag)) => json!(flag),
        Some(Any::IntValue(number)) => json!(number),
        Some(Any::DoubleValue(number)) => json!(number),
        Some(Any::BytesValue(bytes)) => json!(BASE64_STANDARD.encode(bytes)),
        Some(Any::StringValueStrindex(index)) => json!(index),
        Some(Any::ArrayValue(array)) => array.values.into_iter().map(plain).collect(),
        Some(Any::KvlistValue(list)) => list
            .values
            .into_iter()
            .map(|pair| (pair.key, pair.value.map_or(Value::Null, plain)))
            .collect(),
    }
}
