//! What files hold, in the store once, by its SHA-256: `stage/content/FIRST_TWO_DIGITS/SHA256`.
//!
//! Nobody is given bytes of another hash: what comes out of the store is hashed on its way, and shown only when it is whole.

use super::run::Made;
use crate::{
    error::{Error, Kind, Result},
    pipeline::id::Id,
    store::{Body, Handle, Key, Object, Precondition},
    world::World,
};
use bytes::Bytes;
use cap_std::fs::Dir;
use futures::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{
    fs::File,
    io::{self, Read, Write},
    path::{Path, PathBuf},
    sync::Arc,
};
use tempfile::TempPath;
use tokio::{sync::mpsc, task::spawn_blocking};

/// Bytes up to which a file is held in memory whole.
const SMALL: u64 = 4 << 20;
/// Bytes read at a time.
const CHUNK: usize = 256 << 10;
/// Chunks that may wait for the thread that hashes and writes them.
const WAITING: usize = 4;
/// Files under way at a time; times [`SMALL`] it bounds the memory.
pub(super) const AT_ONCE: usize = 16;
/// What the name of a file that is on its way ends with.
pub(super) const PART: &str = ".ci-tool-part";

/// What bytes are known by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// How many there are.
    pub size: u64,
    /// Their SHA-256 in 64 lower-case hexadecimal digits.
    pub sha256: String,
}

impl Content {
    /// What bytes in memory are known by.
    pub fn of(bytes: &[u8]) -> Content {
        let mut hasher = Hasher::default();
        hasher.add(bytes);
        hasher.end()
    }

    /// Reads to the end.
    ///
    /// # Errors
    /// Those of the reader.
    pub fn read(mut from: impl Read) -> io::Result<Content> {
        copy(&mut from, &mut io::sink())
    }

    fn key(&self) -> Result<Key> {
        if !is_sha256(&self.sha256) {
            return Err(Error::new(Kind::Corrupt, format!("{:?} is no SHA-256", self.sha256)));
        }
        Key::new(format!("stage/content/{}/{}", &self.sha256[..2], self.sha256))
    }
}

impl From<&Made> for Content {
    fn from(made: &Made) -> Content {
        Content { size: made.size, sha256: made.sha256.clone() }
    }
}

/// Whether a text is 64 lower-case hexadecimal digits.
pub(super) fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// How a file came to be where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fetched {
    /// It was there with the right content.
    There,
    /// It was brought from the store.
    Brought,
}

/// Puts what a file holds into the store, where it is not there yet.
///
/// # Errors
/// `Internal` for a file that changes meanwhile, or is none; `Corrupt` when the store holds another length under its hash;
/// I/O, those of the store.
pub async fn keep(world: &World, path: &Path) -> Result<Content> {
    let (store, path) = (&world.store, path.to_owned());
    let (content, body) = spawn_blocking(move || measure(&path)).await.map_err(ended_early)??;
    let (body, _spooled) = match body {
        Measured::Small(bytes) => (Body::Bytes(bytes), None),
        Measured::Large(_) if there(store, &content).await? => return Ok(content),
        Measured::Large(path) => {
            let (scratch, expected) = (store.scratch()?, content.clone());
            let spooled = spawn_blocking(move || spool(&path, &scratch, &expected)).await.map_err(ended_early)??;
            (whole_file(&spooled, content.size), Some(spooled))
        }
    };
    match store.put(&content.key()?, body, Precondition::MustNotExist).await {
        Err(e) if e.kind() == Kind::Exists => there(store, &content).await.map(|_| content),
        put => put.map(|_| content),
    }
}

/// Puts what many files hold into the store, several at a time; the answers are in the order of `paths`.
///
/// # Errors
/// Those of [`keep`]; `Interrupted`.
pub async fn keep_all(world: &World, paths: &[PathBuf]) -> Result<Vec<Content>> {
    let keeping = paths.iter().map(|path| async move {
        go_on(world)?;
        keep(world, path).await
    });
    stream::iter(keeping.collect::<Vec<_>>()).buffered(AT_ONCE).try_collect().await
}

/// Whether the store has it.
///
/// # Errors
/// `Corrupt` when it is there with another length; those of the store.
pub async fn exists(world: &World, content: &Content) -> Result<bool> {
    there(&world.store, content).await
}

/// Brings a file to its path below `into`, unless it is there already. It appears whole or not at all, in the place of what
/// was there; nothing outside of `into` is touched, not through links either.
///
/// # Errors
/// `Corrupt` when the store holds other bytes; `NotFound` when it holds none; `Denied` for a path that leads out of `into`;
/// I/O, those of the store. All name the file.
pub async fn fetch(world: &World, made: &Made, into: &Arc<Dir>) -> Result<Fetched> {
    if found(made, into).await?.is_some_and(|found| found == Content::from(made)) {
        return Ok(Fetched::There);
    }
    let object = object(world, made).await?;
    let part = Path::new(&made.path).with_file_name(format!(".{}{PART}", Id::from_random((world.random)())));
    let written = write_part(object, made, into, &part).await;
    if written.is_err() {
        // The error that is reported matters more than a file that the next download takes away.
        let _ = into.remove_file(&part);
    }
    written.map(|()| Fetched::Brought)
}

/// What the file that is at the path of `made` below `dir` holds; `None` where there is none.
///
/// # Errors
/// `Corrupt` for what is no file; I/O.
pub(super) async fn found(made: &Made, dir: &Arc<Dir>) -> Result<Option<Content>> {
    let (dir, path, expected) = (dir.clone(), made.path.clone(), made.size);
    let look = move || -> Result<Option<Content>> {
        let failed = |e| Error::io("reading", Path::new(&path), e);
        let meta = match dir.symlink_metadata(&path) {
            Ok(meta) => meta,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(failed(e)),
        };
        if !meta.is_file() {
            return Err(Error::new(Kind::Corrupt, format!("{path} is no file"))
                .hint("remove it, and the file is fetched again"));
        }
        // Another length says enough.
        if meta.len() != expected {
            return Ok(Some(Content { size: meta.len(), sha256: String::new() }));
        }
        let file = dir.open(&path).map_err(failed)?;
        Content::read(file).map(Some).map_err(failed)
    };
    spawn_blocking(look).await.map_err(ended_early)?
}

/// Content on its way to another store, proved to be what it should be.
pub(super) struct Proved {
    /// The bytes.
    pub body: Body,
    _spooled: Option<TempPath>,
}

/// Takes content out of the store for `to`, in memory where it is small.
///
/// # Errors
/// As [`fetch`].
pub(super) async fn prove(world: &World, made: &Made, to: &Handle) -> Result<Proved> {
    let object = object(world, made).await?;
    if made.size <= SMALL {
        let (content, bytes) = pour(object, Vec::new(), &made.path).await?;
        same(made, &content)?;
        return Ok(Proved { body: Body::from(bytes), _spooled: None });
    }
    let scratch = to.scratch()?;
    let (file, path) = temporary(&scratch)?.into_parts();
    let (content, _) = pour(object, file, &made.path).await?;
    same(made, &content)?;
    Ok(Proved { body: whole_file(&path, content.size), _spooled: Some(path) })
}

/// What an object holds, read to its end.
///
/// # Errors
/// Those of its stream.
pub(super) async fn of_object(object: Object) -> Result<Content> {
    let name = object.meta.key.to_string();
    Ok(pour(object, io::sink(), &name).await?.0)
}

/// Refuses to begin anything once the user or the system asked to stop.
pub(super) fn go_on(world: &World) -> Result<()> {
    match world.stop.reason() {
        None => Ok(()),
        Some(_) => {
            Err(Error::new(Kind::Interrupted, "stopped between two files").hint("the same command goes on from here"))
        }
    }
}

async fn there(store: &Handle, content: &Content) -> Result<bool> {
    match store.head(&content.key()?).await {
        Ok(meta) if meta.size == content.size => Ok(true),
        Ok(meta) => {
            let Content { size, sha256 } = content;
            let text = format!("the content {sha256} in {} has {} bytes instead of {size}", store.url(), meta.size);
            Err(Error::new(Kind::Corrupt, text))
        }
        Err(e) if e.kind() == Kind::NotFound => Ok(false),
        Err(e) => Err(e),
    }
}

async fn object(world: &World, made: &Made) -> Result<Object> {
    let fetching = |e: Error| e.context(format!("fetching {}, whose content is {}", made.path, made.sha256));
    world.store.get(&Content::from(made).key()?, None).await.map_err(fetching)
}

async fn write_part(object: Object, made: &Made, into: &Arc<Dir>, part: &Path) -> Result<()> {
    let failed = |e| Error::io("writing", Path::new(&made.path), e);
    if let Some(parent) = part.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        into.create_dir_all(parent).map_err(failed)?;
    }
    let file = into.create(part).map_err(failed)?;
    let (content, file) = pour(object, file, &made.path).await?;
    drop(file);
    same(made, &content)?;
    into.rename(part, into, &made.path).map_err(failed)
}

fn same(made: &Made, found: &Content) -> Result<()> {
    if *found == Content::from(made) {
        return Ok(());
    }
    let Content { size, sha256 } = found;
    let text = format!("{}: its content in the store was altered: {size} bytes with the SHA-256 {sha256}", made.path);
    Err(Error::new(Kind::Corrupt, text).hint(format!("it should have {} bytes and {}", made.size, made.sha256)))
}

/// Reads an object into `to` and hashes it, on a thread made for it. `name` says in messages what is written.
async fn pour<W: Write + Send + 'static>(object: Object, mut to: W, name: &str) -> Result<(Content, W)> {
    let (sender, mut receiver) = mpsc::channel::<Bytes>(WAITING);
    let writing = spawn_blocking(move || {
        let mut hasher = Hasher::default();
        while let Some(chunk) = receiver.blocking_recv() {
            hasher.add(&chunk);
            to.write_all(&chunk)?;
        }
        to.flush()?;
        Ok((hasher.end(), to))
    });
    let mut stream = object.stream;
    let reading = async move {
        while let Some(chunk) = stream.try_next().await? {
            // A writer that went away tells why below.
            if sender.send(chunk).await.is_err() {
                break;
            }
        }
        Ok(())
    };
    let read: Result<()> = reading.await;
    let written = writing.await.map_err(ended_early)?;
    read.map_err(|e| e.context(format!("reading the content of {name}")))?;
    written.map_err(|e| Error::io("writing", Path::new(name), e))
}

enum Measured {
    Small(Bytes),
    Large(PathBuf),
}

fn measure(path: &Path) -> Result<(Content, Measured)> {
    let failed = |e| Error::io("reading", path, e);
    // Opening a pipe would wait for its other end.
    let meta = std::fs::metadata(path).map_err(failed)?;
    if !meta.is_file() {
        return Err(Error::new(Kind::Internal, format!("{} is no file", path.display())));
    }
    let file = File::open(path).map_err(failed)?;
    let mut bytes = Vec::with_capacity(meta.len().min(SMALL) as usize);
    (&file).take(SMALL + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 <= SMALL {
        return Ok((Content::of(&bytes), Measured::Small(bytes.into())));
    }
    let content = Content::read(bytes.as_slice().chain(file)).map_err(failed)?;
    Ok((content, Measured::Large(path.to_owned())))
}

/// Copies a file to where nobody changes it.
fn spool(path: &Path, scratch: &Path, expected: &Content) -> Result<TempPath> {
    let failed = |e| Error::io("copying", path, e);
    let (mut to, spooled) = temporary(scratch)?.into_parts();
    let copied = copy(&mut File::open(path).map_err(failed)?, &mut to).map_err(failed)?;
    if copied != *expected {
        return Err(Error::new(Kind::Internal, format!("{} changed while it was being kept", path.display()))
            .hint("let nothing write to it while its stage ends"));
    }
    Ok(spooled)
}

fn temporary(scratch: &Path) -> Result<tempfile::NamedTempFile> {
    tempfile::NamedTempFile::new_in(scratch).map_err(|e| Error::io("creating a file in", scratch, e))
}

fn whole_file(path: &Path, len: u64) -> Body {
    Body::File { path: path.to_owned(), len, movable: true }
}

fn copy(from: &mut impl Read, to: &mut impl Write) -> io::Result<Content> {
    let (mut hasher, mut chunk) = (Hasher::default(), vec![0; CHUNK]);
    loop {
        match from.read(&mut chunk) {
            Ok(0) => return Ok(hasher.end()),
            Ok(read) => {
                hasher.add(&chunk[..read]);
                to.write_all(&chunk[..read])?;
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
}

#[derive(Default)]
struct Hasher {
    sha256: Sha256,
    size: u64,
}

impl Hasher {
    fn add(&mut self, bytes: &[u8]) {
        self.sha256.update(bytes);
        self.size += bytes.len() as u64;
    }

    fn end(self) -> Content {
        let sha256 = self.sha256.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Content { size: self.size, sha256 }
    }
}

pub(super) fn ended_early(error: tokio::task::JoinError) -> Error {
    Error::new(Kind::Internal, "a thread that reads files ended early").with_source(error)
}
