//! Where the stages of a drawing stand: in layers from left to right.

use crate::ops::stage::graph::Graph;

/// Where a stage stands: its layer from the left, its row in it from the top.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Place {
    pub layer: usize,
    pub row: usize,
}

/// Places each stage one layer right of the last that it needs, and in its layer near the middle of what it needs.
pub(super) fn layout(graph: &Graph) -> Vec<Place> {
    let mut places = vec![Place::default(); graph.len()];
    let mut layers: Vec<Vec<usize>> = Vec::new();
    for stage in graph.order() {
        let layer = graph.needs(stage).iter().map(|&need| places[need].layer + 1).max().unwrap_or(0);
        places[stage].layer = layer;
        if layers.len() <= layer {
            layers.resize_with(layer + 1, Vec::new);
        }
        layers[layer].push(stage);
    }
    for layer in &mut layers {
        let middle = |&stage: &usize| {
            let needs = graph.needs(stage);
            let rows: usize = needs.iter().map(|&need| places[need].row).sum();
            rows as f64 / needs.len().max(1) as f64
        };
        let mut keyed: Vec<(f64, usize)> = layer.iter().map(|stage| (middle(stage), *stage)).collect();
        keyed.sort_by(|one, other| one.0.total_cmp(&other.0));
        *layer = keyed.into_iter().map(|(_, stage)| stage).collect();
        layer.iter().enumerate().for_each(|(row, &stage)| places[stage].row = row);
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn nothing_stands_on_something_else_or_left_of_what_it_needs(
            needs in proptest::collection::vec(proptest::collection::btree_set(0usize..30, 0..4), 1..30),
        ) {
            let needs = needs.into_iter().enumerate();
            let graph = Graph::of(needs.map(|(at, set)| set.into_iter().filter(|&need| need < at).collect()).collect());
            let places = layout(&graph);
            for (at, place) in places.iter().enumerate() {
                prop_assert!(places[..at].iter().all(|other| other != place));
                prop_assert!(graph.needs(at).iter().all(|&need| places[need].layer < place.layer));
            }
        }
    }
}
