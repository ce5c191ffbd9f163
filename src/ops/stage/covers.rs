//! Whether pipelines together hold every stage of another one exactly once. Pure.

use super::{graph::Graph, pipeline::Pipeline};
use serde::Serialize;
use std::collections::HashMap;

/// How pipelines cover an older one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// How many stages the old one has.
    pub stages: usize,
    /// Stages of the old one that none has, with their line there.
    pub missing: Vec<(String, u64)>,
    /// Stages of the old one that several have, and which pipelines.
    pub twice: Vec<(String, Vec<String>)>,
    /// Stages that came after another one and no longer do: the stage, and the other.
    pub unordered: Vec<(String, String)>,
    /// Stages that the old one has not.
    pub added: Vec<String>,
}

impl Coverage {
    /// Whether every stage is there exactly once, and after everything that it came after.
    pub fn is_whole(&self) -> bool {
        self.missing.is_empty() && self.twice.is_empty() && self.unordered.is_empty()
    }
}

/// Compares pipelines that run one after the other with the one that they replace. Stages are the same when their names are.
pub fn covers(old: &Pipeline, new: &[&Pipeline]) -> Coverage {
    let mut places: HashMap<&str, Vec<(usize, usize)>> = HashMap::new();
    for (which, pipeline) in new.iter().enumerate() {
        for (at, stage) in pipeline.stages.iter().enumerate() {
            places.entry(&stage.name).or_default().push((which, at));
        }
    }
    let found = |name: &str| places.get(name).map(Vec::as_slice).unwrap_or_default();
    let missing = old.stages.iter().filter(|stage| found(&stage.name).is_empty());
    let twice = old.stages.iter().filter(|stage| found(&stage.name).len() > 1).map(|stage| {
        (stage.name.clone(), found(&stage.name).iter().map(|(which, _)| new[*which].name.clone()).collect())
    });
    let graphs: Vec<Graph> = new.iter().map(|pipeline| Graph::new(&pipeline.stages)).collect();
    let mut unordered = Vec::new();
    for stage in &old.stages {
        let [(which, at)] = found(&stage.name) else { continue };
        let above = graphs[*which].ancestors(&[*at]);
        for need in stage.needs.iter().map(|&need| &old.stages[need].name) {
            let [(other, need_at)] = found(need) else { continue };
            if other > which || (other == which && !above[*need_at]) {
                unordered.push((stage.name.clone(), need.clone()));
            }
        }
    }
    let known: std::collections::HashSet<&str> = old.stages.iter().map(|stage| stage.name.as_str()).collect();
    let all = new.iter().flat_map(|pipeline| &pipeline.stages).map(|stage| stage.name.clone());
    Coverage {
        stages: old.stages.len(),
        missing: missing.map(|stage| (stage.name.clone(), stage.line)).collect(),
        twice: twice.collect(),
        unordered,
        added: all.filter(|name| !known.contains(name.as_str())).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::{Path, PathBuf};

    fn example(name: &str) -> Pipeline {
        Pipeline::read(&PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples/release").join(name)).unwrap()
    }

    fn parse(text: &str) -> Pipeline {
        Pipeline::parse(Path::new("p.yaml"), text).unwrap()
    }

    #[test]
    fn the_two_examples_cover_the_old_one() {
        let (prepare, validate) = (example("prepare-artifacts.yaml"), example("validate-publish.yaml"));
        let whole = covers(&example("old.yaml"), &[&prepare, &validate]);
        assert!(whole.is_whole(), "{whole:?}");
        assert_eq!((whole.stages, whole.added), (23, vec!["start_validate_publish".to_owned()]));
        let turned = covers(&example("old.yaml"), &[&validate, &prepare]);
        assert!(turned.unordered.contains(&("validation".into(), "signing".into())), "{turned:?}");
        let half = covers(&example("old.yaml"), &[&prepare]);
        assert!(half.missing.iter().any(|(name, line)| name == "validation" && *line > 1), "{half:?}");
    }

    #[test]
    fn what_is_missing_twice_or_in_another_order_is_named() {
        let old = parse("stages:\n  a: {run: x}\n  b: {run: x, needs: [a]}\n  c: {run: x, needs: [b]}\n");
        let (one, two) = (parse("stages: {a: {run: x}, b: {run: x}}"), parse("stages: {a: {run: x}, d: {run: x}}"));
        let coverage = covers(&old, &[&one, &two]);
        assert_eq!(coverage.missing, [("c".to_owned(), 4)]);
        assert_eq!(coverage.twice, [("a".to_owned(), vec!["p".to_owned(), "p".to_owned()])]);
        assert_eq!(coverage.added, ["d"]);
        let coverage = covers(&old, &[&parse("stages: {a: {run: x}, b: {run: x}, c: {run: x, needs: [a, b]}}")]);
        assert_eq!(coverage.unordered, [("b".to_owned(), "a".to_owned())]);
    }
}
