//! `GET /users` and `GET /users/{id}`.

use axum::{
    Json,
    extract::{Path, State},
};
use shared::{
    names,
    page::{Cursor, Page, PageQuery, Query},
    problem::Problem,
    scope::Scope,
};

use crate::routes::{App, MAX_ID, UserBody};

/// A page of users, newest first.
pub(crate) async fn list_users(
    State(app): State<App>,
    scope: Scope,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<UserBody>>, Problem> {
    let (limit, after) = (page.limit()?, page.cursor()?);
    let after = after.map(|cursor: Cursor<i64>| (cursor.created_at, cursor.id));
    let users = scope.within(names::database::USERS, app.store.list_users(limit, after)).await??;
    let users = users.iter().map(UserBody::from).collect();
    Ok(Json(Page::new(users, limit, |user| Cursor { created_at: user.created_at, id: user.id })))
}

/// One user.
pub(crate) async fn get_user(
    State(app): State<App>,
    scope: Scope,
    Path(id): Path<String>,
) -> Result<Json<UserBody>, Problem> {
    let id = id.parse().ok().filter(|id| (1..=MAX_ID).contains(id));
    let id = id.ok_or_else(|| {
        Problem::bad_request(format!("the user id is not accepted; accepted: 1 to {MAX_ID}"))
    })?;
    let user = scope.within(names::database::USERS, app.store.find_user(id)).await??;
    user.map(|user| Json(UserBody::from(&user)))
        .ok_or_else(|| Problem::not_found(format!("there is no user {id}")))
}
