//! Which attributes there are and which values they have, in Tempo's two forms; Grafana's query builder asks the second.

mod question;

use std::collections::BTreeSet;

use axum::{
    Json,
    extract::{Path, Query as Parameters, State},
};
use opentelemetry_proto::tonic::common::v1::KeyValue;
use serde_json::{Value, json};

use question::{Asked, Question, Scope};

use super::{Query, Resources, refusal::Refusal, summary::Summary};
use crate::{
    Store, Trace,
    traceql::{Field, Operand, Subject, Whole},
};

#[derive(Default)]
struct Names {
    span: BTreeSet<String>,
    resource: BTreeSet<String>,
}

pub(super) async fn names(
    State(query): State<Query>,
    Parameters(question): Parameters<Question>,
) -> Result<Json<Value>, Refusal> {
    let asked = question.checked().map_err(Refusal::bad_request)?;
    if asked.scope == Some(Scope::Intrinsic) {
        return Ok(Json(json!({"tagNames": Field::intrinsics()})));
    }
    let names = query.scan(move |store| collect_names(store, &asked)).await?;
    Ok(Json(json!({"tagNames": names.span.union(&names.resource).collect::<Vec<_>>()})))
}

pub(super) async fn scoped_names(
    State(query): State<Query>,
    Parameters(question): Parameters<Question>,
) -> Result<Json<Value>, Refusal> {
    let asked = question.checked().map_err(Refusal::bad_request)?;
    let scope = asked.scope;
    let names = query.scan(move |store| collect_names(store, &asked)).await?;
    let mut scopes = vec![
        (Scope::Span, json!({"name": "span", "tags": names.span})),
        (Scope::Resource, json!({"name": "resource", "tags": names.resource})),
        (Scope::Intrinsic, json!({"name": "intrinsic", "tags": Field::intrinsics()})),
    ];
    scopes.retain(|(each, _)| scope.is_none_or(|scope| scope == *each));
    let scopes: Vec<_> = scopes.into_iter().map(|(_, tags)| tags).collect();
    Ok(Json(json!({"scopes": scopes})))
}

pub(super) async fn values(
    State(query): State<Query>,
    Path(name): Path<String>,
    Parameters(question): Parameters<Question>,
) -> Result<Json<Value>, Refusal> {
    let values = values_of(&query, &name, &question).await?;
    let texts: BTreeSet<_> = values.iter().map(|(_, value)| value).collect();
    Ok(Json(json!({"tagValues": texts})))
}

pub(super) async fn typed_values(
    State(query): State<Query>,
    Path(name): Path<String>,
    Parameters(question): Parameters<Question>,
) -> Result<Json<Value>, Refusal> {
    let values = values_of(&query, &name, &question).await?;
    let typed: Vec<_> =
        values.iter().map(|(kind, value)| json!({"type": kind, "value": value})).collect();
    Ok(Json(json!({"tagValues": typed})))
}

async fn values_of(
    query: &Query,
    name: &str,
    question: &Question,
) -> Result<BTreeSet<(&'static str, String)>, Refusal> {
    let asked = question.checked().map_err(Refusal::bad_request)?;
    let field = Field::parse_tag(&question::unescaped(name)).ok_or_else(|| {
        Refusal::bad_request(
            "write the name of an attribute, such as http.route or resource.service.name",
        )
    })?;
    query.scan(move |store| collect_values(store, &field, &asked)).await
}

fn collect_names(store: &Store, asked: &Asked) -> Names {
    let mut names = Names::default();
    let wants = |scope| asked.scope.is_none_or(|asked| asked == scope);
    if asked.scope == Some(Scope::Intrinsic) {
        return names;
    }
    each_span(store, asked, false, |subject| {
        if wants(Scope::Span) {
            add_keys(&mut names.span, &subject.span.attributes, asked.limit);
        }
        if wants(Scope::Resource) {
            add_keys(&mut names.resource, subject.resource, asked.limit);
        }
        true
    });
    names
}

fn add_keys(names: &mut BTreeSet<String>, attributes: &[KeyValue], limit: usize) {
    for attribute in attributes {
        if names.len() < limit && !names.contains(&attribute.key) {
            names.insert(attribute.key.clone());
        }
    }
}

fn collect_values(store: &Store, field: &Field, asked: &Asked) -> BTreeSet<(&'static str, String)> {
    let mut values = BTreeSet::new();
    // Every span and trace has another id: a list of a thousand of them offers nothing.
    if field.is_id() {
        return values;
    }
    each_span(store, asked, field.is_of_trace(), |subject| {
        values.extend(field.value(subject).and_then(described));
        values.len() < asked.limit
    });
    values
}

/// Visits the spans that are asked about, the newest traces first, until `visit` says no.
fn each_span(
    store: &Store,
    asked: &Asked,
    is_about_traces: bool,
    mut visit: impl FnMut(Subject<'_>) -> bool,
) {
    let is_about_traces = is_about_traces || asked.query.asks_about_traces();
    for trace in store.newest(usize::MAX).into_iter().filter_map(|id| store.trace(id)) {
        let summary = is_about_traces.then(|| Summary::of(&trace)).flatten();
        if !visit_trace(&trace, summary.as_ref().map(|summary| &summary.whole), asked, &mut visit) {
            return;
        }
    }
}

/// False if `visit` said no.
fn visit_trace(
    trace: &Trace,
    whole: Option<&Whole>,
    asked: &Asked,
    visit: &mut impl FnMut(Subject<'_>) -> bool,
) -> bool {
    let mut resources = Resources::default();
    for stored in &trace.spans {
        let position = resources.of(&stored.origin);
        let resource = resources.attributes(position);
        let Some(span) = stored.decode() else { continue };
        let subject = Subject { span: &span, resource, whole };
        if asked.covers(subject) && !visit(subject) {
            return false;
        }
    }
    true
}

/// A value with the type that Tempo gives it. Durations have too many values to be offered.
fn described(value: Operand) -> Option<(&'static str, String)> {
    Some(match value {
        Operand::Text(text) => ("string", text),
        Operand::Integer(number) => ("int", number.to_string()),
        Operand::Float(number) if number.is_nan() => return None,
        Operand::Float(number) => ("float", number.to_string()),
        Operand::Boolean(flag) => ("bool", flag.to_string()),
        Operand::Kind(kind) => {
            ("keyword", kind.as_str_name().trim_start_matches("SPAN_KIND_").to_ascii_lowercase())
        }
        Operand::Status(status) => (
            "keyword",
            status.as_str_name().trim_start_matches("STATUS_CODE_").to_ascii_lowercase(),
        ),
        Operand::Duration(_) => return None,
    })
}
