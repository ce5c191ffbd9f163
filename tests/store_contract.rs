//! What [`ci_tool::store::Store`] promises, tried on every implementation.

mod support;

use bytes::Bytes;
use ci_tool::{
    error::Kind,
    store::{
        Body, Etag, Handle, Key, Meta, Precondition, Store,
        azure::{Azure, Limits},
        fault::{Fault, Plan},
        local::Local,
        retry::{Policy, Retry},
    },
};
use futures::{FutureExt, TryStreamExt, future::BoxFuture, future::join_all};
use libtest_mimic::Trial;
use std::{
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use support::azurite;

type Check = fn(Handle) -> BoxFuture<'static, ()>;

/// Lists functions by their names.
macro_rules! checks {
    ($($name:ident),* $(,)?) => { [$((stringify!($name), (|store| $name(store).boxed()) as Check)),*] };
}

const CHECKS: [(&str, Check); 20] = checks![
    an_object_that_was_put_is_read_back_whole,
    an_empty_object_is_an_object,
    a_missing_object_is_not_found,
    a_replaced_object_has_a_new_version,
    equal_bytes_written_at_once_have_different_versions,
    of_sixteen_creators_one_wins,
    of_sixteen_conditional_writers_one_wins_each_round,
    a_stale_version_does_not_match,
    ranges_are_cut_at_the_end_and_refused_past_it,
    listing_is_in_byte_order_of_the_whole_key,
    a_prefix_may_end_inside_a_segment,
    listing_starts_after_a_key_that_need_not_exist,
    an_empty_store_lists_nothing,
    many_are_read_in_the_order_asked_for,
    deleting_twice_is_no_error,
    a_large_file_is_stored_exactly,
    a_file_of_another_length_is_refused,
    readers_see_whole_versions_only,
    a_lease_lapses_when_it_is_dropped_for_good,
    what_is_no_object_is_not_listed,
];

const ON_AZURE: [(&str, Check); 2] =
    checks![a_missing_container_is_an_empty_store, a_signed_link_is_readable_by_anyone];

const BY_SAS: [(&str, Check); 1] = checks![a_shared_access_signature_signs_no_links];

const BEHIND_A_BAD_LINE: [(&str, Check); 3] = checks![
    a_large_file_is_stored_exactly,
    an_object_that_was_put_is_read_back_whole,
    many_are_read_in_the_order_asked_for,
];

fn main() -> ExitCode {
    let mut own = trials("local", local, &CHECKS);
    own.extend(trials("faulty", faulty, &CHECKS));
    let mut served = trials("azurite", azurite, &CHECKS);
    served.extend(trials("azurite", azurite, &ON_AZURE));
    served.extend(trials("azurite-sas", azurite_by_sas, &CHECKS));
    served.extend(trials("azurite-sas", azurite_by_sas, &BY_SAS));
    served.extend(trials("azurite-proxy", azurite_behind_a_bad_line, &BEHIND_A_BAD_LINE));
    support::run(own, served, support::azurite::stop)
}

/// A store for one check, and what must live as long as it.
type Stand = (Handle, Box<dyn std::any::Any>);

fn trials(stand: &str, make: fn() -> Stand, checks: &'static [(&'static str, Check)]) -> Vec<Trial> {
    let trial = |(name, check): &'static (&'static str, Check)| {
        Trial::test(format!("{stand}::{name}"), move || {
            let (store, _guard) = make();
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
            runtime.block_on(check(store));
            Ok(())
        })
    };
    checks.iter().map(trial).collect()
}

fn local() -> Stand {
    let dir = tempfile::tempdir().unwrap();
    (Arc::new(Local::open(&dir.path().join("store")).unwrap()), Box::new(dir))
}

fn faulty() -> Stand {
    let (local, dir) = local();
    let plan = Plan { rate: 0.2, seed: 7, death: None };
    let policy = Policy { tries: 12, pause: Duration::from_millis(1), ..Policy::default() };
    (Arc::new(Retry::with_policy(Arc::new(Fault::new(local, plan)), policy)), dir)
}

/// A container of its own for every store, without a prefix and with one in turn.
fn fresh_container() -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let nth = COUNT.fetch_add(1, Ordering::Relaxed);
    let prefix = if nth.is_multiple_of(2) { "" } else { "/some/prefix" };
    format!("az://{}/box{nth}{prefix}", azurite::ACCOUNT)
}

fn azurite() -> Stand {
    azure_store(azurite::connection_string(), Limits::default(), Policy::default())
}

fn azurite_by_sas() -> Stand {
    azure_store(azurite::sas_connection_string(), Limits::default(), Policy::default())
}

/// Connections break, are turned away and stall.
fn azurite_behind_a_bad_line() -> Stand {
    let proxy = support::proxy::Proxy::start(azurite::port());
    let silence = Duration::from_millis(300);
    let limits = Limits { connect: silence, silence, call: Duration::from_secs(5) };
    let policy = Policy {
        tries: 40,
        pause: Duration::from_millis(1),
        max_pause: Duration::from_millis(20),
        ..Policy::default()
    };
    let (store, _) = azure_store(azurite::connection_string_at(proxy.port()), limits, policy);
    (store, Box::new(proxy))
}

fn azure_store(connection: String, limits: Limits, policy: Policy) -> Stand {
    let env = move |name: &str| (name == "AZURE_STORAGE_CONNECTION_STRING").then(|| connection.clone());
    let azure = Azure::with_limits(&fresh_container(), &env, limits).unwrap();
    (Arc::new(Retry::with_policy(Arc::new(azure), policy)), Box::new(()))
}

fn key(text: &str) -> Key {
    Key::new(text).unwrap()
}

async fn put(store: &dyn Store, name: &str, bytes: impl Into<Bytes>) -> Etag {
    store.put(&key(name), Body::Bytes(bytes.into()), Precondition::None).await.unwrap()
}

async fn read(store: &dyn Store, name: &str) -> Bytes {
    store.get(&key(name), None).await.unwrap().bytes().await.unwrap()
}

async fn listed(store: &dyn Store, prefix: &str, after: Option<&str>) -> Vec<String> {
    let all: Vec<Meta> = store.list(prefix, after).try_collect().await.unwrap();
    all.into_iter().map(|meta| meta.key.to_string()).collect()
}

/// Bytes that differ at every place a block could be swapped with another.
fn pattern(len: usize) -> Vec<u8> {
    (0..len as u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

async fn an_object_that_was_put_is_read_back_whole(store: Handle) {
    let etag = put(&*store, "a/b.c/d-e_f", "bytes").await;
    let meta = store.head(&key("a/b.c/d-e_f")).await.unwrap();
    assert_eq!((meta.size, &meta.etag, meta.key.as_str()), (5, &etag, "a/b.c/d-e_f"));
    let object = store.get(&key("a/b.c/d-e_f"), None).await.unwrap();
    assert_eq!(object.meta, meta);
    assert_eq!(object.bytes().await.unwrap(), "bytes");
    let all: Vec<Meta> = store.list("", None).try_collect().await.unwrap();
    assert_eq!(all, [meta]);
}

async fn an_empty_object_is_an_object(store: Handle) {
    put(&*store, "empty", "").await;
    assert_eq!(store.head(&key("empty")).await.unwrap().size, 0);
    assert_eq!(read(&*store, "empty").await, "");
    assert_eq!(store.get_many(vec![key("empty")]).await.unwrap(), [Some(Bytes::new())]);
}

async fn a_missing_object_is_not_found(store: Handle) {
    assert_eq!(store.head(&key("a")).await.unwrap_err().kind(), Kind::NotFound);
    assert_eq!(store.get(&key("a"), None).await.err().unwrap().kind(), Kind::NotFound);
    put(&*store, "a/b", "").await;
    assert_eq!(store.head(&key("a")).await.unwrap_err().kind(), Kind::NotFound);
    put(&*store, "a", "").await;
    assert_eq!(store.get(&key("a/b/c"), None).await.err().unwrap().kind(), Kind::NotFound);
}

async fn a_replaced_object_has_a_new_version(store: Handle) {
    let old = put(&*store, "a", "old").await;
    let new = store.put(&key("a"), "newer".into(), Precondition::IfMatch(old.clone())).await.unwrap();
    assert_ne!(old, new);
    assert_eq!(read(&*store, "a").await, "newer");
}

async fn equal_bytes_written_at_once_have_different_versions(store: Handle) {
    let mut seen = Vec::new();
    for _ in 0..50 {
        let etag = put(&*store, "a", "same").await;
        assert!(!seen.contains(&etag));
        seen.push(etag);
    }
}

async fn of_sixteen_creators_one_wins(store: Handle) {
    let creators = (0..16).map(|n| {
        let store = store.clone();
        tokio::spawn(
            async move { store.put(&key("deep/down/one"), n.to_string().into(), Precondition::MustNotExist).await },
        )
    });
    let results: Vec<_> = join_all(creators).await.into_iter().map(Result::unwrap).collect();
    let winners: Vec<usize> = (0..16).filter(|n| results[*n].is_ok()).collect();
    assert_eq!(winners.len(), 1);
    assert!(results.iter().flat_map(|r| r.as_ref().err()).all(|e| e.kind() == Kind::Exists));
    assert_eq!(read(&*store, "deep/down/one").await, winners[0].to_string());
}

async fn of_sixteen_conditional_writers_one_wins_each_round(store: Handle) {
    let mut etag = put(&*store, "counter", "start").await;
    for round in 0..5 {
        let writers = (0..16).map(|n| {
            let (store, pre) = (store.clone(), Precondition::IfMatch(etag.clone()));
            tokio::spawn(async move { store.put(&key("counter"), format!("{round} {n}").into(), pre).await })
        });
        let results: Vec<_> = join_all(writers).await.into_iter().map(Result::unwrap).collect();
        assert!(results.iter().flat_map(|r| r.as_ref().err()).all(|e| e.kind() == Kind::Precondition));
        let winners: Vec<&Etag> = results.iter().flatten().collect();
        assert_eq!(winners.len(), 1, "round {round}");
        etag = winners[0].clone();
        assert_eq!(store.head(&key("counter")).await.unwrap().etag, etag);
    }
}

async fn a_stale_version_does_not_match(store: Handle) {
    let old = put(&*store, "a", "1").await;
    put(&*store, "a", "2").await;
    let stale = store.put(&key("a"), "3".into(), Precondition::IfMatch(old.clone())).await;
    assert_eq!(stale.unwrap_err().kind(), Kind::Precondition);
    store.delete(&key("a")).await.unwrap();
    let deleted = store.put(&key("a"), "3".into(), Precondition::IfMatch(old)).await;
    assert_eq!(deleted.unwrap_err().kind(), Kind::Precondition);
    store.put(&key("a"), "4".into(), Precondition::MustNotExist).await.unwrap();
    let exists = store.put(&key("a"), "5".into(), Precondition::MustNotExist).await;
    assert_eq!(exists.unwrap_err().kind(), Kind::Exists);
    assert_eq!(read(&*store, "a").await, "4");
}

async fn ranges_are_cut_at_the_end_and_refused_past_it(store: Handle) {
    put(&*store, "a", "0123456789").await;
    put(&*store, "empty", "").await;
    for (range, expected) in
        [(0..10, "0123456789"), (3..5, "34"), (8..99, "89"), (0..0, ""), (10..10, ""), (50..50, "")]
    {
        let object = store.get(&key("a"), Some(range.clone())).await.unwrap();
        assert_eq!(object.meta.size, 10);
        assert_eq!(object.bytes().await.unwrap(), expected, "{range:?}");
    }
    for (name, range) in [("a", 10..11), ("a", 99..100), ("empty", 0..1)] {
        let refused = store.get(&key(name), Some(range.clone())).await.err();
        assert_eq!(refused.map(|e| e.kind()), Some(Kind::Usage), "{name} {range:?}");
    }
    assert_eq!(store.get(&key("empty"), Some(0..0)).await.unwrap().bytes().await.unwrap(), "");
}

async fn listing_is_in_byte_order_of_the_whole_key(store: Handle) {
    let mut names = ["a", "a/b", "a.b", "a-b", "a0", "a/b/c", "a/b.c", "a_b", "b", "a/b-/c", "0", "a/0", "a./x"];
    for name in names {
        put(&*store, name, name).await;
    }
    names.sort_unstable();
    assert_eq!(listed(&*store, "", None).await, names);
}

async fn a_prefix_may_end_inside_a_segment(store: Handle) {
    for name in ["ab", "abc/d", "abd/e/f", "ac/d", "b"] {
        put(&*store, name, "").await;
    }
    for (prefix, expected) in [
        ("ab", &["ab", "abc/d", "abd/e/f"][..]),
        ("abc/", &["abc/d"]),
        ("abd/e", &["abd/e/f"]),
        ("abd/e/", &["abd/e/f"]),
        ("b", &["b"]),
        ("b/", &[]),
        ("zz/top", &[]),
    ] {
        assert_eq!(listed(&*store, prefix, None).await, expected, "{prefix}");
    }
}

async fn listing_starts_after_a_key_that_need_not_exist(store: Handle) {
    for name in ["a/1", "a/2", "a/3/x", "a/4", "b"] {
        put(&*store, name, "").await;
    }
    for (prefix, after, expected) in [
        ("", "a/2", &["a/3/x", "a/4", "b"][..]),
        ("", "a/3", &["a/3/x", "a/4", "b"]),
        ("a/", "a/3/x", &["a/4"]),
        ("a/", "a/3/", &["a/3/x", "a/4"]),
        ("a/", "0", &["a/1", "a/2", "a/3/x", "a/4"]),
        ("a/", "b", &[]),
        ("", "b", &[]),
    ] {
        assert_eq!(listed(&*store, prefix, Some(after)).await, expected, "{prefix:?} after {after:?}");
    }
}

async fn an_empty_store_lists_nothing(store: Handle) {
    assert_eq!(listed(&*store, "", None).await, [""; 0]);
    assert_eq!(store.get_many(vec![key("a")]).await.unwrap(), [None]);
    store.delete(&key("a")).await.unwrap();
    assert_eq!(store.sweep().await.unwrap(), 0);
}

async fn many_are_read_in_the_order_asked_for(store: Handle) {
    for n in 0..20 {
        put(&*store, &format!("many/{n}"), n.to_string()).await;
    }
    let keys = (0..25).rev().map(|n| key(&format!("many/{n}"))).collect();
    let expected: Vec<_> = (0..25).rev().map(|n| (n < 20).then(|| Bytes::from(n.to_string()))).collect();
    assert_eq!(store.get_many(keys).await.unwrap(), expected);
    assert_eq!(store.get_many(vec![]).await.unwrap(), []);
}

async fn deleting_twice_is_no_error(store: Handle) {
    put(&*store, "a/b", "").await;
    store.delete(&key("a/b")).await.unwrap();
    store.delete(&key("a/b")).await.unwrap();
    store.delete(&key("never/was")).await.unwrap();
    assert_eq!(store.head(&key("a/b")).await.unwrap_err().kind(), Kind::NotFound);
    assert_eq!(listed(&*store, "", None).await, [""; 0]);
}

async fn a_large_file_is_stored_exactly(store: Handle) {
    let bytes = pattern(20_000_003);
    let path = store.scratch().unwrap().join("large");
    std::fs::write(&path, &bytes).unwrap();
    let body = Body::File { path, len: bytes.len() as u64, movable: true };
    store.put(&key("large"), body, Precondition::MustNotExist).await.unwrap();
    let object = store.get(&key("large"), None).await.unwrap();
    assert_eq!(object.meta.size, bytes.len() as u64);
    assert!(object.bytes().await.unwrap() == bytes);
    let part = store.get(&key("large"), Some(7_999_999..16_500_001)).await.unwrap();
    assert!(part.bytes().await.unwrap() == bytes[7_999_999..16_500_001]);
}

async fn a_file_of_another_length_is_refused(store: Handle) {
    let path = store.scratch().unwrap().join("file");
    std::fs::write(&path, "12345").unwrap();
    for (len, movable) in [(4, false), (6, false), (4, true), (6, true)] {
        let body = Body::File { path: path.clone(), len, movable };
        let error = store.put(&key("file"), body, Precondition::None).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Internal, "{len} {movable}");
    }
    assert_eq!(listed(&*store, "", None).await, [""; 0]);
    let body = Body::File { path: path.clone(), len: 5, movable: false };
    store.put(&key("file"), body.clone(), Precondition::None).await.unwrap();
    store.put(&key("again"), body, Precondition::MustNotExist).await.unwrap();
    assert_eq!(read(&*store, "again").await, "12345");
}

async fn readers_see_whole_versions_only(store: Handle) {
    let version = |n: u8| vec![n; 300_000 + usize::from(n)];
    put(&*store, "a", version(0)).await;
    let writer = tokio::spawn({
        let store = store.clone();
        async move {
            for n in 1..20 {
                put(&*store, "a", version(n)).await;
            }
        }
    });
    while !writer.is_finished() {
        let object = store.get(&key("a"), None).await.unwrap();
        match object.bytes().await {
            Ok(bytes) => assert!(bytes == version(bytes[0])),
            Err(e) => assert_eq!(e.kind(), Kind::Precondition),
        }
    }
    writer.await.unwrap();
}

async fn a_lease_lapses_when_it_is_dropped_for_good(store: Handle) {
    assert!(store.lease_lapsed("gc/one").await.unwrap());
    let held = store.hold_lease("gc/one").await.unwrap();
    let too = store.hold_lease("gc/one").await.unwrap();
    assert!(!store.lease_lapsed("gc/one").await.unwrap());
    drop(held);
    assert!(!store.lease_lapsed("gc/one").await.unwrap());
    drop(too);
    store.drop_lease("gc/one").await.unwrap();
    store.drop_lease("gc/one").await.unwrap();
    assert!(store.lease_lapsed("gc/one").await.unwrap());
}

async fn what_is_no_object_is_not_listed(store: Handle) {
    let _held = store.hold_lease("one").await.unwrap();
    std::fs::write(store.scratch().unwrap().join("f"), "x").unwrap();
    assert_eq!(listed(&*store, "", None).await, [""; 0]);
    assert_eq!(store.sweep().await.unwrap(), 0);
    assert!(store.scratch().unwrap().join("f").exists());
}

async fn a_missing_container_is_an_empty_store(store: Handle) {
    assert_eq!(listed(&*store, "", None).await, [""; 0]);
    let error = store.head(&key("a")).await.unwrap_err();
    assert_eq!(error.kind(), Kind::NotFound);
    put(&*store, "a", "first write").await;
    assert_eq!(read(&*store, "a").await, "first write");
}

async fn a_signed_link_is_readable_by_anyone(store: Handle) {
    put(&*store, "dir/a", "for all to see").await;
    put(&*store, "dir/b", "not for all").await;
    let link = store.signed_url(&key("dir/a"), Duration::from_secs(60)).await.unwrap().unwrap();
    let answer = reqwest::get(&link).await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.text().await.unwrap()), (200, "for all to see".into()));
    let other = reqwest::get(link.replace("dir/a", "dir/b")).await.unwrap();
    assert_eq!(other.status().as_u16(), 403);
    let written = reqwest::Client::new().delete(&link).send().await.unwrap();
    assert_eq!(written.status().as_u16(), 403);
}

async fn a_shared_access_signature_signs_no_links(store: Handle) {
    put(&*store, "a", "").await;
    let error = store.signed_url(&key("a"), Duration::from_secs(60)).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Denied);
    assert!(!error.hints().is_empty());
}
