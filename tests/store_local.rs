//! What only the local store promises: speed, a clean directory, and survival of killed writers.

use ci_tool::{
    error::Kind,
    store::{Body, Etag, Key, Meta, Precondition, Store, local::Local},
};
use futures::TryStreamExt;
use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

fn key(text: &str) -> Key {
    Key::new(text).unwrap()
}

fn store(dir: &Path) -> Arc<Local> {
    Arc::new(Local::open(&dir.join("store")).unwrap())
}

async fn put(store: &Local, name: &str, text: &str) -> Etag {
    store.put(&key(name), text.to_owned().into(), Precondition::None).await.unwrap()
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn reading_creates_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    assert_eq!(store.head(&key("a")).await.unwrap_err().kind(), Kind::NotFound);
    assert!(store.list("", None).try_collect::<Vec<Meta>>().await.unwrap().is_empty());
    store.delete(&key("a")).await.unwrap();
    store.drop_lease("a").await.unwrap();
    assert!(store.lease_lapsed("a").await.unwrap());
    assert_eq!(store.sweep().await.unwrap(), 0);
    assert!(!dir.path().join("store").exists());
}

#[tokio::test]
async fn a_file_is_no_store() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("store"), "").unwrap();
    assert_eq!(Local::open(&dir.path().join("store")).unwrap_err().kind(), Kind::Internal);
}

#[tokio::test]
async fn deleting_everything_leaves_only_the_fixed_entries() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    for name in ["a/b/c/d", "a/b/e", "f"] {
        put(&store, name, name).await;
    }
    drop(store.hold_lease("x/y").await.unwrap());
    for name in ["a/b/c/d", "a/b/e", "f"] {
        store.delete(&key(name)).await.unwrap();
    }
    drop(store);
    let root = dir.path().join("store");
    assert_eq!(names(&root), ["leases", "lock", "objects", "scratch"]);
    for emptied in ["leases", "objects", "scratch"] {
        assert_eq!(names(&root.join(emptied)), [""; 0], "{emptied}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writers_and_deleters_of_one_directory_never_fail() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    let tasks = (0..4).map(|n| {
        let store = store.clone();
        tokio::spawn(async move {
            for _ in 0..100 {
                let name = format!("deep/er/{n}");
                store.put(&key(&name), "x".into(), Precondition::MustNotExist).await.unwrap();
                store.delete(&key(&name)).await.unwrap();
            }
        })
    });
    futures::future::try_join_all(tasks).await.unwrap();
    assert_eq!(names(&dir.path().join("store/objects")), [""; 0]);
}

#[tokio::test]
async fn a_movable_file_is_taken_and_one_that_is_not_wanted_stays() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    let path = store.scratch().unwrap().join("file");
    fs::write(&path, "12345").unwrap();
    let body = Body::File { path: path.clone(), len: 5, movable: true };
    put(&store, "taken", "x").await;
    let refused = store.put(&key("taken"), body.clone(), Precondition::MustNotExist).await;
    assert_eq!(refused.unwrap_err().kind(), Kind::Exists);
    assert!(path.exists());
    let etag = store.put(&key("new"), body, Precondition::MustNotExist).await.unwrap();
    assert!(!path.exists());
    assert_eq!(store.head(&key("new")).await.unwrap().etag, etag);
}

#[tokio::test]
async fn foreign_files_are_not_objects() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    put(&store, "a", "").await;
    fs::write(dir.path().join("store/objects/NOT A KEY"), "").unwrap();
    let all: Vec<Meta> = store.list("", None).try_collect().await.unwrap();
    assert_eq!(all.len(), 1);
}

#[cfg(unix)]
#[tokio::test]
async fn a_missing_permission_is_denied_and_names_the_path() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("store");
    fs::create_dir(&root).unwrap();
    fs::set_permissions(&root, fs::Permissions::from_mode(0o500)).unwrap();
    if fs::write(root.join("probe"), "").is_ok() {
        // Permissions do not bind this user, so there is nothing to try.
        return;
    }
    let error = store(dir.path()).put(&key("a"), "x".into(), Precondition::None).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Denied);
    assert!(error.hints()[0].contains(&*root.to_string_lossy()), "{:?}", error.hints());
}

/// Holds a lease and a scratch file, says so, and waits to be killed; only when told to by the test below.
#[tokio::test]
async fn as_a_child_hold_everything() {
    let Ok(root) = std::env::var("STORE_LOCAL_CHILD") else { return };
    let store = Local::open(Path::new(&root)).unwrap();
    let _held = store.hold_lease("job").await.unwrap();
    fs::write(store.scratch().unwrap().join("half"), "12345").unwrap();
    fs::write(Path::new(&root).join("ready"), "").unwrap();
    let _ = std::io::stdin().read_line(&mut String::new());
}

#[tokio::test]
async fn what_a_killed_process_held_lapses_and_is_swept() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    put(&store, "a", "kept").await;
    let root = dir.path().join("store");
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "as_a_child_hold_everything"])
        .env("STORE_LOCAL_CHILD", &root)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let until = Instant::now() + Duration::from_secs(30);
    while !root.join("ready").exists() {
        assert!(Instant::now() < until, "the child is not ready");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(!store.lease_lapsed("job").await.unwrap());
    assert_eq!(store.sweep().await.unwrap(), 0);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(store.lease_lapsed("job").await.unwrap());
    assert_eq!(store.sweep().await.unwrap(), 5);
    store.drop_lease("job").await.unwrap();
    assert_eq!(names(&root.join("leases")), [""; 0]);
}

/// Writes three objects under a fault plan; only when told to by the test below.
#[tokio::test]
async fn as_a_child_write_until_killed() {
    let Ok(root) = std::env::var("STORE_LOCAL_VICTIM") else { return };
    let store = ci_tool::store::open(&root, &|name| std::env::var(name).ok()).unwrap();
    for name in ["1", "2", "3"] {
        store.put(&key(name), name.into(), Precondition::None).await.unwrap();
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_fault_plan_kills_right_before_or_after_a_call() {
    use std::os::unix::process::ExitStatusExt;
    for (plan, written) in [("kill-at=2", 1), ("kill-after=2", 2)] {
        let dir = tempfile::tempdir().unwrap();
        let status = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "as_a_child_write_until_killed"])
            .env("STORE_LOCAL_VICTIM", dir.path().join("store"))
            .env("CI_TOOL_FAULTS", plan)
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert_eq!(status.signal(), Some(9));
        let all: Vec<Meta> = store(dir.path()).list("", None).try_collect().await.unwrap();
        assert_eq!(all.len(), written, "{plan}");
    }
}

/// The bound is loose: it tells a listing that sorts and reads attributes from one that does something worse.
#[tokio::test]
async fn a_hundred_thousand_objects_are_listed_and_read_in_seconds() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    put(&store, "many/0", "0").await;
    let many = dir.path().join("store/objects/many+");
    for n in 1..100_000 {
        fs::write(many.join(n.to_string()), n.to_string()).unwrap();
    }
    let started = Instant::now();
    let all: Vec<Meta> = store.list("many/", None).try_collect().await.unwrap();
    let listed = started.elapsed();
    let started = Instant::now();
    let read = store.get_many(all.iter().map(|meta| meta.key.clone()).collect()).await.unwrap();
    let was_read = started.elapsed();
    assert_eq!((all.len(), read.iter().flatten().count()), (100_000, 100_000));
    assert!(all.is_sorted_by(|a, b| a.key < b.key));
    assert!(listed < Duration::from_secs(10) && was_read < Duration::from_secs(20), "{listed:?} {was_read:?}");
}
