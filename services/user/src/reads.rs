//! `GET /users` and `GET /users/{id}`.

use axum::{
    Json,
    extract::{FromRequestParts, Path, State},
};
use http::request::Parts;
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
    let users = app.store.list_users(limit + 1, after);
    let users = scope.within(names::database::USERS, users).await??;
    let users = users.iter().map(UserBody::from).collect();
    Ok(Json(Page::new(users, limit, |user| Cursor { created_at: user.created_at, id: user.id })))
}

/// One user.
pub(crate) async fn get_user(
    State(app): State<App>,
    scope: Scope,
    UserId(id): UserId,
) -> Result<Json<UserBody>, Problem> {
    let user = scope.within(names::database::USERS, app.store.find_user(id)).await??;
    user.map(|user| Json(UserBody::from(&user)))
        .ok_or_else(|| Problem::not_found(format!("there is no user {id}")))
}

/// A user's id from the path; 400 in the form of all errors for anything else, what is not UTF-8 too.
pub(crate) struct UserId(i64);

impl<S: Send + Sync> FromRequestParts<S> for UserId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let text = Path::<String>::from_request_parts(parts, state).await.ok();
        let digits = text.filter(|Path(text)| text.bytes().all(|byte| byte.is_ascii_digit()));
        let id = digits.and_then(|Path(digits)| digits.parse().ok());
        let id = id.filter(|id| (1..=MAX_ID).contains(id));
        id.map(Self).ok_or_else(|| {
            Problem::bad_request(format!("the user id is not accepted; accepted: 1 to {MAX_ID}"))
        })
    }
}
