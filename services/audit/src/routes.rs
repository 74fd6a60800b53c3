//! The routes of the audit service.

use axum::{
    Router,
    routing::{get, post},
};

use crate::{process, reads, store::Store};

pub(crate) fn router(store: Store) -> Router {
    Router::new()
        .route("/process", post(process::process))
        .route("/audit", get(reads::list_audit))
        .with_state(store)
}
