//! The ids of the traces that were evicted last: they answer 410, and spans that come for them are not stored.

use std::collections::{HashSet, VecDeque};

use crate::TraceId;

/// A set slot takes 17 bytes and a full table has up to 16/7 slots per id; a queue slot takes 16 and there are up to two.
const BYTES_PER_ID: usize = 17 * 16 / 7 + 2 * 16 + 1;

/// Invariant: `order` and `known` hold the same ids, at most `limit`.
#[derive(Debug)]
pub(super) struct Evicted {
    order: VecDeque<TraceId>,
    known: HashSet<TraceId>,
    limit: usize,
}

impl Evicted {
    pub(super) fn within(bytes: usize) -> Self {
        Self { order: VecDeque::new(), known: HashSet::new(), limit: (bytes / BYTES_PER_ID).max(1) }
    }

    pub(super) fn remember(&mut self, id: TraceId) {
        if self.order.len() == self.limit
            && let Some(forgotten) = self.order.pop_front()
        {
            self.known.remove(&forgotten);
        }
        if self.known.insert(id) {
            self.order.push_back(id);
        }
    }

    pub(super) fn contains(&self, id: TraceId) -> bool {
        self.known.contains(&id)
    }

    pub(super) fn bytes(&self) -> usize {
        self.order.len() * BYTES_PER_ID
    }

    pub(super) fn len(&self) -> usize {
        self.order.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_evicted_id_is_forgotten_first_and_the_budget_holds() {
        let budget = 3 * BYTES_PER_ID;
        let mut evicted = Evicted::within(budget);
        let ids: Vec<_> = (1..=5).map(|n| TraceId([n; 16])).collect();
        for &id in &ids {
            evicted.remember(id);
            assert!(evicted.bytes() <= budget);
        }
        let known: Vec<_> = ids.iter().map(|&id| evicted.contains(id)).collect();
        assert_eq!(known, [false, false, true, true, true]);
    }
}
