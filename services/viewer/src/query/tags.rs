//! Which attributes there are and which values they have, in Tempo's two forms; Grafana's query builder asks the second.

use std::collections::BTreeSet;

use axum::{
    Json,
    extract::{Path, State},
};
use opentelemetry_proto::tonic::common::v1::KeyValue;
use serde_json::{Value, json};

use super::{Query, Resources, refusal::Refusal};
use crate::{
    Store,
    traceql::{Field, Operand, Subject},
};

/// What one answer may name; attributes without end (ids) would otherwise be listed whole.
const MAX_VALUES: usize = 1000;
const INTRINSICS: [&str; 4] = ["duration", "kind", "name", "status"];

#[derive(Default)]
struct Names {
    span: BTreeSet<String>,
    resource: BTreeSet<String>,
}

pub(super) async fn names(State(query): State<Query>) -> Result<Json<Value>, Refusal> {
    let names = query.scan(collect_names).await?;
    Ok(Json(json!({"tagNames": names.span.union(&names.resource).collect::<Vec<_>>()})))
}

pub(super) async fn scoped_names(State(query): State<Query>) -> Result<Json<Value>, Refusal> {
    let names = query.scan(collect_names).await?;
    Ok(Json(json!({"scopes": [
        {"name": "span", "tags": names.span},
        {"name": "resource", "tags": names.resource},
        {"name": "intrinsic", "tags": INTRINSICS},
    ]})))
}

pub(super) async fn values(
    State(query): State<Query>,
    Path(name): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let values = values_of(&query, &name).await?;
    let texts: BTreeSet<_> = values.iter().map(|(_, value)| value).collect();
    Ok(Json(json!({"tagValues": texts})))
}

pub(super) async fn typed_values(
    State(query): State<Query>,
    Path(name): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let values = values_of(&query, &name).await?;
    let typed: Vec<_> =
        values.iter().map(|(kind, value)| json!({"type": kind, "value": value})).collect();
    Ok(Json(json!({"tagValues": typed})))
}

async fn values_of(query: &Query, name: &str) -> Result<BTreeSet<(&'static str, String)>, Refusal> {
    let field = Field::parse_tag(name).ok_or_else(|| {
        Refusal::bad_request(
            "write the name of an attribute, such as http.route or resource.service.name",
        )
    })?;
    query.scan(move |store| collect_values(store, &field)).await
}

fn collect_names(store: &Store) -> Names {
    let mut names = Names::default();
    each_span(store, |subject| {
        add_keys(&mut names.span, &subject.span.attributes);
        add_keys(&mut names.resource, subject.resource);
        true
    });
    names
}

fn add_keys(names: &mut BTreeSet<String>, attributes: &[KeyValue]) {
    for attribute in attributes {
        if names.len() < MAX_VALUES && !names.contains(&attribute.key) {
            names.insert(attribute.key.clone());
        }
    }
}

fn collect_values(store: &Store, field: &Field) -> BTreeSet<(&'static str, String)> {
    let mut values = BTreeSet::new();
    each_span(store, |subject| {
        values.extend(field.value(subject).and_then(described));
        values.len() < MAX_VALUES
    });
    values
}

/// Visits spans, the newest traces first, until `visit` says no.
fn each_span(store: &Store, mut visit: impl FnMut(Subject<'_>) -> bool) {
    for trace in store.newest(usize::MAX).into_iter().filter_map(|id| store.trace(id)) {
        let mut resources = Resources::default();
        for stored in &trace.spans {
            let position = resources.of(&stored.origin);
            let resource = resources.attributes(position);
            if stored.decode().is_some_and(|span| !visit(Subject { span: &span, resource })) {
                return;
            }
        }
    }
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
