//! How stages need each other. Pure.

use super::pipeline::Stage;

/// The needs of stages, both ways, by place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Graph {
    needs: Vec<Vec<usize>>,
    needed_by: Vec<Vec<usize>>,
}

impl Graph {
    /// The graph of stages.
    pub fn new(stages: &[Stage]) -> Graph {
        Graph::of(stages.iter().map(|stage| stage.needs.clone()).collect())
    }

    /// The graph of what each needs.
    pub fn of(needs: Vec<Vec<usize>>) -> Graph {
        let mut needed_by = vec![Vec::new(); needs.len()];
        for (stage, all) in needs.iter().enumerate() {
            for &need in all {
                needed_by[need].push(stage);
            }
        }
        Graph { needs, needed_by }
    }

    /// How many stages there are.
    pub fn len(&self) -> usize {
        self.needs.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.needs.is_empty()
    }

    /// What a stage needs itself.
    pub fn needs(&self, stage: usize) -> &[usize] {
        &self.needs[stage]
    }

    /// What needs a stage itself.
    pub fn needed_by(&self, stage: usize) -> &[usize] {
        &self.needed_by[stage]
    }

    /// An order in which each stage comes after what it needs, by place where there is a choice. In a circle nothing comes.
    pub fn order(&self) -> Vec<usize> {
        let mut open: Vec<usize> = self.needs.iter().map(Vec::len).collect();
        let mut ready: std::collections::BTreeSet<usize> =
            open.iter().enumerate().filter(|(_, count)| **count == 0).map(|(stage, _)| stage).collect();
        let mut order = Vec::with_capacity(self.len());
        while let Some(stage) = ready.pop_first() {
            order.push(stage);
            for &next in &self.needed_by[stage] {
                open[next] -= 1;
                if open[next] == 0 {
                    ready.insert(next);
                }
            }
        }
        order
    }

    /// Stages that need each other in a circle, the first one again at the end; `None` where there is none.
    pub fn circle(&self) -> Option<Vec<usize>> {
        let order = self.order();
        if order.len() == self.len() {
            return None;
        }
        let mut done = vec![false; self.len()];
        order.iter().for_each(|&stage| done[stage] = true);
        // What is left needs something that is left, so that a walk along needs comes back.
        let mut way = vec![done.iter().position(|done| !done)?];
        loop {
            let next = *self.needs[*way.last()?].iter().find(|&&need| !done[need])?;
            if let Some(at) = way.iter().position(|&stage| stage == next) {
                let mut circle = way.split_off(at);
                circle.push(next);
                return Some(circle);
            }
            way.push(next);
        }
    }

    /// Everything that stages need, in turn, without themselves unless one needs another.
    pub fn ancestors(&self, stages: &[usize]) -> Vec<bool> {
        closure(self.len(), stages, &self.needs)
    }

    /// Everything that needs stages, in turn.
    pub fn descendants(&self, stages: &[usize]) -> Vec<bool> {
        closure(self.len(), stages, &self.needed_by)
    }

    /// The longest way through the graph where each stage takes so long: when each ends at the earliest, in the unit of
    /// `takes`.
    pub fn ends(&self, takes: &[f64]) -> Vec<f64> {
        let mut ends = vec![0.0; self.len()];
        for stage in self.order() {
            let begins = self.needs[stage].iter().map(|&need| ends[need]).fold(0.0, f64::max);
            ends[stage] = begins + takes[stage];
        }
        ends
    }

    /// How much later each stage may end without making the whole later.
    pub fn slack(&self, takes: &[f64]) -> Vec<f64> {
        let ends = self.ends(takes);
        let whole = ends.iter().copied().fold(0.0, f64::max);
        let mut latest = vec![whole; self.len()];
        for stage in self.order().into_iter().rev() {
            for &next in &self.needed_by[stage] {
                latest[stage] = latest[stage].min(latest[next] - takes[next]);
            }
        }
        latest.iter().zip(&ends).map(|(latest, end)| latest - end).collect()
    }

    /// The stages that make the whole as long as it is, in order.
    pub fn critical_path(&self, takes: &[f64]) -> Vec<usize> {
        let ends = self.ends(takes);
        let last = |among: &[usize]| among.iter().copied().max_by(|&a, &b| ends[a].total_cmp(&ends[b]).then(b.cmp(&a)));
        let all: Vec<usize> = (0..self.len()).collect();
        let mut path: Vec<usize> = last(&all).into_iter().collect();
        while let Some(&first) = path.last() {
            match last(&self.needs[first]) {
                Some(before) => path.push(before),
                None => break,
            }
        }
        path.reverse();
        path
    }
}

fn closure(len: usize, from: &[usize], edges: &[Vec<usize>]) -> Vec<bool> {
    let mut found = vec![false; len];
    let mut open: Vec<usize> = from.to_vec();
    while let Some(stage) = open.pop() {
        for &next in &edges[stage] {
            if !std::mem::replace(&mut found[next], true) {
                open.push(next);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Random graphs without circles: each needs some before it.
    fn graphs() -> impl Strategy<Value = Graph> {
        (1usize..30).prop_flat_map(|len| {
            let needs: Vec<_> =
                (0..len).map(|stage| proptest::collection::btree_set(0..stage.max(1), 0..=stage.min(4))).collect();
            needs.prop_map(|needs| {
                let needs = needs.into_iter().enumerate();
                Graph::of(needs.map(|(stage, set)| set.into_iter().filter(|&n| n < stage).collect()).collect())
            })
        })
    }

    proptest! {
        #[test]
        fn each_comes_after_what_it_needs(graph in graphs()) {
            let order = graph.order();
            prop_assert_eq!(order.len(), graph.len());
            for (at, &stage) in order.iter().enumerate() {
                for need in graph.needs(stage) {
                    prop_assert!(order[..at].contains(need));
                }
            }
            prop_assert_eq!(graph.circle(), None);
        }

        #[test]
        fn the_critical_path_is_a_way_as_long_as_the_whole(graph in graphs(), seed in 0u32..1000) {
            let takes: Vec<f64> = (0..graph.len()).map(|stage| f64::from((seed + 7 * stage as u32) % 13)).collect();
            let path = graph.critical_path(&takes);
            let whole = graph.ends(&takes).into_iter().fold(0.0, f64::max);
            prop_assert_eq!(path.iter().map(|&stage| takes[stage]).sum::<f64>(), whole);
            prop_assert!(path.windows(2).all(|pair| graph.needs(pair[1]).contains(&pair[0])));
            let slack = graph.slack(&takes);
            prop_assert!(slack.iter().all(|&slack| slack >= 0.0));
            prop_assert!(path.iter().all(|&stage| slack[stage] == 0.0));
        }

        #[test]
        fn a_need_that_goes_back_makes_a_circle_that_is_found(graph in graphs(), at in 0usize..1000) {
            let stage = at % graph.len();
            let below = graph.descendants(&[stage]);
            let Some(last) = below.iter().rposition(|&below| below) else { return Ok(()) };
            let mut needs: Vec<Vec<usize>> = (0..graph.len()).map(|stage| graph.needs(stage).to_vec()).collect();
            needs[stage].push(last);
            let bad = Graph::of(needs.clone());
            let circle = bad.circle().unwrap();
            prop_assert!(circle.len() > 1 && circle.first() == circle.last());
            prop_assert!(circle.windows(2).all(|pair| needs[pair[0]].contains(&pair[1])));
        }

        #[test]
        fn ancestors_and_descendants_are_each_others(graph in graphs()) {
            for a in 0..graph.len() {
                for (b, above) in graph.ancestors(&[a]).into_iter().enumerate() {
                    prop_assert_eq!(above, graph.descendants(&[b])[a]);
                }
            }
        }
    }
}
