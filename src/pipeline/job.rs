//! A job as the configuration and as an engine describe it.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A job of the configuration: what the local engine runs, and what every engine is told of a job of that name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct JobSpec {
    /// The command, for the system's shell. A job without one is known to another engine only.
    pub run: Option<String>,
    /// The directory that it runs in, relative to the top of the tree.
    pub directory: Option<String>,
    /// The longest it may take, for example `30m`.
    pub timeout: Option<String>,
    /// Jobs whose success it needs at the same revision.
    pub needs: Vec<String>,
    /// Globs of what is not removed between revisions: caches that the job keeps right by itself.
    pub keep: Vec<String>,
    /// Globs of the files that it makes for others: kept with the run, given to the jobs that need it.
    pub artifacts: Vec<String>,
    /// Variables for its command.
    pub env: BTreeMap<String, String>,
    /// Parameters that may be given by `--param`: their defaults. They reach the command as variables.
    pub parameters: BTreeMap<String, Option<String>>,
    /// How many revisions usually lie between two runs.
    pub interval: Option<usize>,
    /// The pattern of a measurement in its log, with a group `value` and perhaps a group `name`.
    pub measure: Option<String>,
    /// Its name on other engines, by the engine's name.
    #[serde(rename = "as")]
    pub names: BTreeMap<String, String>,
    /// Whether nobody is told when it fails.
    pub hidden: bool,
}

/// A parameter that a job takes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameter {
    /// Its name, as it is sent.
    pub name: String,
    /// Whether the engine refuses a run without it.
    pub required: bool,
    /// The values that it may have; empty where any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<String>,
    /// What it is where it is not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
}

/// A job that an engine has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// Its name, by which it is asked for.
    pub name: String,
    /// What the engine calls it besides: a number, a path.
    pub id: String,
    /// The parameters that it declares; `None` where the engine does not say.
    pub parameters: Option<Vec<Parameter>>,
    /// Whether it takes variables (`--env`).
    pub takes_env: bool,
    /// Whether it can be started now: enabled, and there is a way to start it. Otherwise why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocked: Option<String>,
    /// Whether nobody sees its failures.
    pub hidden: bool,
    /// Where people look at it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}
