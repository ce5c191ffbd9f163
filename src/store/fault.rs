//! Injects failures below the retry layer: lost requests, lost answers, broken streams, time-outs, and sudden death.

use super::{Body, Etag, Handle, Key, Lease, Meta, Moment, Object, Precondition, Store, platform};
use crate::error::{Error, Kind, Result};
use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt, stream, stream::BoxStream};
use std::{
    future::Future,
    ops::Range,
    path::PathBuf,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// What goes wrong, and when.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Plan {
    /// The share of calls that fail, 0 to 1.
    pub rate: f64,
    /// Chooses the calls; the same seed chooses the same ones, by their number.
    pub seed: u64,
    /// The process dies at a call, counted from 1.
    pub death: Option<Death>,
}

/// When the process kills itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Death {
    /// Right before this call.
    Before(u64),
    /// Right after this call took effect.
    After(u64),
    /// At this append to a journal in a file beside the store, counted from 1 too.
    Record(Moment, u64),
}

impl Plan {
    /// Parses a plan such as `rate=0.1,seed=7`, `kill-at=12` or `kill-after=12`.
    ///
    /// # Errors
    /// `Usage`.
    pub fn parse(spec: &str) -> Result<Plan> {
        let wrong = |part: &str| {
            Error::new(Kind::Usage, format!("fault plan {spec:?}: {part:?} is not known")).hint(
                "write rate=0.1,seed=7 or kill-at=12 or kill-after=12 or kill-at-record=12 or kill-after-record=12",
            )
        };
        let mut plan = Plan::default();
        for part in spec.split(',') {
            let (name, value) = part.split_once('=').ok_or_else(|| wrong(part))?;
            let number = || value.parse::<u64>().map_err(|_| wrong(part));
            match name {
                "rate" => {
                    let rate = value.parse().ok().filter(|r| (0.0..=1.0).contains(r));
                    plan.rate = rate.ok_or_else(|| wrong(part))?;
                }
                "seed" => plan.seed = number()?,
                "kill-at" => plan.death = Some(Death::Before(number()?)),
                "kill-after" => plan.death = Some(Death::After(number()?)),
                "kill-at-record" => plan.death = Some(Death::Record(Moment::Before, number()?)),
                "kill-after-record" => plan.death = Some(Death::Record(Moment::After, number()?)),
                _ => return Err(wrong(part)),
            }
        }
        Ok(plan)
    }

    /// What happens to the call with this number.
    fn fate(&self, call: u64) -> Fate {
        let roll = mix(self.seed ^ mix(call));
        if unit(roll) >= self.rate {
            return Fate::Fine;
        }
        match mix(roll) % 4 {
            0 => Fate::LostRequest,
            1 => Fate::LostAnswer,
            2 => Fate::TimeOut,
            _ => Fate::BrokenStream,
        }
    }
}

/// What happens to a call. One that has no stream to break loses its request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Fine,
    LostRequest,
    LostAnswer,
    TimeOut,
    BrokenStream,
}

/// A store that fails by plan. Every call counts one: a listing when it is made, a read when it is asked for.
#[derive(Debug)]
pub struct Fault {
    inner: Handle,
    plan: Plan,
    calls: AtomicU64,
    records: AtomicU64,
}

impl Fault {
    /// Wraps a store.
    pub fn new(inner: Handle, plan: Plan) -> Fault {
        Fault { inner, plan, calls: AtomicU64::new(0), records: AtomicU64::new(0) }
    }

    /// Calls made so far.
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    fn begin(&self) -> (u64, Fate) {
        let call = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        if self.plan.death == Some(Death::Before(call)) {
            platform::kill_self();
        }
        (call, self.plan.fate(call))
    }

    fn end(&self, call: u64) {
        if self.plan.death == Some(Death::After(call)) {
            platform::kill_self();
        }
    }

    async fn run<T>(&self, act: impl Future<Output = Result<T>>) -> Result<T> {
        let (call, fate) = self.begin();
        self.suffer(call, fate, act).await
    }

    async fn suffer<T>(&self, call: u64, fate: Fate, act: impl Future<Output = Result<T>>) -> Result<T> {
        match fate {
            Fate::LostRequest | Fate::BrokenStream => return Err(injected("the connection was reset")),
            Fate::TimeOut => {
                tokio::time::sleep(Duration::from_millis(1)).await;
                return Err(injected("no answer in time"));
            }
            Fate::Fine | Fate::LostAnswer => {}
        }
        let done = act.await;
        self.end(call);
        if fate == Fate::LostAnswer && done.is_ok() { Err(injected("the answer was lost")) } else { done }
    }
}

#[async_trait]
impl Store for Fault {
    fn url(&self) -> String {
        self.inner.url()
    }

    async fn put(&self, key: &Key, body: Body, pre: Precondition) -> Result<Etag> {
        let (call, fate) = self.begin();
        let body = match body {
            // Only a remote store loses answers, and none of those takes the file itself.
            Body::File { path, len, .. } if fate == Fate::LostAnswer => Body::File { path, len, movable: false },
            body => body,
        };
        self.suffer(call, fate, self.inner.put(key, body, pre)).await
    }

    async fn get(&self, key: &Key, range: Option<Range<u64>>) -> Result<Object> {
        let (call, fate) = self.begin();
        if fate != Fate::BrokenStream {
            return self.suffer(call, fate, self.inner.get(key, range)).await;
        }
        let object = self.inner.get(key, range).await?;
        self.end(call);
        Ok(Object { stream: broken(object.stream), meta: object.meta })
    }

    async fn head(&self, key: &Key) -> Result<Meta> {
        self.run(self.inner.head(key)).await
    }

    fn list(&self, prefix: &str, start_after: Option<&str>) -> BoxStream<'static, Result<Meta>> {
        let (call, fate) = self.begin();
        let listed = match fate {
            Fate::Fine => self.inner.list(prefix, start_after),
            Fate::BrokenStream | Fate::LostAnswer => {
                self.inner.list(prefix, start_after).take(3).chain(failed("the connection was reset")).boxed()
            }
            Fate::LostRequest | Fate::TimeOut => failed("no answer in time"),
        };
        self.end(call);
        listed
    }

    async fn get_many(&self, keys: Vec<Key>) -> Result<Vec<Option<Bytes>>> {
        self.run(self.inner.get_many(keys)).await
    }

    async fn delete(&self, key: &Key) -> Result<()> {
        self.run(self.inner.delete(key)).await
    }

    async fn signed_url(&self, key: &Key, valid: Duration) -> Result<Option<String>> {
        self.run(self.inner.signed_url(key, valid)).await
    }

    async fn hold_lease(&self, name: &str) -> Result<Box<dyn Lease>> {
        self.run(self.inner.hold_lease(name)).await
    }

    async fn lease_lapsed(&self, name: &str) -> Result<bool> {
        self.run(self.inner.lease_lapsed(name)).await
    }

    async fn drop_lease(&self, name: &str) -> Result<()> {
        self.run(self.inner.drop_lease(name)).await
    }

    fn scratch(&self) -> Result<PathBuf> {
        let (call, _) = self.begin();
        let scratch = self.inner.scratch();
        self.end(call);
        scratch
    }

    fn local_dir(&self) -> Option<std::path::PathBuf> {
        self.inner.local_dir()
    }

    fn records(&self, moment: Moment) {
        let record = match moment {
            Moment::Before => self.records.fetch_add(1, Ordering::Relaxed) + 1,
            Moment::After => self.records.load(Ordering::Relaxed),
        };
        if self.plan.death == Some(Death::Record(moment, record)) {
            platform::kill_self();
        }
        self.inner.records(moment);
    }

    async fn sweep(&self) -> Result<u64> {
        self.run(self.inner.sweep()).await
    }
}

/// Gives half of the first chunk, then a reset.
fn broken(stream: BoxStream<'static, Result<Bytes>>) -> BoxStream<'static, Result<Bytes>> {
    let half = |chunk: Result<Bytes>| chunk.map(|bytes| bytes.slice(..bytes.len() / 2));
    stream.take(1).map(half).chain(failed("the connection was reset")).boxed()
}

fn failed<T: Send + 'static>(why: &'static str) -> BoxStream<'static, Result<T>> {
    stream::once(async move { Err(injected(why)) }).boxed()
}

fn injected(why: &str) -> Error {
    Error::new(Kind::Transient, format!("{why} (injected)"))
}

/// The finalizer of SplitMix64 (Steele, Lea, Flood 2014): spreads neighbouring numbers.
fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A number from 0 to below 1 from the upper 53 bits.
fn unit(number: u64) -> f64 {
    (number >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans_are_parsed_or_refused() {
        let plan = |spec| Plan::parse(spec).ok();
        let kill = |death| Some(Plan { death: Some(death), ..Plan::default() });
        assert_eq!(plan("rate=0.1,seed=7"), Some(Plan { rate: 0.1, seed: 7, death: None }));
        assert_eq!(plan("kill-at=12"), kill(Death::Before(12)));
        assert_eq!(plan("kill-after-record=3"), kill(Death::Record(Moment::After, 3)));
        assert_eq!(plan("kill-after=3"), kill(Death::After(3)));
        for wrong in ["", "rate", "rate=1.5", "rate=-1", "seed=x", "kill-at=", "speed=1", "rate=0.1;seed=7"] {
            assert_eq!(plan(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn the_share_of_failing_calls_is_the_rate_and_the_same_for_a_seed() {
        let fates = |seed| {
            let plan = Plan { rate: 0.25, seed, death: None };
            (1..=10_000).map(|call| plan.fate(call)).collect::<Vec<_>>()
        };
        let failed = fates(7).iter().filter(|fate| **fate != Fate::Fine).count();
        assert!((2300..2700).contains(&failed), "{failed}");
        assert_eq!(fates(7), fates(7));
        assert_ne!(fates(7), fates(8));
    }
}
