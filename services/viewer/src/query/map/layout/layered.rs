//! The parts of a graph that hang together, each in layers.

use std::collections::{BTreeMap, BTreeSet};

use rust_sugiyama::{configure::Config, from_vertices_and_edges};

use super::{Direction, NODE, Point, Shape};

/// What an edge takes of a layer that it passes.
const BEND: f64 = 24.0;
/// Up to so many edges the crossings are searched for by exchanging neighbours too, which takes much longer.
const MOST_EXCHANGED: usize = 60;
/// Edges that pass more layers than this in sum are drawn straight: a long chain with edges across it would take seconds, and
/// the crate goes from vertex to vertex by recursion.
const MOST_BENDS: usize = 1000;

/// What hangs together, by the middles of its nodes.
#[derive(Debug, Default)]
pub(super) struct Part {
    pub(super) places: Vec<(usize, Point)>,
    pub(super) bends: BTreeMap<(usize, usize), Vec<Point>>,
}

/// A node's size and the room beside it, across the layers and along them.
#[derive(Clone, Copy, Debug)]
struct Room {
    node: Point,
    gap: Point,
}

/// The vertices and edges that the crate is given: first the nodes, then the bends. A vertex's number is its position, since
/// that is what the crate answers with, whatever number it was given.
struct Plan {
    nodes: Vec<usize>,
    sizes: Vec<(f64, f64)>,
    edges: Vec<(u32, u32)>,
    /// The vertices that each pair passes, from the first node to the second.
    bends: BTreeMap<(usize, usize), Vec<usize>>,
}

/// All but the nodes that call nobody and nobody calls.
pub(super) fn parts(shape: &Shape) -> Vec<Part> {
    let straight = Plan::straight(shape);
    let depth = shape.direction.room().depth();
    let mut layers = vec![0; straight.nodes.len()];
    for (vertex, (_, along)) in straight.placed().into_iter().flatten() {
        layers[vertex] = (along / depth).round() as usize;
    }
    let plan = straight.around(shape, &layers);
    plan.placed().iter().map(|places| plan.part(places, shape.direction)).collect()
}

impl Direction {
    fn room(self) -> Room {
        match self {
            Self::Right => Room { node: (NODE.height, NODE.width), gap: (30.0, 104.0) },
            Self::Down => Room { node: (NODE.width, NODE.height), gap: (14.0, 58.0) },
        }
    }
}

impl Room {
    fn depth(self) -> f64 {
        self.node.1 + self.gap.1
    }
}

impl Plan {
    /// Every edge as it is.
    fn straight(shape: &Shape) -> Self {
        let room = shape.direction.room();
        let connected: BTreeSet<_> = shape.pairs.iter().flat_map(|(a, b)| [*a, *b]).collect();
        let nodes: Vec<_> = connected.into_iter().collect();
        let mut plan = Self {
            sizes: vec![(room.node.0 + room.gap.0, room.depth()); nodes.len()],
            nodes,
            edges: Vec::new(),
            bends: BTreeMap::new(),
        };
        for &(from, to) in &shape.pairs {
            plan.connect([plan.vertex(from), plan.vertex(to)]);
        }
        plan
    }

    /// Every edge from a layer to the next, over a vertex of its own in each layer between.
    fn around(self, shape: &Shape, layers: &[usize]) -> Self {
        let mut plan = Self { edges: Vec::new(), ..self };
        for &(from, to) in &shape.pairs {
            let (mut first, mut last) = (plan.vertex(from), plan.vertex(to));
            let is_back = layers[first] > layers[last];
            if is_back {
                (first, last) = (last, first);
            }
            let passed = layers[last].saturating_sub(layers[first] + 1);
            let mut bends = plan.add_bends(passed, shape.direction);
            plan.connect([first].into_iter().chain(bends.iter().copied()).chain([last]));
            if is_back {
                bends.reverse();
            }
            plan.bends.insert((from, to), bends);
        }
        plan
    }

    fn vertex(&self, node: usize) -> usize {
        self.nodes.partition_point(|known| *known < node)
    }

    fn add_bends(&mut self, count: usize, direction: Direction) -> Vec<usize> {
        let first = self.sizes.len();
        if first + count > self.nodes.len() + MOST_BENDS {
            return Vec::new();
        }
        self.sizes.extend(vec![(BEND, direction.room().depth()); count]);
        (first..first + count).collect()
    }

    fn connect(&mut self, stops: impl IntoIterator<Item = usize>) {
        // There are at most as many vertices as nodes are drawn and bends are made.
        let stops: Vec<_> = stops.into_iter().filter_map(|stop| u32::try_from(stop).ok()).collect();
        self.edges.extend(stops.windows(2).map(|pair| (pair[0], pair[1])));
    }

    /// The middles of the vertices across and along the layers, those that hang together in one list.
    fn placed(&self) -> Vec<Vec<(usize, Point)>> {
        let vertices: Vec<_> = (0..).zip(self.sizes.iter().copied()).collect();
        let config = Config {
            vertex_spacing: 0.0,
            transpose: self.edges.len() <= MOST_EXCHANGED,
            ..Config::default()
        };
        let placed = from_vertices_and_edges(&vertices, &self.edges, &config);
        placed.into_iter().map(|(places, ..)| places).collect()
    }

    fn part(&self, places: &[(usize, Point)], direction: Direction) -> Part {
        let places: BTreeMap<usize, Point> =
            places.iter().map(|(vertex, place)| (*vertex, direction.point(*place))).collect();
        let mut part = Part::default();
        for (vertex, node) in self.nodes.iter().enumerate() {
            part.places.extend(places.get(&vertex).map(|place| (*node, *place)));
        }
        for (pair, bends) in &self.bends {
            if places.contains_key(&self.vertex(pair.0)) {
                let at = bends.iter().filter_map(|bend| places.get(bend).copied());
                part.bends.insert(*pair, at.collect());
            }
        }
        part
    }
}

impl Part {
    /// The upper left and the lower right corner of all that is drawn.
    pub(super) fn bounds(&self) -> (Point, Point) {
        let half = (NODE.width / 2.0, NODE.height / 2.0);
        let nodes = self.places.iter().map(|(_, place)| (*place, half));
        let bends = self.bends.values().flatten().map(|place| (*place, (BEND / 2.0, BEND / 2.0)));
        let far = f64::INFINITY;
        nodes.chain(bends).fold(((far, far), (-far, -far)), |(first, last), ((x, y), (w, h))| {
            ((first.0.min(x - w), first.1.min(y - h)), (last.0.max(x + w), last.1.max(y + h)))
        })
    }
}
