//! What the layer does to an answer: the body of a problem, the headers that name the trace.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, Method, StatusCode, Uri, header};
use opentelemetry::Context;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;
use uuid::Uuid;

use crate::{
    names,
    problem::{Problem, ProblemBody},
    propagation,
    scope::Scope,
    telemetry,
};

const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// The answer of a route that is not there.
pub(super) async fn no_such_route(uri: Uri) -> Problem {
    Problem::not_found(format!(
        "there is no route {}; see /openapi.json of the gateway",
        uri.path()
    ))
}

/// The answer of a route that is there without the method.
pub(super) async fn no_such_method(method: Method) -> Problem {
    Problem::method_not_allowed(format!("{method} is not accepted here; see the `Allow` header"))
}

/// Writes the body of a problem, and tells log and span of its cause where the server is at fault.
pub(super) fn write_problem(response: &mut Response, scope: &Scope, span: &Span) {
    let Some(problem) = response.extensions_mut().remove::<Arc<Problem>>() else {
        return mark_passed_up(span, response.status());
    };
    if problem.status().is_server_error() {
        telemetry::record_error(span, problem.code(), problem.cause());
        tracing::error!(code = problem.code(), error = problem.cause(), "Request failed");
    }
    let trace_id = telemetry::span_ids(span).map(|ids| ids.trace_id.to_string());
    let body = problem.body(scope.service(), trace_id.unwrap_or_default(), scope.request_id());
    write_body(response, &body);
}

/// The same for a route outside the layer, which has no trace and no request id of its own.
pub(super) async fn write_untraced(
    State(service): State<&'static str>,
    mut response: Response,
) -> Response {
    if let Some(problem) = response.extensions_mut().remove::<Arc<Problem>>() {
        write_body(&mut response, &problem.body(service, String::new(), Uuid::now_v7()));
    }
    response
}

/// `problem` as a whole answer, for a request that comes to no route.
pub(super) fn whole(problem: Problem, service: &str) -> Response {
    let mut response = problem.clone().into_response();
    write_body(&mut response, &problem.body(service, String::new(), Uuid::now_v7()));
    response
}

fn write_body(response: &mut Response, body: &ProblemBody) {
    *response.body_mut() = Body::from(serde_json::to_vec(body).unwrap_or_default());
    response.headers_mut().insert(header::CONTENT_TYPE, PROBLEM_JSON);
    response.headers_mut().remove(header::CONTENT_LENGTH);
}

/// A server error that another service told of already: this span failed too, and nothing new is to be said.
fn mark_passed_up(span: &Span, status: StatusCode) {
    if status.is_server_error() {
        telemetry::set_attribute(span, names::attribute::ERROR_TYPE, status.as_str().to_owned());
        span.set_status(opentelemetry::trace::Status::error(""));
    }
}

/// Sets `traceresponse` (W3C Trace Context level 2) and its copy that browsers let pages read, `Server-Timing`.
pub(super) fn name_trace(response: &mut Response, context: &Context) {
    let Some(value) = propagation::traceresponse(context) else { return };
    let timing = format!("traceparent;desc=\"{}\"", value.to_str().unwrap_or_default());
    let headers = response.headers_mut();
    headers.insert(names::header::TRACERESPONSE, value);
    if let Ok(timing) = HeaderValue::from_str(&timing) {
        headers.append(names::header::SERVER_TIMING, timing);
    }
}
