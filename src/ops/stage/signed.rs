//! What was signed, by the fingerprint of what it was signed from: signing the same again gives other bytes.
//!
//! `stage/signed/FINGERPRINT.json`, and those that took its place.

use super::{
    content::{AT_ONCE, Content, exists},
    numbered::{self, Resigned, Verdict},
    run::Made,
};
use crate::{
    error::{Context, Error, Kind, Result},
    pipeline::id::Id,
    world::World,
};
use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

const SCHEMA: u32 = 1;

/// What was signed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Signed {
    /// The version of its format.
    schema: u32,
    /// The run that signed it.
    pub run: Id,
    /// The stage that did.
    pub stage: String,
    /// When.
    pub at: Timestamp,
    /// Who had it signed again though it was signed before, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resigned: Option<Resigned>,
    /// The files.
    pub files: Vec<Made>,
}

impl Signed {
    /// What a stage signed just now.
    pub fn new(run: Id, stage: String, at: Timestamp, files: Vec<Made>) -> Signed {
        Signed { schema: SCHEMA, run, stage, at, resigned: None, files }
    }
}

/// What was signed from inputs of a fingerprint, and is in the store.
///
/// # Errors
/// `NotFound` when content of it is in the store no more, naming the file; `Corrupt`; those of the store.
pub async fn find(world: &World, fingerprint: &str) -> Result<Option<Signed>> {
    let Some(last) = numbered::last(&world.store, &base(fingerprint)).await? else { return Ok(None) };
    let signed = parse(fingerprint, &last.bytes)?;
    let run = &signed.run;
    let looking = signed.files.iter().map(|made| async move {
        match exists(world, &Content::from(made)).await.context(|| format!("looking for {}", made.path))? {
            true => Ok(()),
            false => Err(Error::new(Kind::NotFound, format!("{}, signed by the run {}, is gone", made.path, run))
                .hint("sign again: --resign --reason WHY")),
        }
    });
    let all = stream::iter(looking.collect::<Vec<_>>()).buffer_unordered(AT_ONCE);
    all.try_for_each(|()| async { Ok(()) }).await?;
    Ok(Some(signed))
}

/// Records what was signed. The same files again change nothing.
///
/// # Errors
/// `Exists` for other files from the same inputs, unless it says who had them signed again, and why; those of the store.
pub async fn record(world: &World, fingerprint: &str, signed: &Signed) -> Result<()> {
    let bytes = serde_json::to_vec_pretty(signed)
        .map_err(|e| Error::new(Kind::Internal, "writing what was signed as JSON").with_source(e))?;
    let judge = |there: &numbered::Numbered| {
        let before = parse(fingerprint, &there.bytes)?;
        match (before.files == signed.files, &signed.resigned) {
            (true, _) => Ok(Verdict::WillDo(())),
            (false, Some(_)) => Ok(Verdict::MayFollow),
            (false, None) => {
                let text = format!("the run {} signed the same inputs, in stage {}", before.run, before.stage);
                Err(Error::new(Kind::Exists, text).hint("use what it signed, or sign again: --resign --reason WHY"))
            }
        }
    };
    numbered::settle(&world.store, &base(fingerprint), &bytes.into(), judge).await.map(drop)
}

fn base(fingerprint: &str) -> String {
    format!("stage/signed/{fingerprint}")
}

fn parse(fingerprint: &str, bytes: &[u8]) -> Result<Signed> {
    let name = format!("the record of what was signed from {fingerprint}");
    let signed: Signed = serde_json::from_slice(bytes)
        .map_err(|e| Error::new(Kind::Corrupt, format!("{name} is none")).with_source(e))?;
    if signed.schema > SCHEMA {
        return Err(Error::new(Kind::Unsupported, format!("{name} requires schema {}", signed.schema))
            .hint("use the version of ci-tool that wrote it, or a later one"));
    }
    Ok(signed)
}
