//! The one retry layer: tries again what may succeed later, with growing, jittered pauses.

use super::{Body, Etag, Handle, Key, Lease, Meta, Object, Precondition, Store};
use crate::error::{Error, Kind, Result, RetryAfter};
use async_trait::async_trait;
use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream, stream::BoxStream};
use std::{
    future::Future,
    ops::Range,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::{io::AsyncReadExt, time::Instant};

/// Objects that are read in one call, and how many at a time when that fails.
const PART: usize = 1024;
const SINGLY: usize = 16;

/// How long and how often to try.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Policy {
    /// All tries of a call together, the first included.
    pub tries: usize,
    /// The first pause; each later one doubles, and up to as much again is added at random.
    pub pause: Duration,
    /// The longest pause before jitter, unless the service asks for a longer one.
    pub max_pause: Duration,
    /// No try starts later than this after the first one.
    pub total: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Policy {
            tries: 6,
            pause: Duration::from_millis(250),
            max_pause: Duration::from_secs(15),
            total: Duration::from_secs(300),
        }
    }
}

/// A store whose transient failures are tried again.
///
/// A write whose answer was lost may have happened. When its repetition finds the object there, the object is read back,
/// and the write succeeded if the bytes are the same. Writers that race to create one object must therefore write
/// different bytes.
#[derive(Debug)]
pub struct Retry {
    inner: Handle,
    policy: Policy,
}

impl Retry {
    /// Wraps a store.
    pub fn new(inner: Handle) -> Retry {
        Retry::with_policy(inner, Policy::default())
    }

    /// Wraps a store with tries of its own count and pace.
    pub fn with_policy(inner: Handle, policy: Policy) -> Retry {
        Retry { inner, policy }
    }

    async fn read_one(&self, key: Key) -> Result<Option<Bytes>> {
        match self.get(&key, None).await {
            Ok(object) => object.bytes().await.map(Some),
            Err(e) if e.kind() == Kind::NotFound => Ok(None),
            Err(e) => Err(e),
        }
    }

    async fn run<T, F: Future<Output = Result<T>>>(&self, what: &str, mut call: impl FnMut() -> F) -> Result<T> {
        let mut attempts = Attempts::new(self.policy);
        loop {
            match call().await {
                Err(e) => attempts.pause(what, e).await?,
                ok => return ok,
            }
        }
    }
}

/// The tries of one call.
struct Attempts {
    policy: Policy,
    pauses: ExponentialBackoff,
    started: Instant,
    failed: usize,
}

impl Attempts {
    fn new(policy: Policy) -> Attempts {
        let pauses = ExponentialBuilder::default()
            .with_min_delay(policy.pause)
            .with_max_delay(policy.max_pause)
            .with_max_times(policy.tries.saturating_sub(1))
            .with_jitter()
            .build();
        Attempts { policy, pauses, started: Instant::now(), failed: 0 }
    }

    /// Waits before the next try, or gives the error back when there is none.
    async fn pause(&mut self, what: &str, error: Error) -> Result<()> {
        if error.kind() != Kind::Transient {
            return Err(error);
        }
        self.failed += 1;
        let pause =
            self.pauses.next().map(|pause| pause.max(error.cause().map_or(Duration::ZERO, |RetryAfter(pause)| *pause)));
        match pause {
            Some(pause) if self.started.elapsed() + pause <= self.policy.total => {
                let cause = error.causes().join(": ");
                tracing::info!("{what}: try {} failed, again in {pause:.1?}: {error}: {cause}", self.failed);
                tokio::time::sleep(pause).await;
                Ok(())
            }
            _ => Err(error.context(format!("{what}: given up after {} tries", self.failed))),
        }
    }
}

#[async_trait]
impl Store for Retry {
    fn url(&self) -> String {
        self.inner.url()
    }

    async fn put(&self, key: &Key, body: Body, pre: Precondition) -> Result<Etag> {
        let what = format!("writing {key}");
        let mut attempts = Attempts::new(self.policy);
        loop {
            let error = match self.inner.put(key, body.clone(), pre.clone()).await {
                Ok(etag) => return Ok(etag),
                Err(e) => e,
            };
            if attempts.failed > 0 && pre != Precondition::None && may_be_ours(&error, &body) {
                let stored = self.run(&what, || written(self, key, &body)).await?;
                return stored.ok_or(error);
            }
            attempts.pause(&what, error).await?;
        }
    }

    async fn get(&self, key: &Key, range: Option<Range<u64>>) -> Result<Object> {
        let what = format!("reading {key}");
        let Object { meta, stream } = self.run(&what, || self.inner.get(key, range.clone())).await?;
        let span = super::window(key, range, meta.size)?;
        let resume = Resume {
            inner: self.inner.clone(),
            attempts: Attempts::new(self.policy),
            policy: self.policy,
            meta: meta.clone(),
            at: span.start,
            end: span.end,
            stream: Some(stream),
            what,
        };
        let stream = stream::try_unfold(resume, Resume::step).boxed();
        Ok(Object { meta, stream })
    }

    async fn head(&self, key: &Key) -> Result<Meta> {
        self.run(&format!("reading {key}"), || self.inner.head(key)).await
    }

    fn list(&self, prefix: &str, start_after: Option<&str>) -> BoxStream<'static, Result<Meta>> {
        let relist = Relist {
            inner: self.inner.clone(),
            attempts: None,
            policy: self.policy,
            prefix: prefix.to_owned(),
            after: start_after.map(str::to_owned),
            stream: None,
        };
        stream::try_unfold(relist, Relist::step).boxed()
    }

    async fn get_many(&self, keys: Vec<Key>) -> Result<Vec<Option<Bytes>>> {
        let mut read = Vec::with_capacity(keys.len());
        for part in keys.chunks(PART) {
            match self.inner.get_many(part.to_vec()).await {
                Ok(objects) => read.extend(objects),
                // Of many requests one fails easily; together they might never succeed.
                Err(e) if e.kind() == Kind::Transient => {
                    tracing::info!("reading {} objects failed, again one by one: {e}", part.len());
                    let singly = stream::iter(part.to_vec()).map(|key| self.read_one(key)).buffered(SINGLY);
                    read.extend(singly.try_collect::<Vec<_>>().await?);
                }
                Err(e) => return Err(e),
            }
        }
        Ok(read)
    }

    async fn delete(&self, key: &Key) -> Result<()> {
        self.run(&format!("deleting {key}"), || self.inner.delete(key)).await
    }

    async fn signed_url(&self, key: &Key, valid: Duration) -> Result<Option<String>> {
        self.run(&format!("signing a link to {key}"), || self.inner.signed_url(key, valid)).await
    }

    async fn hold_lease(&self, name: &str) -> Result<Box<dyn Lease>> {
        self.run(&format!("taking the lease {name}"), || self.inner.hold_lease(name)).await
    }

    async fn lease_lapsed(&self, name: &str) -> Result<bool> {
        self.run(&format!("testing the lease {name}"), || self.inner.lease_lapsed(name)).await
    }

    async fn drop_lease(&self, name: &str) -> Result<()> {
        self.run(&format!("forgetting the lease {name}"), || self.inner.drop_lease(name)).await
    }

    fn scratch(&self) -> Result<PathBuf> {
        self.inner.scratch()
    }

    fn local_dir(&self) -> Option<std::path::PathBuf> {
        self.inner.local_dir()
    }

    fn records(&self, moment: crate::store::Moment) {
        self.inner.records(moment);
    }

    async fn sweep(&self) -> Result<u64> {
        self.run("sweeping the store", || self.inner.sweep()).await
    }
}

/// Whether a repeated write failed in a way that the first try's success would explain.
fn may_be_ours(error: &Error, body: &Body) -> bool {
    let taken = |path: &Path| !path.exists();
    match (error.kind(), body) {
        (Kind::Exists | Kind::Precondition, Body::File { path, .. }) => !taken(path),
        (kind, _) => matches!(kind, Kind::Exists | Kind::Precondition),
    }
}

/// The version of the stored object when its bytes are those of `body`.
async fn written(store: &Retry, key: &Key, body: &Body) -> Result<Option<Etag>> {
    let object = match store.get(key, None).await {
        Ok(object) => object,
        Err(e) if e.kind() == Kind::NotFound => return Ok(None),
        Err(e) => return Err(e),
    };
    if object.meta.size != body.len() {
        return Ok(None);
    }
    let same = match body {
        Body::Bytes(bytes) => same_bytes(object.stream, &bytes[..]).await?,
        Body::File { path, .. } => {
            let file = tokio::fs::File::open(path).await.map_err(|e| Error::io("reading", path, e))?;
            same_bytes(object.stream, file).await?
        }
    };
    Ok(same.then_some(object.meta.etag))
}

async fn same_bytes(
    mut stored: BoxStream<'static, Result<Bytes>>,
    mut ours: impl tokio::io::AsyncRead + Unpin + Send,
) -> Result<bool> {
    let mut buffer = Vec::new();
    while let Some(chunk) = stored.try_next().await? {
        buffer.resize(chunk.len(), 0);
        if ours.read_exact(&mut buffer).await.is_err() || buffer != chunk {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A read that goes on where it broke.
struct Resume {
    inner: Handle,
    attempts: Attempts,
    policy: Policy,
    meta: Meta,
    at: u64,
    end: u64,
    stream: Option<BoxStream<'static, Result<Bytes>>>,
    what: String,
}

impl Resume {
    async fn step(mut self) -> Result<Option<(Bytes, Resume)>> {
        loop {
            let failure = match &mut self.stream {
                None => match reopen(&self.inner, &self.meta, self.at..self.end).await {
                    Ok(stream) => {
                        self.stream = Some(stream);
                        continue;
                    }
                    Err(e) => e,
                },
                Some(stream) => match stream.try_next().await {
                    Ok(Some(chunk)) => {
                        self.at += chunk.len() as u64;
                        // Whoever makes progress has all tries again.
                        self.attempts = Attempts::new(self.policy);
                        return Ok(Some((chunk, self)));
                    }
                    Ok(None) if self.at == self.end => return Ok(None),
                    Ok(None) => Error::new(
                        Kind::Transient,
                        format!("object {} ended at byte {} of {}", self.meta.key, self.at, self.end),
                    ),
                    Err(e) => e,
                },
            };
            self.stream = None;
            self.attempts.pause(&self.what, failure).await?;
        }
    }
}

/// Opens the rest of an object, which must still be the version in `meta`.
async fn reopen(inner: &Handle, meta: &Meta, rest: Range<u64>) -> Result<BoxStream<'static, Result<Bytes>>> {
    if rest.is_empty() {
        return Ok(stream::empty().boxed());
    }
    let replaced = || Error::new(Kind::Precondition, format!("object {} was replaced while it was read", meta.key));
    match inner.get(&meta.key, Some(rest)).await {
        Ok(object) if object.meta.etag == meta.etag => Ok(object.stream),
        Ok(_) => Err(replaced()),
        // A shorter object has no such range, a deleted one none at all.
        Err(e) if matches!(e.kind(), Kind::Usage | Kind::NotFound) => Err(replaced().with_source(e)),
        Err(e) => Err(e),
    }
}

/// A listing that goes on after the last key it gave.
struct Relist {
    inner: Handle,
    attempts: Option<Attempts>,
    policy: Policy,
    prefix: String,
    after: Option<String>,
    stream: Option<BoxStream<'static, Result<Meta>>>,
}

impl Relist {
    async fn step(mut self) -> Result<Option<(Meta, Relist)>> {
        loop {
            let stream = self.stream.get_or_insert_with(|| self.inner.list(&self.prefix, self.after.as_deref()));
            match stream.try_next().await {
                Ok(Some(meta)) => {
                    self.after = Some(meta.key.as_str().to_owned());
                    self.attempts = None;
                    return Ok(Some((meta, self)));
                }
                Ok(None) => return Ok(None),
                Err(e) => {
                    self.stream = None;
                    let what = format!("listing {:?}", self.prefix);
                    self.attempts.get_or_insert_with(|| Attempts::new(self.policy)).pause(&what, e).await?;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
