//! Who calls whom, from the spans that are held.
//!
//! An edge is a CLIENT span and its direct SERVER child, or a database CLIENT span and the database that `peer.service`
//! names. A SERVER span that is a root has the node `user` in front of it. This is how Tempo's metrics generator sees it.

use std::collections::{BTreeMap, HashMap};

use axum::{
    Json,
    extract::{Query as Parameters, State},
};
use opentelemetry_proto::tonic::{
    common::v1::{KeyValue, any_value::Value},
    trace::v1::{Span, span::SpanKind, status::StatusCode},
};
use serde::{Deserialize, Serialize};

use super::{Query, refusal::Refusal};
use crate::{
    SpanId, Store, Trace,
    store::ServiceNames,
    traceql::{duration, find},
};

const USER: &str = "user";
/// Any of these on a CLIENT span means that it calls a database; the last two are their older names.
const DATABASE_ATTRIBUTES: [&str; 4] = ["db.namespace", "db.system.name", "db.name", "db.system"];

#[derive(Debug, Deserialize)]
pub(super) struct Window {
    /// Only calls that began in the last so many seconds.
    seconds: Option<u64>,
}

#[derive(Debug, Serialize)]
pub(super) struct Graph {
    /// Seconds that the rates are over.
    window_seconds: f64,
    nodes: Vec<Node>,
    edges: Vec<Edge>,
}

#[derive(Debug, Serialize)]
struct Node {
    id: String,
    kind: NodeKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
enum NodeKind {
    User,
    Service,
    Database,
}

#[derive(Debug, Serialize)]
struct Edge {
    source: String,
    target: String,
    requests: usize,
    requests_per_second: f64,
    /// Share of the requests of which either side says that they failed, 0 to 1.
    error_share: f64,
    /// Durations as the caller sees them.
    p50_ms: f64,
    p95_ms: f64,
    p99_ms: f64,
}

/// What an edge needs of one of its two spans.
#[derive(Debug)]
struct Half {
    parent: Option<SpanId>,
    kind: SpanKind,
    service: String,
    /// Of a CLIENT span that calls a database, its name.
    database: Option<String>,
    start: u64,
    duration: u64,
    failed: bool,
}

#[derive(Debug, Default)]
struct Calls {
    durations: Vec<u64>,
    errors: usize,
}

#[derive(Debug, Default)]
struct Collected {
    nodes: BTreeMap<String, NodeKind>,
    edges: BTreeMap<(String, String), Calls>,
    first: Option<u64>,
    last: u64,
}

pub(super) async fn service_graph(
    State(query): State<Query>,
    Parameters(window): Parameters<Window>,
) -> Result<Json<Graph>, Refusal> {
    query.scan(move |store| graph(store, window.seconds)).await.map(Json)
}

fn graph(store: &Store, seconds: Option<u64>) -> Graph {
    let since =
        seconds.map_or(0, |seconds| now().saturating_sub(seconds.saturating_mul(1_000_000_000)));
    let mut collected = Collected::default();
    for trace in store.newest(usize::MAX).into_iter().filter_map(|id| store.trace(id)) {
        collected.add_trace(&trace, since);
    }
    let seen = collected.last.saturating_sub(collected.first.unwrap_or_default()) as f64 / 1e9;
    collected.graph(seconds.map_or(seen, |seconds| seconds as f64).max(1.0))
}

/// Nanoseconds since the epoch.
fn now() -> u64 {
    let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since_epoch.map_or(0, |elapsed| u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX))
}

impl Collected {
    fn add_trace(&mut self, trace: &Trace, since: u64) {
        let mut names = ServiceNames::default();
        // One span is decoded at a time, so that a large trace is not decoded as a whole.
        let halves = trace.spans.iter().filter_map(|stored| {
            let half = Half::of(&stored.decode()?, names.of(&stored.origin));
            Some((stored.id, half))
        });
        let halves: HashMap<SpanId, Half> = halves.collect();
        for half in halves.values().filter(|half| half.start >= since) {
            if let Some(database) = &half.database {
                self.add_call(
                    (&half.service, NodeKind::Service),
                    (database, NodeKind::Database),
                    half,
                    half.failed,
                );
            } else if half.kind == SpanKind::Server {
                self.add_server(half, &halves);
            }
        }
    }

    fn add_server(&mut self, server: &Half, halves: &HashMap<SpanId, Half>) {
        let target = (server.service.as_str(), NodeKind::Service);
        self.node(target.0, target.1);
        match server.parent.map(|parent| halves.get(&parent)) {
            None => self.add_call((USER, NodeKind::User), target, server, server.failed),
            Some(Some(caller)) if caller.kind == SpanKind::Client => {
                let failed = server.failed || caller.failed;
                self.add_call((&caller.service, NodeKind::Service), target, caller, failed);
            }
            Some(_) => {}
        }
    }

    fn add_call(
        &mut self,
        source: (&str, NodeKind),
        target: (&str, NodeKind),
        timed: &Half,
        failed: bool,
    ) {
        self.node(source.0, source.1);
        self.node(target.0, target.1);
        let calls = self.edges.entry((source.0.to_owned(), target.0.to_owned())).or_default();
        calls.durations.push(timed.duration);
        calls.errors += usize::from(failed);
        self.first = Some(self.first.map_or(timed.start, |first| first.min(timed.start)));
        self.last = self.last.max(timed.start.saturating_add(timed.duration));
    }

    fn node(&mut self, id: &str, kind: NodeKind) {
        if !self.nodes.contains_key(id) {
            self.nodes.insert(id.to_owned(), kind);
        }
    }

    fn graph(self, window_seconds: f64) -> Graph {
        let edges = self
            .edges
            .into_iter()
            .map(|((source, target), calls)| calls.edge(source, target, window_seconds));
        let nodes = self.nodes.into_iter().map(|(id, kind)| Node { id, kind });
        Graph { window_seconds, nodes: nodes.collect(), edges: edges.collect() }
    }
}

impl Half {
    fn of(span: &Span, service: String) -> Self {
        let kind = SpanKind::try_from(span.kind).unwrap_or_default();
        Self {
            parent: SpanId::from_bytes(&span.parent_span_id),
            kind,
            service,
            database: if kind == SpanKind::Client { database(span) } else { None },
            start: span.start_time_unix_nano,
            duration: duration(span),
            failed: span
                .status
                .as_ref()
                .is_some_and(|status| status.code == StatusCode::Error as i32),
        }
    }
}

impl Calls {
    fn edge(mut self, source: String, target: String, window_seconds: f64) -> Edge {
        self.durations.sort_unstable();
        let requests = self.durations.len();
        Edge {
            source,
            target,
            requests,
            requests_per_second: requests as f64 / window_seconds,
            error_share: self.errors as f64 / requests as f64,
            p50_ms: self.quantile(0.50),
            p95_ms: self.quantile(0.95),
            p99_ms: self.quantile(0.99),
        }
    }

    /// Nearest rank, of sorted durations (there is at least one), in milliseconds.
    fn quantile(&self, share: f64) -> f64 {
        let rank = (self.durations.len() as f64 * share).ceil() as usize;
        self.durations[rank.clamp(1, self.durations.len()) - 1] as f64 / 1e6
    }
}

/// The name of the database that a CLIENT span calls, if it calls one.
fn database(span: &Span) -> Option<String> {
    let system = DATABASE_ATTRIBUTES.iter().find_map(|name| text(&span.attributes, name))?;
    let peer = ["peer.service", "service.peer.name", "server.address"]
        .iter()
        .find_map(|name| text(&span.attributes, name));
    Some(peer.unwrap_or(system))
}

fn text(attributes: &[KeyValue], name: &str) -> Option<String> {
    match find(attributes, name)? {
        Value::StringValue(text) => Some(text.clone()),
        _ => None,
    }
}
