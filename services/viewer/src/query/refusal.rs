//! A question that gets no answer. As in Tempo the reason is plain text.

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

/// The status, and what was wrong and what to do.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    detail: String,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into() }
    }

    pub(super) fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let later = (self.status == StatusCode::SERVICE_UNAVAILABLE)
            .then_some([(header::RETRY_AFTER, "1")]);
        (self.status, later, self.detail + "\n").into_response()
    }
}
