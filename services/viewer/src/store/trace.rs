//! One trace in the store, and the copy of it that readers get.

use std::{collections::HashSet, sync::Arc};

use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, Span, TracesData};
use prost::Message;

use super::StoredOrigin;
use crate::{SpanId, TraceId};

/// From this many spans on a trace gets an index of its span ids; below, a scan is faster and smaller.
const INDEXED_FROM: usize = 64;
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
    /// Length of all encoded spans.
    pub(crate) fn encoded_len(&self) -> usize {
        self.spans.iter().map(|span| span.bytes.len()).sum()
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
        for span in &self.spans {
            let known = scopes.iter().position(|(origin, _)| Arc::ptr_eq(origin, &span.origin));
            let position = known.unwrap_or_else(|| {
                scopes.push((&span.origin, EncodedScopeSpans::of(&span.origin)));
                scopes.len() - 1
            });
            scopes[position].1.spans.push(span.bytes.to_vec());
        }
        let mut resource_spans: Vec<EncodedResourceSpans> = Vec::new();
        for (origin, scope) in scopes {
            match resource_spans.iter_mut().find(|group| group.is_of(origin)) {
                Some(group) => group.scope_spans.push(scope),
                None => resource_spans.push(EncodedResourceSpans::of(origin, scope)),
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

    fn is_of(&self, origin: &StoredOrigin) -> bool {
        *self.resource == *origin.resource && *self.schema_url == *origin.resource_schema
    }
}

/// Decodes each resource once for its `service.name`.
#[derive(Default)]
pub(crate) struct ServiceNames(Vec<(Arc<StoredOrigin>, String)>);

impl ServiceNames {
    pub(crate) fn of(&mut self, origin: &Arc<StoredOrigin>) -> String {
        if let Some((_, name)) = self.0.iter().find(|(known, _)| Arc::ptr_eq(known, origin)) {
            return name.clone();
        }
        let name = origin.service_name();
        self.0.push((Arc::clone(origin), name.clone()));
        name
    }
}
