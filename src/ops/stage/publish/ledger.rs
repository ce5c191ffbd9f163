//! What a target says of itself: what it is for, and who put which file there.

use super::Place;
use crate::{
    error::{Error, Kind, Result},
    ops::stage::{content::Content, pipeline::Profile},
    pipeline::id::Id,
    store::{Body, Etag, Handle, Key, Precondition},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

const PROFILE: &str = "ci-tool-profile";
const LEDGER: &str = "ci-tool-ledger/";
const SCHEMA: u32 = 1;

/// Who put a file there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The version of its format.
    pub schema: u32,
    /// The file's path in the handover.
    pub path: String,
    /// What it holds.
    #[serde(flatten)]
    pub content: Content,
    /// The version of the object that was seen to hold it.
    pub etag: String,
    /// The run.
    pub run: Id,
    /// The stage.
    pub stage: String,
    /// Whether it was there before with the same content, and nobody had recorded it.
    pub adopted: bool,
    /// When.
    pub at: Timestamp,
    /// Who, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// Says that a stage published all that it had to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Completion {
    /// The version of its format.
    pub schema: u32,
    /// The run.
    pub run: Id,
    /// The stage.
    pub stage: String,
    /// How many files of it are in this target.
    pub files: usize,
    /// When.
    pub at: Timestamp,
    /// Who, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

impl Completion {
    /// A completion just now.
    pub fn new(run: Id, stage: String, files: usize, at: Timestamp) -> Completion {
        Completion { schema: SCHEMA, run, stage, files, at, by: None }
    }
}

impl Entry {
    /// An entry for a version of an object.
    pub fn new(path: &str, content: Content, etag: &Etag, completion: &Completion) -> Entry {
        let Completion { run, stage, at, by, .. } = completion.clone();
        Entry {
            schema: SCHEMA,
            path: path.to_owned(),
            content,
            etag: etag.0.clone(),
            run,
            stage,
            adopted: false,
            at,
            by,
        }
    }
}

/// Whether a name belongs to the ledger.
pub fn is_own(key: &Key) -> bool {
    key.as_str() == PROFILE || key.as_str().starts_with(LEDGER)
}

/// Where the entry of a file is.
///
/// # Errors
/// `Usage` for a name that is too long.
pub fn entry_key(key: &Key) -> Result<Key> {
    Key::new(format!("{LEDGER}files/{key}"))
}

/// What a target says that it is for; `None` for one that nobody published to.
///
/// # Errors
/// Those of the store.
pub async fn profile(store: &Handle) -> Result<Option<String>> {
    match store.get(&Key::new(PROFILE)?, None).await {
        Ok(object) => Ok(Some(String::from_utf8_lossy(&object.bytes().await?).trim().to_owned())),
        Err(e) if e.kind() == Kind::NotFound => Ok(None),
        Err(e) => Err(e),
    }
}

/// Lets a target say what it is for. Of two who say so at once one is right.
///
/// # Errors
/// `Usage` when it says that it is for something else by now; those of the store.
pub async fn mark(place: &Place, as_profile: Profile) -> Result<()> {
    let wanted = as_profile.as_str();
    match place.store.put(&Key::new(PROFILE)?, wanted.to_owned().into(), Precondition::MustNotExist).await {
        Err(e) if e.kind() == Kind::Exists => match profile(&place.store).await? {
            Some(marked) if marked == wanted => Ok(()),
            marked => {
                let marked = marked.unwrap_or_default();
                Err(Error::new(Kind::Usage, format!("{} is for {marked} by now, not for {wanted}", place.store.url())))
            }
        },
        put => put.map(drop),
    }
}

/// The entry of a file, and its version.
///
/// # Errors
/// `Corrupt` when it is none; those of the store.
pub async fn entry(store: &Handle, key: &Key) -> Result<Option<(Entry, Etag)>> {
    let object = match store.get(&entry_key(key)?, None).await {
        Ok(object) => object,
        Err(e) if e.kind() == Kind::NotFound => return Ok(None),
        Err(e) => return Err(e),
    };
    let etag = object.meta.etag.clone();
    let entry = serde_json::from_slice(&object.bytes().await?).map_err(|e| {
        Error::new(Kind::Corrupt, format!("the entry of {key} in the ledger of {} is none", store.url())).with_source(e)
    })?;
    Ok(Some((entry, etag)))
}

/// Records who put a file there. An entry for the same version and content stays: who came first did it.
///
/// # Errors
/// Those of the store.
pub async fn record(store: &Handle, key: &Key, new: &Entry) -> Result<()> {
    let at = entry_key(key)?;
    let body = Body::from(json(new)?);
    match store.put(&at, body.clone(), Precondition::MustNotExist).await {
        Err(e) if e.kind() == Kind::Exists => {}
        put => return put.map(drop),
    }
    let precondition = match entry(store, key).await? {
        Some((there, _)) if there.content == new.content && there.etag == new.etag => return Ok(()),
        Some((_, etag)) => Precondition::IfMatch(etag),
        None => Precondition::MustNotExist,
    };
    match store.put(&at, body, precondition).await {
        // Whoever was faster saw the same object.
        Err(e) if matches!(e.kind(), Kind::Exists | Kind::Precondition) => Ok(()),
        put => put.map(drop),
    }
}

/// Records that a stage published all that it had to; the first time stays.
///
/// # Errors
/// Those of the store.
pub async fn complete(store: &Handle, completion: &Completion) -> Result<()> {
    let stage = completion.stage.to_ascii_lowercase();
    let key = Key::new(format!("{LEDGER}runs/{}/{stage}", completion.run))?;
    match store.put(&key, json(completion)?.into(), Precondition::MustNotExist).await {
        Err(e) if e.kind() == Kind::Exists => Ok(()),
        put => put.map(drop),
    }
}

fn json(value: &impl Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(|e| Error::new(Kind::Internal, "writing a ledger as JSON").with_source(e))
}
