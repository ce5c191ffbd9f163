//! The pushlog of a Mercurial repository, read from a strict server of our own.

#[allow(dead_code, reason = "shared with other suites")]
#[path = "support/http.rs"]
mod http;
#[path = "support/pushlog.rs"]
mod server;

use ci_tool::{
    error::{Error, Kind},
    http::Client,
    ops::trigger::{
        revisions::revisions,
        select::{Selection, Which},
    },
    vcs::{Revision, Vcs, Walk, pushlog::Pushlog},
};
use http::{Reply, Server};
use serde_json::json;
use server::{Changeset, Push, Repository, node};

fn open(server: &Server) -> Pushlog {
    Pushlog::open(&server.url("/repo"), Client::new()).unwrap()
}

fn numbers(revisions: &[Revision]) -> Vec<u64> {
    revisions.iter().map(|revision| revision.number.unwrap()).collect()
}

#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, Error>, kind: Kind, message: &str, hint: &str) {
    let error = result.unwrap_err();
    let all = format!("{error}: {:?}", error.causes());
    assert_eq!(error.kind(), kind, "{all}");
    assert!(all.contains(message), "{all}");
    assert!(error.hints().iter().any(|told| told.contains(hint)), "{all}: {:?}", error.hints());
}

#[tokio::test]
async fn numbers_are_numbers_where_they_grow_a_digit() {
    let server = Repository::numbered(99_990..=100_010).serve();
    let pushlog = open(&server);
    let range = async |good: &str, bad: &str| pushlog.range(good, bad, &Walk::default()).await;
    let found = range("99998", "100002").await.unwrap();
    assert_eq!(numbers(&found), [99_999, 100_000, 100_001, 100_002]);
    assert_eq!(found[1].id, node(100_000));
    assert_eq!((found[1].subject.as_str(), found[1].author.as_str()), ("change 100000", "user1@example.org"));
    assert_eq!(found[1].date.as_second(), 1_700_000_000 + 10 * 3600);
    assert!(found[1].paths.is_empty());
    assert_eq!(numbers(&range(&node(99_999), &node(100_000)).await.unwrap()), [100_000]);
    assert_eq!(numbers(&range("push:99999", "HEAD").await.unwrap()), (100_000..=100_010).collect::<Vec<_>>());
    refused(
        range("100000", "99999").await,
        Kind::Usage,
        "99999 is push 99999, and 100000 push 100000",
        "write 99999..100000",
    );
    refused(range("100000", &node(100_000)).await, Kind::Usage, "nothing lies between", "older");
    let plain = Walk::default();
    assert_eq!(numbers(&pushlog.back("100001", 4, &plain).await.unwrap()), [100_001, 100_000, 99_999, 99_998]);
    assert_eq!(numbers(&pushlog.forward("99999", 3, &plain).await.unwrap()), [99_999, 100_000, 100_001]);
    assert_eq!(numbers(&pushlog.forward("100009", 9, &plain).await.unwrap()), [100_009, 100_010]);
}

#[tokio::test]
async fn every_window_is_read_and_gaps_are_none() {
    // Every third number is missing.
    let all: Vec<u64> = (1..=1700).filter(|n| n % 3 != 0).collect();
    let server = Repository::numbered(all.clone()).serve();
    let pushlog = open(&server);
    let found = pushlog.range("1", "1700", &Walk::default()).await.unwrap();
    assert_eq!(numbers(&found), all[1..]);
    let windows: Vec<String> = server.asked().iter().map(|request| request.target.clone()).collect();
    assert_eq!(windows.len(), 2 + 4, "{windows:?}");
    assert!(windows.iter().all(|target| target.contains("startID=") && target.contains("endID=")), "{windows:?}");

    let back = pushlog.back("1700", usize::MAX, &Walk::default()).await.unwrap();
    assert_eq!(numbers(&back), all.iter().rev().copied().collect::<Vec<_>>());
    refused(pushlog.resolve("999").await, Kind::NotFound, "there is no push 999", "see http");
}

#[tokio::test]
async fn asking_stops_when_there_is_enough() {
    let server = Repository::numbered(1..=5000).serve();
    let pushlog = open(&server);
    assert_eq!(pushlog.back("5000", 20, &Walk::default()).await.unwrap().len(), 20);
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test]
async fn names_are_numbers_dates_and_changesets() {
    // Push 2 has two changesets, its tip the latter.
    let mut repository = Repository::numbered(1..=9);
    let inner = "f".repeat(40);
    let changeset =
        Changeset { node: inner.clone(), desc: String::new(), files: vec!["inner".into(), "src/2.rs".into()] };
    repository.pushes[1].changesets.insert(0, changeset);
    let server = repository.serve();
    let pushlog = open(&server);
    for (name, expected) in [
        ("2", 2),
        ("push:2", 2),
        (inner.as_str(), 2),
        (&inner[..12], 2),
        (&node(7), 7),
        ("HEAD", 9),
        ("tip", 9),
        // 1 700 000 000 is 2023-11-14T22:13:20Z, and an hour lies between two.
        ("2023-11-15", 2),
        ("2023-11-14T22:13:21Z", 1),
        ("2023-11-14T23:13:20Z", 1),
        ("2030-01-01", 9),
    ] {
        let found = pushlog.resolve(name).await.unwrap();
        assert_eq!((found.number, found.id), (Some(expected), node(expected)), "{name}");
    }
    for name in [
        "0",
        "10",
        "nothing",
        "2023-11-14",
        "1970-01-01",
        "-x",
        "--output=x",
        "0123456789abcdef",
        "99999999999999999999",
    ] {
        let error = pushlog.resolve(name).await.unwrap_err();
        assert_eq!(error.kind(), Kind::NotFound, "{name}: {error}");
    }
    let walk = Walk { with_paths: true, ..Walk::default() };
    assert_eq!(pushlog.range("1", "2", &walk).await.unwrap()[0].paths, ["inner", "src/2.rs"]);
    assert_eq!(pushlog.branch_of("2").await.unwrap().as_deref(), Some("default"));
    let around = Which::Around { of: "8".into(), count: 2 };
    let found = revisions(&pushlog, &around, &Walk::default(), &Selection::default()).await.unwrap();
    assert_eq!(numbers(&found), [6, 7, 8, 9]);
}

#[tokio::test]
async fn dates_mean_the_same_wherever_the_server_is() {
    for zone in [-11 * 3600, 0, 13 * 3600] {
        let server = Repository { zone, ..Repository::numbered(1..=40) }.serve();
        let found = open(&server).resolve("2023-11-15T12:00:00Z").await.unwrap();
        assert_eq!(found.number, Some(14), "{zone}");
    }
}

#[tokio::test]
async fn paths_filter_pushes() {
    let server = Repository::numbered(1..=1200).serve();
    let pushlog = open(&server);
    let walk = |path: &str| Walk { paths: vec![path.into()], ..Walk::default() };
    let found = pushlog.range("1", "1200", &walk("src/0.rs")).await.unwrap();
    assert_eq!(numbers(&found), (1..=240).map(|n| n * 5).collect::<Vec<_>>());
    assert!(found[0].paths.is_empty());
    assert_eq!(numbers(&pushlog.back("1200", 2, &walk("src/*.rs")).await.unwrap()), [1200, 1199]);
    refused(
        pushlog.range("1", "9", &walk("docs")).await,
        Kind::Usage,
        "no push between 1 and 9 changed docs",
        "--path",
    );
    refused(pushlog.range("1", "9", &walk("a[")).await, Kind::Usage, "glob", "");
}

#[tokio::test]
async fn files_are_read_at_a_revision() {
    let mut repository = Repository::numbered(1..=2);
    repository.files.insert(format!("{}/a%20b/c", node(2)), b"\xff\n".to_vec());
    let server = repository.serve();
    let pushlog = open(&server);
    assert_eq!(pushlog.file("2", "a b/c").await.unwrap().unwrap(), b"\xff\n");
    assert_eq!(pushlog.file(&node(2), "a b/c").await.unwrap().unwrap(), b"\xff\n");
    for missing in ["a b", "../a b/c", "a b//c", "a b/./c", "", "a b/c?x"] {
        assert_eq!(pushlog.file("2", missing).await.unwrap(), None, "{missing}");
    }
    assert_eq!(pushlog.file(&node(1), "a b/c").await.unwrap(), None);
    assert_eq!(pushlog.file(&node(5), "a b/c").await.unwrap_err().kind(), Kind::NotFound);
}

#[tokio::test]
async fn hidden_pushes_are_passed_over_and_an_empty_log_says_so() {
    let mut repository = Repository::numbered(1..=4);
    repository.pushes[2].changesets.clear();
    let server = repository.serve();
    let pushlog = open(&server);
    assert_eq!(numbers(&pushlog.range("1", "4", &Walk::default()).await.unwrap()), [2, 4]);
    assert_eq!(pushlog.resolve("3").await.unwrap_err().kind(), Kind::NotFound);

    let server = Repository { pushes: Vec::<Push>::new(), ..Repository::default() }.serve();
    refused(open(&server).resolve("HEAD").await, Kind::NotFound, "the pushlog is empty", "push");
}

#[tokio::test]
async fn an_answer_that_is_not_to_the_question_is_refused() {
    let outside = json!({ "lastpushid": 9, "pushes": { "7": { "user": "u", "date": 1, "changesets": [
        { "node": node(7), "desc": "", "branch": "default", "files": [] } ] } } });
    let server = Server::start(move |_, _| Reply::json(&outside));
    refused(open(&server).resolve("3").await, Kind::Corrupt, "after 2 up to 3, and answers with 7", "bounds");
    let server = Server::start(|_, _| Reply::json(&json!({ "pushes": {} })));
    refused(open(&server).resolve("3").await, Kind::Corrupt, "has no lastpushid", "version 2");
    let server = Server::start(|_, _| Reply::status(200, "<html>"));
    refused(open(&server).resolve("3").await, Kind::Corrupt, "no JSON", "");
    let server = Server::start(|_, _| Reply::status(503, "busy"));
    assert_eq!(open(&server).resolve("3").await.unwrap_err().kind(), Kind::Transient);
    for address in ["nonsense", "https://example.org/repo?x=1", "data:x"] {
        assert_eq!(Pushlog::open(address, Client::new()).unwrap_err().kind(), Kind::Usage, "{address}");
    }
}
