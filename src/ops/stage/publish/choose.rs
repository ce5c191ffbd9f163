//! Which files go where. Pure.

use super::{Refusal, Why, ledger};
use crate::{
    error::{Error, Kind, Result},
    ops::stage::{
        handover::Handover,
        pipeline::{Pipeline, Profile, Target, Work},
        run::Made,
    },
    store::{self, Key},
};
use globset::{Glob, GlobSet, GlobSetBuilder};

/// A target of a stage, for one profile.
#[derive(Debug, Clone)]
pub struct Destination {
    /// The URL of its store.
    pub url: String,
    /// The container that its files must be declared for.
    pub container: Option<String>,
    /// What the names of its files begin with.
    pub under: String,
    /// Which files; all of the container where there is none.
    files: Option<GlobSet>,
}

/// Where a stage publishes for a profile.
///
/// # Errors
/// `Usage`, with the line, for a target that has no store for the profile, or one whose store is, contains, or is contained in
/// a store of the other profile anywhere in the pipeline; for a stage that does not publish.
pub fn destinations(pipeline: &Pipeline, stage: usize, profile: Profile) -> Result<Vec<Destination>> {
    let stage = &pipeline.stages[stage];
    let Work::Publish(targets) = &stage.work else {
        return Err(Error::new(Kind::Usage, format!("the stage {} publishes nothing", stage.name)));
    };
    targets.iter().map(|target| destination(pipeline, target, profile)).collect()
}

fn destination(pipeline: &Pipeline, target: &Target, profile: Profile) -> Result<Destination> {
    let wrong = |text: String| Error::new(Kind::Usage, format!("{}:{}: {text}", pipeline.path.display(), target.line));
    let url = target.to.get(&profile).ok_or_else(|| {
        wrong(format!("the target has no store for the profile {}", profile.as_str()))
            .hint(format!("to: {{{}: URL}}", profile.as_str()))
    })?;
    let others = pipeline.stages.iter().filter_map(|stage| match &stage.work {
        Work::Publish(targets) => Some(targets),
        _ => None,
    });
    let mut others = others.flatten().flat_map(|target| &target.to).filter(|(other, _)| **other != profile);
    if let Some((other, shared)) = others.find(|(_, other)| overlap(url, other)) {
        let text = format!(
            "{} is for {}, and {} for {}",
            store::redact(url),
            profile.as_str(),
            store::redact(shared),
            other.as_str()
        );
        return Err(wrong(text).hint("give every profile stores of its own"));
    }
    let files = match target.files.is_empty() {
        true => None,
        false => Some(globs(&target.files).map_err(|e| wrong("a glob of the target is none".into()).with_source(e))?),
    };
    Ok(Destination { url: url.clone(), container: target.container.clone(), under: target.under.clone(), files })
}

fn globs(texts: &[String]) -> Result<GlobSet, globset::Error> {
    let mut set = GlobSetBuilder::new();
    for text in texts {
        set.add(Glob::new(text)?);
    }
    set.build()
}

/// Whether one of two stores is the other, or is in it.
fn overlap(one: &str, other: &str) -> bool {
    let parts = |url: &str| {
        let path = url.strip_prefix("file://").unwrap_or(url).split('?').next().unwrap_or_default();
        path.trim_end_matches('/').split('/').filter(|part| *part != ".").map(str::to_owned).collect::<Vec<_>>()
    };
    let (one, other) = (parts(one), parts(other));
    one.starts_with(&other) || other.starts_with(&one)
}

/// The files that go to a destination, each with its name there; and why some must not.
pub fn choose<'h>(to: &Destination, handover: &'h Handover) -> (Vec<(&'h Made, Key)>, Vec<Refusal>) {
    let target = store::redact(&to.url);
    let refusal =
        |file: Option<&Made>, why| Refusal { target: target.clone(), file: file.map(|f| f.path.clone()), why };
    let mut chosen = Vec::new();
    let mut refused = Vec::new();
    for made in &handover.files {
        let of_container = to.container.is_none() || made.container == to.container;
        match (&to.files, &to.container) {
            (Some(globs), _) if !globs.is_match(&made.path) => continue,
            (None, _) if !of_container => continue,
            (Some(_), Some(container)) if !of_container => {
                let (declared, target) = (made.container.clone(), container.clone());
                refused.push(refusal(Some(made), Why::Container { declared, target }));
            }
            _ => match name(&to.under, &made.path) {
                Some(key) => chosen.push((made, key)),
                None => refused.push(refusal(Some(made), Why::Name)),
            },
        }
    }
    if chosen.is_empty() && refused.is_empty() {
        refused.push(refusal(None, Why::Nothing));
    }
    (chosen, refused)
}

/// The name of a file in a target: a store's names are in lower case. `None` for one that no object can have, or that is
/// the ledger's.
fn name(under: &str, path: &str) -> Option<Key> {
    let under = under.trim_matches('/');
    let whole = if under.is_empty() { path.to_owned() } else { format!("{under}/{path}") };
    let key = Key::new(whole.to_ascii_lowercase()).ok()?;
    // Its entry in the ledger has a longer name.
    (!ledger::is_own(&key) && ledger::entry_key(&key).is_ok()).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stores_overlap_when_one_is_in_the_other() {
        for (one, other, expected) in [
            ("az://a/test", "az://a/test/", true),
            ("az://a/test", "az://a/test/sub", true),
            ("az://a/test", "az://a/testing", false),
            ("az://a/test", "az://b/test", false),
            ("/srv/pub", "file:///srv/pub", true),
            ("./pub", "pub", true),
            ("https://a.blob.core.windows.net/c?x=1", "https://a.blob.core.windows.net/c", true),
        ] {
            assert_eq!(overlap(one, other), expected, "{one} {other}");
            assert_eq!(overlap(other, one), expected, "{other} {one}");
        }
    }

    #[test]
    fn names_are_in_lower_case_and_never_the_ledgers() {
        let named = |under, path| name(under, path).map(|key| key.to_string());
        assert_eq!(named("", "A/b.NUPKG"), Some("a/b.nupkg".into()));
        assert_eq!(named("/Release/", "a"), Some("release/a".into()));
        for path in ["a b", "a+b", "ci-tool-profile", "ci-tool-ledger/files/a", "CI-tool-Ledger/x", "ä"] {
            assert_eq!(named("", path), None, "{path}");
        }
        assert_eq!(named("x", "ci-tool-profile"), Some("x/ci-tool-profile".into()));
        assert_eq!(named("", &"a".repeat(1000)), None, "its entry in the ledger would have no name");
    }
}
