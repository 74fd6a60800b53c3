//! `GET` and `PUT /lab/{service}/faults`: the faults of each service, for the laboratory of the front page. Only with `LAB=true`.
//!
//! A browser's page may talk to the edge alone, so the gateway hands these on to the service's own `/faults`. Its own are at
//! `/faults`, as everywhere. nginx passes on neither, so in the full stack there is no such way in.

use std::sync::Arc;

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, FromRequest, Path, Request, State},
    response::{IntoResponse, Response},
    routing::get,
};
use http::{Method, StatusCode, header};
use shared::{
    client::UNTRACED_TIMEOUT,
    faults::OwnHosts,
    json::BODY_LIMIT,
    problem::{Failure, Problem},
    token::ApiToken,
};

use crate::App;

/// The routes, neither traced nor counted; behind the token, where there is one.
pub(super) fn routes(app: Arc<App>, token: Option<&ApiToken>, hosts: OwnHosts) -> Router {
    let routes = Router::new()
        .route("/lab/{service}/faults", get(hand_on).put(hand_on))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(app);
    let routes = hosts.guard(routes);
    match token {
        Some(token) => token.guard(routes),
        None => routes,
    }
}

async fn hand_on(
    State(app): State<Arc<App>>,
    Path(service): Path<String>,
    method: Method,
    request: Request,
) -> Result<Response, Failure> {
    let clients = [&app.users, &app.orders, &app.audit];
    let client = clients.into_iter().find(|client| client.peer() == service).ok_or_else(|| {
        let names = clients.map(|client| client.peer()).join(", ");
        Problem::not_found(format!("there is no such service; accepted: {names}"))
    })?;
    let body = if method == Method::PUT { Some(read(request).await?) } else { None };
    let answer = client.call_untraced(method, "faults", body).await?;
    if answer.status != StatusCode::OK {
        return Err(answer.pass_up());
    }
    Ok(([(header::CONTENT_TYPE, "application/json")], answer.body).into_response())
}

async fn read(request: Request) -> Result<Bytes, Problem> {
    let too_late = |_| Problem::request_timeout("send the whole body at once");
    let too_large = |_| Problem::body_too_large(format!("accepted: at most {BODY_LIMIT} bytes"));
    let read = Bytes::from_request(request, &());
    tokio::time::timeout(UNTRACED_TIMEOUT, read).await.map_err(too_late)?.map_err(too_large)
}
