//! The logs of attempts: a file while one runs, a compressed object afterwards.

use crate::{
    error::{Error, Kind, Result},
    pipeline::id::Id,
    store::{Body, Handle, Key, Precondition},
};
use std::path::{Path, PathBuf};

/// How much a log is compressed: zstd's own default.
const LEVEL: i32 = 3;

/// A stage's name as it stands in keys, which have no capitals.
fn in_keys(stage: &str) -> String {
    let lower = stage.to_ascii_lowercase();
    match lower == stage {
        true => lower,
        false => format!("{lower}-{}", &blake3::hash(stage.as_bytes()).to_hex()[..6]),
    }
}

/// The key of an attempt's log.
///
/// # Errors
/// Never for a stage's name.
pub fn log_key(run: &Id, stage: &str, attempt: usize) -> Result<Key> {
    Key::new(format!("stage/logs/{run}/{}.{attempt}.zst", in_keys(stage)))
}

/// The file of a running attempt's log.
pub(super) fn live(folder: &Path, run: &Id, stage: &str, attempt: usize) -> PathBuf {
    folder.join(run.as_str()).join(format!("{}.{attempt}.log", in_keys(stage)))
}

/// Puts an attempt's log into the store, and removes the file. An empty one, or none, leaves nothing.
///
/// # Errors
/// I/O and those of the store.
pub(super) async fn keep(store: &Handle, log: &Path, run: &Id, stage: &str, attempt: usize) -> Result<()> {
    let bytes = match std::fs::read(log) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(Error::io("reading the log", log, e)),
    };
    if !bytes.is_empty() {
        let packed = zstd::encode_all(bytes.as_slice(), LEVEL).map_err(|e| Error::io("compressing", log, e))?;
        store.put(&log_key(run, stage, attempt)?, Body::Bytes(packed.into()), Precondition::None).await?;
    }
    std::fs::remove_file(log).map_err(|e| Error::io("removing", log, e))
}

/// An attempt's log; empty when it wrote nothing.
///
/// # Errors
/// Those of the store; `Corrupt`.
pub async fn read_log(store: &Handle, run: &Id, stage: &str, attempt: usize) -> Result<Vec<u8>> {
    let key = log_key(run, stage, attempt)?;
    let packed = match store.get(&key, None).await {
        Ok(object) => object.bytes().await?,
        Err(error) if error.kind() == Kind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    zstd::decode_all(packed.as_ref())
        .map_err(|e| Error::new(Kind::Corrupt, format!("the log {key} was altered")).with_source(e))
}
