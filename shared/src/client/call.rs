//! What is asked of the next service.

use std::time::Duration;

use axum::body::Bytes;
use http::{HeaderMap, Method};

/// One call.
#[derive(Clone, Debug)]
pub struct Call {
    /// The method.
    pub method: Method,
    /// `url.template`: the path with its parameters as `{name}`, of low cardinality.
    pub template: &'static str,
    /// Path and query as sent; a whole URL goes there instead of to the base.
    pub path: String,
    /// A JSON body.
    pub body: Option<Bytes>,
    /// Headers beside those of the trace, the deadline and the request id.
    pub headers: HeaderMap,
    /// Baggage members that this hop adds or overwrites.
    pub baggage: Vec<(&'static str, String)>,
    /// The longest that the call may take; the request's deadline can only lower it.
    pub timeout: Option<Duration>,
}

impl Call {
    /// A GET of `path`.
    #[must_use]
    pub fn get(template: &'static str, path: impl Into<String>) -> Self {
        Self::new(Method::GET, template, path.into())
    }

    /// A POST of the JSON `body` to the fixed path `template`.
    #[must_use]
    pub fn post(template: &'static str, body: impl Into<Bytes>) -> Self {
        Self { body: Some(body.into()), ..Self::new(Method::POST, template, template.to_owned()) }
    }

    /// A call without body, headers and baggage.
    #[must_use]
    pub fn new(method: Method, template: &'static str, path: String) -> Self {
        Self {
            method,
            template,
            path,
            body: None,
            headers: HeaderMap::new(),
            baggage: Vec::new(),
            timeout: None,
        }
    }
}
