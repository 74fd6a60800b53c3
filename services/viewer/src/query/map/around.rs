//! What is said of a node by the calls that come to it and go out from it.

use std::collections::BTreeMap;

use super::Role;
use crate::query::service_graph::{Callee, Calls, Collected, NodeKind, SeenNode};

#[derive(Debug, Default)]
pub(super) struct Around<'a> {
    to: BTreeMap<&'a str, Calls>,
    from: BTreeMap<&'a str, Calls>,
    callees: BTreeMap<&'a str, &'a Callee>,
}

impl<'a> Around<'a> {
    pub(super) fn of(collected: &'a Collected) -> Self {
        let mut around = Self::default();
        for ((source, target), seen) in &collected.edges {
            around.from.entry(source).or_default().extend(&seen.calls);
            around.to.entry(target).or_default().extend(&seen.calls);
            if let Some(callee) = &seen.callee {
                around.callees.entry(target).or_insert(callee);
            }
        }
        around
    }

    /// What a node is in the picture, and the calls that its numbers are of: what it served by its own account, else by its
    /// callers'; of what serves nothing, what it called.
    pub(super) fn role(&self, id: &str, seen: &SeenNode) -> (Role, Calls) {
        let incoming = self.to.get(id);
        match (seen.kind, incoming) {
            (NodeKind::Service, _) if !seen.served.is_empty() => {
                (Role::Service, seen.served.clone())
            }
            (NodeKind::Service, Some(calls)) => (Role::Service, calls.clone()),
            (NodeKind::Database, Some(calls)) => (Role::Database, calls.clone()),
            _ => (Role::Caller, self.from.get(id).cloned().unwrap_or_default()),
        }
    }

    /// How its callers name it, if they do.
    pub(super) fn callee(&self, id: &str) -> Option<&'a Callee> {
        self.callees.get(id).copied()
    }
}
