//! What can be asked: Tempo's query API (the part that curl, Grafana and the verifier use) and the viewer's own routes.
//! One router, served on both `VIEWER_PORT` and `VIEWER_QUERY_PORT`.

mod large;
mod logs;
mod map;
mod refusal;
mod search;
mod service_graph;
mod summary;
mod tags;
mod tempo_json;
mod traces;

use std::sync::Arc;

use axum::{Json, Router, extract::State, http::StatusCode, routing::get};
use opentelemetry_proto::tonic::common::v1::KeyValue;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tower_http::cors::CorsLayer;

use large::LargeAnswers;
use refusal::Refusal;

use crate::{
    Stats, Store,
    store::{OfOrigins, StoredOrigin},
};

/// Searches and the like at once; each decodes what the store holds, so more would only starve the receivers.
const SCANS: usize = 2;

#[derive(Clone)]
pub(crate) struct Query {
    store: Arc<Store>,
    scans: Arc<Semaphore>,
    large: LargeAnswers,
    layouts: Arc<map::Layouts>,
}

pub(crate) fn router(store: Arc<Store>, cors: CorsLayer) -> Router {
    let query = Query {
        store,
        scans: Arc::new(Semaphore::new(SCANS)),
        large: LargeAnswers::default(),
        layouts: Arc::default(),
    };
    Router::new()
        .route("/api/traces/{id}", get(traces::v1))
        .route("/api/v2/traces/{id}", get(traces::v2))
        .route("/api/search", get(search::search))
        .route("/api/search/tags", get(tags::names))
        .route("/api/search/tag/{name}/values", get(tags::values))
        .route("/api/v2/search/tags", get(tags::scoped_names))
        .route("/api/v2/search/tag/{name}/values", get(tags::typed_values))
        .route("/api/service-graph", get(service_graph::service_graph))
        .route("/api/map", get(map::map))
        .route("/api/logs", get(logs::logs))
        .route("/api/store", get(stats))
        .layer(cors)
        .with_state(query)
}

/// What says that the viewer is there, and nothing of what it holds.
pub(crate) fn presence(cors: CorsLayer) -> Router {
    Router::new()
        .route("/api/echo", get(|| async { "echo" }))
        .route("/ready", get(|| async { "ready" }))
        .route("/health", get(health))
        .route("/health/live", get(health))
        .route("/health/ready", get(health))
        .layer(cors)
}

async fn stats(State(query): State<Query>) -> Json<Stats> {
    Json(query.store.stats())
}

/// The viewer depends on nothing, so if it answers it is healthy.
async fn health() -> Json<Value> {
    Json(
        json!({"status": "healthy", "service": "viewer", "version": env!("CARGO_PKG_VERSION"), "checks": {}}),
    )
}

impl Query {
    /// Runs what reads the whole store where it holds up neither receivers nor other questions.
    async fn scan<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store) -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        let failed = |_| {
            Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "the question could not be answered")
        };
        let turn = Arc::clone(&self.scans).acquire_owned().await;
        let store = Arc::clone(&self.store);
        // The turn goes into the work: a client that gives up does not let more than `SCANS` run.
        tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work(&store)
        })
        .await
        .map_err(failed)
    }
}

/// The decoded resources of a trace, each once.
#[derive(Default)]
struct Resources(OfOrigins<Vec<KeyValue>>);

impl Resources {
    /// The position of an origin's resource, for [`Resources::attributes`].
    fn of(&mut self, origin: &Arc<StoredOrigin>) -> usize {
        self.0.position(origin, StoredOrigin::resource_attributes)
    }

    fn attributes(&self, position: usize) -> &[KeyValue] {
        self.0.at(position)
    }
}
