//! A store that counts what it is asked for.
#![allow(dead_code, reason = "each suite uses its part")]

use async_trait::async_trait;
use bytes::Bytes;
use ci_tool::{
    error::Result,
    store::{Body, Etag, Handle, Key, Lease, Meta, Object, Precondition, Store},
};
use futures::stream::BoxStream;
use std::{
    ops::Range,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

/// What some calls cost.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cost {
    pub requests: u64,
    /// Bytes of objects that were asked for.
    pub bytes: u64,
    /// Requests for packs and archives.
    pub contents: u64,
}

#[derive(Debug)]
pub struct Counting {
    inner: Handle,
    cost: Mutex<Cost>,
    written: Mutex<Vec<String>>,
}

impl Counting {
    pub fn new(inner: Handle) -> Arc<Counting> {
        Arc::new(Counting { inner, cost: Mutex::default(), written: Mutex::default() })
    }

    /// What `work` gives, and what it costs.
    pub async fn cost<T>(&self, work: impl Future<Output = Result<T>>) -> (T, Cost) {
        *self.cost.lock().unwrap() = Cost::default();
        let done = work.await.unwrap();
        (done, *self.cost.lock().unwrap())
    }

    /// The keys of every put that took effect, in order.
    pub fn written(&self) -> Vec<String> {
        self.written.lock().unwrap().clone()
    }

    fn count(&self, bytes: u64) {
        let mut cost = self.cost.lock().unwrap();
        cost.requests += 1;
        cost.bytes += bytes;
    }
}

#[async_trait]
impl Store for Counting {
    fn url(&self) -> String {
        self.inner.url()
    }

    async fn put(&self, key: &Key, body: Body, pre: Precondition) -> Result<Etag> {
        self.count(0);
        let put = self.inner.put(key, body, pre).await;
        if put.is_ok() {
            self.written.lock().unwrap().push(key.to_string());
        }
        put
    }

    async fn get(&self, key: &Key, range: Option<Range<u64>>) -> Result<Object> {
        let object = self.inner.get(key, range.clone()).await?;
        self.count(range.map_or(object.meta.size, |range| range.end - range.start));
        let holds_content = ["/pack-", "/workspace."].iter().any(|name| key.as_str().contains(name));
        self.cost.lock().unwrap().contents += u64::from(holds_content);
        Ok(object)
    }

    async fn head(&self, key: &Key) -> Result<Meta> {
        self.count(0);
        self.inner.head(key).await
    }

    fn list(&self, prefix: &str, start_after: Option<&str>) -> BoxStream<'static, Result<Meta>> {
        self.count(0);
        self.inner.list(prefix, start_after)
    }

    async fn get_many(&self, keys: Vec<Key>) -> Result<Vec<Option<Bytes>>> {
        let found = self.inner.get_many(keys).await?;
        found.iter().for_each(|bytes| self.count(bytes.as_ref().map_or(0, |b| b.len() as u64)));
        Ok(found)
    }

    async fn delete(&self, key: &Key) -> Result<()> {
        self.count(0);
        self.inner.delete(key).await
    }

    async fn signed_url(&self, key: &Key, valid: Duration) -> Result<Option<String>> {
        self.inner.signed_url(key, valid).await
    }

    async fn hold_lease(&self, name: &str) -> Result<Box<dyn Lease>> {
        self.inner.hold_lease(name).await
    }

    async fn lease_lapsed(&self, name: &str) -> Result<bool> {
        self.inner.lease_lapsed(name).await
    }

    async fn drop_lease(&self, name: &str) -> Result<()> {
        self.inner.drop_lease(name).await
    }

    fn scratch(&self) -> Result<PathBuf> {
        self.inner.scratch()
    }

    fn local_dir(&self) -> Option<PathBuf> {
        self.inner.local_dir()
    }

    async fn sweep(&self) -> Result<u64> {
        self.inner.sweep().await
    }
}
