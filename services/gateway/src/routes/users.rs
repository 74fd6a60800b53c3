//! Reading users, straight from user-service.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use shared::{
    client::Call,
    page::{PageQuery, Query},
    problem::Failure,
    scope::Scope,
};

use super::chain::pass;
use crate::{
    App,
    openapi::{IdErrors, ReadErrors, User, UserPage},
    params::{PathAndQuery, UserId},
};

/// Lists users, newest first
#[utoipa::path(
    get,
    path = "/api/v1/users",
    tag = "data",
    params(PageQuery),
    responses((status = 200, description = "A page of users", body = UserPage), ReadErrors)
)]
pub(super) async fn list_users(
    State(app): State<Arc<App>>,
    scope: Scope,
    Query(page): Query<PageQuery>,
) -> Result<Response, Failure> {
    page.cursor::<i64>()?;
    let path =
        PathAndQuery::new("/users").and("limit", Some(page.limit()?)).and("after", page.after);
    pass(&app.users, Call::get("/users", path), &scope).await
}

/// Shows a user
#[utoipa::path(
    get,
    path = "/api/v1/users/{id}",
    tag = "data",
    params(("id" = i64, Path, minimum = 1, maximum = 9007199254740991_i64, description = "The user's id")),
    responses((status = 200, description = "The user", body = User), IdErrors, ReadErrors)
)]
pub(super) async fn get_user(
    State(app): State<Arc<App>>,
    scope: Scope,
    UserId(id): UserId,
) -> Result<Response, Failure> {
    pass(&app.users, Call::get("/users/{id}", format!("/users/{id}")), &scope).await
}
