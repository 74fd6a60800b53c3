//! One run of the load, with all that was told of it.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use bytes::Bytes;
use clap::Parser as _;
use http::{HeaderMap, Method};
use loadgen::{
    cli::Cli,
    load::{self, Live, Load, LoadSummary, Plan, Prepared, Requests},
    outcome::{Answer, End, NoAnswer, Observe, Outcome},
    span::Spans,
};
use tokio_util::sync::CancellationToken;

/// A run that has ended.
pub(crate) struct Ran {
    /// In the order of their scheduled starts.
    pub(crate) outcomes: Vec<Outcome>,
    pub(crate) summary: LoadSummary,
    pub(crate) live: Arc<Live>,
}

/// How a run differs from the plainest.
#[derive(Default)]
pub(crate) struct Options {
    /// Whether the observer wants the answers read.
    pub(crate) reads: bool,
    /// Statuses that are expected; any of 2xx when empty.
    pub(crate) expected: Vec<u16>,
    /// The run is stopped when so many requests have ended.
    pub(crate) stop_after: Option<usize>,
}

struct Numbered(Arc<[u16]>);

impl Requests for Numbered {
    fn request(&self, n: u64) -> Prepared {
        Prepared {
            step: 0,
            method: Method::POST,
            path: format!("/{n}?secret=1"),
            template: "/{n}".into(),
            headers: HeaderMap::new(),
            body: Bytes::from_static(b"{}"),
            request_id: None,
            expected: Arc::clone(&self.0),
        }
    }
}

struct Outcomes {
    seen: Mutex<Vec<Outcome>>,
    reads: bool,
    stop_after: Option<usize>,
    stop: CancellationToken,
}

impl Observe for Outcomes {
    fn observe(&self, outcome: Outcome) {
        let mut seen = self.seen.lock().expect("no panic");
        seen.push(outcome);
        if self.stop_after == Some(seen.len()) {
            self.stop.cancel();
        }
    }

    fn reads_answers(&self) -> bool {
        self.reads
    }
}

/// Runs `loadgen --target <url> <flags>`, spans off.
pub(crate) async fn run(url: &str, flags: &str) -> Ran {
    run_with(url, flags, Options::default()).await
}

/// The same with options.
pub(crate) async fn run_with(url: &str, flags: &str, options: Options) -> Ran {
    let target = load::reach(&url.parse().expect("a URL")).await.expect("the server is there");
    run_against(target, flags, options).await
}

/// The same against a target that was there.
pub(crate) async fn run_against(target: load::Target, flags: &str, options: Options) -> Ran {
    let cli = Cli::try_parse_from(["loadgen"].into_iter().chain(flags.split_whitespace()));
    let plan = Plan::new(&cli.expect("good flags").run.load, false).expect("a plan");
    let (live, stop) = (Arc::new(Live::default()), CancellationToken::new());
    let outcomes = Arc::new(Outcomes {
        seen: Mutex::default(),
        reads: options.reads,
        stop_after: options.stop_after,
        stop: stop.clone(),
    });
    let requests = Arc::new(Numbered(options.expected.into()));
    let load = Load::new(target, requests, outcomes.clone(), Spans::off(), live.clone());
    let running = tokio::time::timeout(Duration::from_secs(60), load::run(load, plan, 1, &stop));
    let summary = running.await.expect("the run ends");
    let mut outcomes = std::mem::take(&mut *outcomes.seen.lock().expect("no panic"));
    outcomes.sort_by_key(scheduled);
    Ran { outcomes, summary, live }
}

/// When a request was due.
pub(crate) fn scheduled(outcome: &Outcome) -> Instant {
    outcome.at - outcome.latency
}

impl Ran {
    pub(crate) fn answers(&self) -> Vec<&Answer> {
        let answer = |outcome| match outcome {
            &Outcome { end: End::Answered(ref answer), .. } => Some(answer),
            _ => None,
        };
        self.outcomes.iter().filter_map(answer).collect()
    }

    pub(crate) fn failed(&self, why: NoAnswer) -> usize {
        self.count(|end| matches!(end, End::Failed(kind) if *kind == why))
    }

    pub(crate) fn not_started(&self) -> usize {
        self.count(|end| matches!(end, End::NotStarted))
    }

    fn count(&self, which: impl Fn(&End) -> bool) -> usize {
        self.outcomes.iter().filter(|outcome| which(&outcome.end)).count()
    }
}
