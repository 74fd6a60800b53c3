use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;

const CHAIN: [(usize, usize); 7] = [(0, 1), (1, 2), (2, 3), (3, 4), (2, 5), (3, 6), (4, 7)];

fn layout(nodes: usize, edges: &[(usize, usize)], direction: Direction) -> Layout {
    Layout::of(&Shape::new(nodes, edges, direction))
}

fn overlap(a: Point, b: Point) -> bool {
    (a.0 - b.0).abs() < NODE.width && (a.1 - b.1).abs() < NODE.height
}

/// All nodes are within the picture, and none lies on another.
fn is_readable(layout: &Layout) -> bool {
    let is_inside = |(x, y): Point| {
        let (right, bottom) = (x + NODE.width / 2.0, y + NODE.height / 2.0);
        x >= NODE.width / 2.0
            && y >= NODE.height / 2.0
            && right <= layout.size.width
            && bottom <= layout.size.height
    };
    let places = &layout.places;
    let mut pairs =
        places.iter().enumerate().flat_map(|(i, a)| places[..i].iter().map(move |b| (*a, *b)));
    places.iter().all(|place| is_inside(*place)) && !pairs.any(|(a, b)| overlap(a, b))
}

#[test]
fn callers_come_before_callees_in_either_direction() {
    let right = layout(8, &CHAIN, Direction::Right);
    let down = layout(8, &CHAIN, Direction::Down);
    for (from, to) in CHAIN {
        assert!(right.place(from).0 < right.place(to).0, "{from} to {to}: {right:?}");
        assert!(down.place(from).1 < down.place(to).1, "{from} to {to}: {down:?}");
    }
    assert!(is_readable(&right) && is_readable(&down));
    assert!(right.size.width > right.size.height && down.size.width < down.size.height);
    assert!(
        down.size.width <= 430.0,
        "a chain fits a telephone, a little smaller: {:?}",
        down.size
    );
}

#[test]
fn an_edge_over_other_layers_bends_around_their_nodes() {
    let edges = [(0, 1), (1, 2), (2, 3), (0, 3)];
    let layout = layout(4, &edges, Direction::Right);
    let bends = layout.bends(0, 3);
    assert_eq!(bends.len(), 2, "{layout:?}");
    for bend in &bends {
        assert!(layout.places.iter().all(|place| !overlap(*place, *bend)), "{layout:?}");
    }
    let back: Vec<_> = bends.iter().rev().copied().collect();
    assert_eq!(layout.bends(3, 0), back);
    assert_eq!(layout.bends(0, 1), []);
}

#[test]
fn the_order_of_the_edges_changes_nothing() {
    let mut edges = CHAIN;
    let first = layout(9, &edges, Direction::Right);
    edges.reverse();
    assert_eq!(layout(9, &edges, Direction::Right), first);
}

#[test]
fn nothing_is_a_picture_of_nothing_and_the_isolated_stand_in_rows() {
    assert_eq!(layout(0, &[], Direction::Right).places, []);
    let alone = layout(7, &[(3, 3)], Direction::Down);
    assert!(is_readable(&alone), "{alone:?}");
    assert!(alone.size.width <= 340.0, "{:?}", alone.size);
}

#[test]
fn circles_calls_both_ways_and_calls_of_oneself_have_a_place() {
    let edges = [(0, 1), (1, 2), (2, 0), (1, 0), (1, 1), (3, 4), (4, 3), (5, 5)];
    for direction in [Direction::Right, Direction::Down] {
        let layout = layout(7, &edges, direction);
        assert!(is_readable(&layout), "{layout:?}");
    }
}

#[test]
fn as_much_as_is_drawn_at_most_takes_seconds_at_the_worst() {
    // A chain with edges across it passes the most layers.
    let chain = (1..200).map(|node| (node - 1, node));
    let across = (0..200).map(|number| (number * 7 % 90, 100 + number * 11 % 100));
    let edges: Vec<_> = chain.chain(across).collect();
    let began = Instant::now();
    let layout = layout(200, &edges, Direction::Right);
    assert!(is_readable(&layout));
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
    println!("{:?}", began.elapsed());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_graph_has_a_readable_layout_and_always_the_same(
        nodes in 1_usize..14,
        edges in proptest::collection::vec((0_usize..14, 0_usize..14), 0..40),
        is_down: bool,
    ) {
        let edges: Vec<_> = edges.into_iter().filter(|(a, b)| *a < nodes && *b < nodes).collect();
        let direction = if is_down { Direction::Down } else { Direction::Right };
        let first = layout(nodes, &edges, direction);
        prop_assert!(is_readable(&first), "{first:?}");
        prop_assert_eq!(layout(nodes, &edges, direction), first);
    }
}
