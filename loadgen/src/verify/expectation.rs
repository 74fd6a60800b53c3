//! What is known of a request when its trace is looked up: all that is kept per request until its verdict.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use opentelemetry::trace::TraceId;

use super::verdict::Hop;
use crate::outcome::{Answer, End, Outcome, Root, Said};

/// One trace to verify. Small, since one is kept for every request that waits for its verdict.
#[derive(Clone, Debug)]
pub struct Expectation {
    /// The trace to look up: our own root's, or the one that the answer named where spans are off.
    pub trace_id: TraceId,
    /// Our own root span; `None` where spans are off, or the trace was made by something else.
    pub root: Option<Root>,
    /// Name of the contract that it is held against; `None`: only the rules for answers of another kind.
    pub contract: Option<Arc<str>>,
    /// Which of the contract's variants.
    pub answer: Kind,
    /// Whether an `Idempotency-Key` was sent; `None` where that is not known.
    pub keyed: Option<bool>,
    /// The hop at which the `chain` of the answer shows a new trace.
    pub broken: Option<Box<Hop>>,
    /// Whether the answer had a `chain` at all: without one, a broken hop is told from the last span that is there.
    pub has_chain: bool,
    /// When the answer (or its absence) was there.
    pub since: Instant,
}

/// What kind of answer a request got, which decides on what its trace must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Success, and all done: the contract's plain table.
    Completed,
    /// 202: part of the work is delivered later, within the same trace.
    Pending,
    /// A repeat of an idempotency key.
    Replayed,
    /// A problem: a connected tree under one root that reaches the named service.
    Problem {
        /// The service that the problem names.
        reaches: Option<Arc<str>>,
    },
    /// No answer at all: a connected tree under one root, perhaps nothing but the root.
    Unanswered,
    /// Not known: whole when any variant of the contract fits.
    Unknown,
}

/// What is known of a request beside its outcome.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The contract of its step.
    pub contract: Option<Arc<str>>,
    /// Whether its step sends an `Idempotency-Key`, where the outcome has no request id; `None` where that is not known.
    pub keyed: Option<bool>,
    /// `service.name` of this program's spans.
    pub caller: Arc<str>,
    /// The first service that a request meets, by `--peer`.
    pub peer: Arc<str>,
}

/// Names that many expectations share, each kept once.
#[derive(Debug, Default)]
pub struct Names(Mutex<HashSet<Arc<str>>>);

/// More names than any system has services; what comes then is not kept, so that answers cannot fill the memory.
const MAX_NAMES: usize = 1024;

impl Names {
    fn of(&self, name: &str) -> Arc<str> {
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = names.get(name) {
            return Arc::clone(known);
        }
        let name = Arc::<str>::from(name);
        if names.len() < MAX_NAMES {
            names.insert(Arc::clone(&name));
        }
        name
    }
}

impl Expectation {
    /// What is expected of a request's trace. `None`: there is none to look up, since the request was never sent, is not sampled, or
    /// nothing is known of its trace.
    #[must_use]
    pub fn of(outcome: &Outcome, asked: &Asked, names: &Names) -> Option<Self> {
        let (answer, said) = match &outcome.end {
            End::NotStarted => return None,
            End::Failed(_) => (None, None),
            End::Answered(answer) => (Some(answer), answer.said.as_deref()),
        };
        let trace_id = trace(outcome.sent.root, said)?;
        let kind = answer.map_or(Kind::Unanswered, |answer| kind(answer, names));
        let unsent = if kind == Kind::Replayed { Some(true) } else { asked.keyed };
        let is_problem = matches!(kind, Kind::Problem { .. });
        let broken = said.and_then(|said| broken(said, is_problem, trace_id, asked));
        Some(Self {
            trace_id,
            root: outcome.sent.root,
            contract: asked.contract.clone(),
            answer: kind,
            keyed: outcome.sent.request_id.map_or(unsent, |_| Some(true)),
            broken: broken.map(Box::new),
            has_chain: said.is_some_and(|said| !said.chain.is_empty()),
            since: outcome.at,
        })
    }

    /// A trace that something else made: nothing is known but its id.
    #[must_use]
    pub fn of_trace(trace_id: TraceId, contract: Option<Arc<str>>) -> Self {
        Self {
            trace_id,
            root: None,
            contract,
            answer: Kind::Unknown,
            keyed: None,
            broken: None,
            has_chain: false,
            since: Instant::now(),
        }
    }
}

/// Our own trace, where we have one, else the one that the first service says it was in. The `trace_id` of a body comes last: a repeat's is
/// that of the first run, a row's the one that made it.
fn trace(root: Option<Root>, said: Option<&Said>) -> Option<TraceId> {
    match (root, said) {
        (Some(root), _) => root.sampled.then_some(root.trace_id),
        (None, Some(said)) if said.sampled != Some(false) => {
            let first = said.chain.first().map(|(_, trace_id)| *trace_id);
            first.or(said.made_in).or(said.trace_id)
        }
        (None, _) => None,
    }
}

/// Whoever answered without naming a trace was in none, so it need not have a span.
fn kind(answer: &Answer, names: &Names) -> Kind {
    let said = answer.said.as_deref();
    if !(200..300).contains(&answer.status) {
        let said = said.filter(|said| said.trace_id.is_some());
        let reaches = said.and_then(|said| said.service.as_deref());
        return Kind::Problem { reaches: reaches.map(|name| names.of(name)) };
    }
    match answer.status {
        _ if said.is_some_and(|said| said.replayed) => Kind::Replayed,
        202 => Kind::Pending,
        _ => Kind::Completed,
    }
}

/// The first hop behind which a service says that it was in another trace. A problem's body has the trace of the service that failed; others may
/// show a row, which has that of whoever made it.
fn broken(said: &Said, is_problem: bool, trace_id: TraceId, asked: &Asked) -> Option<Hop> {
    let Some(index) = said.chain.iter().position(|(_, id)| *id != trace_id) else {
        let told = if is_problem { said.trace_id } else { said.made_in };
        let elsewhere = said.chain.is_empty() && told.is_some_and(|id| id != trace_id);
        return elsewhere
            .then(|| Hop { from: asked.caller.to_string(), to: asked.peer.to_string() });
    };
    let before = index.checked_sub(1).and_then(|before| said.chain.get(before));
    let from = before.map_or(&*asked.caller, |(service, _)| service);
    Some(Hop { from: from.to_owned(), to: said.chain[index].0.clone() })
}
