//! A pipeline: its stages, and how they need each other. Read from YAML, with the line of every mistake.

mod compile;
mod file;

use crate::error::{Error, Kind, Result};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, path::Path, path::PathBuf, time::Duration};

/// A larger file is refused, in bytes: it is no pipeline.
const LARGEST: u64 = 16 << 20;

/// Which half of a release it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Half {
    /// Alters or makes artifacts, and hands them over.
    Prepare,
    /// Takes what was handed over, checks it and publishes it.
    Validate,
}

/// Where a run publishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// Containers for trying.
    Test,
    /// The real ones.
    Production,
}

impl Profile {
    /// The name.
    pub fn as_str(self) -> &'static str {
        match self {
            Profile::Test => "test",
            Profile::Production => "production",
        }
    }
}

/// A pipeline. Stages are spoken of by their place in `stages`.
#[derive(Debug, Clone)]
pub struct Pipeline {
    /// Its name.
    pub name: String,
    /// Where it was read.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
    /// The BLAKE3 hash of its text.
    pub hash: String,
    /// Which half it is.
    pub half: Half,
    /// Where it publishes unless told otherwise.
    pub profile: Profile,
    /// How many stages of each pool may run at once.
    pub pools: BTreeMap<String, usize>,
    /// Variables for every stage.
    pub env: BTreeMap<String, String>,
    /// The names of variables whose values are shown nowhere.
    pub secrets: Vec<String>,
    /// The engine that drives the whole of it, where that is not this machine.
    pub engine: Option<String>,
    /// Which pipeline of that engine it is.
    pub remote: Option<RemotePipeline>,
    /// The stages, in the order of the file.
    pub stages: Vec<Stage>,
}

/// A pipeline that an engine has, whose stages have the names that they have here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemotePipeline {
    /// Its number or its name.
    pub pipeline: String,
    /// The branch that holds its file; its own where there is none.
    pub branch: Option<String>,
    /// The alias of the resource that gives it files: a run takes them from the build that was handed over.
    pub resource: Option<String>,
    /// The parameters of its file. `{bar_build_id}`, `{build_id}` and `{profile}` are replaced.
    pub parameters: BTreeMap<String, String>,
}

/// A stage.
#[derive(Debug, Clone, PartialEq)]
pub struct Stage {
    /// Its name.
    pub name: String,
    /// What people call it.
    pub title: Option<String>,
    /// The line of its name, from 1.
    pub line: u64,
    /// The stages that it needs.
    pub needs: Vec<usize>,
    /// What it does.
    pub work: Work,
    /// The directory of its command, relative to the pipeline's file.
    pub directory: Option<String>,
    /// Variables for it.
    pub env: BTreeMap<String, String>,
    /// The pool that it belongs to.
    pub pool: Option<String>,
    /// How long it usually takes.
    pub expect: Option<Duration>,
    /// The longest it may take.
    pub timeout: Option<Duration>,
    /// How often it is tried again when it fails.
    pub retries: u32,
    /// Whether it may be run again by itself when whoever ran it died.
    pub rerun: bool,
    /// Globs of what it reads.
    pub inputs: Vec<String>,
    /// What it makes.
    pub outputs: Vec<Output>,
    /// The file that it wants an SBOM of what it makes in.
    pub sbom: Option<String>,
    /// Who signs what it makes.
    pub signs: Option<String>,
    /// Exit codes that mean success with something to look at.
    pub issues: Vec<i32>,
}

/// What a stage does.
#[derive(Debug, Clone, PartialEq)]
pub enum Work {
    /// Runs a command in the system's shell.
    Command(String),
    /// Runs a job of an engine.
    Job {
        /// The engine.
        engine: Option<String>,
        /// The job.
        name: String,
        /// The revision; the handover's where there is none.
        revision: Option<String>,
        /// Its parameters.
        parameters: BTreeMap<String, String>,
    },
    /// Lets a person pass over the failure of a stage.
    Gate {
        /// The stage.
        of: usize,
    },
    /// Waits for a person.
    Approval {
        /// Who may say yes; anybody where empty.
        by: Vec<String>,
        /// How long it waits.
        timeout: Option<Duration>,
        /// What happens then.
        on_timeout: OnTimeout,
    },
    /// Publishes files of the handover.
    Publish(Vec<Target>),
    /// Starts another pipeline with what was handed over, and does not wait for it.
    Start(String),
    /// Nothing: others need it.
    Nothing,
}

/// What happens when nobody answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnTimeout {
    /// It counts as a no.
    Reject,
    /// It counts as a yes.
    Resume,
}

/// Where files are published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Globs of files of the handover; all of the container where empty.
    pub files: Vec<String>,
    /// The container that they must be declared for.
    pub container: Option<String>,
    /// The store of each profile.
    pub to: BTreeMap<Profile, String>,
    /// What their keys begin with.
    pub under: String,
    /// The line, from 1.
    pub line: u64,
}

/// What a stage makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// A glob.
    pub files: String,
    /// The container that it is for.
    pub container: Option<String>,
    /// Whether customers get it.
    pub shipping: bool,
}

impl Pipeline {
    /// Reads a file.
    ///
    /// # Errors
    /// `Usage` when it cannot be read, or with the line of the first mistake: an unknown key or stage, with a suggestion; a
    /// circle; a stage that does nothing or two things.
    pub fn read(path: &Path) -> Result<Pipeline> {
        let usage = |e: std::io::Error| {
            Error::new(Kind::Usage, format!("reading the pipeline {}", path.display()))
                .with_source(e)
                .hint("name a YAML file with stages")
        };
        let size = std::fs::metadata(path).map_err(usage)?.len();
        if size > LARGEST {
            return Err(Error::new(Kind::Usage, format!("{} has {size} bytes: it is no pipeline", path.display())));
        }
        Pipeline::parse(path, &std::fs::read_to_string(path).map_err(usage)?)
    }

    /// Reads a pipeline's text. `path` says in messages where it comes from.
    ///
    /// # Errors
    /// As [`Pipeline::read`].
    pub fn parse(path: &Path, text: &str) -> Result<Pipeline> {
        compile::compile(path, text)
    }

    /// The place of a stage.
    ///
    /// # Errors
    /// `Usage` for one that is not there, with suggestions.
    pub fn stage(&self, name: &str) -> Result<usize> {
        self.stages.iter().position(|stage| stage.name == name).ok_or_else(|| {
            let error = Error::new(Kind::Usage, format!("the pipeline {} has no stage {name:?}", self.name));
            error.hint(suggestion(name, self.stages.iter().map(|stage| stage.name.as_str())))
        })
    }
}

/// The names that are nearest to one that is none.
fn suggestion<'n>(asked: &str, names: impl IntoIterator<Item = &'n str>) -> String {
    let mut near: Vec<(usize, &str)> =
        names.into_iter().map(|name| (strsim::damerau_levenshtein(asked, name), name)).collect();
    near.sort_unstable();
    let close: Vec<&str> = near
        .iter()
        .filter(|(d, n)| *d <= 3.max(asked.len() / 3) || n.contains(asked))
        .map(|(_, n)| *n)
        .take(3)
        .collect();
    match close.is_empty() {
        false => format!("did you mean {}?", close.join(", ")),
        true => {
            format!("the stages are {}", near.iter().map(|(_, name)| *name).take(10).collect::<Vec<_>>().join(", "))
        }
    }
}

#[cfg(test)]
mod tests;
