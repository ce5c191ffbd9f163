//! Histories made by the real git, read.

#[allow(dead_code, reason = "shared with other suites")]
#[path = "support/repository.rs"]
mod repository;

use ci_tool::{
    error::{Error, Kind},
    ops::trigger::{
        revisions::revisions,
        select::{Selection, Which},
    },
    vcs::{Revision, Vcs, Walk, history::GitHistory},
};
use proptest::{collection::vec, prelude::*};
use repository::{Commit, Repository};
use std::{collections::BTreeSet, fs};
use tempfile::{TempDir, tempdir};

async fn open(repository: &Repository) -> GitHistory {
    GitHistory::open(&repository.dir, repository.env.clone()).await.unwrap()
}

async fn made(commits: &[Commit]) -> (TempDir, Repository, GitHistory) {
    let dir = tempdir().unwrap();
    let (repository, _) = Repository::with(dir.path(), commits);
    let history = open(&repository).await;
    (dir, repository, history)
}

fn commit(parents: &[usize], date: i64, paths: &[&str]) -> Commit {
    Commit { parents: parents.into(), date, paths: paths.iter().map(|path| path.to_string()).collect() }
}

/// The numbers of commits, by their subjects.
fn numbers(revisions: &[Revision]) -> Vec<usize> {
    revisions.iter().map(|revision| revision.subject.strip_prefix("change ").unwrap().parse().unwrap()).collect()
}

fn paths(patterns: &[&str]) -> Walk {
    Walk { paths: patterns.iter().map(|pattern| pattern.to_string()).collect(), ..Walk::default() }
}

/// Holds the kind, a part of the message, and a part of a hint.
#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, Error>, kind: Kind, message: &str, hint: &str) {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.message().contains(message), "{error}");
    assert!(error.hints().iter().any(|told| told.contains(hint)), "{error}: {:?}", error.hints());
}

#[tokio::test]
async fn a_name_is_whatever_git_takes_it_for_and_then_a_date() {
    let (_dir, repository, history) = made(&Repository::linear(5)).await;
    repository.git(&["tag", "--annotate", "--message=x", "v1", "c2"]);
    repository.git(&["branch", "feature/x", "c1"]);
    let hash = repository.git(&["rev-parse", "c3"]);
    for (name, expected) in [
        ("HEAD", 4),
        ("main", 4),
        ("@", 4),
        ("HEAD~3", 1),
        ("main^", 3),
        ("c0", 0),
        ("v1", 2),
        ("refs/tags/v1", 2),
        ("feature/x", 1),
        (&hash, 3),
        (&hash[..12], 3),
        ("2026-11-21", 4),
        ("2026-11-20T02:30:00Z", 2),
        ("2026-11-20T02:00:00Z", 1),
        ("2026-11-20T03:00:01+01:00", 2),
        ("2026-11-20T02:00:00.5Z", 2),
    ] {
        let found = history.resolve(name).await.unwrap();
        assert_eq!(found.subject, format!("change {expected}"), "{name}");
        assert_eq!((found.author.as_str(), found.number, found.paths.len()), ("Ada", None, 0));
        assert_eq!(found.date.as_second(), 1_795_132_800 + 3600 * expected);
        assert_eq!(found.id.len(), 40);
    }
    repository.git(&["tag", "2026-11-21", "c1"]);
    assert_eq!(history.resolve("2026-11-21").await.unwrap().subject, "change 1");
}

#[tokio::test]
async fn what_is_no_name_is_said_and_never_an_option() {
    let (dir, repository, history) = made(&Repository::linear(2)).await;
    for name in [
        "nothing",
        "",
        "-x",
        "--all",
        "--output=x",
        "--output=x..HEAD",
        "^HEAD",
        "c0..c1",
        "HEAD:src",
        "c1^{tree}",
        "a\0b",
        "a\nb",
        "HEAD~9",
        "0123456789abcdef0123456789abcdef01234567",
        "2026-13-01",
        "1969-12-31",
        "1970-01-01",
        "1970-01-02",
    ] {
        let error = history.resolve(name).await.unwrap_err();
        let expected = if name.contains("..") { Kind::Usage } else { Kind::NotFound };
        assert_eq!(error.kind(), expected, "{name}: {error}");
        let error = history.range(name, "HEAD", &Walk::default()).await.unwrap_err();
        assert_eq!(error.kind(), Kind::NotFound, "{name}: {error}");
    }
    assert!(!dir.path().join("x").exists());
    refused(history.resolve("mian").await, Kind::NotFound, "no revision is called mian", "did you mean main?");
    let before = history.resolve("2026-11-20").await.unwrap_err();
    assert!(before.kind() == Kind::NotFound && before.message().contains("from before 2026-11-20"), "{before}");
    // A branch may be called like an option all the same.
    repository.git(&["update-ref", "refs/heads/--all", "c0"]);
    assert_eq!(history.resolve("--all").await.unwrap().subject, "change 0");
}

#[tokio::test]
async fn a_name_that_means_two_revisions_is_refused_with_both() {
    let (_dir, repository, history) = made(&Repository::linear(3)).await;
    repository.git(&["tag", "same", "c1"]);
    repository.git(&["branch", "same", "c1"]);
    assert_eq!(history.resolve("same").await.unwrap().subject, "change 1");
    repository.git(&["tag", "x", "c0"]);
    repository.git(&["branch", "x", "c1"]);
    refused(history.resolve("x").await, Kind::Usage, "the name x means several revisions", "refs/tags/x");
    refused(history.resolve("x").await, Kind::Usage, "several", "refs/heads/x");
    assert_eq!(history.resolve("refs/heads/x").await.unwrap().subject, "change 1");

    // Among 600 commits two have the same first four digits.
    let (_dir, repository, history) = made(&Repository::linear(600)).await;
    let all = repository.git(&["rev-list", "--all"]);
    let mut sorted: Vec<&str> = all.lines().collect();
    sorted.sort_unstable();
    let twins = sorted.windows(2).find(|w| w[0][..4] == w[1][..4]).unwrap();
    let error = history.resolve(&twins[0][..4]).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Usage, "{error}");
    for twin in twins {
        assert!(error.hints().iter().any(|hint| hint.starts_with(&twin[..7])), "{twin}: {:?}", error.hints());
    }
}

#[tokio::test]
async fn a_range_leaves_the_good_end_out_and_goes_up() {
    let (_dir, _repository, history) = made(&Repository::linear(6)).await;
    let range = async |good, bad, walk: &Walk| numbers(&history.range(good, bad, walk).await.unwrap());
    assert_eq!(range("c1", "c4", &Walk::default()).await, [2, 3, 4]);
    assert_eq!(range("c1", "HEAD", &paths(&["src/2.txt", "src/5.txt"])).await, [2, 5]);
    assert_eq!(range("c1", "HEAD", &paths(&["src"])).await, [2, 3, 4, 5]);
    assert_eq!(range("c1", "HEAD", &paths(&["**/[34].txt"])).await, [3, 4]);
    let top = history.range("c1", "HEAD", &paths(&["*.txt"])).await;
    refused(top, Kind::Usage, "changed *.txt", "--path");
}

#[tokio::test]
async fn ranges_that_are_none_say_why() {
    // 0 ← 1 ← 2 and 0 ← 3; 4 stands alone.
    let commits = [
        commit(&[], 1, &["a"]),
        commit(&[0], 2, &["a"]),
        commit(&[1], 3, &["a"]),
        commit(&[0], 4, &["b"]),
        commit(&[], 5, &["c"]),
    ];
    let (_dir, repository, history) = made(&commits).await;
    let range = async |good, bad| history.range(good, bad, &Walk::default()).await;
    refused(range("c2", "c0").await, Kind::Usage, "the range c2..c0 is reversed", "write c0..c2");
    refused(range("c1", "c1").await, Kind::Usage, "they are the same", "older");
    let base = &repository.git(&["rev-parse", "c0"])[..10];
    refused(range("c3", "c2").await, Kind::Usage, &format!("part at {base}"), &format!("write {base}..c2"));
    refused(range("c4", "c2").await, Kind::Usage, "nothing in common", "name a good revision");
    refused(range("c0", "nothing").await, Kind::NotFound, "no revision is called nothing", "");
    let filtered = history.range("c0", "c2", &paths(&["b"])).await;
    refused(filtered, Kind::Usage, "no revision between c0 and c2 changed b", "--path");
}

/// 0 ← 1 ← 3 ← 5 (merges 2 and 4 in), 0 ← 2 ← 4, with clocks that lie.
fn merged() -> Vec<Commit> {
    vec![
        commit(&[], 1000, &["base"]),
        commit(&[0], 9000, &["a"]),
        commit(&[0], 10, &["side"]),
        commit(&[1, 2], 500, &["both", "side"]),
        commit(&[2], 20, &["side"]),
        commit(&[3, 4], 30, &["side"]),
    ]
}

#[tokio::test]
async fn merges_come_after_what_they_merge_once() {
    let (_dir, _repository, history) = made(&merged()).await;
    let walk = Walk { with_paths: true, ..Walk::default() };
    let found = history.range("c0", "c5", &walk).await.unwrap();
    let order = numbers(&found);
    assert_eq!(order.iter().collect::<BTreeSet<_>>().len(), 5, "{order:?}");
    assert_eq!(order.len(), 5);
    for (at, commit) in merged().iter().enumerate().skip(1) {
        let place = |n: &usize| order.iter().position(|other| other == n);
        assert!(commit.parents.iter().all(|parent| place(parent) < place(&at)), "{order:?}");
    }
    // A merge changed, against its first parent, what the other side brought.
    let of = |n: usize| found.iter().find(|r| r.subject == format!("change {n}")).unwrap().paths.clone();
    assert_eq!(of(3), ["both", "side"]);
    assert_eq!(of(5), ["side"]);
    assert_eq!(of(1), ["a"]);

    let first = Walk { first_parent: true, ..Walk::default() };
    assert_eq!(numbers(&history.range("c0", "c5", &first).await.unwrap()), [1, 3, 5]);
    let side = Walk { first_parent: true, paths: vec!["side".into()], with_paths: true };
    let found = history.range("c0", "c5", &side).await.unwrap();
    assert_eq!(numbers(&found), [3, 5]);
    assert_eq!(found[0].paths, ["both", "side"], "all that it changed, not only what was asked for");
}

#[tokio::test]
async fn octopus_and_criss_cross_merges_are_read() {
    let octopus = [
        commit(&[], 1, &["a"]),
        commit(&[0], 2, &["b"]),
        commit(&[0], 3, &["c"]),
        commit(&[0], 4, &["d"]),
        commit(&[1, 2, 3], 5, &[]),
    ];
    let (_dir, _repository, history) = made(&octopus).await;
    let found = numbers(&history.range("c0", "c4", &Walk::default()).await.unwrap());
    assert_eq!((found.len(), found[3]), (4, 4));
    assert_eq!(numbers(&history.range("c2", "c4", &Walk::default()).await.unwrap()).len(), 3);

    let cross = [
        commit(&[], 1, &["a"]),
        commit(&[0], 2, &["b"]),
        commit(&[0], 3, &["c"]),
        commit(&[1, 2], 4, &[]),
        commit(&[2, 1], 5, &[]),
        commit(&[3, 4], 6, &[]),
    ];
    let (_dir, _repository, history) = made(&cross).await;
    let found = numbers(&history.range("c3", "c5", &Walk::default()).await.unwrap());
    assert_eq!(found, [4, 5]);
    refused(history.range("c3", "c4", &Walk::default()).await, Kind::Usage, "c3 is not before c4", "");
}

#[tokio::test]
async fn back_and_forward_count_from_the_named_one() {
    let (_dir, repository, history) = made(&Repository::linear(6)).await;
    let plain = Walk::default();
    assert_eq!(numbers(&history.back("c3", 3, &plain).await.unwrap()), [3, 2, 1]);
    assert_eq!(numbers(&history.back("c1", 9, &plain).await.unwrap()), [1, 0]);
    assert_eq!(numbers(&history.forward("c3", 2, &plain).await.unwrap()), [3, 4]);
    assert_eq!(numbers(&history.forward("c4", 9, &plain).await.unwrap()), [4, 5]);
    assert_eq!(numbers(&history.forward("HEAD", 9, &plain).await.unwrap()), [5]);
    repository.git(&["checkout", "--quiet", "--detach", "c2"]);
    refused(history.forward("c4", 2, &plain).await, Kind::Usage, "c4 is not part of", "check out");
}

#[tokio::test]
async fn what_is_asked_for_is_put_together() {
    let (_dir, _repository, history) = made(&Repository::linear(8)).await;
    let name = |text: &str| text.to_owned();
    for (which, expected) in [
        (Which::One(name("c3")), vec![3]),
        (Which::Range { good: name("c1"), bad: name("c3") }, vec![2, 3]),
        (Which::From { from: name("c1"), to: name("c3") }, vec![1, 2, 3]),
        (Which::From { from: name("c3"), to: name("c3") }, vec![3]),
        (Which::Back { to: name("c3"), count: 2 }, vec![1, 2, 3]),
        (Which::Around { of: name("c3"), count: 2 }, vec![1, 2, 3, 4, 5]),
        (Which::Around { of: name("c7"), count: 1 }, vec![6, 7]),
        (Which::Named(vec![name("c5"), name("c1"), name("main~2")]), vec![5, 1]),
    ] {
        for with_paths in [false, true] {
            let walk = Walk { with_paths, ..Walk::default() };
            let found = revisions(&history, &which, &walk, &Selection::default()).await.unwrap();
            assert_eq!(numbers(&found), expected, "{which:?}");
            assert_eq!(found.iter().all(|revision| revision.paths.len() == 1), with_paths, "{which:?}");
        }
    }
    let every = Selection { every: Some(3), ..Selection::default() };
    let which = Which::Range { good: name("c0"), bad: name("c7") };
    assert_eq!(numbers(&revisions(&history, &which, &Walk::default(), &every).await.unwrap()), [1, 4, 7]);
    let none = revisions(&history, &Which::Named(Vec::new()), &Walk::default(), &every).await;
    refused(none, Kind::Usage, "no revision is selected", "");
}

#[tokio::test]
async fn a_shallow_clone_says_where_it_ends() {
    let (_dir, repository, history) = made(&Repository::linear(6)).await;
    assert!(!history.is_shallow().await);
    let dir = tempdir().unwrap();
    let from = format!("file://{}", repository.dir.display());
    let clone = Repository::at(dir.path());
    clone.git(&["clone", "--quiet", "--depth=3", "--no-tags", "--branch=main", &from, "."]);
    let shallow = open(&clone).await;
    assert!(shallow.is_shallow().await);
    let range = async |good, bad| shallow.range(good, bad, &Walk::default()).await;
    assert_eq!(numbers(&range("HEAD~2", "HEAD").await.unwrap()), [4, 5]);
    let gone = repository.git(&["rev-parse", "c1"]);
    for good in [gone.as_str(), "HEAD~4", "2026-11-20T01:00:01Z"] {
        refused(range(good, "HEAD").await, Kind::Unsupported, "the clone is shallow", "git fetch --unshallow");
    }
    refused(range("HEAD", "HEAD~1").await, Kind::Usage, "reversed", "write HEAD~1..HEAD");
    refused(shallow.resolve(&gone).await, Kind::NotFound, "no revision is called", "git fetch --unshallow");
    assert_eq!(numbers(&shallow.back("HEAD", 9, &Walk::default()).await.unwrap()), [5, 4, 3]);
}

/// 0 ← 1 ← 2 ← 6, and 1 ← 3 ← 4 ← 5 ← 6: a clone of depth 3 has 2 and 5, 4, 6, and of 1 only that 2 follows it.
#[tokio::test]
async fn a_side_branch_that_is_cut_off_is_not_passed_over() {
    let commits = [
        commit(&[], 1, &["a"]),
        commit(&[0], 2, &["b"]),
        commit(&[1], 3, &["c"]),
        commit(&[1], 4, &["d"]),
        commit(&[3], 5, &["e"]),
        commit(&[4], 6, &["f"]),
        commit(&[2, 5], 7, &[]),
    ];
    let (_dir, repository, _) = made(&commits).await;
    let dir = tempdir().unwrap();
    let clone = Repository::at(dir.path());
    let from = format!("file://{}", repository.dir.display());
    clone.git(&["clone", "--quiet", "--depth=3", "--no-tags", "--branch=main", &from, "."]);
    let shallow = open(&clone).await;
    // 1 is there and before 6, but 4 was cut off from 3.
    assert!(clone.git(&["rev-list", "HEAD"]).contains(&repository.git(&["rev-parse", "c1"])));
    let range = shallow.range("HEAD~2", "HEAD", &Walk::default()).await;
    refused(range, Kind::Unsupported, "the clone is shallow", "git fetch --deepen");
}

#[tokio::test]
async fn places_without_a_history_are_told_apart() {
    let dir = tempdir().unwrap();
    let nowhere = Repository::at(dir.path());
    let opened = GitHistory::open(&nowhere.dir, nowhere.env.clone()).await;
    refused(opened, Kind::Usage, "no git repository holds", "trigger.pushlog");
    let empty = Repository::init(dir.path());
    let history = open(&empty).await;
    refused(history.resolve("HEAD").await, Kind::NotFound, "no revision is called HEAD", "commit something first");
    assert_eq!(history.resolve("2026-11-20").await.unwrap_err().kind(), Kind::NotFound);

    let (_dir, repository, _) = made(&Repository::linear(3)).await;
    let bare = tempdir().unwrap();
    let clone = Repository::at(bare.path());
    clone.git(&["clone", "--quiet", "--bare", &repository.dir.display().to_string(), "."]);
    let history = open(&clone).await;
    assert_eq!(numbers(&history.range("c0", "main", &paths(&["src"])).await.unwrap()), [1, 2]);
    assert_eq!(history.file("main", "src/1.txt").await.unwrap().unwrap(), b"change 1");
}

#[tokio::test]
async fn paths_are_read_from_the_top_whatever_the_directory_and_the_settings() {
    let (_dir, repository, _) = made(&Repository::linear(3)).await;
    repository.git(&["reset", "--quiet", "--hard"]);
    for (name, value) in [
        ("log.follow", "true"),
        ("log.showRoot", "false"),
        ("log.showSignature", "true"),
        ("diff.relative", "true"),
        ("diff.noprefix", "true"),
        ("format.pretty", "oneline"),
        ("color.ui", "always"),
        ("core.quotePath", "true"),
        ("log.diffMerges", "off"),
    ] {
        repository.git(&["config", name, value]);
    }
    let mut env = repository.env.clone();
    env.insert("GIT_LITERAL_PATHSPECS".into(), "1".into());
    let history = GitHistory::open(&repository.dir.join("src"), env).await.unwrap();
    let walk = Walk { with_paths: true, ..paths(&["src/1.txt", "src/[2].txt"]) };
    let found = history.range("c0", "HEAD", &walk).await.unwrap();
    assert_eq!(numbers(&found), [1, 2]);
    assert_eq!(found[0].paths, ["src/1.txt"]);
    let root = history.back("c0", 1, &Walk { with_paths: true, ..Walk::default() }).await.unwrap();
    assert_eq!(root[0].paths, ["src/0.txt"]);
    assert_eq!(history.file("HEAD", "src/2.txt").await.unwrap().unwrap(), b"change 2");
}

#[tokio::test]
async fn files_are_told_from_what_is_none() {
    let (_dir, repository, history) = made(&Repository::linear(2)).await;
    repository.git(&["reset", "--quiet", "--hard"]);
    fs::write(repository.dir.join("bytes"), b"\xff\0\n").unwrap();
    fs::write(repository.dir.join("[b] *"), "odd").unwrap();
    repository.git(&["add", "--all"]);
    repository.git(&["commit", "--quiet", "--message=change 2"]);
    assert_eq!(history.file("HEAD", "bytes").await.unwrap().unwrap(), b"\xff\0\n");
    assert_eq!(history.file("HEAD", "[b] *").await.unwrap().unwrap(), b"odd");
    for missing in
        ["src", "src/", "nothing", "src/1.txt/x", "../bytes", "./bytes", "/bytes", ":/bytes", "-x", "*", ".", ""]
    {
        assert_eq!(history.file("HEAD", missing).await.unwrap(), None, "{missing}");
    }
    assert_eq!(history.file("c0", "src/1.txt").await.unwrap(), None);
    assert_eq!(history.file("nothing", "bytes").await.unwrap_err().kind(), Kind::NotFound);
}

#[tokio::test]
async fn names_that_are_not_utf_8_are_read() {
    let (_dir, mut repository, history) = made(&Repository::linear(1)).await;
    repository.git(&["reset", "--quiet", "--hard"]);
    repository.env.insert("GIT_AUTHOR_NAME".into(), "Zoë".into());
    repository.git(&[
        "-c",
        "i18n.commitEncoding=ISO-8859-1",
        "commit",
        "--quiet",
        "--allow-empty",
        "--message=change 1",
    ]);
    let found = history.resolve("HEAD").await.unwrap();
    assert!(found.author.starts_with("Zo"), "{found:?}");
    #[cfg(target_os = "linux")]
    {
        use std::{ffi::OsStr, os::unix::ffi::OsStrExt};
        fs::write(repository.dir.join(OsStr::from_bytes(b"\xff\nname")), "").unwrap();
        repository.git(&["add", "--all"]);
        repository.git(&["commit", "--quiet", "--message=change 2"]);
        let walk = Walk { with_paths: true, ..Walk::default() };
        assert_eq!(history.range("HEAD~1", "HEAD", &walk).await.unwrap()[0].paths, ["\u{fffd}\nname"]);
    }
}

#[tokio::test]
async fn a_branch_is_found_for_a_revision() {
    let (_dir, repository, history) = made(&Repository::linear(4)).await;
    repository.git(&["branch", "old", "c1"]);
    repository.git(&["symbolic-ref", "HEAD", "refs/heads/old"]);
    assert_eq!(history.branch_of("c0").await.unwrap().as_deref(), Some("old"));
    assert_eq!(history.branch_of("c3").await.unwrap().as_deref(), Some("main"));
    repository.git(&["update-ref", "refs/remotes/origin/topic/x", "c3"]);
    repository.git(&["update-ref", "-d", "refs/heads/main"]);
    assert_eq!(history.branch_of("c3").await.unwrap().as_deref(), Some("topic/x"));
    repository.git(&["update-ref", "-d", "refs/remotes/origin/topic/x"]);
    assert_eq!(history.branch_of("c3").await.unwrap(), None);
}

/// Five hundred revisions take no more processes than one.
#[cfg(unix)]
#[tokio::test]
async fn the_number_of_processes_does_not_grow_with_the_range() {
    use std::{ffi::OsStr, os::unix::fs::PermissionsExt};
    let (_dir, mut repository, _) = made(&Repository::linear(501)).await;
    let bin = tempdir().unwrap();
    let (log, git) = (bin.path().join("log"), bin.path().join("git"));
    let path = repository.env[OsStr::new("PATH")].clone().into_string().unwrap();
    let real = std::env::split_paths(&path).map(|dir| dir.join("git")).find(|git| git.is_file()).unwrap();
    let script = format!("#!/bin/sh\necho call >> '{}'\nexec '{}' \"$@\"\n", log.display(), real.display());
    fs::write(&git, script).unwrap();
    fs::set_permissions(&git, fs::Permissions::from_mode(0o755)).unwrap();
    repository.env.insert("PATH".into(), format!("{}:{path}", bin.path().display()).into());
    let history = open(&repository).await;
    let before = fs::read_to_string(&log).unwrap().lines().count();
    let walk = Walk { with_paths: true, ..Walk::default() };
    assert_eq!(history.range("c0", "HEAD", &walk).await.unwrap().len(), 500);
    assert_eq!(fs::read_to_string(&log).unwrap().lines().count() - before, 5);
}

/// Histories of any shape: each commit has up to three of the earlier ones as parents, and any date.
fn histories() -> impl Strategy<Value = Vec<Commit>> {
    let one = (vec(any::<prop::sample::Index>(), 0..4), 1..2_000_000_000i64, 0..3u8);
    vec(one, 2..14).prop_map(|drawn| {
        let commits = drawn.into_iter().enumerate().map(|(at, (parents, date, file))| {
            let parents: BTreeSet<usize> =
                parents.into_iter().filter(|_| at > 0).map(|parent| parent.index(at)).collect();
            Commit { parents: parents.into_iter().rev().collect(), date, paths: vec![format!("f{file}")] }
        });
        commits.collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn a_range_is_what_git_says_in_an_order_of_descent(
        commits in histories(), ends in any::<[prop::sample::Index; 2]>(), first_parent: bool
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let dir = tempdir().unwrap();
            let (repository, hashes) = Repository::with(dir.path(), &commits);
            let history = open(&repository).await;
            let [good, bad] = ends.map(|end| end.index(commits.len()));
            let walk = Walk { first_parent, ..Walk::default() };
            let found = history.range(&format!("c{good}"), &format!("c{bad}"), &walk).await;
            if !ancestors(&commits, bad).contains(&good) || good == bad {
                prop_assert_eq!(found.unwrap_err().kind(), Kind::Usage);
                return Ok(());
            }
            let found = found.unwrap();
            let order = numbers(&found);
            let flag: &[&str] = if first_parent { &["--first-parent"] } else { &[] };
            let says = repository.git(&[&["rev-list"], flag, &[&hashes[bad], &format!("^{}", hashes[good])]].concat());
            let says: BTreeSet<&str> = says.lines().collect();
            prop_assert_eq!(&found.iter().map(|r| r.id.as_str()).collect::<BTreeSet<_>>(), &says);
            prop_assert_eq!(found.len(), says.len());
            for (place, number) in order.iter().enumerate() {
                for parent in &commits[*number].parents {
                    prop_assert!(order.iter().position(|n| n == parent).is_none_or(|at| at < place), "{:?}", order);
                }
            }
            Ok(())
        })?;
    }
}

/// A commit with all that it descends from.
fn ancestors(commits: &[Commit], of: usize) -> BTreeSet<usize> {
    let mut found = BTreeSet::from([of]);
    for parent in &commits[of].parents {
        found.append(&mut ancestors(commits, *parent));
    }
    found
}
