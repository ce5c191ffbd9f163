use super::*;
use crate::store::{local::Local, window};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

/// A store whose calls fail by a script; a call after its end works.
#[derive(Debug)]
struct Scripted {
    inner: Local,
    script: Mutex<VecDeque<Fails>>,
    calls: Mutex<Vec<Instant>>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Fails {
    Before(Kind),
    After(Kind),
    WithPause(Duration),
    MidStream(usize),
}

impl Scripted {
    fn next(&self) -> Option<Fails> {
        self.calls.lock().unwrap().push(Instant::now());
        self.script.lock().unwrap().pop_front()
    }

    async fn run<T>(&self, act: impl Future<Output = Result<T>>) -> Result<T> {
        let error = |kind| Err(Error::new(kind, "scripted"));
        match self.next() {
            None | Some(Fails::MidStream(_)) => act.await,
            Some(Fails::Before(kind)) => error(kind),
            Some(Fails::WithPause(pause)) => Err(Error::new(Kind::Transient, "busy").with_source(RetryAfter(pause))),
            Some(Fails::After(kind)) => {
                act.await?;
                error(kind)
            }
        }
    }
}

#[async_trait]
impl Store for Scripted {
    fn url(&self) -> String {
        "scripted".into()
    }
    async fn put(&self, key: &Key, body: Body, pre: Precondition) -> Result<Etag> {
        self.run(self.inner.put(key, body, pre)).await
    }
    async fn get(&self, key: &Key, range: Option<Range<u64>>) -> Result<Object> {
        let cut = match self.script.lock().unwrap().front() {
            Some(Fails::MidStream(at)) => Some(*at),
            _ => None,
        };
        let object = self.run(self.inner.get(key, range.clone())).await?;
        let Some(cut) = cut else { return Ok(object) };
        window(key, range, object.meta.size)?;
        let meta = object.meta.clone();
        let part = object.bytes().await?.slice(..cut);
        let broken = stream::iter([Ok(part), Err(Error::new(Kind::Transient, "reset"))]).boxed();
        Ok(Object { meta, stream: broken })
    }
    async fn head(&self, key: &Key) -> Result<Meta> {
        self.run(self.inner.head(key)).await
    }
    fn list(&self, prefix: &str, start_after: Option<&str>) -> BoxStream<'static, Result<Meta>> {
        let listed = self.inner.list(prefix, start_after);
        match self.next() {
            Some(Fails::MidStream(at)) => {
                let reset = Err(Error::new(Kind::Transient, "reset"));
                listed.take(at).chain(stream::iter([reset])).boxed()
            }
            _ => listed,
        }
    }
    async fn get_many(&self, keys: Vec<Key>) -> Result<Vec<Option<Bytes>>> {
        self.inner.get_many(keys).await
    }
    async fn delete(&self, key: &Key) -> Result<()> {
        self.run(self.inner.delete(key)).await
    }
    async fn signed_url(&self, _key: &Key, _valid: Duration) -> Result<Option<String>> {
        Ok(None)
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
    async fn sweep(&self) -> Result<u64> {
        self.inner.sweep().await
    }
}

struct Bench {
    store: Retry,
    scripted: Arc<Scripted>,
    _dir: tempfile::TempDir,
}

impl Bench {
    fn new() -> Bench {
        let dir = tempfile::tempdir().unwrap();
        let inner = Local::open(dir.path()).unwrap();
        let scripted = Arc::new(Scripted { inner, script: Mutex::default(), calls: Mutex::default() });
        Bench { store: Retry::new(scripted.clone()), scripted, _dir: dir }
    }

    fn will(&self, script: &[Fails]) {
        *self.scripted.script.lock().unwrap() = script.iter().copied().collect();
        self.scripted.calls.lock().unwrap().clear();
    }

    fn calls(&self) -> Vec<Instant> {
        self.scripted.calls.lock().unwrap().clone()
    }

    async fn put(&self, name: &str, text: &str, pre: Precondition) -> Result<Etag> {
        self.store.put(&key(name), text.to_owned().into(), pre).await
    }

    async fn read(&self, name: &str) -> Result<Bytes> {
        self.store.get(&key(name), None).await?.bytes().await
    }
}

fn key(text: &str) -> Key {
    Key::new(text).unwrap()
}

const TRANSIENT: Fails = Fails::Before(Kind::Transient);

#[tokio::test(start_paused = true)]
async fn transient_failures_are_tried_again_with_growing_pauses() {
    let bench = Bench::new();
    bench.will(&[TRANSIENT; 5]);
    assert_eq!(bench.store.head(&key("a")).await.unwrap_err().kind(), Kind::NotFound);
    let calls = bench.calls();
    assert_eq!(calls.len(), 6);
    for (nth, pair) in calls.windows(2).enumerate() {
        let (pause, least) = (pair[1] - pair[0], Duration::from_millis(250) * 2_u32.pow(nth as u32));
        assert!(pause >= least && pause <= least * 2 + Duration::from_millis(5), "{nth}: {pause:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_sixth_transient_failure_is_the_last() {
    let bench = Bench::new();
    bench.will(&[TRANSIENT; 9]);
    let error = bench.store.head(&key("a")).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Transient);
    assert_eq!(error.message(), "reading a: given up after 6 tries");
    assert_eq!(bench.calls().len(), 6);
}

#[tokio::test(start_paused = true)]
async fn other_failures_are_not_tried_again() {
    for kind in [Kind::Denied, Kind::Internal, Kind::Corrupt, Kind::Usage] {
        let bench = Bench::new();
        bench.will(&[Fails::Before(kind)]);
        assert_eq!(bench.store.head(&key("a")).await.unwrap_err().kind(), kind);
        assert_eq!(bench.calls().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_that_asks_to_wait_is_given_the_time_but_not_for_ever() {
    let bench = Bench::new();
    bench.will(&[Fails::WithPause(Duration::from_secs(40))]);
    bench.put("a", "1", Precondition::None).await.unwrap();
    let calls = bench.calls();
    assert!(calls[1] - calls[0] >= Duration::from_secs(40));
    bench.will(&[Fails::WithPause(Duration::from_secs(400))]);
    assert_eq!(bench.put("a", "1", Precondition::None).await.unwrap_err().kind(), Kind::Transient);
    assert_eq!(bench.calls().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_create_whose_answer_was_lost_is_recognised_as_ours() {
    let bench = Bench::new();
    bench.will(&[Fails::After(Kind::Transient)]);
    let etag = bench.put("a", "mine", Precondition::MustNotExist).await.unwrap();
    assert_eq!(bench.store.head(&key("a")).await.unwrap().etag, etag);
}

#[tokio::test(start_paused = true)]
async fn a_create_that_somebody_else_won_is_not() {
    let bench = Bench::new();
    for theirs in ["hers", "longer"] {
        bench.put("a", theirs, Precondition::None).await.unwrap();
        bench.will(&[TRANSIENT]);
        let error = bench.put("a", "mine", Precondition::MustNotExist).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Exists, "{theirs}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_existing_object_of_equal_bytes_is_not_ours_without_a_lost_answer() {
    let bench = Bench::new();
    bench.put("a", "same", Precondition::None).await.unwrap();
    assert_eq!(bench.put("a", "same", Precondition::MustNotExist).await.unwrap_err().kind(), Kind::Exists);
}

#[tokio::test(start_paused = true)]
async fn a_conditional_write_whose_answer_was_lost_is_recognised_as_ours() {
    let bench = Bench::new();
    let old = bench.put("a", "old", Precondition::None).await.unwrap();
    bench.will(&[Fails::After(Kind::Transient)]);
    let new = bench.put("a", "new", Precondition::IfMatch(old.clone())).await.unwrap();
    assert_eq!(bench.store.head(&key("a")).await.unwrap().etag, new);
    bench.will(&[TRANSIENT]);
    let late = bench.put("a", "later", Precondition::IfMatch(old)).await.unwrap_err();
    assert_eq!(late.kind(), Kind::Precondition);
}

#[tokio::test(start_paused = true)]
async fn a_broken_stream_goes_on_where_it_stood() {
    let bench = Bench::new();
    bench.put("a", "0123456789", Precondition::None).await.unwrap();
    bench.will(&[Fails::MidStream(3), TRANSIENT, Fails::MidStream(0), Fails::MidStream(2)]);
    assert_eq!(bench.read("a").await.unwrap(), "0123456789");
    bench.will(&[Fails::MidStream(3)]);
    let part = bench.store.get(&key("a"), Some(2..9)).await.unwrap();
    assert_eq!(part.bytes().await.unwrap(), "2345678");
}

#[tokio::test(start_paused = true)]
async fn a_stream_of_a_replaced_object_does_not_go_on() {
    for replaced in [Some("abcdefghij"), Some("ab"), None] {
        let bench = Bench::new();
        bench.put("a", "0123456789", Precondition::None).await.unwrap();
        bench.will(&[Fails::MidStream(3)]);
        let object = bench.store.get(&key("a"), None).await.unwrap();
        match replaced {
            Some(text) => drop(bench.put("a", text, Precondition::None).await.unwrap()),
            None => bench.store.delete(&key("a")).await.unwrap(),
        }
        assert_eq!(object.bytes().await.unwrap_err().kind(), Kind::Precondition, "{replaced:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_broken_listing_goes_on_after_the_last_key() {
    let bench = Bench::new();
    for name in ["a", "b", "c", "d"] {
        bench.put(name, "", Precondition::None).await.unwrap();
    }
    bench.will(&[Fails::MidStream(2), Fails::MidStream(0), Fails::MidStream(1)]);
    let all: Vec<Meta> = bench.store.list("", None).try_collect().await.unwrap();
    let names: Vec<&str> = all.iter().map(|meta| meta.key.as_str()).collect();
    assert_eq!(names, ["a", "b", "c", "d"]);
}
