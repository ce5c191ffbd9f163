//! `ci-tool stage plan --covers OLD`.

use crate::{
    cli::{Session, exit, out::count},
    error::Result,
    ops::stage::{
        covers::{Coverage, covers},
        pipeline::Pipeline,
    },
};
use serde_json::json;
use std::path::Path;

/// Says whether pipelines together hold every stage of an older one exactly once, and returns the exit code.
pub(super) fn run(session: &Session, old: &Path, new: &[Pipeline]) -> Result<u8> {
    let old = Pipeline::read(old)?;
    let coverage = covers(&old, &new.iter().collect::<Vec<_>>());
    match session.out.is_json() {
        true => {
            let names: Vec<&str> = new.iter().map(|pipeline| pipeline.name.as_str()).collect();
            let whole = coverage.is_whole();
            session.out.json(
                &json!({ "schema": 1, "covers": old.name, "pipelines": names, "whole": whole, "coverage": coverage }),
            );
        }
        false => print(session, &old, &coverage),
    }
    Ok(if coverage.is_whole() { exit::DONE } else { exit::NEGATIVE })
}

fn print(session: &Session, old: &Pipeline, coverage: &Coverage) {
    let mut lines = Vec::new();
    for (stage, line) in &coverage.missing {
        lines.push(format!("{}:{line}: {stage} is missing", old.path.display()));
    }
    for (stage, pipelines) in &coverage.twice {
        lines.push(format!("{stage} is there {} times: {}", pipelines.len(), pipelines.join(", ")));
    }
    for (stage, other) in &coverage.unordered {
        lines.push(format!("{stage} does not come after {other} any more"));
    }
    if coverage.is_whole() {
        lines.push(format!(
            "all {} of {} are there once, in order",
            count(coverage.stages, "stage", "stages"),
            old.name
        ));
    }
    session.out.text(&lines.join("\n"));
    if !coverage.added.is_empty() {
        session.out.note(&format!("new: {}", coverage.added.join(", ")));
    }
}
