//! From an export request to the store: every item is checked, then all are stored, so a malformed body stores nothing.

use std::borrow::Cow;

use opentelemetry_proto::tonic::{
    common::v1::InstrumentationScope, logs::v1::LogRecord, metrics::v1::Metric,
    resource::v1::Resource, trace::v1::Span,
};
use prost::Message;

use crate::{
    SpanId, Store, TraceId,
    store::{LogGroup, NewLog, NewSpan, SpanGroup},
    wire::{Malformed, Origin, each_item},
};

/// A resource and scope above this are refused: they are meant to be a few hundred bytes.
const MAX_ORIGIN_BYTES: usize = 64 * 1024;
/// A body's resources, each as often as it has scopes: every one is read and kept for itself, so a body of a few kilobytes,
/// unpacked to thousands of scopes of one large resource, would be gigabytes of work.
const MAX_ORIGINS_BYTES: usize = 32 * 1024 * 1024;
/// Log records that go to the store at once: empty ones are two bytes in a body and fifty in a list.
const LOGS_AT_ONCE: usize = 1000;
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
                "{} too large: an item may have {MAX_ITEM_BYTES} bytes, a resource with its scope {MAX_ORIGIN_BYTES}, all of them in one request {MAX_ORIGINS_BYTES}, \
                 and a trace or log record its share of VIEWER_STORE_BYTES",
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
        match groups.last_mut().filter(|group| group.origin.is_same_part(&origin)) {
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

/// Reads the body twice: once to know that it is good, and then a part of it at a time.
fn logs(store: &Store, body: &[u8]) -> Result<Refused, Malformed> {
    let mut refused = Refused::default();
    each_checked_item(body, &mut refused, |_, _, item| {
        LogRecord::decode(item)?;
        Ok(())
    })?;
    let mut too_large = store.insert_logs(None, refused.count());
    let mut group: Option<LogGroup<'_>> = None;
    each_checked_item(body, &mut Refused::default(), |_, origin, item| {
        // A log record without a trace is a good one.
        let trace_id = TraceId::from_bytes(&TraceOfLog::decode(item)?.trace_id);
        let fits = |group: &mut LogGroup<'_>| {
            group.origin.is_same_part(&origin) && group.records.len() < LOGS_AT_ONCE
        };
        if !group.as_mut().is_some_and(fits) {
            let full = group.replace(LogGroup { origin, records: Vec::new() });
            too_large += store.insert_logs(full.as_ref(), 0);
        }
        let records = group.iter_mut().map(|group| &mut group.records);
        records.for_each(|records| records.push(NewLog { trace_id, bytes: item }));
        Ok(())
    })?;
    refused.too_large += too_large + store.insert_logs(group.as_ref(), 0);
    Ok(refused)
}

/// What the store wants to know of a `LogRecord`; the rest of it is skipped.
#[derive(Clone, PartialEq, Message)]
struct TraceOfLog {
    #[prost(bytes = "vec", tag = "9")]
    trace_id: Vec<u8>,
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
    let mut origins_bytes = 0;
    each_item(body, |origin, item| {
        if !checked.is_some_and(|checked| checked.is_same_part(&origin)) {
            origins_bytes += origin.len();
            if origins_bytes <= MAX_ORIGINS_BYTES && origin.len() <= MAX_ORIGIN_BYTES {
                Resource::decode(origin.resource)?;
                InstrumentationScope::decode(origin.scope)?;
            }
            checked = Some(origin);
        }
        let is_large = item.len() > MAX_ITEM_BYTES || origin.len() > MAX_ORIGIN_BYTES;
        if is_large || origins_bytes > MAX_ORIGINS_BYTES {
            refused.too_large += 1;
            return Ok(());
        }
        visit(refused, origin, item)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn very_many_log_records_go_to_the_store_a_part_at_a_time() {
        // ResourceLogs { scope_logs { 2500 empty log_records } }, the lengths in two bytes each.
        let records = [0x12, 0].repeat(2500);
        let framed = |key: u8, bytes: &[u8]| {
            let length = [(bytes.len() & 0x7f) as u8 | 0x80, (bytes.len() >> 7) as u8];
            [&[key][..], &length, bytes].concat()
        };
        let store = Store::within(crate::MIN_BUDGET_BYTES);

        let refused = export(&store, Signal::Logs, &framed(0x0a, &framed(0x12, &records)));

        assert_eq!(refused.unwrap(), Refused::default());
        assert_eq!(store.stats().logs_stored, 2500);
        assert!(*store.changes().borrow() >= 3, "they came to the store in three parts");
    }
}
