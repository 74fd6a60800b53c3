//! One trace in the store, and the copy of it that readers get.

use std::{
    collections::{
        HashMap, HashSet,
        hash_map::Entry::{Occupied, Vacant},
    },
    sync::Arc,
};

use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, Span, TracesData};
use prost::Message;

use super::StoredOrigin;
use crate::{SpanId, TraceId};

/// From this many spans on a trace gets an index of its span ids; below, a scan is faster and smaller.
const INDEXED_FROM: usize = 64;
/// Spans that are encoded in about a millisecond.
const LARGE: usize = 500;
/// Bytes of ordinary spans that are encoded in about that time; of many empty attributes in some times that.
const LARGE_BYTES: usize = 128 * 1024;
/// What the allocator and the reference counts add to a span's bytes.
const SPAN_ALLOCATION: usize = 32;
/// An index slot takes 9 bytes, and there are up to 16/7 slots for each id that fits.
const INDEX_SLOT: usize = 21;

/// A span as it was sent.
#[derive(Clone, Debug)]
pub(crate) struct StoredSpan {
    pub(crate) id: SpanId,
    pub(crate) origin: Arc<StoredOrigin>,
    pub(crate) bytes: Arc<[u8]>,
}

impl StoredSpan {
    pub(crate) fn decode(&self) -> Option<Span> {
        // Spans are decoded once before they are stored, so this only fails if the store is broken.
        Span::decode(&*self.bytes).ok()
    }
}

/// Invariant: no two spans have one id, and `payload` is the length of all encoded spans.
#[derive(Debug, Default)]
pub(super) struct Entry {
    pub(super) spans: Vec<StoredSpan>,
    index: Option<HashSet<SpanId>>,
    payload: usize,
}

impl Entry {
    pub(super) fn contains(&self, id: SpanId) -> bool {
        match &self.index {
            Some(index) => index.contains(&id),
            None => self.spans.iter().any(|span| span.id == id),
        }
    }

    pub(super) fn push(&mut self, span: StoredSpan) {
        self.payload += span.bytes.len() + SPAN_ALLOCATION;
        if let Some(index) = &mut self.index {
            index.insert(span.id);
        }
        self.spans.push(span);
        if self.index.is_none() && self.spans.len() >= INDEXED_FROM {
            self.index = Some(self.spans.iter().map(|span| span.id).collect());
        }
    }

    /// Bytes held, without the store's own share for a trace.
    pub(super) fn cost(&self) -> usize {
        let index = self.index.as_ref().map_or(0, |index| index.capacity() * INDEX_SLOT);
        self.payload + self.spans.capacity() * size_of::<StoredSpan>() + index
    }

    /// What one more span of this length costs at most: the vectors may double for it.
    pub(super) fn cost_with(&self, length: usize) -> usize {
        let growth =
            if self.spans.len() == self.spans.capacity() { self.spans.len().max(4) } else { 0 };
        self.cost() + length + SPAN_ALLOCATION + growth * (size_of::<StoredSpan>() + INDEX_SLOT)
    }
}

/// A copy of a trace, cheap because it shares the encoded spans with the store.
#[derive(Clone, Debug)]
pub struct Trace {
    pub id: TraceId,
    pub(crate) spans: Vec<StoredSpan>,
}

/// A span and who made it.
#[derive(Clone, Debug)]
pub struct ServiceSpan {
    pub service: String,
    pub span: Span,
}

/// The layers of a trace above its spans, the spans still encoded. On the wire a message is a byte string, so encoding this
/// gives a Tempo `Trace` (or OTLP `TracesData`) without decoding any span.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct EncodedTrace {
    #[prost(message, repeated, tag = "1")]
    pub(crate) resource_spans: Vec<EncodedResourceSpans>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct EncodedResourceSpans {
    #[prost(bytes = "vec", tag = "1")]
    pub(crate) resource: Vec<u8>,
    #[prost(message, repeated, tag = "2")]
    pub(crate) scope_spans: Vec<EncodedScopeSpans>,
    #[prost(string, tag = "3")]
    pub(crate) schema_url: String,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct EncodedScopeSpans {
    #[prost(bytes = "vec", tag = "1")]
    pub(crate) scope: Vec<u8>,
    #[prost(bytes = "vec", repeated, tag = "2")]
    pub(crate) spans: Vec<Vec<u8>>,
    #[prost(string, tag = "3")]
    pub(crate) schema_url: String,
}

impl Trace {
    /// Whether encoding it may hold up a thread that others wait for.
    pub(crate) fn is_large(&self) -> bool {
        self.spans.len() > LARGE || self.encoded_len() + self.origins_len() > LARGE_BYTES
    }

    /// Length of all encoded spans.
    pub(crate) fn encoded_len(&self) -> usize {
        self.spans.iter().map(|span| span.bytes.len()).sum()
    }

    /// What the origins take in an answer, at most: those of one after the other are counted once.
    fn origins_len(&self) -> usize {
        let runs = self.spans.chunk_by(|one, next| Arc::ptr_eq(&one.origin, &next.origin));
        runs.filter_map(|run| run.first()).map(|span| span.origin.cost()).sum()
    }

    /// The spans, decoded, in the order of their arrival.
    pub fn spans(&self) -> Vec<ServiceSpan> {
        let mut names = ServiceNames::default();
        let decoded = self.spans.iter().filter_map(|span| Some((span, span.decode()?)));
        decoded
            .map(|(stored, span)| ServiceSpan { service: names.of(&stored.origin), span })
            .collect()
    }

    /// The trace as OTLP has it.
    pub fn resource_spans(&self) -> Vec<ResourceSpans> {
        let encoded = self.encoded().encode_to_vec();
        TracesData::decode(&*encoded).map(|data| data.resource_spans).unwrap_or_default()
    }

    /// The spans grouped by resource, then scope, in the order of their arrival.
    pub(crate) fn encoded(&self) -> EncodedTrace {
        let mut scopes: Vec<(&Arc<StoredOrigin>, EncodedScopeSpans)> = Vec::new();
        let mut known = HashMap::new();
        for span in &self.spans {
            let position = *known.entry(Arc::as_ptr(&span.origin)).or_insert_with(|| {
                scopes.push((&span.origin, EncodedScopeSpans::of(&span.origin)));
                scopes.len() - 1
            });
            scopes[position].1.spans.push(span.bytes.to_vec());
        }
        let mut resource_spans: Vec<EncodedResourceSpans> = Vec::new();
        let mut known = HashMap::<_, usize>::new();
        for (origin, scope) in scopes {
            match known.entry((&origin.resource, &origin.resource_schema)) {
                Occupied(position) => resource_spans[*position.get()].scope_spans.push(scope),
                Vacant(new) => {
                    new.insert(resource_spans.len());
                    resource_spans.push(EncodedResourceSpans::of(origin, scope));
                }
            }
        }
        EncodedTrace { resource_spans }
    }
}

impl EncodedScopeSpans {
    fn of(origin: &StoredOrigin) -> Self {
        Self {
            scope: origin.scope.to_vec(),
            spans: Vec::new(),
            schema_url: origin.scope_schema.to_string(),
        }
    }
}

impl EncodedResourceSpans {
    fn of(origin: &StoredOrigin, scope: EncodedScopeSpans) -> Self {
        let schema_url = origin.resource_schema.to_string();
        Self { resource: origin.resource.to_vec(), scope_spans: vec![scope], schema_url }
    }
}

/// What is decoded once of each origin, by its address: a trace may have as many origins as spans.
pub(crate) struct OfOrigins<T> {
    /// The origin goes with it, so that no other one gets its address.
    seen: Vec<(Arc<StoredOrigin>, T)>,
    positions: HashMap<usize, usize>,
}

impl<T> Default for OfOrigins<T> {
    fn default() -> Self {
        Self { seen: Vec::new(), positions: HashMap::new() }
    }
}

impl<T> OfOrigins<T> {
    /// The position of an origin's, for [`OfOrigins::at`]; `decode` is asked the first time.
    pub(crate) fn position(
        &mut self,
        origin: &Arc<StoredOrigin>,
        decode: impl FnOnce(&StoredOrigin) -> T,
    ) -> usize {
        *self.positions.entry(Arc::as_ptr(origin).addr()).or_insert_with(|| {
            self.seen.push((Arc::clone(origin), decode(origin)));
            self.seen.len() - 1
        })
    }

    pub(crate) fn at(&self, position: usize) -> &T {
        &self.seen[position].1
    }
}

/// Decodes each resource once for its `service.name`.
#[derive(Default)]
pub(crate) struct ServiceNames(OfOrigins<String>);

impl ServiceNames {
    pub(crate) fn of(&mut self, origin: &Arc<StoredOrigin>) -> String {
        let position = self.0.position(origin, StoredOrigin::service_name);
        self.0.at(position).clone()
    }
}
