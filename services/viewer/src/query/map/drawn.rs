//! What of a graph is drawn: all of it, or the busiest part of a graph that nobody could look at.

use std::{cmp::Reverse, collections::BTreeMap};

use super::layout::{Direction, Shape};
use crate::query::service_graph::Collected;

/// More would be a picture of lines, and would take the layout seconds.
const MOST_NODES: usize = 200;
const MOST_EDGES: usize = 400;

/// Each drawn node's position among them, and the edges between those.
#[derive(Debug)]
pub(super) struct Drawn<'a> {
    nodes: BTreeMap<&'a str, usize>,
    /// Busiest first.
    edges: Vec<(usize, usize)>,
}

impl<'a> Drawn<'a> {
    pub(super) fn of(collected: &'a Collected) -> Self {
        let mut calls: BTreeMap<&str, usize> =
            collected.nodes.iter().map(|(id, seen)| (id.as_str(), seen.served.len())).collect();
        for ((source, target), seen) in &collected.edges {
            for end in [source, target] {
                *calls.entry(end).or_default() += seen.calls.len();
            }
        }
        let mut busiest: Vec<_> = calls.into_iter().collect();
        busiest.sort_by_key(|(id, calls)| (Reverse(*calls), *id));
        busiest.truncate(MOST_NODES);
        let mut names: Vec<_> = busiest.into_iter().map(|(id, _)| id).collect();
        names.sort_unstable();
        let nodes: BTreeMap<_, _> = names.into_iter().zip(0..).collect();
        let mut edges: Vec<_> = collected.edges.iter().collect();
        edges.sort_by_key(|(_, seen)| Reverse(seen.calls.len()));
        let edges = edges.into_iter().filter_map(|((source, target), _)| {
            Some((*nodes.get(source.as_str())?, *nodes.get(target.as_str())?))
        });
        let edges = edges.take(MOST_EDGES).collect();
        Self { nodes, edges }
    }

    pub(super) fn shape(&self, direction: Direction) -> Shape {
        Shape::new(self.nodes.len(), &self.edges, direction)
    }

    pub(super) fn node(&self, id: &str) -> Option<usize> {
        self.nodes.get(id).copied()
    }

    pub(super) fn edge(&self, source: &str, target: &str) -> Option<(usize, usize)> {
        let ends = (self.node(source)?, self.node(target)?);
        self.edges.contains(&ends).then_some(ends)
    }
}
