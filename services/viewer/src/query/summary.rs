//! A trace in a line.

use crate::Trace;

/// What Tempo says while a trace has no root.
const NO_ROOT: &str = "<root span not yet received>";

/// Its root, and how long it lasted.
pub(super) struct Summary {
    pub(super) root_service: String,
    pub(super) root_name: String,
    /// Nanoseconds since the epoch.
    pub(super) start: u64,
    /// Never before `start`.
    pub(super) end: u64,
}

impl Summary {
    pub(super) fn of(trace: &Trace) -> Option<Self> {
        let (mut root, mut start, mut end) = (None, u64::MAX, 0);
        for stored in &trace.spans {
            let span = stored.decode()?;
            start = start.min(span.start_time_unix_nano);
            end = end.max(span.end_time_unix_nano);
            if root.is_none() && span.parent_span_id.is_empty() {
                root = Some((stored.origin.service_name(), span.name));
            }
        }
        let (root_service, root_name) =
            root.unwrap_or_else(|| (NO_ROOT.to_owned(), NO_ROOT.to_owned()));
        Some(Self { root_service, root_name, start, end: end.max(start) })
    }
}
