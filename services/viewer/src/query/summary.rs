//! A trace in a line.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::trace::v1::{Span, status::StatusCode};
use serde::Serialize;

use crate::{Trace, store::ServiceNames, traceql::Whole};

/// What Tempo says while a trace has no root.
const NO_ROOT: &str = "<root span not yet received>";

/// Its root, how long it lasted, and who took part.
pub(super) struct Summary {
    pub(super) whole: Whole,
    /// Nanoseconds since the epoch.
    pub(super) start: u64,
    pub(super) services: BTreeMap<String, ServiceStats>,
}

/// One service's part of a trace.
#[derive(Clone, Copy, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ServiceStats {
    span_count: usize,
    error_count: usize,
}

impl Summary {
    pub(super) fn of(trace: &Trace) -> Option<Self> {
        let (mut root, mut start, mut end) = (None, u64::MAX, 0);
        let mut names = ServiceNames::default();
        let mut services: BTreeMap<String, ServiceStats> = BTreeMap::new();
        for stored in &trace.spans {
            let span = stored.decode()?;
            start = start.min(span.start_time_unix_nano);
            end = end.max(span.end_time_unix_nano);
            let service = names.of(&stored.origin);
            let stats = services.entry(service.clone()).or_default();
            stats.span_count += 1;
            stats.error_count += usize::from(failed(&span));
            if root.is_none() && span.parent_span_id.is_empty() {
                root = Some((service, span.name));
            }
        }
        let whole = Whole { duration: end.saturating_sub(start), root };
        Some(Self { whole, start, services })
    }

    pub(super) fn end(&self) -> u64 {
        self.start.saturating_add(self.whole.duration)
    }

    /// Service and name of the root.
    pub(super) fn root(&self) -> (String, String) {
        self.whole.root.clone().unwrap_or_else(|| (NO_ROOT.to_owned(), NO_ROOT.to_owned()))
    }
}

fn failed(span: &Span) -> bool {
    span.status.as_ref().is_some_and(|status| status.code == StatusCode::Error as i32)
}
