//! Keeps handovers in the store, and finds them by either of their builds.

use super::{
    super::{
        content::Content,
        numbered::{self, Numbered, Verdict},
        run::{HandoverId, Made},
    },
    Handover,
};
use crate::{
    error::{Context, Error, Kind, Result},
    store::{Body, Key, Precondition},
    world::World,
};
use bytes::Bytes;
use futures::TryStreamExt;

const KEPT: &str = "stage/handovers";
const BY_BUILD: &str = "stage/handovers-of-builds";

/// A handover in the store.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// What it says.
    pub handover: Handover,
    /// Which one of its two builds, from 1: later ones took the place of earlier ones.
    pub number: u32,
    /// What its manifest is known by: what an attestation speaks of.
    pub manifest: Content,
}

impl Kept {
    fn read(id: HandoverId, there: &Numbered) -> Result<Kept> {
        let name = format!("the handover {}, number {}", shown(&id), there.number);
        let handover = Handover::parse(&name, &there.bytes)?;
        if handover.id != id {
            return Err(Error::new(Kind::Corrupt, format!("{name} says that it is {}", shown(&handover.id))));
        }
        Ok(Kept { handover, number: there.number, manifest: Content::of(&there.bytes) })
    }
}

/// Keeps a handover. One that is there with the same files stays, and is given back. One with other files is followed by
/// this one if it says who resigned it, and why.
///
/// # Errors
/// `Exists` for other files, naming the first one and the run that handed them over; those of the store.
pub async fn write(world: &World, handover: Handover) -> Result<Kept> {
    let (id, store) = (handover.id.clone(), &world.store);
    let bytes: Bytes = serde_json::to_vec_pretty(&handover)
        .map_err(|e| Error::new(Kind::Internal, "writing a handover as JSON").with_source(e))?
        .into();
    // Before the manifest: who is killed between the two leaves an entry that finds nothing, not a manifest that is not found.
    let entry = Key::new(format!("{BY_BUILD}/{}-{}", id.build_id, id.bar_build_id))?;
    store.put(&entry, Body::Bytes(Bytes::new()), Precondition::None).await?;
    let judge = |there: &Numbered| {
        let kept = Kept::read(id.clone(), there)?;
        match difference(&kept.handover.files, &handover.files) {
            None => Ok(Verdict::WillDo(())),
            Some(_) if handover.resigned.is_some() => Ok(Verdict::MayFollow),
            Some(differs) => {
                let text = format!("{} was handed over by the run {}: {differs}", shown(&id), kept.handover.run);
                Err(Error::new(Kind::Exists, text)
                    .hint("go on with what was handed over, or take its place: --resign --reason WHY"))
            }
        }
    };
    numbered::settle(store, &base(&id), &bytes, judge).await?;
    read(world, &id).await?.ok_or_else(|| none(&shown(&id)))
}

/// The handover of a build in the build asset registry, of a build in the CI, or of both.
///
/// # Errors
/// `Usage` when neither is named, or when several are meant; `NotFound`, `Corrupt`; those of the store.
pub async fn find(world: &World, bar_build_id: Option<u64>, build_id: Option<u64>) -> Result<Kept> {
    let (ids, asked) = match (bar_build_id, build_id) {
        (Some(bar_build_id), Some(build_id)) => {
            let id = HandoverId { bar_build_id, build_id };
            let asked = shown(&id);
            (vec![id], asked)
        }
        (Some(bar), None) => (of_bar_build(world, bar).await?, format!("of BAR build {bar}")),
        (None, Some(build)) => (of_build(world, build).await?, format!("of build {build}")),
        (None, None) => {
            return Err(Error::new(Kind::Usage, "no build says which handover is meant")
                .hint("name it with --bar-build-id N, --build-id N, or both"));
        }
    };
    let mut found = Vec::new();
    for id in ids {
        found.extend(read(world, &id).await?);
    }
    let several: Vec<String> = found.iter().map(|kept| shown(&kept.handover.id)).collect();
    match (found.pop(), found.is_empty()) {
        (Some(kept), true) => Ok(kept),
        (None, _) => Err(none(&asked)),
        (Some(_), false) => {
            Err(Error::new(Kind::Usage, format!("there are several handovers {asked}: {}", several.join("; ")))
                .hint("name both builds: --bar-build-id N --build-id N"))
        }
    }
}

/// Every handover that two builds ever had, the one that counts last.
///
/// # Errors
/// `Corrupt`; those of the store.
pub async fn history(world: &World, id: &HandoverId) -> Result<Vec<Kept>> {
    let all = numbered::all(&world.store, &base(id)).await?;
    all.iter().map(|there| Kept::read(id.clone(), there)).collect()
}

async fn read(world: &World, id: &HandoverId) -> Result<Option<Kept>> {
    let last = numbered::last(&world.store, &base(id)).await.context(|| format!("reading {}", shown(id)))?;
    last.map(|there| Kept::read(id.clone(), &there)).transpose()
}

async fn of_bar_build(world: &World, bar_build_id: u64) -> Result<Vec<HandoverId>> {
    let builds = second_numbers(world, &format!("{KEPT}/{bar_build_id}-")).await?;
    Ok(builds.into_iter().map(|build_id| HandoverId { bar_build_id, build_id }).collect())
}

async fn of_build(world: &World, build_id: u64) -> Result<Vec<HandoverId>> {
    let bars = second_numbers(world, &format!("{BY_BUILD}/{build_id}-")).await?;
    Ok(bars.into_iter().map(|bar_build_id| HandoverId { bar_build_id, build_id }).collect())
}

/// The numbers that follow a prefix in keys, each once.
async fn second_numbers(world: &World, prefix: &str) -> Result<Vec<u64>> {
    let keys: Vec<_> = world.store.list(prefix, None).try_collect().await?;
    let rests = keys.iter().filter_map(|meta| meta.key.as_str().strip_prefix(prefix));
    let mut numbers: Vec<u64> = rests.filter_map(|rest| rest.split('.').next()?.parse().ok()).collect();
    numbers.sort_unstable();
    numbers.dedup();
    Ok(numbers)
}

fn base(id: &HandoverId) -> String {
    format!("{KEPT}/{}-{}", id.bar_build_id, id.build_id)
}

fn shown(id: &HandoverId) -> String {
    format!("BAR build {}, build {}", id.bar_build_id, id.build_id)
}

fn none(asked: &str) -> Error {
    Error::new(Kind::NotFound, format!("there is no handover {asked}"))
        .hint("make one: ci-tool stage prepare PIPELINE --bar-build-id N --build-id N")
}

/// What tells one list of files from another, for people; both are in the order of their paths.
fn difference(before: &[Made], now: &[Made]) -> Option<String> {
    if before == now {
        return None;
    }
    let differs = before.iter().zip(now).find(|(a, b)| a != b);
    Some(match differs {
        Some((a, b)) if a.path == b.path && a.sha256 != b.sha256 => format!("{} has another content now", a.path),
        Some((a, b)) if a.path == b.path => format!("{} is declared in another way now", a.path),
        Some((a, b)) if a.path < b.path => format!("{} is missing now", a.path),
        Some((_, b)) => format!("{} is new", b.path),
        None if before.len() < now.len() => format!("{} is new", now[before.len()].path),
        None => format!("{} is missing now", before[now.len()].path),
    })
}
