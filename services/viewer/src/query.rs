//! What can be asked: Tempo's query API (the part that curl, Grafana and the verifier use) and the viewer's own routes.
//! One router, served on both `VIEWER_PORT` and `VIEWER_QUERY_PORT`.

mod tempo_json;
mod traces;

use std::sync::Arc;

use axum::{Router, routing::get};
use tower_http::cors::CorsLayer;

use crate::Store;

#[derive(Clone)]
pub(crate) struct Query {
    store: Arc<Store>,
}

pub(crate) fn router(store: Arc<Store>, cors: CorsLayer) -> Router {
    Router::new()
        .route("/api/traces/{id}", get(traces::v1))
        .route("/api/v2/traces/{id}", get(traces::v2))
        .route("/api/echo", get(|| async { "echo" }))
        .route("/ready", get(|| async { "ready\n" }))
        .layer(cors)
        .with_state(Query { store })
}
