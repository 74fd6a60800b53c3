//! The service graph as a picture: `/api/map` says what each node and edge came to, where it is drawn, and which query finds
//! its spans.
//!
//! Only so many of the busiest are drawn; the answer has all of them, those that are not drawn without a place.

mod around;
mod drawn;
mod layout;
mod traceql;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::{
    Json,
    extract::{Query as Parameters, State},
};
use serde::{Deserialize, Serialize};

use super::{
    Query,
    refusal::Refusal,
    service_graph::{Collected, Numbers},
};
use around::Around;
use drawn::Drawn;
use layout::{Direction, Layout, Point, Shape, Size};

/// Layouts that are kept; pages that are open at once seldom show more windows in more directions.
const KEPT: usize = 8;

#[derive(Debug, Deserialize)]
pub(super) struct Wanted {
    /// Only calls that began in the last so many seconds.
    seconds: Option<u64>,
    /// `right` (default) or `down`.
    #[serde(default)]
    direction: String,
}

#[derive(Debug, Serialize)]
pub(super) struct Map {
    /// Seconds that the rates are over.
    window_seconds: f64,
    /// Of the whole picture, in pixels.
    width: f64,
    height: f64,
    /// Of one node.
    node: Size,
    nodes: Vec<Node>,
    edges: Vec<Edge>,
}

/// A node's numbers are of what it served; of a caller that serves nothing, of what it called.
#[derive(Debug, Serialize)]
struct Node {
    id: String,
    kind: Role,
    #[serde(flatten)]
    numbers: Numbers,
    /// Finds its spans.
    traceql: String,
    /// Its middle, if it is drawn.
    place: Option<Point>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Role {
    /// Calls, and nothing calls it: `user`, a browser, a load generator.
    Caller,
    Service,
    Database,
}

#[derive(Debug, Serialize)]
struct Edge {
    source: String,
    target: String,
    #[serde(flatten)]
    numbers: Numbers,
    /// Finds the caller's spans.
    traceql: String,
    /// Where it passes between its ends, if it is drawn.
    bends: Option<Vec<Point>>,
}

/// Layouts made lately: traffic changes numbers all the time, but seldom who calls whom.
#[derive(Debug, Default)]
pub(super) struct Layouts(Mutex<Vec<(Shape, Arc<Layout>)>>);

pub(super) async fn map(
    State(query): State<Query>,
    Parameters(wanted): Parameters<Wanted>,
) -> Result<Json<Map>, Refusal> {
    let direction = Direction::parse(&wanted.direction).map_err(Refusal::bad_request)?;
    let layouts = Arc::clone(&query.layouts);
    let picture = move |store: &_| {
        let collected = Collected::of(store, wanted.seconds);
        let drawn = Drawn::of(&collected);
        let layout = layouts.of(drawn.shape(direction));
        answer(&collected, &drawn, &layout)
    };
    query.scan(picture).await.map(Json)
}

impl Layouts {
    fn of(&self, shape: Shape) -> Arc<Layout> {
        let kept = self.lock();
        let known = kept.iter().find(|(known, _)| *known == shape);
        let known = known.map(|(_, layout)| Arc::clone(layout));
        drop(kept);
        known.unwrap_or_else(|| {
            let layout = Arc::new(Layout::of(&shape));
            let mut kept = self.lock();
            kept.truncate(KEPT - 1);
            kept.insert(0, (shape, Arc::clone(&layout)));
            layout
        })
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(Shape, Arc<Layout>)>> {
        // What is kept is whole at any moment.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn answer(collected: &Collected, drawn: &Drawn<'_>, layout: &Layout) -> Map {
    // A window that was mostly empty would make a minute of load look like none.
    let window_seconds = collected.active_seconds();
    let edges = collected.edges.iter().map(|(ends, seen)| Edge {
        source: ends.0.clone(),
        target: ends.1.clone(),
        numbers: seen.calls.clone().numbers(window_seconds),
        traceql: traceql::of_edge(collected, ends, seen),
        bends: drawn.edge(&ends.0, &ends.1).map(|(from, to)| layout.bends(from, to)),
    });
    let edges = edges.collect();
    let around = Around::of(collected);
    let nodes = collected.nodes.iter().map(|(id, seen)| {
        let (kind, calls) = around.role(id, seen);
        Node {
            id: id.clone(),
            kind,
            numbers: calls.numbers(window_seconds),
            traceql: traceql::of_node(id, seen, around.callee(id)),
            place: drawn.node(id).map(|index| layout.place(index)),
        }
    });
    let nodes = nodes.collect();
    let Size { width, height } = layout.size;
    Map { window_seconds, width, height, node: layout::NODE, nodes, edges }
}
