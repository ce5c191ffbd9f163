//! The rules as they are written in YAML.

use crate::{
    error::{Context, Error, Kind, Result},
    pipeline::yaml::{self, Named},
};
use serde::Deserialize;
use serde_saphyr::Spanned;
use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

/// The schema that this version knows.
pub const SCHEMA: u32 = 1;
/// A larger file is refused, in bytes: it is not one of rules.
const LARGEST: u64 = 64 << 20;
/// Files that a file may include at most, those that they include counted.
const FILES: usize = 64;

/// A place in a file of rules.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The file, as it was named.
    pub file: Arc<Path>,
    /// The line, from 1.
    pub line: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file.display(), self.line)
    }
}

/// A value and where it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct At<T> {
    /// The value.
    pub value: T,
    /// Its place.
    pub place: Place,
}

/// One file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RulesFile {
    pub schema: Option<Spanned<u32>>,
    #[serde(default)]
    pub requires: Vec<Spanned<String>>,
    #[serde(default)]
    pub include: Vec<Spanned<String>>,
    pub standard: Option<Spanned<String>>,
    #[serde(default)]
    pub exempt: Vec<Spanned<String>>,
    #[serde(default)]
    pub subscriptions: Vec<Spanned<String>>,
    #[serde(default)]
    pub redirections: Vec<Spanned<RedirectionFile>>,
    #[serde(default)]
    pub queues: Named<QueueFile>,
}

/// One redirection.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RedirectionFile {
    pub name: Spanned<String>,
    pub kind: Spanned<String>,
    pub suffix: Spanned<String>,
    pub subscription: Spanned<String>,
    #[serde(default)]
    pub repositories: Vec<Spanned<String>>,
    #[serde(default)]
    pub also: Vec<Spanned<String>>,
    #[serde(default)]
    pub never: Vec<Spanned<String>>,
}

/// One queue, without what it inherits.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct QueueFile {
    pub base: Option<Spanned<String>>,
    pub subscription: Option<Spanned<String>>,
    pub scale_set: Option<Spanned<String>>,
    pub on_premises: Option<Spanned<bool>>,
    pub removal: Option<Spanned<String>>,
    pub os: Option<Spanned<String>>,
    pub architecture: Option<Spanned<String>>,
    pub purpose: Option<Spanned<String>>,
    #[serde(default)]
    pub settings: Named<Spanned<serde_json::Value>>,
}

/// A file and what it said.
pub(super) struct Loaded {
    pub path: Arc<Path>,
    pub file: RulesFile,
}

/// Reads a file and those that it includes, itself first. Also returns the bytes of all, in that order.
///
/// # Errors
/// `NotFound`, `Usage` with the place for what is no YAML or has a key that is none.
pub(super) fn read(path: &Path) -> Result<(Vec<Loaded>, Vec<u8>)> {
    let mut all = Vec::new();
    let mut bytes = Vec::new();
    let mut wanted: Vec<PathBuf> = vec![path.to_owned()];
    let mut seen = BTreeMap::new();
    let mut next = 0;
    while let Some(path) = wanted.get(next).cloned() {
        next += 1;
        let text = text(&path)?;
        // A file that is reached twice says nothing new.
        if seen.insert(std::fs::canonicalize(&path).unwrap_or_else(|_| path.clone()), ()).is_some() {
            continue;
        }
        if seen.len() > FILES {
            return Err(Error::new(Kind::Usage, format!("{} includes more than {FILES} files", wanted[0].display())));
        }
        bytes.extend_from_slice(text.as_bytes());
        bytes.push(0);
        let path: Arc<Path> = path.into();
        let file = parse(&path, &text)?;
        let beside = path.parent().unwrap_or(Path::new(""));
        wanted.extend(file.include.iter().map(|name| beside.join(&name.value)));
        all.push(Loaded { path, file });
    }
    Ok((all, bytes))
}

fn text(path: &Path) -> Result<String> {
    let hint = "`route.rules` in ci-tool.yaml or --rules FILE names the file of rules; examples/route has one";
    let failed = |e| Error::io("reading the rules", path, e).hint(hint);
    let len = std::fs::metadata(path).map_err(failed)?.len();
    if len > LARGEST {
        return Err(Error::new(Kind::Usage, format!("{} is too large to be rules ({len} bytes)", path.display())));
    }
    std::fs::read_to_string(path).map_err(failed)
}

fn parse(path: &Path, text: &str) -> Result<RulesFile> {
    let file: RulesFile = yaml::parse(text, "file of rules", "docs/route.md lists every key", form)
        .context(|| format!("reading the rules {}", path.display()))?;
    let place = |line: u64| format!("{}:{line}", path.display());
    match &file.schema {
        None => {}
        Some(schema) if schema.value == SCHEMA => {}
        Some(schema) => {
            let at = place(schema.referenced.line());
            return Err(Error::new(Kind::Unsupported, format!("{at}: schema {} is not known", schema.value))
                .hint(format!("this version knows schema {SCHEMA}: use a newer ci-tool")));
        }
    }
    match file.requires.first() {
        None => Ok(file),
        Some(feature) => {
            let at = place(feature.referenced.line());
            Err(Error::new(
                Kind::Unsupported,
                format!("{at}: the rules require {:?}, which is not known", feature.value),
            )
            .hint("use a newer ci-tool"))
        }
    }
}

/// The form of a key whose value is a mapping.
fn form(key: &str) -> Option<String> {
    Some(match key {
        "settings" => "write the settings by their names: settings: {image: ubuntu-22.04}".into(),
        "redirections" => {
            "write each with what it is: redirections: [{name: servicing, kind: servicing, suffix: .svc, subscription: NAME}]"
                .into()
        }
        _ => "write what is known of each queue: queues: {ubuntu.2204.amd64: {subscription: NAME}}".into(),
    })
}
