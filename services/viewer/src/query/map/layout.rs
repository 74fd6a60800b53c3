//! Where nodes and edges are drawn: in layers, callers before callees, edges around the nodes of the layers between.
//!
//! The crate `rust-sugiyama` orders and places. It is asked twice: first for each node's layer, then with a vertex of its own
//! for each layer that an edge passes, since it tells no place of the ones that it makes itself.
//!
//! Invariant: the same shape has the same layout, whatever the order of its edges, and no two nodes overlap.

mod layered;

use std::{
    collections::{BTreeMap, BTreeSet},
    panic::catch_unwind,
};

use serde::Serialize;

use layered::Part;

/// Pixels from the left and from the top.
pub(super) type Point = (f64, f64);

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct Size {
    pub(super) width: f64,
    pub(super) height: f64,
}

/// A node as it is drawn; two beside each other fit a telephone.
pub(super) const NODE: Size = Size { width: 150.0, height: 72.0 };
/// Around the whole picture.
const MARGIN: f64 = 10.0;
/// Between two graphs that have nothing to do with each other.
const APART: f64 = 20.0;

/// Whither calls go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Right,
    Down,
}

/// A graph without names. Each pair of nodes that calls connect is in it once, however they call each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    nodes: usize,
    pairs: BTreeSet<(usize, usize)>,
    direction: Direction,
}

#[derive(Debug, PartialEq)]
pub(super) struct Layout {
    pub(super) size: Size,
    places: Vec<Point>,
    /// Of the pairs of the shape that pass other layers.
    bends: BTreeMap<(usize, usize), Vec<Point>>,
}

impl Direction {
    /// Nothing is `right`.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        match text {
            "" | "right" => Ok(Self::Right),
            "down" => Ok(Self::Down),
            _ => Err(format!("direction is {text:?}: write right or down")),
        }
    }

    /// Isolated nodes beside each other, where no layers ask for more room.
    fn least_columns(self) -> usize {
        match self {
            Self::Right => 5,
            Self::Down => 2,
        }
    }

    fn point(self, (across, along): Point) -> Point {
        match self {
            Self::Right => (along, across),
            Self::Down => (across, along),
        }
    }
}

impl Shape {
    /// Of calls that go both ways between two nodes, the first that is given decides which node comes first.
    pub(super) fn new(nodes: usize, edges: &[(usize, usize)], direction: Direction) -> Self {
        let mut pairs = BTreeSet::new();
        for &(from, to) in edges {
            if from != to && !pairs.contains(&(to, from)) {
                pairs.insert((from, to));
            }
        }
        Self { nodes, pairs, direction }
    }
}

impl Layout {
    pub(super) fn of(shape: &Shape) -> Self {
        // Whatever a graph does to the crate, its numbers are still shown, and its nodes in rows.
        let parts = catch_unwind(|| layered::parts(shape)).unwrap_or_default();
        let mut layout = Self {
            size: Size { width: 2.0 * MARGIN, height: MARGIN },
            places: vec![(0.0, 0.0); shape.nodes],
            bends: BTreeMap::new(),
        };
        for part in &parts {
            layout.put(part);
        }
        let placed = parts.iter().flat_map(|part| part.places.iter().map(|(node, _)| *node));
        let placed: BTreeSet<_> = placed.collect();
        let alone = (0..shape.nodes).filter(|node| !placed.contains(node));
        layout.put_alone(&alone.collect::<Vec<_>>(), shape.direction);
        layout
    }

    pub(super) fn place(&self, node: usize) -> Point {
        self.places[node]
    }

    /// From the one to the other; nothing for two of neighbouring layers and for a node that calls itself.
    pub(super) fn bends(&self, from: usize, to: usize) -> Vec<Point> {
        let there = self.bends.get(&(from, to)).cloned();
        let back = || Some(self.bends.get(&(to, from))?.iter().rev().copied().collect());
        there.or_else(back).unwrap_or_default()
    }

    /// Puts what hangs together below what is there: a page scrolls down.
    fn put(&mut self, part: &Part) {
        let (first, last) = part.bounds();
        let (left, top) = (MARGIN - first.0, self.top() - first.1);
        let shift = |(x, y): Point| (x + left, y + top);
        for (node, place) in &part.places {
            self.places[*node] = shift(*place);
        }
        for (pair, bends) in &part.bends {
            self.bends.insert(*pair, bends.iter().copied().map(shift).collect());
        }
        self.grow(shift(last));
    }

    /// In rows, as many beside each other as there is room for anyway.
    fn put_alone(&mut self, alone: &[usize], direction: Direction) {
        let (across, down) = (NODE.width + APART, NODE.height + APART);
        let columns =
            (((self.size.width - MARGIN) / across) as usize).max(direction.least_columns());
        let top = self.top();
        for (position, node) in alone.iter().enumerate() {
            let (column, row) = ((position % columns) as f64, (position / columns) as f64);
            let place =
                (MARGIN + NODE.width / 2.0 + column * across, top + NODE.height / 2.0 + row * down);
            self.places[*node] = place;
            self.grow((place.0 + NODE.width / 2.0, place.1 + NODE.height / 2.0));
        }
    }

    fn top(&self) -> f64 {
        if self.size.height > MARGIN { self.size.height - MARGIN + APART } else { MARGIN }
    }

    fn grow(&mut self, (right, bottom): Point) {
        self.size.width = self.size.width.max(right + MARGIN);
        self.size.height = self.size.height.max(bottom + MARGIN);
    }
}

#[cfg(test)]
mod tests;
