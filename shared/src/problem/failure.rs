//! What a handler answers with where it calls the next service.

use axum::response::{IntoResponse, Response};

use super::Problem;

/// An error answer: this service's own, or one of the next service passed up as it came.
#[derive(Debug)]
pub enum Failure {
    /// This service's own.
    Own(Box<Problem>),
    /// The next service's.
    PassedUp(Box<Response>),
}

impl Failure {
    /// An answer of the next service.
    #[must_use]
    pub fn passed_up(response: Response) -> Self {
        Self::PassedUp(Box::new(response))
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::Own(Box::new(problem))
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        match self {
            Self::Own(problem) => problem.into_response(),
            Self::PassedUp(response) => *response,
        }
    }
}
