//! What is expected of a trace, by how its request ended.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use loadgen::{
    outcome::{Answer, End, NoAnswer, Outcome, Root, Said, Sent},
    verify::expectation::{Asked, Expectation, Kind, Names},
};
use opentelemetry::trace::{SpanId, TraceId};
use uuid::Uuid;

use crate::hop;

const OURS: TraceId = TraceId::from_bytes([7; 16]);
const OTHER: TraceId = TraceId::from_bytes([8; 16]);
const SERVICES: [&str; 4] = ["gateway", "user-service", "order-service", "audit-service"];

fn ended(end: End) -> Outcome {
    let root = Root { trace_id: OURS, span_id: SpanId::from(1), sampled: true };
    Outcome {
        step: 0,
        warm_up: false,
        sent: Sent { root: Some(root), request_id: None },
        latency: Duration::ZERO,
        at: Instant::now(),
        end,
    }
}

fn answered(status: u16, said: Said) -> Outcome {
    let answer = Answer { status, expected: true, bytes: 0, said: Some(Box::new(said)) };
    ended(End::Answered(answer))
}

fn chain(trace_ids: [TraceId; 4]) -> Said {
    let chain = SERVICES.map(str::to_owned).into_iter().zip(trace_ids).collect();
    Said { trace_id: Some(OURS), chain, ..Said::default() }
}

fn asked() -> Asked {
    Asked {
        contract: Some(Arc::from("process")),
        keyed: Some(false),
        caller: Arc::from("loadgen"),
        peer: Arc::from("nginx"),
    }
}

fn of(outcome: &Outcome) -> Option<Expectation> {
    Expectation::of(outcome, &asked(), &Names::default())
}

#[test]
fn the_kind_follows_from_the_answer() {
    let kind = |status, said| of(&answered(status, said)).unwrap().answer;
    let agreeing = || chain([OURS; 4]);
    assert_eq!(kind(200, agreeing()), Kind::Completed);
    assert_eq!(kind(201, agreeing()), Kind::Completed);
    assert_eq!(kind(202, agreeing()), Kind::Pending);
    let replayed = || Said { replayed: true, ..agreeing() };
    assert_eq!(kind(200, replayed()), Kind::Replayed);
    assert_eq!(kind(202, replayed()), Kind::Replayed);
    let named =
        Said { service: Some("order-service".to_owned()), trace_id: Some(OURS), ..Said::default() };
    let reaches = Some(Arc::from("order-service"));
    assert_eq!(kind(503, named.clone()), Kind::Problem { reaches });
    let untraced = Said { trace_id: None, ..named };
    assert_eq!(kind(408, untraced), Kind::Problem { reaches: None });
    let none = of(&ended(End::Failed(NoAnswer::Timeout))).unwrap();
    assert_eq!(none.answer, Kind::Unanswered);
}

#[test]
fn nothing_is_expected_of_what_has_no_trace() {
    assert!(of(&ended(End::NotStarted)).is_none());
    let mut unsampled = answered(200, chain([OURS; 4]));
    unsampled.sent.root.as_mut().unwrap().sampled = false;
    assert!(of(&unsampled).is_none());
    let rootless = |said| {
        let mut outcome = answered(200, said);
        outcome.sent.root = None;
        of(&outcome)
    };
    assert!(rootless(Said::default()).is_none());
    assert!(rootless(Said { sampled: Some(false), ..chain([OURS; 4]) }).is_none());
    assert_eq!(
        rootless(Said { trace_id: Some(OTHER), ..Said::default() }).unwrap().trace_id,
        OTHER
    );
    let row = Said { trace_id: Some(OTHER), made_in: Some(OURS), ..Said::default() };
    assert_eq!(rootless(row).unwrap().trace_id, OURS);
    // The body of a repeat names the trace of the first run.
    let repeat =
        rootless(Said { trace_id: Some(OTHER), replayed: true, ..chain([OURS; 4]) }).unwrap();
    assert_eq!((repeat.trace_id, repeat.broken), (OURS, None));
}

#[test]
fn a_broken_hop_is_that_of_the_first_entry_in_another_trace() {
    let broken = |said| of(&answered(200, said)).unwrap().broken.map(|hop| *hop);
    assert_eq!(broken(chain([OURS; 4])), None);
    assert_eq!(broken(chain([OTHER; 4])), hop("loadgen", "gateway"));
    assert_eq!(broken(chain([OURS, OTHER, OTHER, OTHER])), hop("gateway", "user-service"));
    assert_eq!(broken(chain([OURS, OURS, OTHER, OTHER])), hop("user-service", "order-service"));
    assert_eq!(broken(chain([OURS, OURS, OURS, OTHER])), hop("order-service", "audit-service"));
    let elsewhere = Said { made_in: Some(OTHER), ..Said::default() };
    assert_eq!(broken(elsewhere), hop("loadgen", "nginx"));
    // The trace of the service that failed, passed on by the one that answered in ours.
    let failed = Said { trace_id: Some(OTHER), made_in: Some(OURS), ..Said::default() };
    let problem = of(&answered(503, failed)).unwrap();
    assert_eq!(problem.broken.map(|hop| *hop), hop("loadgen", "nginx"));
    // A row, made by an earlier request.
    let row = Said { trace_id: Some(OTHER), made_in: Some(OURS), ..Said::default() };
    assert_eq!(broken(row), None);
    assert_eq!(broken(Said { trace_id: Some(OTHER), ..Said::default() }), None);
    let repeat = Said { trace_id: Some(OTHER), replayed: true, ..chain([OURS; 4]) };
    assert_eq!(broken(repeat), None);
}

#[test]
fn whether_a_key_was_sent_is_told_by_the_request_or_its_step() {
    let mut outcome = answered(200, chain([OURS; 4]));
    assert_eq!(of(&outcome).unwrap().keyed, Some(false));
    outcome.sent.request_id = Some(Uuid::from_u128(1));
    assert_eq!(of(&outcome).unwrap().keyed, Some(true));
    let replayed = answered(200, Said { replayed: true, ..chain([OURS; 4]) });
    assert_eq!(of(&replayed).unwrap().keyed, Some(true));
}

#[test]
fn an_expectation_is_small() {
    assert!(size_of::<Expectation>() <= 128, "{} bytes", size_of::<Expectation>());
    let good = of(&answered(200, chain([OURS; 4]))).unwrap();
    assert!(good.broken.is_none() && good.has_chain, "nothing on the heap that is its own");
    let names = Names::default();
    let named =
        || Said { service: Some("gateway".to_owned()), trace_id: Some(OURS), ..Said::default() };
    let reached =
        || match Expectation::of(&answered(422, named()), &asked(), &names).unwrap().answer {
            Kind::Problem { reaches } => reaches.unwrap(),
            other => panic!("{other:?}"),
        };
    assert!(Arc::ptr_eq(&reached(), &reached()));
}
