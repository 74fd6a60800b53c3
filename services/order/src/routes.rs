//! The routes of the order service and what their handlers share.

use axum::{
    Router,
    routing::{get, post},
};
use shared::client::Client;

use crate::{outbox::Acks, process, resources, store::Store};

/// What every handler works with.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) store: Store,
    pub(crate) next: Client,
    pub(crate) acks: Acks,
}

pub(crate) fn router(app: App) -> Router {
    let order =
        get(resources::get_order).patch(resources::change_order).delete(resources::delete_order);
    Router::new()
        .route("/process", post(process::process))
        .route("/orders", get(resources::list_orders))
        .route("/orders/{id}", order)
        .with_state(app)
}
