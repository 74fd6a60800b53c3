//! `GET` and `PUT /lab/{service}/faults`: the faults of each service, for the laboratory of the front page. Only with `LAB=true`.
//!
//! A browser's page may talk to the edge alone, so the gateway hands these on to the service's own `/faults`. Its own are at
//! `/faults`, as everywhere. nginx passes on neither, so in the full stack there is no such way in.

use std::sync::Arc;

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, State},
    response::{IntoResponse, Response},
    routing::get,
};
use http::{Method, StatusCode, header};
use shared::{
    faults::OwnHosts,
    json::BODY_LIMIT,
    problem::{Failure, Problem},
};

use crate::App;

/// The routes, neither traced nor counted.
pub(super) fn routes(app: Arc<App>, hosts: OwnHosts) -> Router {
    let routes = Router::new()
        .route("/lab/{service}/faults", get(hand_on).put(hand_on))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(app);
    hosts.guard(routes)
}

async fn hand_on(
    State(app): State<Arc<App>>,
    Path(service): Path<String>,
    method: Method,
    body: Bytes,
) -> Result<Response, Failure> {
    let clients = [&app.users, &app.orders, &app.audit];
    let client = clients.into_iter().find(|client| client.peer() == service).ok_or_else(|| {
        let names = clients.map(|client| client.peer()).join(", ");
        Problem::not_found(format!("there is no such service; accepted: {names}"))
    })?;
    let body = (method == Method::PUT).then_some(body);
    let answer = client.call_untraced(method, "faults", body).await?;
    if answer.status != StatusCode::OK {
        return Err(answer.pass_up());
    }
    Ok(([(header::CONTENT_TYPE, "application/json")], answer.body).into_response())
}
