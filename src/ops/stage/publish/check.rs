//! The first phase: looks at every target, and changes nothing.

use super::{Item, Opener, Place, Plan, Publication, Refusal, Why, choose::choose, ledger};
use crate::{
    error::{Context, Error, Kind, Result},
    ops::stage::{
        content::{self, AT_ONCE, Content, go_on},
        run::Made,
    },
    pipeline::progress::{Unit, Until},
    store::{Etag, Handle, Key, redact},
    world::World,
};
use futures::{StreamExt, TryStreamExt, stream};
use std::collections::HashMap;

/// Says what publishing would do. Content that is there is read only where the ledger does not vouch for it.
///
/// # Errors
/// Those of the opener and the stores; `Interrupted`. What must not be done is no error but in [`Plan::refused`].
pub async fn check(world: &World, what: &Publication<'_>, open: &Opener<'_>) -> Result<Plan> {
    let mut plan = Plan { upload: vec![], same: vec![], refused: vec![], profile: what.profile, places: vec![] };
    let mut wanted = Vec::new();
    let mut known: HashMap<&str, usize> = HashMap::new();
    let mut taken: HashMap<(usize, Key), &Made> = HashMap::new();
    for to in what.to {
        let place = match known.get(to.url.as_str()) {
            Some(place) => *place,
            None => {
                let place = look_at(&mut plan, &to.url, open).await?;
                known.insert(&to.url, place);
                place
            }
        };
        let (chosen, refused) = choose(to, what.handover);
        plan.refused.extend(refused);
        for (made, key) in chosen {
            match taken.insert((place, key.clone()), made) {
                None => wanted.push((made, key, place)),
                Some(other) if other.sha256 == made.sha256 => {}
                Some(other) => {
                    let why = Why::Collision { with: other.path.clone() };
                    plan.refused.push(Refusal { target: redact(&to.url), file: Some(made.path.clone()), why });
                }
            }
        }
    }
    let _until = Until(&*world.progress);
    world.progress.phase("check", Some(wanted.len() as u64), Unit::Items);
    let places = plan.places.clone();
    let looking = wanted.iter().map(|(made, key, place)| {
        let store = &places[*place].store;
        async move {
            go_on(world)?;
            let found = examine(world, store, key, made).await;
            world.progress.advance(1);
            found.context(|| format!("checking {} in {}", made.path, store.url()))
        }
    });
    let found: Vec<Found> = stream::iter(looking.collect::<Vec<_>>()).buffered(AT_ONCE).try_collect().await?;
    for ((made, key, place), found) in wanted.into_iter().zip(found) {
        let item = |unrecorded| Item { made: made.clone(), key, place, unrecorded };
        let why = match found {
            Found::Absent => {
                plan.upload.push(item(None));
                continue;
            }
            Found::Same { unrecorded } => {
                plan.same.push(item(unrecorded));
                continue;
            }
            Found::Different { run } => Why::Different { run },
            Found::Gone => Why::Gone,
        };
        let target = places[place].store.url();
        plan.refused.push(Refusal { target, file: Some(made.path.clone()), why });
    }
    Ok(plan)
}

/// Opens a target, and sees what it is for.
async fn look_at(plan: &mut Plan, url: &str, open: &Opener<'_>) -> Result<usize> {
    let store = open(url).context(|| format!("opening the target {}", redact(url)))?;
    let marked = ledger::profile(&store).await.context(|| format!("looking at the target {}", redact(url)))?;
    plan.places.push(Place { store, marked: marked.is_some() });
    if let Some(marked) = marked.filter(|marked| marked != plan.profile.as_str()) {
        plan.refused.push(Refusal { target: redact(url), file: None, why: Why::Profile { marked } });
    }
    Ok(plan.places.len() - 1)
}

/// What is at the name of a file.
pub(super) enum Found {
    /// Nothing.
    Absent,
    /// The same content; with its version where the ledger does not know it.
    Same { unrecorded: Option<Etag> },
    /// Another content.
    Different { run: Option<String> },
    /// Nothing, and there is nothing to put there either.
    Gone,
}

/// Sees what is at the name of a file in a target.
///
/// # Errors
/// Those of the stores.
pub(super) async fn examine(world: &World, store: &Handle, key: &Key, made: &Made) -> Result<Found> {
    let wanted = Content::from(made);
    let there = match store.head(key).await {
        Ok(there) => there,
        Err(e) if e.kind() == Kind::NotFound => {
            return Ok(if content::exists(world, &wanted).await? { Found::Absent } else { Found::Gone });
        }
        Err(e) => return Err(e),
    };
    let entry = ledger::entry(store, key).await?.map(|(entry, _)| entry);
    let vouched = entry.as_ref().filter(|entry| entry.etag == there.etag.0).map(|entry| entry.content.clone());
    let recorded = vouched.is_some();
    let (found, etag) = match vouched {
        Some(content) => (content, there.etag),
        // Another length says enough.
        None if there.size != wanted.size => (Content { size: there.size, sha256: String::new() }, there.etag),
        None => {
            let object = store.get(key, None).await.map_err(vanished)?;
            let etag = object.meta.etag.clone();
            (content::of_object(object).await?, etag)
        }
    };
    Ok(match found == wanted {
        true => Found::Same { unrecorded: (!recorded).then_some(etag) },
        // Who put something else there than is there now did not put this there.
        false => Found::Different { run: entry.filter(|_| recorded).map(|entry| entry.run.to_string()) },
    })
}

fn vanished(error: Error) -> Error {
    error.hint("somebody else changes the target at the same time; run the command again")
}
