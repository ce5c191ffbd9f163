//! A store in memory, whose writes can be held, refused, or lose their answer.

use async_trait::async_trait;
use bytes::Bytes;
use ci_tool::{
    error::{Error, Kind, Result},
    store::{Body, Etag, Key, Lease, Meta, Object, Precondition, Store},
};
use futures::stream::{self, BoxStream, StreamExt};
use jiff::Timestamp;
use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    fs,
    ops::Range,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};
use tokio::sync::Semaphore;

/// What goes wrong with the next write.
#[derive(Debug, Clone, Copy)]
pub enum Fault {
    /// Nothing is written.
    Refused,
    /// It is written, and nobody learns of it.
    AnswerLost,
}

#[derive(Debug)]
pub struct Memory {
    state: Mutex<State>,
    leases: Arc<Mutex<HashMap<String, usize>>>,
    /// Each write takes one.
    pub writes: Semaphore,
    pub faults: Mutex<VecDeque<Fault>>,
    scratch: tempfile::TempDir,
}

#[derive(Debug, Default, Clone)]
struct State {
    objects: BTreeMap<Key, (Bytes, Meta)>,
    /// Counts the writes; each gives a new etag and a later time.
    clock: i64,
}

impl Memory {
    pub fn new() -> Arc<Memory> {
        Arc::new(Memory {
            state: Mutex::default(),
            leases: Arc::default(),
            writes: Semaphore::new(Semaphore::MAX_PERMITS),
            faults: Mutex::default(),
            scratch: tempfile::tempdir().unwrap(),
        })
    }

    /// Another store with the same objects, and nobody at them.
    #[allow(dead_code, reason = "not every suite needs it")]
    pub fn fork(&self) -> Arc<Memory> {
        let fork = Memory::new();
        *fork.state() = self.state().clone();
        fork
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

fn missing(key: &Key) -> Error {
    Error::new(Kind::NotFound, format!("reading {key}: there is no such object"))
}

#[async_trait]
impl Store for Memory {
    fn url(&self) -> String {
        "memory:".into()
    }

    async fn put(&self, key: &Key, body: Body, pre: Precondition) -> Result<Etag> {
        self.writes.acquire().await.unwrap().forget();
        let bytes = match body {
            Body::Bytes(bytes) => bytes,
            Body::File { path, len, .. } => {
                let bytes = fs::read(&path).map_err(|e| Error::io("reading", &path, e))?;
                if bytes.len() as u64 != len {
                    return Err(Error::new(Kind::Internal, format!("{} changed its length", path.display())));
                }
                bytes.into()
            }
        };
        let fault = self.faults.lock().unwrap().pop_front();
        let unavailable = || Err(Error::new(Kind::Transient, format!("writing {key}: the store is unavailable")));
        if matches!(fault, Some(Fault::Refused)) {
            return unavailable();
        }
        let mut state = self.state();
        let now = state.objects.get(key).map(|(_, meta)| meta.etag.clone());
        match pre {
            Precondition::MustNotExist if now.is_some() => {
                return Err(Error::new(Kind::Exists, format!("writing {key}: it exists")));
            }
            Precondition::IfMatch(etag) if now.as_ref() != Some(&etag) => {
                return Err(Error::new(Kind::Precondition, format!("writing {key}: it changed")));
            }
            _ => {}
        }
        state.clock += 1;
        let etag = Etag(state.clock.to_string());
        let modified = Timestamp::from_second(state.clock).unwrap();
        let meta = Meta { key: key.clone(), size: bytes.len() as u64, etag: etag.clone(), modified };
        state.objects.insert(key.clone(), (bytes, meta));
        if matches!(fault, Some(Fault::AnswerLost)) { unavailable() } else { Ok(etag) }
    }

    async fn get(&self, key: &Key, range: Option<Range<u64>>) -> Result<Object> {
        let (bytes, meta) = self.state().objects.get(key).cloned().ok_or_else(|| missing(key))?;
        let range = range.unwrap_or(0..meta.size);
        let part = if range.is_empty() {
            Bytes::new()
        } else if range.start >= meta.size {
            return Err(Error::new(Kind::Usage, format!("reading {key}: the range starts past its end")));
        } else {
            bytes.slice(range.start as usize..range.end.min(meta.size) as usize)
        };
        Ok(Object { meta, stream: stream::iter([Ok(part)]).boxed() })
    }

    async fn head(&self, key: &Key) -> Result<Meta> {
        self.state().objects.get(key).map(|(_, meta)| meta.clone()).ok_or_else(|| missing(key))
    }

    fn list(&self, prefix: &str, start_after: Option<&str>) -> BoxStream<'static, Result<Meta>> {
        let state = self.state();
        let wanted =
            |key: &Key| key.as_str().starts_with(prefix) && start_after.is_none_or(|after| key.as_str() > after);
        let found: Vec<_> =
            state.objects.values().filter(|(_, meta)| wanted(&meta.key)).map(|(_, meta)| Ok(meta.clone())).collect();
        stream::iter(found).boxed()
    }

    async fn get_many(&self, keys: Vec<Key>) -> Result<Vec<Option<Bytes>>> {
        let state = self.state();
        Ok(keys.iter().map(|key| state.objects.get(key).map(|(bytes, _)| bytes.clone())).collect())
    }

    async fn delete(&self, key: &Key) -> Result<()> {
        self.state().objects.remove(key);
        Ok(())
    }

    async fn signed_url(&self, _: &Key, _: Duration) -> Result<Option<String>> {
        Ok(None)
    }

    async fn hold_lease(&self, name: &str) -> Result<Box<dyn Lease>> {
        *self.leases.lock().unwrap().entry(name.into()).or_default() += 1;
        Ok(Box::new(Held { name: name.into(), leases: self.leases.clone() }))
    }

    async fn lease_lapsed(&self, name: &str) -> Result<bool> {
        Ok(self.leases.lock().unwrap().get(name).is_none_or(|holders| *holders == 0))
    }

    async fn drop_lease(&self, name: &str) -> Result<()> {
        self.leases.lock().unwrap().remove(name);
        Ok(())
    }

    fn scratch(&self) -> Result<PathBuf> {
        Ok(self.scratch.path().into())
    }

    async fn sweep(&self) -> Result<u64> {
        Ok(0)
    }
}

struct Held {
    name: String,
    leases: Arc<Mutex<HashMap<String, usize>>>,
}

impl Lease for Held {}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(holders) = self.leases.lock().unwrap().get_mut(&self.name) {
            *holders = holders.saturating_sub(1);
        }
    }
}
