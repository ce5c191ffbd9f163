//! `repro show`: everything about one capture but its files.

use crate::{
    capture::{
        catalog,
        details::Details,
        objects::{part_key, read_part},
    },
    error::{Error, Kind, Result},
    ops::World,
    pipeline::record::Record,
};
use std::io::Read;

/// A capture.
#[derive(Debug, Clone)]
pub struct Shown {
    /// Its record.
    pub record: Record,
    /// Everything else about it.
    pub details: Details,
}

/// Reads a capture's record and details.
///
/// # Errors
/// As [`catalog::find`]; `Corrupt` when the details are damaged.
pub async fn show(world: &World, id: &str) -> Result<Shown> {
    let record = catalog::find(&world.store, id).await?.record;
    let details = details(world, &record).await?;
    Ok(Shown { record, details })
}

/// Reads a capture's details.
///
/// # Errors
/// `Corrupt`, `Unsupported`, those of the store.
pub async fn details(world: &World, record: &Record) -> Result<Details> {
    let part = record.parts.details.as_ref();
    let part = part.ok_or_else(|| Error::new(Kind::Corrupt, format!("capture {} has no details", record.id)))?;
    Details::from_json(record.id.as_str(), &read_part(&world.store, part).await?)
}

/// Reads a capture's log; `None` when it has none.
///
/// # Errors
/// `Corrupt`, those of the store.
pub async fn log(world: &World, record: &Record) -> Result<Option<Box<dyn Read + Send>>> {
    let Some(part) = &record.parts.log else { return Ok(None) };
    let bytes = read_part(&world.store, part).await?;
    let key = part_key(part)?;
    let decoder = zstd::Decoder::new(std::io::Cursor::new(bytes));
    let decoder = decoder.map_err(|e| Error::new(Kind::Corrupt, format!("the log {key} is damaged")).with_source(e))?;
    Ok(Some(Box::new(decoder)))
}
