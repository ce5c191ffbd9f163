//! The files that the runs of a revision made, and their way to this machine.

mod download;

pub use download::{Fate, Target, download, targets};

use super::{ground::Ground, jobs::Listed, jobs::Source};
use crate::{
    engine::{Artifact, Query},
    error::{Error, Kind, Result},
    pipeline::run::Run,
};
use futures::{StreamExt, stream};
use globset::GlobSet;
use serde::Serialize;

/// How many calls are made at once.
const AT_ONCE: usize = 8;

/// A file that a run made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct File {
    /// The job.
    pub job: String,
    /// The file.
    #[serde(flatten)]
    pub artifact: Artifact,
}

/// The files of a revision.
#[derive(Debug, Default)]
pub struct Files {
    /// They: by job, a job's latest run first.
    pub files: Vec<File>,
    /// How many runs were looked at.
    pub runs: usize,
    /// What could not be read, and why: a job's runs, or a run's files.
    pub unknown: Vec<(String, Error)>,
}

/// Which files.
#[derive(Debug, Default)]
pub struct Choice {
    /// Only of these jobs, by the engine's names; of all where there are none.
    pub jobs: Vec<String>,
    /// Only those whose path or last part of it matches; `None` is all.
    pub names: Option<GlobSet>,
}

impl Choice {
    fn takes(&self, name: &str) -> bool {
        let last = name.rsplit('/').next().unwrap_or(name);
        self.names.as_ref().is_none_or(|names| names.is_match(name) || names.is_match(last))
    }
}

/// Lists the files that runs of jobs made at a revision (a whole name). Runs that really had another revision are none of it.
///
/// # Errors
/// `Denied`; those of the engine when it answers for no job.
pub async fn find(ground: &Ground<'_>, revision: &str, jobs: &[Listed], choice: &Choice) -> Result<Files> {
    let chosen = |job: &&Listed| match choice.jobs.is_empty() {
        true => job.source != Source::Configuration,
        false => choice.jobs.contains(&job.name),
    };
    let names: Vec<&str> = jobs.iter().filter(chosen).map(|job| job.name.as_str()).collect();
    let ask = names.iter().map(|job| runs(ground, job, revision));
    let answers: Vec<Result<Vec<Run>>> = stream::iter(ask.collect::<Vec<_>>()).buffered(AT_ONCE).collect().await;
    let nothing = !answers.is_empty() && answers.iter().all(Result::is_err);
    let (mut found, mut all) = (Files::default(), Vec::new());
    for (job, answer) in names.iter().zip(answers) {
        match answer {
            Ok(runs) => all.extend(runs),
            Err(error) if nothing || error.kind() == Kind::Denied => return Err(error),
            Err(error) => found.unknown.push((format!("the runs of {job}"), error)),
        }
    }
    found.runs = all.len();
    let list = all.iter().map(|run| ground.engine.artifacts(run));
    let lists: Vec<Result<Vec<Artifact>>> = stream::iter(list.collect::<Vec<_>>()).buffered(AT_ONCE).collect().await;
    for (run, list) in all.iter().zip(lists) {
        match list {
            Ok(list) => {
                let taken = list.into_iter().filter(|artifact| choice.takes(&artifact.name));
                found.files.extend(taken.map(|artifact| File { job: run.job.clone(), artifact }));
            }
            Err(error) if matches!(error.kind(), Kind::Denied | Kind::Unsupported) => return Err(error),
            Err(error) => found.unknown.push((format!("the files of the run {}", run.id), error)),
        }
    }
    Ok(found)
}

async fn runs(ground: &Ground<'_>, job: &str, revision: &str) -> Result<Vec<Run>> {
    let query = Query { job: job.into(), revisions: Some(vec![revision.into()]), ..Query::default() };
    let mut runs = ground.engine.runs(&query).await?;
    runs.retain(|run| run.got_revision.as_deref().is_none_or(|got| got == revision));
    Ok(runs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use globset::{Glob, GlobSetBuilder};

    #[test]
    fn a_glob_chooses_by_path_or_by_name() {
        for (glob, name, expected) in [
            ("*.log", "test.log", true),
            ("*.log", "deep/test.log", true),
            ("deep/*", "deep/test.log", true),
            ("other/*", "deep/test.log", false),
            ("test.*", "contest.log", false),
        ] {
            let names = GlobSetBuilder::new().add(Glob::new(glob).unwrap()).build().unwrap();
            let choice = Choice { names: Some(names), ..Choice::default() };
            assert_eq!(choice.takes(name), expected, "{glob} {name}");
        }
        assert!(Choice::default().takes("anything"));
    }
}
