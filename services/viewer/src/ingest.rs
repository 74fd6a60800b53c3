//! From an export request to the store: every item is checked, then all are stored, so a malformed body stores nothing.

mod checked;

use std::borrow::Cow;

use opentelemetry_proto::tonic::{logs::v1::LogRecord, metrics::v1::Metric, trace::v1::Span};
use prost::Message;

use checked::each_checked_item;

use crate::{
    SpanId, Store, TraceId,
    store::{LogGroup, NewLog, NewSpan, SpanGroup},
    wire::{Malformed, Origin},
};

/// A resource and scope above this are refused: they are meant to be a few hundred bytes.
const MAX_ORIGIN_BYTES: usize = 64 * 1024;
/// A body's resources, each as often as it has scopes: the store gets every one for itself, so a body of a few kilobytes,
/// unpacked to thousands of scopes of one large resource, would be gigabytes of work.
const MAX_ORIGINS_BYTES: usize = 32 * 1024 * 1024;
/// Spans or log records that go to the store at once: an empty log record is two bytes in a body and fifty in a list.
const ITEMS_AT_ONCE: usize = 1000;
/// Items of one request; the others are refused. Exporters send some hundreds, and a body full of empty ones has four million.
const MAX_ITEMS: usize = 200_000;
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
                "{} too large or too many: a request may have {MAX_ITEMS} items, an item {MAX_ITEM_BYTES} bytes, a resource with its scope {MAX_ORIGIN_BYTES}, all of them in one request {MAX_ORIGINS_BYTES}, \
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

/// Reads the body twice: once to know that it is good, and then a part of it at a time.
fn traces(store: &Store, body: &[u8]) -> Result<Refused, Malformed> {
    let mut refused = Refused::default();
    each_checked_item(body, &mut refused, |refused, _, item| {
        let Span { trace_id, span_id, parent_span_id, .. } = Span::decode(item)?;
        let ids = IdsOfSpan { trace_id, span_id, parent_span_id };
        refused.bad_ids += u64::from(ids.valid().is_none());
        Ok(())
    })?;
    let mut too_large = store.insert_spans(&[], refused.count());
    let mut spans = Spans::default();
    each_checked_item(body, &mut Refused::default(), |_, origin, item| {
        let Some(span) = new_span(item)? else { return Ok(()) };
        spans.push(origin, span);
        if spans.count == ITEMS_AT_ONCE {
            too_large += store.insert_spans(&std::mem::take(&mut spans).groups, 0);
        }
        Ok(())
    })?;
    refused.too_large += too_large + store.insert_spans(&spans.groups, 0);
    Ok(refused)
}

/// Spans on their way to the store.
#[derive(Default)]
struct Spans<'a> {
    groups: Vec<SpanGroup<'a>>,
    count: usize,
}

impl<'a> Spans<'a> {
    fn push(&mut self, origin: Origin<'a>, span: NewSpan<'a>) {
        self.count += 1;
        match self.groups.last_mut().filter(|group| group.origin.is_same_part(&origin)) {
            Some(group) => group.spans.push(span),
            None => self.groups.push(SpanGroup { origin, spans: vec![span] }),
        }
    }
}

/// What the store wants to know of a `Span`; the rest of it is skipped.
#[derive(Clone, PartialEq, Message)]
struct IdsOfSpan {
    #[prost(bytes = "vec", tag = "1")]
    trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    span_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "4")]
    parent_span_id: Vec<u8>,
}

impl IdsOfSpan {
    fn valid(&self) -> Option<(TraceId, SpanId)> {
        let parent_is_valid = matches!(self.parent_span_id.len(), 0 | 8);
        let ids = TraceId::from_bytes(&self.trace_id).zip(SpanId::from_bytes(&self.span_id));
        ids.filter(|_| parent_is_valid)
    }
}

/// None if its ids are not valid.
fn new_span(item: &[u8]) -> Result<Option<NewSpan<'_>>, Malformed> {
    let ids = IdsOfSpan::decode(item)?;
    let Some((trace_id, span_id)) = ids.valid() else { return Ok(None) };
    let bytes = without_zero_parent(&ids, item)?;
    Ok(Some(NewSpan { trace_id, span_id, bytes }))
}

/// Some exporters write no parent as eight zero bytes. Stored as none, so that whoever reads the span takes it for a root.
fn without_zero_parent<'a>(ids: &IdsOfSpan, item: &'a [u8]) -> Result<Cow<'a, [u8]>, Malformed> {
    let parent = &ids.parent_span_id;
    if parent.is_empty() || SpanId::from_bytes(parent).is_some() {
        return Ok(Cow::Borrowed(item));
    }
    let root = Span { parent_span_id: Vec::new(), ..Span::decode(item)? };
    Ok(Cow::Owned(root.encode_to_vec()))
}

/// Reads the body twice, as [`traces`] does.
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
            group.origin.is_same_part(&origin) && group.records.len() < ITEMS_AT_ONCE
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

#[cfg(test)]
mod tests;
