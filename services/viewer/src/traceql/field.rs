//! What a condition asks about, and how it is written.

use std::fmt;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    Name,
    Kind,
    Status,
    StatusMessage,
    Duration,
    SpanId,
    /// Absent in a root.
    ParentId,
    TraceId,
    TraceDuration,
    /// Absent while the root has not come.
    RootName,
    RootService,
    Span(String),
    Resource(String),
    /// The span's attribute, else the resource's.
    Either(String),
}

/// Fields that are no attributes, by the names that Tempo knows each by; the first is what an answer calls it.
static INTRINSICS: [(&[&str], Field); 11] = [
    (&["duration", "span:duration"], Field::Duration),
    (&["kind", "span:kind"], Field::Kind),
    (&["name", "span:name"], Field::Name),
    (&["rootName", "trace:rootName"], Field::RootName),
    (&["rootServiceName", "trace:rootService"], Field::RootService),
    (&["span:id"], Field::SpanId),
    (&["span:parentID"], Field::ParentId),
    (&["status", "span:status"], Field::Status),
    (&["statusMessage", "span:statusMessage"], Field::StatusMessage),
    (&["trace:id"], Field::TraceId),
    (&["traceDuration", "trace:duration"], Field::TraceDuration),
];

impl Field {
    pub(super) fn parse(word: &str) -> Option<Self> {
        let named = |name: &str| Some(name.to_owned()).filter(|name| !name.is_empty());
        let intrinsic = INTRINSICS.iter().find(|(names, _)| names.contains(&word));
        if let Some((_, field)) = intrinsic {
            return Some(field.clone());
        }
        match word.split_once('.')? {
            ("", name) => named(name).map(Self::Either),
            ("span", name) => named(name).map(Self::Span),
            ("resource", name) => named(name).map(Self::Resource),
            _ => None,
        }
    }

    /// The field that a tag's name means: `resource.service.name`, `.http.route`, or just `http.route`.
    pub(crate) fn parse_tag(name: &str) -> Option<Self> {
        let bare = || {
            Some(Self::Either(name.to_owned()))
                .filter(|_| !name.is_empty() && !name.starts_with('.'))
        };
        Self::parse(name).or_else(bare)
    }

    /// Every name of every field that is no attribute, sorted.
    pub(crate) fn intrinsics() -> Vec<&'static str> {
        let mut names: Vec<_> =
            INTRINSICS.iter().flat_map(|(names, _)| names.iter().copied()).collect();
        names.sort_unstable();
        names
    }

    /// Whether it is the whole trace's: one span does not tell it.
    pub(crate) fn is_of_trace(&self) -> bool {
        matches!(self, Self::TraceDuration | Self::RootName | Self::RootService)
    }

    /// Whether each span or trace has its own, so that a list of them helps nobody.
    pub(crate) fn is_id(&self) -> bool {
        matches!(self, Self::SpanId | Self::ParentId | Self::TraceId)
    }

    /// Whether its values are words or durations, which no pattern is matched with.
    pub(super) fn is_not_text(&self) -> bool {
        matches!(self, Self::Kind | Self::Status | Self::Duration | Self::TraceDuration)
    }

    /// Whether its values are texts and nothing else.
    pub(super) fn is_text(&self) -> bool {
        let is_attribute = matches!(self, Self::Span(_) | Self::Resource(_) | Self::Either(_));
        !is_attribute && !self.is_not_text()
    }
}

impl fmt::Display for Field {
    /// The name under which a search result shows the field.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let intrinsic = INTRINSICS.iter().find(|(_, field)| field == self);
        f.write_str(match self {
            Self::Span(name) | Self::Resource(name) | Self::Either(name) => name,
            _ => intrinsic.map_or("", |(names, _)| names[0]),
        })
    }
}
