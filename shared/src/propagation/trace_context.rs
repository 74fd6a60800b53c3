//! `traceparent` and `tracestate` to and from a [`Context`].
//!
//! The stock propagator reads one line per header, drops the level 2 random flag and loses every `tracestate` that its
//! `TraceState` refuses; it fails 12 of the official suite's cases. This one keeps what came beside the span context.

use std::sync::LazyLock;

use opentelemetry::propagation::text_map_propagator::FieldIter;
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator};
use opentelemetry::trace::{SpanContext, TraceContextExt, TraceFlags};
use opentelemetry::{Context, TraceId};

use super::traceparent::{RANDOM, SAMPLED, Traceparent};
use super::tracestate::Tracestate;

pub(super) const TRACEPARENT: &str = "traceparent";
pub(super) const TRACESTATE: &str = "tracestate";

static FIELDS: LazyLock<[String; 2]> = LazyLock::new(|| [TRACEPARENT.into(), TRACESTATE.into()]);

/// Reads and writes `traceparent` and `tracestate` as W3C Trace Context level 2 has it.
///
/// Reading: exactly one valid `traceparent`, else the context stays without a remote parent and `tracestate` is ignored.
/// Writing: the current span's ids and sampled flag, the caller's random flag (set for traces begun here), and the caller's
/// `tracestate` as it came unless a sampler has changed it.
#[derive(Clone, Copy, Debug, Default)]
pub struct W3cPropagator;

/// What the remote parent said that its `SpanContext` cannot carry to spans that are made under it.
#[derive(Debug)]
struct Remote {
    trace_id: TraceId,
    random: bool,
    tracestate: Option<Tracestate>,
}

/// Marks a context whose own new traces go out without the random flag.
struct NoRandomClaim;

impl TextMapPropagator for W3cPropagator {
    fn inject_context(&self, cx: &Context, injector: &mut dyn Injector) {
        let Some(traceparent) = current_traceparent(cx) else {
            return;
        };
        injector.set(TRACEPARENT, traceparent);
        let tracestate = current_tracestate(cx);
        if !tracestate.is_empty() {
            injector.set(TRACESTATE, tracestate);
        }
    }

    fn extract_with_context(&self, cx: &Context, extractor: &dyn Extractor) -> Context {
        let Some(parent) = only_traceparent(extractor) else {
            return cx.clone();
        };
        let tracestate = extractor.get_all(TRACESTATE).and_then(Tracestate::parse);
        let held = tracestate.as_ref().map(|t| t.held.clone());
        let span_context = SpanContext::new(
            parent.trace_id,
            parent.span_id,
            TraceFlags::new(parent.flags),
            true,
            held.unwrap_or_default(),
        );
        cx.with_value(Remote {
            trace_id: parent.trace_id,
            random: parent.flags & RANDOM != 0,
            tracestate,
        })
        .with_remote_span_context(span_context)
    }

    fn fields(&self) -> FieldIter<'_> {
        FieldIter::new(FIELDS.as_slice())
    }
}

/// Two `traceparent` lines are as good as none: nobody can say which of them is the parent.
fn only_traceparent(extractor: &dyn Extractor) -> Option<Traceparent> {
    match extractor.get_all(TRACEPARENT)?.as_slice() {
        [line] => Traceparent::parse(line),
        _ => None,
    }
}

/// The current span as a `traceparent`; `None` without a valid one.
pub(super) fn current_traceparent(cx: &Context) -> Option<String> {
    let span = cx.span();
    let current = span.span_context();
    current.is_valid().then(|| {
        Traceparent {
            trace_id: current.trace_id(),
            span_id: current.span_id(),
            flags: current_flags(cx),
        }
        .to_text()
    })
}

/// The flags that the current span is passed on with.
pub(super) fn current_flags(cx: &Context) -> u8 {
    let span = cx.span();
    let current = span.span_context();
    let sampled = if current.is_sampled() { SAMPLED } else { 0 };
    let random = if random(cx, current) { RANDOM } else { 0 };
    sampled | random
}

pub(super) fn without_random_claim(cx: &Context) -> Context {
    cx.with_value(NoRandomClaim)
}

/// The span context's own flag is no help: the SDK clears it in spans that it does not sample.
fn random(cx: &Context, current: &SpanContext) -> bool {
    match remote_of(cx, current) {
        Some(remote) => remote.random,
        // A remote parent that another propagator read.
        None if current.is_remote() => current.trace_flags().to_u8() & RANDOM != 0,
        // A trace that was begun here, where the SDK's generator makes all 16 bytes random.
        None => cx.get::<NoRandomClaim>().is_none(),
    }
}

fn current_tracestate(cx: &Context) -> String {
    let span = cx.span();
    let current = span.span_context();
    match remote_of(cx, current).and_then(|remote| remote.tracestate.as_ref()) {
        Some(received) if received.held == *current.trace_state() => received.text.clone(),
        _ => current.trace_state().header(),
    }
}

fn remote_of<'a>(cx: &'a Context, current: &SpanContext) -> Option<&'a Remote> {
    cx.get::<Remote>().filter(|remote| remote.trace_id == current.trace_id())
}
