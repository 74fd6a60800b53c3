//! What holds of every trace, whatever is done to it.

use loadgen::verify::{
    expectation::{Expectation, Kind},
    span::Span,
    verdict::Verdict,
};
use opentelemetry::trace::SpanId;
use proptest::{collection::vec, prelude::*, sample::Index};

use crate::{
    completed, expected, judged,
    made::{Made, REGISTER},
    without_chain,
};

fn good() -> Vec<(Expectation, Made)> {
    let uncalled = Expectation { root: None, ..without_chain() };
    let unknown = Expectation { answer: Kind::Unknown, keyed: None, ..uncalled.clone() };
    vec![
        (completed(), Made::process()),
        (without_chain(), Made::process()),
        (uncalled, Made::process().uncalled()),
        (unknown, Made::process().uncalled()),
        (expected("process", Kind::Pending), Made::new(crate::made::PROCESS, 202)),
        (expected("register", Kind::Completed), Made::new(REGISTER, 201)),
    ]
}

#[test]
fn without_any_one_span_it_is_never_whole() {
    for (expectation, made) in good() {
        assert_eq!(judged(&expectation, &made.0).verdict, Verdict::Whole);
        for place in 0..made.0.len() {
            let mut spans = made.0.clone();
            let removed = spans.remove(place);
            // Without its SERVER span the gateway's call dangles; a caller that exports nothing looks the same one span higher.
            let judgement = judged(&expectation, &spans);
            assert_ne!(judgement.verdict, Verdict::Whole, "without {removed:?}");
            assert!(judgement.open, "without {removed:?}: {judgement:?}");
        }
    }
}

#[test]
fn with_any_one_span_hung_elsewhere_it_is_never_whole() {
    for (expectation, made) in good() {
        for place in 0..made.0.len() {
            let others = made.0.iter().map(|other| Some(other.id)).chain([None]);
            for parent in others.filter(|parent| *parent != made.0[place].parent) {
                let mut spans = made.0.clone();
                spans[place].parent = parent;
                let judgement = judged(&expectation, &spans);
                assert_ne!(
                    judgement.verdict,
                    Verdict::Whole,
                    "{} below {parent:?}",
                    spans[place].name
                );
            }
        }
    }
}

#[test]
fn with_any_one_span_of_another_name_service_or_kind_it_is_never_whole() {
    let changes: [fn(&mut Span); 3] = [
        |span| span.name.push('x'),
        |span| span.service.push('x'),
        |span| span.kind = opentelemetry::trace::SpanKind::Consumer,
    ];
    for (expectation, made) in good() {
        for change in changes {
            // The caller may be anything that calls.
            for place in 1..made.0.len() {
                let mut spans = made.0.clone();
                change(&mut spans[place]);
                let judgement = judged(&expectation, &spans);
                assert_ne!(judgement.verdict, Verdict::Whole, "{:?}", spans[place]);
            }
        }
    }
}

proptest! {
    #[test]
    fn the_order_of_spans_changes_nothing(
        gone in vec(any::<Index>(), 0..4),
        hung in vec((any::<Index>(), any::<Index>()), 0..3),
        shuffled in Just((0..15_usize).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let mut spans = Made::process().0;
        for (place, below) in hung {
            let parent = below.get(&spans).id;
            let place = place.index(spans.len());
            spans[place].parent = Some(parent);
        }
        let gone: Vec<_> = gone.iter().map(|index| index.get(&spans).id).collect();
        let kept = |span: &&Span| !gone.contains(&span.id);
        let sorted: Vec<_> = spans.iter().filter(kept).cloned().collect();
        let other: Vec<_> = shuffled.iter().map(|place| &spans[*place]).filter(kept).cloned().collect();
        for expectation in [completed(), without_chain()] {
            prop_assert_eq!(judged(&expectation, &sorted), judged(&expectation, &other));
        }
    }

    #[test]
    fn spans_that_come_later_only_mend_what_was_open(kept in vec(any::<bool>(), 15)) {
        let spans = Made::process().0;
        let early: Vec<_> = spans.iter().zip(&kept).filter(|(_, kept)| **kept).map(|(span, _)| span.clone()).collect();
        for expectation in [completed(), without_chain(), expected("process", Kind::Completed)] {
            let judgement = judged(&expectation, &early);
            prop_assert!(judgement.open || judgement.verdict == Verdict::Whole, "{:?}", judgement);
        }
        let unknown = Expectation { answer: Kind::Unknown, root: None, keyed: None, ..without_chain() };
        let judgement = judged(&unknown, &early);
        prop_assert!(judgement.open || judgement.verdict == Verdict::Whole, "{:?}", judgement);
    }
}

#[test]
fn a_trace_of_any_depth_or_of_cycles_alone_is_judged() {
    let mut spans = vec![Made::process().0.remove(0)];
    let template = Made::process().0.remove(4);
    for number in 2..20_000_u64 {
        let parent = Some(SpanId::from(number - 1));
        spans.push(Span { id: SpanId::from(number), parent, start: number, ..template.clone() });
    }
    assert_eq!(judged(&completed(), &spans).verdict, Verdict::WrongParent);
    spans[0].parent = Some(SpanId::from(19_999));
    assert_eq!(judged(&completed(), &spans).verdict, Verdict::WrongParent);
    let read = Expectation { contract: None, ..completed() };
    assert_eq!(judged(&read, &spans).verdict, Verdict::WrongParent);
}
