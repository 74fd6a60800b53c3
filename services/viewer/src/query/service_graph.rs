//! Who calls whom, from the spans that are held.

mod calls;
mod collected;
mod half;

use axum::{
    Json,
    extract::{Query as Parameters, State},
};
use serde::{Deserialize, Serialize};

pub(super) use calls::{Calls, Numbers};
pub(super) use collected::{Collected, NodeKind, SeenEdge, SeenNode};
pub(super) use half::Callee;

use super::{Query, refusal::Refusal};

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

#[derive(Debug, Serialize)]
struct Edge {
    source: String,
    target: String,
    /// Durations are as the caller sees them.
    #[serde(flatten)]
    numbers: Numbers,
}

pub(super) async fn service_graph(
    State(query): State<Query>,
    Parameters(window): Parameters<Window>,
) -> Result<Json<Graph>, Refusal> {
    query.scan(move |store| graph(Collected::of(store, window.seconds))).await.map(Json)
}

fn graph(collected: Collected) -> Graph {
    let window_seconds = collected.window_seconds();
    let nodes = collected.nodes.into_iter().map(|(id, seen)| Node { id, kind: seen.kind });
    let edges = collected.edges.into_iter().map(|((source, target), seen)| Edge {
        source,
        target,
        numbers: seen.calls.numbers(window_seconds),
    });
    Graph { window_seconds, nodes: nodes.collect(), edges: edges.collect() }
}
