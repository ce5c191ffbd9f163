//! A pipeline as it is written in YAML.

use crate::pipeline::yaml::Named;
use serde::Deserialize;
use serde_saphyr::Spanned;
use std::collections::BTreeMap;

/// A file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PipelineFile {
    pub pipeline: Option<String>,
    pub kind: Option<Spanned<String>>,
    pub profile: Option<Spanned<String>>,
    #[serde(default)]
    pub pools: Named<Spanned<usize>>,
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    #[serde(default)]
    pub secrets: Vec<String>,
    #[serde(default)]
    pub engine: Option<Spanned<String>>,
    pub remote: Option<Spanned<RemoteFile>>,
    #[serde(default)]
    pub stages: Named<StageFile>,
}

/// What an engine drives in place of the stages' own work.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RemoteFile {
    pub pipeline: String,
    pub branch: Option<String>,
    pub resource: Option<String>,
    #[serde(default)]
    pub parameters: BTreeMap<String, String>,
}

/// A stage.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StageFile {
    pub title: Option<String>,
    #[serde(default)]
    pub needs: Vec<Spanned<String>>,
    pub run: Option<Spanned<String>>,
    #[serde(rename = "override")]
    pub gate: Option<Spanned<String>>,
    pub approval: Option<Spanned<ApprovalFile>>,
    #[serde(default)]
    pub publish: Vec<Spanned<TargetFile>>,
    pub start: Option<Spanned<String>>,
    pub job: Option<Spanned<JobFile>>,
    pub directory: Option<String>,
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    pub pool: Option<Spanned<String>>,
    pub expect: Option<Spanned<String>>,
    pub timeout: Option<Spanned<String>>,
    pub retries: Option<u32>,
    pub rerun: Option<Spanned<String>>,
    #[serde(default)]
    pub inputs: Vec<Spanned<String>>,
    #[serde(default)]
    pub outputs: Vec<Spanned<OutputFile>>,
    pub sbom: Option<Spanned<String>>,
    pub signs: Option<String>,
    /// Exit codes that mean success with something to look at.
    #[serde(default)]
    pub issues: Vec<i32>,
}

/// Somebody has to say yes.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ApprovalFile {
    #[serde(default)]
    pub by: Vec<String>,
    pub timeout: Option<Spanned<String>>,
    pub on_timeout: Option<Spanned<String>>,
}

/// Where something is published.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TargetFile {
    #[serde(default)]
    pub files: Vec<Spanned<String>>,
    pub container: Option<String>,
    #[serde(default)]
    pub to: BTreeMap<String, Spanned<String>>,
    pub under: Option<String>,
}

/// A job of an engine.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct JobFile {
    pub engine: Option<String>,
    pub name: String,
    pub revision: Option<String>,
    #[serde(default)]
    pub parameters: BTreeMap<String, String>,
}

/// What a stage makes.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OutputFile {
    pub files: String,
    pub container: Option<String>,
    pub shipping: Option<bool>,
}
