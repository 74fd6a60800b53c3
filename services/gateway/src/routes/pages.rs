//! The static page and the document about the routes.

use axum::{
    body::Bytes,
    response::{Html, IntoResponse, Response},
};
use http::header;

/// Part of the program, so that the page is there wherever it runs.
const INDEX: &str = include_str!("../../../../gateway/www/index.html");

/// `GET /` and `GET /index`.
pub(super) async fn index() -> Html<&'static str> {
    Html(INDEX)
}

/// A JSON document.
pub(super) async fn json(document: Bytes) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], document).into_response()
}
