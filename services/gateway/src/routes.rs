//! The routes of the gateway: handlers and their documentation are one list.

use std::sync::Arc;

use axum::{Router, middleware::from_fn, routing::get};
use shared::{faults::OwnHosts, names::service};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{App, Config, openapi, outcome};

mod audit;
mod chain;
mod do_task;
mod lab;
mod members;
mod metrics_page;
mod orders;
mod pages;
mod process;
mod register;
mod users;

/// The routes by how they are served.
#[derive(Debug)]
pub(crate) struct Routes {
    /// Inside the layer: traced, counted, logged.
    pub(crate) traced: Router,
    /// Static files and what machines poll.
    pub(crate) plain: Router,
}

/// All routes, and the document about them.
pub(crate) fn routes(app: Arc<App>, config: &Config) -> Routes {
    let (traced, document) = traced().with_state(Arc::clone(&app)).split_for_parts();
    let document = openapi::complete(document, config.process.server.api_token.is_some());
    let laboratory = if config.process.server.laboratory.lab {
        let hosts = OwnHosts::new(service::GATEWAY, config.process.server.host);
        lab::routes(app, config.process.server.api_token.as_ref(), hosts)
    } else {
        Router::new()
    };
    let plain = pages::routes(config)
        .merge(laboratory)
        .merge(metrics_page::routes(&config.process.runtime.telemetry))
        .route("/openapi.json", get(move || pages::json(document.clone())));
    Routes { traced, plain }
}

fn traced() -> OpenApiRouter<Arc<App>> {
    let process = OpenApiRouter::new()
        .routes(routes!(process::process))
        .route_layer(from_fn(outcome::count_processed));
    let register = OpenApiRouter::new()
        .routes(routes!(register::register))
        .routes(routes!(register::register_short))
        .route_layer(from_fn(outcome::count_registrations));
    OpenApiRouter::with_openapi(openapi::document())
        .merge(process)
        .merge(register)
        .routes(routes!(users::list_users))
        .routes(routes!(users::get_user))
        .routes(routes!(orders::list_orders))
        .routes(routes!(orders::get_order, orders::change_order, orders::delete_order))
        .routes(routes!(audit::list_audit))
        .routes(routes!(do_task::do_task))
}
