//! One span as the verifier sees it, whatever backend it came from.

use opentelemetry::trace::{SpanId, SpanKind};

/// A stored span, with what contracts speak of.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    /// Its id.
    pub id: SpanId,
    /// Its parent's id; `None` for a root.
    pub parent: Option<SpanId>,
    /// `service.name` of its resource.
    pub service: String,
    /// Its kind.
    pub kind: SpanKind,
    /// Its name.
    pub name: String,
    /// Whether its status is Error.
    pub error: bool,
    /// Start, nanoseconds since the Unix epoch.
    pub start: u64,
    /// End, nanoseconds since the Unix epoch.
    pub end: u64,
    /// Its attributes; arrays and maps as JSON text.
    pub attributes: Vec<(String, Value)>,
}

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Text, and whatever has no simpler form, as JSON.
    Text(String),
    /// An integer.
    Integer(i64),
    /// A floating point number.
    Float(f64),
    /// A truth value.
    Bool(bool),
}

impl Span {
    /// The value of an attribute.
    #[must_use]
    pub fn attribute(&self, key: &str) -> Option<&Value> {
        self.attributes.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }
}
