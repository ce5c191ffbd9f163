//! An environment without its secrets.

use super::{
    Action, Options, Removal, Scrubber, SecretValue, common,
    names::secret_name,
    scrubber::{Found, mask},
    shapes,
};
use crate::{
    error::{Error, Kind, Result},
    pipeline::env::EnvMap,
};
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use std::ops::Range;

/// Names of credentials that CI systems set and that no word gives away: Azure Pipelines' service endpoints and secure
/// files, GitLab's job tokens of every version.
const SET_BY_CI: [&str; 3] = ["ENDPOINT_AUTH_*", "SECUREFILE_*", "CI_JOB_JWT*"];

/// Which variables are dropped or kept whatever their names say.
#[derive(Debug, Clone)]
pub struct Rules {
    drop: GlobSet,
    keep: GlobSet,
    by_ci: GlobSet,
}

impl Rules {
    /// Makes rules from globs on names, letter case ignored. A name that matches both lists is dropped. `keep` exempts
    /// from the rules about names only: a value that is unmistakably a credential is removed even so.
    ///
    /// # Errors
    /// `Usage` when a glob is not one.
    pub fn new(drop: &[String], keep: &[String]) -> Result<Self> {
        Ok(Rules { drop: globs(drop)?, keep: globs(keep)?, by_ci: globs(&SET_BY_CI)? })
    }
}

fn globs<S: AsRef<str>>(patterns: &[S]) -> Result<GlobSet> {
    let usage = |pattern: &str, e| {
        Error::new(Kind::Usage, format!("reading the variable pattern {pattern:?}"))
            .with_source(e)
            .hint("patterns are globs on names, such as `MY_*_KEY`")
    };
    let mut set = GlobSetBuilder::new();
    for pattern in patterns.iter().map(AsRef::as_ref) {
        set.add(GlobBuilder::new(pattern).case_insensitive(true).build().map_err(|e| usage(pattern, e))?);
    }
    set.build().map_err(|e| usage("", e))
}

/// An environment that is fit to be saved, and what had to go.
#[derive(Debug, Clone, Default)]
pub struct Scrubbed {
    /// What is left.
    pub kept: EnvMap,
    /// What was dropped or redacted, in the order of names.
    pub removed: Vec<Removal>,
    /// The values that went, to be searched for elsewhere.
    pub values: Vec<SecretValue>,
}

/// Takes the secrets out of an environment: by name, by what a value looks like, and where a value that went is part
/// of another. A password within a longer value, such as a URL, is redacted in place.
pub fn environment(env: &EnvMap, rules: &Rules, options: &Options<'_>) -> Scrubbed {
    let mut scrubbed = Scrubbed::default();
    let shapes_only = Scrubber::new(&[], options);
    for (name, value) in env {
        let secrets = shapes_only.secrets_of_a_setting(value.as_bytes());
        let by_name = by_name(name, value, rules);
        scrubbed.values.extend(secrets.iter().map(|(range, _)| secret(name, &value[range.clone()])));
        if let Some(reason) = by_name {
            scrubbed.values.push(secret(name, value));
            scrubbed.removed.push(Removal { name: name.clone(), action: Action::Dropped, reason });
        } else if let Some((_, kind)) = secrets.first() {
            let reason = format!("its value is or holds {kind}");
            let covered: usize = secrets.iter().map(|(range, _)| range.len()).sum();
            let whole = covered * 2 >= value.len() && *kind != shapes::URL_PASSWORD;
            let action = if whole { Action::Dropped } else { Action::Redacted };
            if whole {
                scrubbed.values.push(secret(name, value));
            } else {
                scrubbed.kept.insert(name.clone(), masked(value, secrets.into_iter().map(|(range, _)| range)));
            }
            scrubbed.removed.push(Removal { name: name.clone(), action, reason });
        } else {
            scrubbed.kept.insert(name.clone(), value.clone());
        }
    }
    scrubbed.values.sort();
    scrubbed.values.dedup_by(|a, b| a.value == b.value);
    redact_copies(&mut scrubbed, options);
    scrubbed.removed.sort_by(|a, b| a.name.cmp(&b.name));
    scrubbed
}

fn secret(name: &str, value: &str) -> SecretValue {
    SecretValue { name: name.to_owned(), value: value.to_owned() }
}

fn by_name(name: &str, value: &str, rules: &Rules) -> Option<String> {
    if rules.drop.is_match(name) {
        return Some("the configuration drops it".into());
    }
    if rules.keep.is_match(name) {
        return None;
    }
    if rules.by_ci.is_match(name) && !common::is_switch(value) {
        return Some("its CI keeps credentials in it".into());
    }
    secret_name(name, value).map(|word| format!("its name says {word}"))
}

/// Redacts values that went wherever another variable shows them.
fn redact_copies(scrubbed: &mut Scrubbed, options: &Options<'_>) {
    let scrubber = Scrubber::new(&scrubbed.values, options);
    for (name, value) in &mut scrubbed.kept {
        let secrets = scrubber.secrets(value.as_bytes());
        let Some((_, kind)) = secrets.first() else { continue };
        let reason = format!("it holds {kind}");
        *value = masked(value, secrets.into_iter().map(|(range, _)| range));
        if !scrubbed.removed.iter().any(|r| r.name == *name) {
            scrubbed.removed.push(Removal { name: name.clone(), action: Action::Redacted, reason });
        }
    }
}

/// The text with some ranges masked. A range that cuts a character masks all of it.
fn masked(text: &str, ranges: impl IntoIterator<Item = Range<usize>>) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for range in ranges {
        mask(&mut bytes[text.floor_char_boundary(range.start)..text.ceil_char_boundary(range.end)]);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn in_order(mut secrets: Vec<(Range<usize>, String)>) -> Vec<(Range<usize>, String)> {
    secrets.sort_by_key(|(range, _)| (range.start, range.end));
    secrets.dedup();
    secrets
}

impl Scrubber {
    /// The secrets of a text in order of place, each with what it is.
    pub(super) fn secrets(&self, text: &[u8]) -> Vec<(Range<usize>, String)> {
        let mut secrets = Vec::new();
        self.each(text, 0..text.len(), |Found { range, kind }| secrets.push((range, kind.to_owned())));
        in_order(secrets)
    }

    /// As [`Scrubber::secrets`], with the passwords in URLs that are too short to be looked for in any text.
    pub(super) fn secrets_of_a_setting(&self, text: &[u8]) -> Vec<(Range<usize>, String)> {
        let mut secrets = self.secrets(text);
        secrets.extend(shapes::url_passwords(text).into_iter().map(|range| (range, shapes::URL_PASSWORD.to_owned())));
        in_order(secrets)
    }
}
