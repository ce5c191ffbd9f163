//! The revisions that a command is about.

use super::select::{Selection, Which};
use crate::{
    error::{Context, Error, Kind, Result},
    vcs::{Revision, Vcs, Walk},
};
use futures::{StreamExt, TryStreamExt, stream};
use std::collections::BTreeSet;

/// How many names are looked up at once.
const AT_ONCE: usize = 8;

/// Finds the revisions that are asked for, the oldest first; named ones in the order of their names. None comes twice.
///
/// A single revision is taken whatever `walk` says of paths.
///
/// # Errors
/// Those of [`Vcs`]; `Usage` when nothing is left.
pub async fn revisions(vcs: &dyn Vcs, which: &Which, walk: &Walk, selection: &Selection) -> Result<Vec<Revision>> {
    let found = match which {
        Which::One(name) => vec![one(vcs, name, walk).await?],
        Which::Range { good, bad } => vcs.range(good, bad, walk).await?,
        Which::From { from, to } => {
            let first = one(vcs, from, walk).await?;
            match vcs.resolve(to).await?.id == first.id {
                true => vec![first],
                false => {
                    let mut found = vcs.range(from, to, walk).await?;
                    found.insert(0, first);
                    found
                }
            }
        }
        Which::Back { to, count } => back(vcs, to, *count, walk).await?,
        Which::Around { of, count } => {
            let mut found = back(vcs, of, *count, walk).await?;
            found.extend(vcs.forward(of, count.saturating_add(1), walk).await?);
            found
        }
        Which::Named(names) => {
            let look_up = names.iter().map(|name| one(vcs, name, walk));
            stream::iter(look_up).buffered(AT_ONCE).try_collect().await?
        }
    };
    let mut seen = BTreeSet::new();
    let found = found.into_iter().filter(|revision| seen.insert(revision.id.clone())).collect();
    let found = selection.of(found);
    match found.is_empty() {
        true => Err(Error::new(Kind::Usage, "no revision is selected").hint("name one, or a wider range")),
        false => Ok(found),
    }
}

/// `to` and what lies before it, the oldest first.
async fn back(vcs: &dyn Vcs, to: &str, count: usize, walk: &Walk) -> Result<Vec<Revision>> {
    let mut found = vcs.back(to, count.saturating_add(1), walk).await?;
    found.reverse();
    Ok(found)
}

async fn one(vcs: &dyn Vcs, name: &str, walk: &Walk) -> Result<Revision> {
    if !walk.with_paths {
        return vcs.resolve(name).await;
    }
    let alone = Walk { paths: Vec::new(), ..walk.clone() };
    let found = vcs.back(name, 1, &alone).await?.pop();
    found.ok_or_else(|| Error::new(Kind::NotFound, "it has no history")).context(|| format!("looking {name} up"))
}
