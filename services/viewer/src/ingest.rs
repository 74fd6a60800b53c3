//! From an export request to the store: every item is checked, then all are stored, so a malformed body stores nothing.

use std::borrow::Cow;

use opentelemetry_proto::tonic::{
    common::v1::InstrumentationScope, logs::v1::LogRecord, metrics::v1::Metric,
    resource::v1::Resource, trace::v1::Span,
};
use prost::Message;

use crate::{
    SpanId, Store, TraceId,
    store::{NewLog, NewSpan, SpanGroup},
    wire::{Malformed, Origin, each_item},
};

/// A resource and scope above this are refused: they are meant to be a few hundred bytes.
const MAX_ORIGIN_BYTES: usize = 64 * 1024;
/// An item above this is refused. Decoding can take 40 times the encoded size, so this also bounds a reader's memory.
pub(crate) const MAX_ITEM_BYTES: usize = 1024 * 1024;

/// What an export request carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    Traces,
    Logs,
    Metrics,
}

/// Items that were refused although the request as a whole was good; OTLP's partial success.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) bad_ids: u64,
    pub(crate) too_large: u64,
}

impl Refused {
    pub(crate) fn count(&self) -> u64 {
        self.bad_ids + self.too_large
    }

    pub(crate) fn message(&self) -> String {
        let mut reasons = Vec::new();
        if self.bad_ids > 0 {
            reasons.push(format!(
                "{} with an invalid id: a trace id is 16 and a span id 8 bytes, not all zero",
                self.bad_ids
            ));
        }
        if self.too_large > 0 {
            reasons.push(format!(
                "{} too large: an item may have {MAX_ITEM_BYTES} bytes, a resource with its scope {MAX_ORIGIN_BYTES}, and a trace or log record \
                 its share of VIEWER_STORE_BYTES",
                self.too_large
            ));
        }
        reasons.join("; ")
    }
}

/// Takes in an encoded export request.
pub(crate) fn export(store: &Store, signal: Signal, body: &[u8]) -> Result<Refused, Malformed> {
    let refused = match signal {
        Signal::Traces => traces(store, body),
        Signal::Logs => logs(store, body),
        Signal::Metrics => metrics(store, body),
    }?;
    if refused.count() > 0 {
        tracing::warn!(
            ?signal,
            rejected = refused.count() as i64,
            reason = refused.message(),
            "Export partly rejected"
        );
    }
    Ok(refused)
}

fn traces(store: &Store, body: &[u8]) -> Result<Refused, Malformed> {
    let mut groups: Vec<SpanGroup<'_>> = Vec::new();
    let mut refused = Refused::default();
    each_checked_item(body, &mut refused, |refused, origin, item| {
        let span = Span::decode(item)?;
        let ids = TraceId::from_bytes(&span.trace_id).zip(SpanId::from_bytes(&span.span_id));
        let parent_is_valid = matches!(span.parent_span_id.len(), 0 | 8);
        let Some((trace_id, span_id)) = ids.filter(|_| parent_is_valid) else {
            refused.bad_ids += 1;
            return Ok(());
        };
        let span = NewSpan { trace_id, span_id, bytes: without_zero_parent(span, item) };
        match groups.last_mut().filter(|group| group.origin == origin) {
            Some(group) => group.spans.push(span),
            None => groups.push(SpanGroup { origin, spans: vec![span] }),
        }
        Ok(())
    })?;
    refused.too_large += store.insert_spans(&groups, refused.count());
    Ok(refused)
}

/// Some exporters write no parent as eight zero bytes. Stored as none, so that whoever reads the span takes it for a root.
fn without_zero_parent(mut span: Span, item: &[u8]) -> Cow<'_, [u8]> {
    if span.parent_span_id.is_empty() || SpanId::from_bytes(&span.parent_span_id).is_some() {
        return Cow::Borrowed(item);
    }
    span.parent_span_id.clear();
    Cow::Owned(span.encode_to_vec())
}

fn logs(store: &Store, body: &[u8]) -> Result<Refused, Malformed> {
    let mut records = Vec::new();
    let mut refused = Refused::default();
    each_checked_item(body, &mut refused, |_, origin, item| {
        let record = LogRecord::decode(item)?;
        // A log record without a trace is a good one.
        records.push(NewLog {
            origin,
            trace_id: TraceId::from_bytes(&record.trace_id),
            bytes: item,
        });
        Ok(())
    })?;
    refused.too_large += store.insert_logs(&records, refused.count());
    Ok(refused)
}

fn metrics(store: &Store, body: &[u8]) -> Result<Refused, Malformed> {
    let mut received = 0;
    let mut refused = Refused::default();
    each_checked_item(body, &mut refused, |_, _, item| {
        Metric::decode(item)?;
        received += 1;
        Ok(())
    })?;
    store.count_metrics(received);
    Ok(refused)
}

/// Visits the items that are not too large, each origin checked once.
fn each_checked_item<'a>(
    body: &'a [u8],
    refused: &mut Refused,
    mut visit: impl FnMut(&mut Refused, Origin<'a>, &'a [u8]) -> Result<(), Malformed>,
) -> Result<(), Malformed> {
    let mut checked: Option<Origin<'a>> = None;
    each_item(body, |origin, item| {
        if item.len() > MAX_ITEM_BYTES || origin.len() > MAX_ORIGIN_BYTES {
            refused.too_large += 1;
            return Ok(());
        }
        if checked != Some(origin) {
            Resource::decode(origin.resource)?;
            InstrumentationScope::decode(origin.scope)?;
            checked = Some(origin);
        }
        visit(refused, origin, item)
    })
}
