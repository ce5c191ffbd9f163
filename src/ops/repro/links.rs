//! Download links: a capture's objects for somebody without credentials.

use crate::{
    capture::objects::part_key,
    error::{Error, Kind, Result},
    pipeline::record::Record,
    world::World,
};
use std::time::Duration;

/// Links to every object of a capture, by the object's key, that anyone can read until `valid` has passed.
///
/// # Errors
/// `Unsupported` when the store has no links, `Denied` when the credentials cannot sign.
pub async fn links(world: &World, record: &Record, valid: Duration) -> Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    for part in record.parts.all() {
        let key = part_key(part)?;
        let link = world.store.signed_url(&key, valid).await?.ok_or_else(|| {
            Error::new(Kind::Unsupported, format!("{} has no download links", world.store.url()))
                .hint(format!("`ci-tool repro export {} --to job.zip` makes a file to hand on", record.id))
        })?;
        found.push((key.to_string(), link));
    }
    Ok(found)
}
