//! A store on which nothing changes: reads pass, writes are checked and recorded.

use super::{Body, Etag, Handle, Key, Lease, Meta, Object, Precondition, Store, scratch, scratch::Scratch};
use crate::error::{Error, Kind, Result};
use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use std::{
    ops::Range,
    path::PathBuf,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// What a dry run would have done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Written this many bytes.
    Put(Key, u64),
    /// Deleted.
    Delete(Key),
}

/// Wraps a store and changes nothing in it. Reads show the store as it is, without the recorded changes;
/// preconditions take them into account.
#[derive(Debug)]
pub struct DryRun {
    inner: Handle,
    changes: Mutex<Vec<Change>>,
    scratch: Mutex<Option<Scratch>>,
}

impl DryRun {
    /// Wraps a store.
    pub fn new(inner: Handle) -> DryRun {
        DryRun { inner, changes: Mutex::default(), scratch: Mutex::default() }
    }

    /// What would have been done so far, in order.
    pub fn changes(&self) -> Vec<Change> {
        self.recorded().clone()
    }

    fn recorded(&self) -> MutexGuard<'_, Vec<Change>> {
        // A panic between two calls leaves nothing half-done in a list.
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The version that the object would have now.
    async fn version(&self, key: &Key) -> Result<Option<Etag>> {
        let last = self.recorded().iter().enumerate().rev().find_map(|(nth, change)| match change {
            Change::Put(k, _) if k == key => Some(Some(pretended(nth))),
            Change::Delete(k) if k == key => Some(None),
            _ => None,
        });
        match last {
            Some(version) => Ok(version),
            None => match self.inner.head(key).await {
                Ok(meta) => Ok(Some(meta.etag)),
                Err(e) if e.kind() == Kind::NotFound => Ok(None),
                Err(e) => Err(e),
            },
        }
    }

    fn record(&self, change: Change) -> Etag {
        let mut changes = self.recorded();
        changes.push(change);
        pretended(changes.len() - 1)
    }
}

fn pretended(nth: usize) -> Etag {
    Etag(format!("dry-run-{nth}"))
}

struct Pretended;

impl Lease for Pretended {}

#[async_trait]
impl Store for DryRun {
    fn url(&self) -> String {
        self.inner.url()
    }

    async fn put(&self, key: &Key, body: Body, pre: Precondition) -> Result<Etag> {
        if let Body::File { path, .. } = &body {
            std::fs::metadata(path).map_err(|e| Error::io("reading", path, e))?;
        }
        match (&pre, self.version(key).await?) {
            (Precondition::MustNotExist, Some(_)) => {
                return Err(Error::new(Kind::Exists, format!("object {key} exists already")));
            }
            (Precondition::IfMatch(expected), found) if found.as_ref() != Some(expected) => {
                let text = format!("writing object {key}: it was replaced or deleted meanwhile");
                return Err(Error::new(Kind::Precondition, text));
            }
            _ => {}
        }
        Ok(self.record(Change::Put(key.clone(), body.len())))
    }

    async fn get(&self, key: &Key, range: Option<Range<u64>>) -> Result<Object> {
        self.inner.get(key, range).await
    }

    async fn head(&self, key: &Key) -> Result<Meta> {
        self.inner.head(key).await
    }

    fn list(&self, prefix: &str, start_after: Option<&str>) -> BoxStream<'static, Result<Meta>> {
        self.inner.list(prefix, start_after)
    }

    async fn get_many(&self, keys: Vec<Key>) -> Result<Vec<Option<Bytes>>> {
        self.inner.get_many(keys).await
    }

    async fn delete(&self, key: &Key) -> Result<()> {
        self.record(Change::Delete(key.clone()));
        Ok(())
    }

    async fn signed_url(&self, key: &Key, valid: Duration) -> Result<Option<String>> {
        self.inner.signed_url(key, valid).await
    }

    async fn hold_lease(&self, _name: &str) -> Result<Box<dyn Lease>> {
        Ok(Box::new(Pretended))
    }

    async fn lease_lapsed(&self, name: &str) -> Result<bool> {
        self.inner.lease_lapsed(name).await
    }

    async fn drop_lease(&self, _name: &str) -> Result<()> {
        Ok(())
    }

    /// On this machine's temporary disk: the store's own directory would be a change.
    fn scratch(&self) -> Result<PathBuf> {
        scratch::lazily(&self.scratch, Scratch::temporary)
    }

    fn local_dir(&self) -> Option<std::path::PathBuf> {
        self.inner.local_dir()
    }

    fn records(&self, moment: crate::store::Moment) {
        self.inner.records(moment);
    }

    async fn sweep(&self) -> Result<u64> {
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::local::Local;
    use std::sync::Arc;

    #[tokio::test]
    async fn nothing_changes_and_preconditions_hold_as_if_it_had() {
        let dir = tempfile::tempdir().unwrap();
        let key = |text| Key::new(text).unwrap();
        let real = Local::open(dir.path()).unwrap();
        let etag = real.put(&key("a"), "1".into(), Precondition::None).await.unwrap();
        let dry = DryRun::new(Arc::new(Local::open(dir.path()).unwrap()));
        let create = async |name| dry.put(&key(name), "new".into(), Precondition::MustNotExist).await;
        let replace = async |etag: &Etag| dry.put(&key("a"), "2".into(), Precondition::IfMatch(etag.clone())).await;

        assert_eq!(create("a").await.unwrap_err().kind(), Kind::Exists);
        create("b").await.unwrap();
        assert_eq!(create("b").await.unwrap_err().kind(), Kind::Exists);
        let newer = replace(&etag).await.unwrap();
        assert_eq!(replace(&etag).await.unwrap_err().kind(), Kind::Precondition);
        replace(&newer).await.unwrap();
        dry.delete(&key("a")).await.unwrap();
        create("a").await.unwrap();

        let put = |name, len| Change::Put(key(name), len);
        assert_eq!(dry.changes(), [put("b", 3), put("a", 1), put("a", 1), Change::Delete(key("a")), put("a", 3)]);
        assert_eq!(real.head(&key("a")).await.unwrap().etag, etag);
        assert_eq!(real.head(&key("b")).await.unwrap_err().kind(), Kind::NotFound);
        assert!(!dry.scratch().unwrap().starts_with(dir.path()));
    }
}
