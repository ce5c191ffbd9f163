//! `repro extend`: keeping a capture longer.

use crate::{
    capture::catalog,
    error::{Error, Kind, Result},
    pipeline::record::{Record, State},
    world::World,
};
use std::time::Duration;

/// Tries against others who change the same record.
const TRIES: usize = 5;

/// Moves the expiry by `by`: from where it is, or from now when it has passed.
///
/// # Errors
/// As [`catalog::find`]; `Precondition` when others change the record all the time.
pub async fn extend(world: &World, id: &str, by: Duration) -> Result<Record> {
    let mut found = catalog::find(&world.store, id).await?;
    for _ in 0..TRIES {
        let from = found.record.expires.max((world.now)());
        let expires = from
            .checked_add(by)
            .map_err(|e| Error::new(Kind::Usage, "extending beyond the calendar").with_source(e))?;
        if world.dry_run {
            found.record.expires = expires;
            return Ok(found.record);
        }
        match catalog::update(&world.store, &found, |record| record.expires = expires).await {
            Ok(done) => return Ok(done.record),
            Err(e) if e.kind() == Kind::Precondition => {
                found = catalog::find(&world.store, found.record.id.as_str()).await?
            }
            Err(e) => return Err(e),
        }
        debug_assert_eq!(found.record.state, State::Complete);
    }
    Err(Error::new(Kind::Precondition, format!("extending {id}: others keep changing its record")).hint("try again"))
}
