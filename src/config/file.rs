//! The shape of a configuration file.

use super::{RouteFile, StageFile, Tools, TriggerFile};
use crate::{
    engine::Spec,
    error::{Error, Kind, Result},
    pipeline::{details::Ready, job::JobSpec, yaml},
};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{MapAccess, Visitor},
};
use std::{collections::BTreeMap, fmt, path::Path};

/// A configuration file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FileConfig {
    /// The store's URL.
    pub store: Option<String>,
    /// The settings of `repro`.
    pub repro: Option<ReproFile>,
    /// The settings of `route`.
    pub route: Option<RouteFile>,
    /// The settings of `stage`.
    pub stage: Option<StageFile>,
    /// The settings of `trigger`.
    pub trigger: Option<TriggerFile>,
    /// The CI systems by name.
    pub engines: Option<BTreeMap<String, Spec>>,
    /// The jobs by name.
    pub jobs: Option<BTreeMap<String, JobSpec>>,
}

/// The settings of `repro` as written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReproFile {
    /// `chunks`, `zip` or `7z`.
    pub format: Option<String>,
    /// How long captures are kept, for example `14d`.
    pub retain: Option<String>,
    /// How many captures of one failure are kept with their files: a number or `all`.
    pub keep_per_signature: Option<String>,
    /// `failure`, `always` or `requested`.
    pub when: Option<String>,
    /// Who is to be asked about captures.
    pub owner: Option<String>,
    /// Globs of jobs that are saved when `when` is `requested`.
    pub jobs: Option<Vec<String>>,
    /// What is not saved, in gitignore syntax.
    pub exclude: Option<Vec<String>>,
    /// Globs of files, relative to the workspace, that are saved as they are, secrets and all.
    pub exact: Option<Vec<String>>,
    /// Commands whose output is saved.
    pub dump: Option<Vec<String>>,
    /// Further tools: the arguments that make each tell its version.
    pub tools: Option<Tools>,
    /// Variables to drop and keep.
    pub environment: Option<Environment>,
    /// How to work on a job, by a glob on its name.
    pub ready: Option<Ordered>,
}

/// Globs on variables' names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Environment {
    /// Dropped whatever they hold.
    pub drop: Vec<String>,
    /// Kept though their names look secret.
    pub keep: Vec<String>,
}

/// A mapping in the order in which it was written: the first glob that matches a job wins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ordered(pub Vec<(String, Ready)>);

impl Serialize for Ordered {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Only what was written: not the settings that are unset.
        let written = |ready: &Ready| {
            let mut value = serde_json::to_value(ready).unwrap_or_default();
            if let Some(settings) = value.as_object_mut() {
                settings.retain(|_, v| !v.is_null() && v.as_object().is_none_or(|map| !map.is_empty()));
            }
            value
        };
        serializer.collect_map(self.0.iter().map(|(glob, ready)| (glob, written(ready))))
    }
}

impl<'de> Deserialize<'de> for Ordered {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Ordered;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mapping of job globs to commands")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Ordered, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Ordered(pairs))
            }
        }
        deserializer.deserialize_map(Pairs)
    }
}

impl FileConfig {
    /// Reads a file.
    ///
    /// # Errors
    /// `Usage` when it cannot be read or is not one, with line, column and, for an unknown key, a suggestion.
    pub fn read(path: &Path) -> Result<FileConfig> {
        let usage =
            |e: Error| Error::new(Kind::Usage, format!("reading the configuration {}", path.display())).with_source(e);
        let text = std::fs::read_to_string(path).map_err(|e| {
            usage(Error::io("opening", path, e)).hint("name a file that can be read: --config FILE, or CI_TOOL_CONFIG")
        })?;
        let mut file = FileConfig::parse(&text).map_err(|e| {
            let hints = e.hints().join("; ");
            let error = usage(e);
            if hints.is_empty() { error } else { error.hint(hints) }
        })?;
        file.route.iter_mut().for_each(|route| route.anchor(path.parent().unwrap_or(Path::new(""))));
        Ok(file)
    }

    /// Reads a file's text. An empty one sets nothing.
    ///
    /// # Errors
    /// As [`FileConfig::read`].
    pub fn parse(text: &str) -> Result<FileConfig> {
        yaml::parse(text, "ci-tool configuration", "the README's section on configuration lists every key", form)
    }
}

/// The form of a key whose value is a mapping.
fn form(key: &str) -> Option<String> {
    Some(match key {
        "repro" => "write its settings below it: repro: {retain: 14d}".into(),
        "route" => "write its settings below it: route: {rules: rules.yaml}".into(),
        "stage" => "write its settings below it: stage: {azure_devops: NAME}".into(),
        "trigger" => "write its settings below it: trigger: {engine: NAME}".into(),
        "engines" => "write the settings of each: engines: {ci: {kind: buildbot, url: https://HOST}}".into(),
        "jobs" => "write the settings of each: jobs: {unit: {run: make test}}".into(),
        "tools" => "write the arguments of each tool: tools: {bazel: [--version]}".into(),
        "prerequisites" => "write the version of each, or nothing: prerequisites: {cmake: '3', ninja: }".into(),
        "environment" => {
            "write which variables to drop and keep: environment: {drop: ['INTERNAL_*'], keep: [NAME]}".into()
        }
        // What stands directly below `ready` is a job.
        _ => "write the commands of each job: ready: {'unit-*': {build: make, test: make check}}".into(),
    })
}

#[cfg(test)]
mod tests {
    use super::FileConfig;

    #[test]
    fn each_mistake_names_its_key_and_the_right_form() {
        for (text, key, hint) in [
            ("repro: {exclude: node_modules}", "exclude", "exclude: [VALUE]"),
            ("repro:\n  exclude: [*.o]", "exclude", "exclude: ['*.o']"),
            ("repro:\n  exclude: *.o", "exclude", "exclude: ['*.o']"),
            ("repro: [a]", "repro", "repro: {retain: 14d}"),
            ("repro: {retain: 1d, retain: 2d}", "retain", "write retain once"),
            ("repro: {ready: {build: make}}", "build", "ready: {'unit-*': "),
            ("repro: {tools: [bazel]}", "tools", "tools: {bazel: [--version]}"),
            ("repro: {tools: {bazel: --version}}", "bazel", "bazel: [VALUE]"),
            ("repro: {ready: {a: {prerequisites: [cmake]}}}", "prerequisites", "{cmake: '3', ninja: }"),
            ("repro: {environment: [A]}", "environment", "{drop: "),
            ("repro:\n  dump:\n    - a: b", "dump", "dump: VALUE"),
            ("store: [x]", "store", "store: VALUE"),
        ] {
            let error = FileConfig::parse(text).unwrap_err();
            let (causes, hints) = (error.causes().join(" "), error.hints().join(" "));
            assert!(causes.contains(key), "{text}: {causes}");
            assert!(hints.contains(hint), "{text}: {hints}");
            assert!(!causes.contains("Policy"), "{text}: {causes}");
        }
    }
}
