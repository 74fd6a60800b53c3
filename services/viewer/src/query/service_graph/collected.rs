//! The calls of all traces, by who makes and who serves them.
//!
//! An edge is a CLIENT span and its direct SERVER child, a database CLIENT span and the database that `peer.service` names, or
//! a CLIENT span without a SERVER below and the service that `peer.service` names: a service that is down is called as well.
//! A SERVER span that is a root has the node `user` in front of it. This is how Tempo's metrics generator sees it.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    time::{SystemTime, UNIX_EPOCH},
};

use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use serde::Serialize;

use super::{Callee, Calls, half::Half};
use crate::{SpanId, Store, Trace, store::ServiceNames};

const USER: &str = "user";

/// What one name is; where it is several things, the last of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::query) enum NodeKind {
    User,
    Database,
    Service,
}

#[derive(Debug)]
pub(in crate::query) struct SeenNode {
    pub(in crate::query) kind: NodeKind,
    /// By its own SERVER spans, whoever called.
    pub(in crate::query) served: Calls,
    /// Only called: it made none of the spans.
    pub(in crate::query) is_silent: bool,
}

#[derive(Debug, Default)]
pub(in crate::query) struct SeenEdge {
    pub(in crate::query) calls: Calls,
    /// How the caller names whom it calls, if it does.
    pub(in crate::query) callee: Option<Callee>,
}

/// Invariant: both ends of every edge are nodes.
#[derive(Debug, Default)]
pub(in crate::query) struct Collected {
    pub(in crate::query) nodes: BTreeMap<String, SeenNode>,
    pub(in crate::query) edges: BTreeMap<(String, String), SeenEdge>,
    window: Option<u64>,
    first: Option<u64>,
    last: u64,
}

impl Collected {
    /// The calls that began in the last `seconds`, or all.
    pub(in crate::query) fn of(store: &Store, seconds: Option<u64>) -> Self {
        let since = seconds
            .map_or(0, |seconds| now().saturating_sub(seconds.saturating_mul(1_000_000_000)));
        let mut collected = Self { window: seconds, ..Self::default() };
        for trace in store.newest(usize::MAX).into_iter().filter_map(|id| store.trace(id)) {
            collected.add_trace(&trace, since);
        }
        collected
    }

    /// What rates are over: what was asked for, else from the first call to the last; never less than a second.
    pub(in crate::query) fn window_seconds(&self) -> f64 {
        let seen = self.last.saturating_sub(self.first.unwrap_or_default()) as f64 / 1e9;
        self.window.map_or(seen, |seconds| seconds as f64).max(1.0)
    }

    /// The part of the window in which there were calls: from the first of them until now, or of all that is held to the last.
    pub(in crate::query) fn active_seconds(&self) -> f64 {
        let window = self.window_seconds();
        let since_first = now().saturating_sub(self.first.unwrap_or_default()) as f64 / 1e9;
        self.window.map_or(window, |_| since_first.clamp(1.0, window))
    }

    fn add_trace(&mut self, trace: &Trace, since: u64) {
        let mut names = ServiceNames::default();
        // One span is decoded at a time, so that a large trace is not decoded as a whole.
        let halves = trace.spans.iter().filter_map(|stored| {
            let half = Half::of(&stored.decode()?, names.of(&stored.origin));
            Some((stored.id, half))
        });
        let halves: HashMap<SpanId, Half> = halves.collect();
        let servers = halves.values().filter(|half| half.kind == SpanKind::Server);
        let answered: HashSet<SpanId> = servers.filter_map(|server| server.parent).collect();
        for (id, half) in halves.iter().filter(|(_, half)| half.start >= since) {
            match (&half.callee, half.kind) {
                (Some(callee), _) if callee.is_database || !answered.contains(id) => {
                    self.add_client(half, callee);
                }
                (_, SpanKind::Server) => self.add_server(half, &halves),
                _ => {}
            }
        }
    }

    fn add_client(&mut self, client: &Half, callee: &Callee) {
        let kind = if callee.is_database { NodeKind::Database } else { NodeKind::Service };
        self.node(&client.service, NodeKind::Service).is_silent = false;
        self.node(&callee.name, kind);
        self.add_call((&client.service, &callee.name), client, client.failed, Some(callee));
    }

    fn add_server(&mut self, server: &Half, halves: &HashMap<SpanId, Half>) {
        let target = server.service.as_str();
        let node = self.node(target, NodeKind::Service);
        node.is_silent = false;
        node.served.add(server.duration, server.failed);
        match server.parent.map(|parent| halves.get(&parent)) {
            None => {
                self.node(USER, NodeKind::User);
                self.add_call((USER, target), server, server.failed, None);
            }
            Some(Some(caller)) if caller.kind == SpanKind::Client => {
                self.node(&caller.service, NodeKind::Service).is_silent = false;
                let failed = server.failed || caller.failed;
                let callee = caller.callee.as_ref();
                self.add_call((&caller.service, target), caller, failed, callee);
            }
            Some(_) => self.see(server),
        }
    }

    fn add_call(
        &mut self,
        (source, target): (&str, &str),
        timed: &Half,
        failed: bool,
        callee: Option<&Callee>,
    ) {
        let edge = self.edges.entry((source.to_owned(), target.to_owned())).or_default();
        edge.calls.add(timed.duration, failed);
        // Always the same one of several, in whatever order they come.
        if callee.is_some_and(|new| edge.callee.as_ref().is_none_or(|known| new < known)) {
            edge.callee = callee.cloned();
        }
        self.see(timed);
    }

    fn see(&mut self, half: &Half) {
        // A span without a time says nothing of when it was; the window would begin at the epoch.
        if half.start == 0 {
            return;
        }
        self.first = Some(self.first.map_or(half.start, |first| first.min(half.start)));
        self.last = self.last.max(half.start.saturating_add(half.duration));
    }

    fn node(&mut self, id: &str, kind: NodeKind) -> &mut SeenNode {
        let new = || SeenNode { kind, served: Calls::default(), is_silent: true };
        let node = self.nodes.entry(id.to_owned()).or_insert_with(new);
        node.kind = node.kind.max(kind);
        node
    }
}

/// Nanoseconds since the epoch.
fn now() -> u64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH);
    since_epoch.map_or(0, |elapsed| u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX))
}
