//! How an engine's jobs differ from what is known of them: from the last look, the configuration, and sessions.

use super::session;
use crate::{
    error::{Context, Error, Kind, Result},
    store::{Body, Key, Precondition},
    world::World,
};
use futures::{StreamExt, stream};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How alike two names have to be, from 0 to 1, for one to be taken for the other's new name.
const ALIKE: f64 = 0.6;
/// How many sessions are looked through for the jobs that they name.
const SESSIONS: usize = 50;
/// How many of them are read at once.
const AT_ONCE: usize = 8;

/// What is known of an engine's jobs besides what it says now.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Those of the last look; `None` when there was none.
    pub before: Option<BTreeSet<String>>,
    /// The engine's names for those of the configuration, with the configuration's.
    pub configured: BTreeMap<String, String>,
    /// Those that recent sessions asked for.
    pub sessions: BTreeSet<String>,
}

/// Where a job is known from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The last look.
    LastLook,
    /// The configuration.
    Configuration,
    /// A recent session.
    Sessions,
}

/// A job that the engine does not have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Gone {
    /// Its name.
    pub name: String,
    /// Its name in the configuration, where it is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub configured: Option<String>,
    /// Where it is known from.
    pub known_from: Vec<Origin>,
    /// The new job that it may have become.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub renamed_to: Option<String>,
}

/// The differences.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Changes {
    /// Those that the engine does not have.
    pub gone: Vec<Gone>,
    /// Those that the last look did not have, and that are nothing's new name.
    pub new: Vec<String>,
}

impl Changes {
    /// Whether the configuration names jobs that the engine does not have.
    pub fn breaks_configuration(&self) -> bool {
        self.gone.iter().any(|gone| gone.configured.is_some())
    }
}

/// Compares. A job that is gone may have become the new job whose name is most alike; without an earlier look, every job that
/// the configuration does not name may be new. Pure.
pub fn compare(now: &BTreeSet<String>, known: &Known) -> Changes {
    let before = known.before.iter().flatten();
    let all: BTreeSet<&String> = before.chain(known.configured.keys()).chain(&known.sessions).collect();
    let gone: Vec<&String> = all.into_iter().filter(|name| !now.contains(*name)).collect();
    let new: BTreeSet<&String> = match &known.before {
        Some(before) => now.difference(before).collect(),
        None => now.iter().filter(|name| !known.configured.contains_key(*name)).collect(),
    };
    let mut pairs: Vec<(f64, &String, &String)> = Vec::new();
    for old in &gone {
        let alike = |new: &&String| strsim::normalized_damerau_levenshtein(&old.to_lowercase(), &new.to_lowercase());
        pairs.extend(new.iter().map(|new| (alike(new), *old, *new)).filter(|(alike, ..)| *alike >= ALIKE));
    }
    pairs.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| (a.1, a.2).cmp(&(b.1, b.2))));
    let mut became: BTreeMap<&String, &String> = BTreeMap::new();
    for (_, old, new) in pairs {
        if !became.contains_key(old) && became.values().all(|taken| *taken != new) {
            became.insert(old, new);
        }
    }
    let told = |name: &&String| Gone {
        name: (*name).clone(),
        configured: known.configured.get(*name).cloned(),
        known_from: known.from(name),
        renamed_to: became.get(*name).map(|new| (*new).clone()),
    };
    let unpaired = new.iter().filter(|name| known.before.is_some() && became.values().all(|taken| taken != *name));
    Changes { gone: gone.iter().map(told).collect(), new: unpaired.map(|name| (*name).clone()).collect() }
}

impl Known {
    fn from(&self, name: &str) -> Vec<Origin> {
        let all = [
            (self.before.as_ref().is_some_and(|before| before.contains(name)), Origin::LastLook),
            (self.configured.contains_key(name), Origin::Configuration),
            (self.sessions.contains(name), Origin::Sessions),
        ];
        all.into_iter().filter_map(|(knows, from)| knows.then_some(from)).collect()
    }
}

#[derive(Serialize, Deserialize)]
struct Snapshot {
    schema: u32,
    at: Timestamp,
    jobs: BTreeSet<String>,
}

/// The jobs that an engine had at the last look; `None` when there was none.
///
/// # Errors
/// Those of the store; `Corrupt`.
pub async fn last_look(world: &World, engine: &str) -> Result<Option<BTreeSet<String>>> {
    let key = key(engine)?;
    let bytes = match world.store.get(&key, None).await {
        Ok(object) => object.bytes().await?,
        Err(error) if error.kind() == Kind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let read = |e: serde_json::Error| {
        Error::new(Kind::Corrupt, format!("reading {key}"))
            .with_source(e)
            .hint("it is only what was seen last: delete it from the store")
    };
    serde_json::from_slice::<Snapshot>(&bytes).map(|snapshot| Some(snapshot.jobs)).map_err(read)
}

/// Remembers an engine's jobs for the next look. Nothing in a dry run.
///
/// # Errors
/// Those of the store.
pub async fn remember(world: &World, engine: &str, jobs: &BTreeSet<String>) -> Result<()> {
    if world.dry_run {
        return Ok(());
    }
    let snapshot = Snapshot { schema: 1, at: (world.now)(), jobs: jobs.clone() };
    let text = serde_json::to_vec(&snapshot)
        .map_err(|e| Error::new(Kind::Internal, "writing an engine's jobs").with_source(e))?;
    world.store.put(&key(engine)?, Body::from(text), Precondition::None).await.map(drop)
}

/// The jobs that recent sessions asked an engine for. Sessions that cannot be read are left out.
///
/// # Errors
/// Those of the store.
pub async fn named_by_sessions(world: &World, engine: &str) -> Result<BTreeSet<String>> {
    let listed = session::list(world, SESSIONS).await.context(|| "listing the sessions".into())?;
    let read = listed.iter().map(|listed| session::read(world, &listed.id)).collect::<Vec<_>>();
    let sessions: Vec<_> = stream::iter(read).buffered(AT_ONCE).collect().await;
    let own = sessions.into_iter().flatten().filter(|session| session.opening.engine == engine);
    Ok(own.flat_map(|session| session.items.into_iter().map(|tracked| tracked.item.job)).collect())
}

/// `engines/NAME/jobs`; what a key cannot hold is written as `.` and two digits.
fn key(engine: &str) -> Result<Key> {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
    let escaped: String =
        engine.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!(".{b:02x}") }).collect();
    Key::new(format!("engines/{escaped}/jobs"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn renamed_vanished_and_new_jobs_are_told_apart() {
        // Before, in the configuration, in sessions, now; who is gone and what each became; who is new.
        type Names = &'static [&'static str];
        type Case = (Option<Names>, Names, Names, Names, &'static [(&'static str, Option<&'static str>)], Names);
        let cases: [Case; 9] = [
            (None, &[], &[], &["unit"], &[], &[]),
            (Some(&["unit"]), &[], &[], &["unit"], &[], &[]),
            (Some(&["unit"]), &[], &[], &["unit", "lint"], &[], &["lint"]),
            (Some(&["unit", "lint"]), &[], &[], &["unit"], &[("lint", None)], &[]),
            (Some(&["unit-linux"]), &[], &[], &["unit-linux-x64"], &[("unit-linux", Some("unit-linux-x64"))], &[]),
            // What was there before is no new name.
            (Some(&["unit-a", "unit-b"]), &[], &[], &["unit-b"], &[("unit-a", None)], &[]),
            (None, &["unit-tests"], &[], &["unit-test", "lint"], &[("unit-tests", Some("unit-test"))], &[]),
            (None, &[], &["deploy"], &["unit"], &[("deploy", None)], &[]),
            // The likest take one another; one new name is not two jobs'.
            (
                Some(&["build-one", "build-ones"]),
                &[],
                &[],
                &["build-onex"],
                &[("build-one", Some("build-onex")), ("build-ones", None)],
                &[],
            ),
        ];
        for (before, configured, sessions, now, gone, new) in cases {
            let known = Known {
                before: before.map(set),
                configured: set(configured).into_iter().map(|name| (name.clone(), name)).collect(),
                sessions: set(sessions),
            };
            let changes = compare(&set(now), &known);
            let told: Vec<(&str, Option<&str>)> =
                changes.gone.iter().map(|gone| (gone.name.as_str(), gone.renamed_to.as_deref())).collect();
            assert_eq!(told, gone, "{before:?} {configured:?} {now:?}");
            assert_eq!(changes.new, new, "{before:?} {configured:?} {now:?}");
            assert_eq!(changes.breaks_configuration(), !configured.is_empty() && !gone.is_empty());
        }
    }

    #[test]
    fn a_job_says_where_it_is_known_from() {
        let known = Known {
            before: Some(set(&["a"])),
            configured: BTreeMap::from([("a".into(), "alias".into())]),
            sessions: set(&["a"]),
        };
        let gone = &compare(&BTreeSet::new(), &known).gone[0];
        assert_eq!(gone.known_from, [Origin::LastLook, Origin::Configuration, Origin::Sessions]);
        assert_eq!(gone.configured.as_deref(), Some("alias"));
    }

    #[test]
    fn every_name_of_an_engine_has_a_key_of_its_own() {
        let keys: BTreeSet<String> =
            ["ci", "CI", "c.i", "c/i", "../ci", "ü"].iter().map(|name| key(name).unwrap().to_string()).collect();
        assert_eq!(keys.len(), 6, "{keys:?}");
    }
}
