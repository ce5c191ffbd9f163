//! The shape of a configuration file.

use super::{RouteFile, Tools, mistake};
use crate::{
    error::{Error, Kind, Result},
    pipeline::details::Ready,
};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{MapAccess, Visitor},
};
use std::{fmt, path::Path};

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
        if text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
            return Ok(FileConfig::default());
        }
        serde_saphyr::from_str(text).map_err(|cause| {
            let message = cause.to_string();
            // The first line has the place and the mistake; a picture of the file follows it.
            let line = message.lines().next().unwrap_or_default().trim_start_matches("error: ");
            let key = mistake::place(line).and_then(|(row, column)| mistake::key(text, row, column));
            let hint = suggestion(&message).or_else(|| mistake::hint(line, key.as_deref()));
            let line = line.split(", set DuplicateKeyPolicy").next().unwrap_or(line);
            let cause = key.map_or_else(|| line.to_owned(), |key| format!("at {key}: {line}"));
            Error::new(Kind::Usage, "it is not a ci-tool configuration")
                .hint(hint.unwrap_or_else(|| "the README's section on configuration lists every key".into()))
                .with_source(Error::new(Kind::Usage, cause))
        })
    }
}

/// For "unknown field `x`, expected one of a, b": the field that was probably meant.
fn suggestion(message: &str) -> Option<String> {
    let rest = message[message.find("unknown field")?..].lines().next()?;
    let unknown = rest.split('`').nth(1)?;
    let (_, known) = rest.split_once("expected ")?;
    let known: Vec<&str> = known.trim_start_matches("one of ").split(", ").map(|name| name.trim_matches('`')).collect();
    let near = known.iter().map(|name| (strsim::damerau_levenshtein(unknown, name), name)).min()?;
    Some(match near.0 <= 3.max(unknown.len() / 3) {
        true => format!("did you mean `{}`?", near.1),
        false => format!("the keys here are {}", known.join(", ")),
    })
}
