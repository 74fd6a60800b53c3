//! The judge, held against made traces: one for each verdict and each variant.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends at the first thing that is not as it should be"
)]

mod any_system;
mod expected;
mod hops;
mod made;
mod other_answers;
mod properties;
mod reads;
mod summaries;
mod variants;
mod wrong;
mod wrong_contracts;

use std::sync::{Arc, LazyLock};

use loadgen::{
    outcome::Root,
    verify::{
        contract::Contracts,
        expectation::{Expectation, Kind},
        judge,
        span::Span,
        verdict::{Hop, Judgement, Verdict},
    },
};
use opentelemetry::trace::{SpanId, TraceId};

static BUILT_IN: LazyLock<Contracts> = LazyLock::new(|| Contracts::load(&[]).unwrap());

/// What is expected of a request of ours whose own span is exported, and whose answer had a chain.
fn expected(contract: &str, answer: Kind) -> Expectation {
    let trace_id = TraceId::from(7);
    Expectation {
        root: Some(Root { trace_id, span_id: SpanId::from(made::OWN), sampled: true }),
        answer,
        keyed: Some(false),
        has_chain: true,
        ..Expectation::of_trace(trace_id, Some(Arc::from(contract)))
    }
}

fn completed() -> Expectation {
    expected("process", Kind::Completed)
}

fn without_chain() -> Expectation {
    Expectation { has_chain: false, ..completed() }
}

fn judged(expectation: &Expectation, spans: &[Span]) -> Judgement {
    judge::judge(&BUILT_IN, expectation, spans, &[])
}

#[track_caller]
fn assert_whole(expectation: &Expectation, spans: &[Span]) {
    let judgement = judged(expectation, spans);
    let detail = format!("{} spans, each where it belongs", spans.len());
    let whole = Judgement { verdict: Verdict::Whole, hop: None, detail, open: false };
    assert_eq!(judgement, whole);
}

fn hop(from: &str, to: &str) -> Option<Hop> {
    Some(Hop { from: from.to_owned(), to: to.to_owned() })
}

#[track_caller]
fn assert_judged(
    judgement: &Judgement,
    verdict: Verdict,
    hop: Option<Hop>,
    detail: &str,
    open: bool,
) {
    let expected = Judgement { verdict, hop, detail: detail.to_owned(), open };
    assert_eq!(*judgement, expected);
}
