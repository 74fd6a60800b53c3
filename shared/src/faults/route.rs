//! `GET` and `PUT /faults`: seeing and changing the faults while the process runs. The server has them only with `LAB=true`,
//! for requests that name a host of ours.

use axum::{Json as JsonAnswer, Router, routing::get};
use garde::Validate;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Faults, OwnHosts, active, switch_to};
use crate::{json::Json, problem::Problem};

/// The routes, neither traced nor counted, as health checks are not.
pub(crate) fn routes(hosts: OwnHosts) -> Router {
    hosts.guard(Router::new().route("/faults", get(show).put(change)))
}

/// Any object: what is in it is for [`Faults::from_document`] to say.
#[derive(Debug, Deserialize, Validate)]
struct Body(#[garde(skip)] Map<String, Value>);

async fn show() -> JsonAnswer<Value> {
    JsonAnswer(json!({ "faults": active().map(|faults| faults.document()).unwrap_or_default() }))
}

async fn change(
    Json { value: Body(document), .. }: Json<Body>,
) -> Result<JsonAnswer<Value>, Problem> {
    switch_to(&Faults::from_document(&document)?);
    Ok(show().await)
}
