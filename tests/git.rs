//! Real repositories, made by the real git, described.

use ci_tool::{
    error::Kind,
    vcs::git::{Changes, Checkout, Git},
};
use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

struct Repository {
    dir: tempfile::TempDir,
    env: BTreeMap<OsString, OsString>,
}

impl Repository {
    /// A directory that is in no repository yet, and an environment that the machine's settings do not reach.
    fn nowhere() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut env: BTreeMap<OsString, OsString> =
            std::env::vars_os().filter(|(name, _)| !name.to_string_lossy().starts_with("GIT_")).collect();
        let ceiling = dir.path().parent().unwrap().as_os_str().to_owned();
        for (name, value) in [
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_AUTHOR_NAME", "A"),
            ("GIT_AUTHOR_EMAIL", "author@example.org"),
            ("GIT_COMMITTER_NAME", "C"),
            ("GIT_COMMITTER_EMAIL", "committer@example.org"),
        ] {
            env.insert(name.into(), value.into());
        }
        env.insert("GIT_CEILING_DIRECTORIES".into(), ceiling);
        Repository { dir, env }
    }

    fn empty() -> Self {
        let repository = Repository::nowhere();
        repository.git(&["init", "--quiet", "--initial-branch=main"]);
        repository
    }

    fn with_a_commit() -> Self {
        let repository = Repository::empty();
        repository.write("tracked", "one");
        repository.commit();
        repository
    }

    fn root(&self) -> PathBuf {
        self.dir.path().canonicalize().unwrap()
    }

    fn git(&self, args: &[&str]) -> String {
        let output =
            Command::new("git").args(args).current_dir(self.dir.path()).env_clear().envs(&self.env).output().unwrap();
        assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn commit(&self) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message=x"]);
    }

    async fn describe_from(&self, dir: &Path) -> Option<Checkout> {
        Git::new(self.env.clone()).describe(dir).await.unwrap()
    }

    async fn describe(&self) -> Checkout {
        self.describe_from(self.dir.path()).await.unwrap()
    }
}

#[tokio::test]
async fn a_checkout_is_described_from_any_directory_inside() {
    let repository = Repository::with_a_commit();
    let secret = "s3".repeat(8);
    repository.git(&["remote", "add", "origin", &format!("https://user:{secret}@example.org/a/b.git")]);
    repository.write("deep/inside/x", "");
    let expected = Checkout {
        root: repository.root(),
        commit: Some(repository.git(&["rev-parse", "HEAD"])),
        branch: Some("main".into()),
        remote: Some("https://example.org/a/b.git".into()),
        changes: Some(Changes { dirty: false, untracked: 1 }),
        author_email: Some("author@example.org".into()),
        shallow: false,
    };
    assert_eq!(expected.commit.as_ref().unwrap().len(), 40);
    assert_eq!(repository.describe().await, expected);
    assert_eq!(repository.describe_from(&repository.root().join("deep/inside")).await, Some(expected));
}

#[tokio::test]
async fn changes_are_told_from_untracked_files() {
    let repository = Repository::with_a_commit();
    let changes = async || repository.describe().await.changes.unwrap();
    assert_eq!(changes().await, Changes { dirty: false, untracked: 0 });
    repository.write("new\nline", "");
    repository.write("directory/a", "");
    repository.write("directory/b", "");
    repository.write(".git/info/exclude", "ignored\n");
    repository.write("ignored", "");
    assert_eq!(changes().await, Changes { dirty: false, untracked: 2 });
    repository.write("tracked", "two");
    assert_eq!(changes().await, Changes { dirty: true, untracked: 2 });
    repository.git(&["add", "tracked", "directory"]);
    assert_eq!(changes().await, Changes { dirty: true, untracked: 1 });
}

#[tokio::test]
async fn a_detached_head_has_no_branch_and_a_branch_keeps_its_name_beside_a_tag() {
    let repository = Repository::with_a_commit();
    repository.git(&["switch", "--quiet", "--create", "feature/x"]);
    repository.git(&["tag", "feature/x"]);
    assert_eq!(repository.describe().await.branch.as_deref(), Some("feature/x"));
    repository.git(&["switch", "--quiet", "--detach"]);
    let checkout = repository.describe().await;
    assert_eq!((checkout.branch, checkout.commit), (None, Some(repository.git(&["rev-parse", "HEAD"]))));
}

#[tokio::test]
async fn a_repository_without_commits_has_a_branch_and_no_commit() {
    let checkout = Repository::empty().describe().await;
    assert_eq!((checkout.commit, checkout.author_email, checkout.remote), (None, None, None));
    assert_eq!(checkout.branch.as_deref(), Some("main"));
}

#[tokio::test]
async fn a_shallow_clone_is_seen() {
    let origin = Repository::with_a_commit();
    origin.write("tracked", "two");
    origin.commit();
    let url = format!("file://{}", origin.root().display());
    for (depth, shallow) in [("1", true), ("9", false)] {
        let clone = Repository::nowhere();
        clone.git(&["clone", "--quiet", "--depth", depth, &url, "."]);
        let checkout = clone.describe().await;
        assert_eq!((checkout.shallow, checkout.remote.as_deref()), (shallow, Some(url.as_str())));
    }
}

#[tokio::test]
async fn no_repository_a_bare_one_and_no_git_are_none() {
    let nowhere = Repository::nowhere();
    assert_eq!(nowhere.describe_from(nowhere.dir.path()).await, None);
    let bare = Repository::nowhere();
    bare.git(&["init", "--quiet", "--bare"]);
    assert_eq!(bare.describe_from(bare.dir.path()).await, None);
    let mut without_git = Repository::with_a_commit();
    without_git.env.insert("PATH".into(), nowhere.dir.path().into());
    assert_eq!(without_git.describe_from(without_git.dir.path()).await, None);
}

#[tokio::test]
async fn failures_are_not_taken_for_no_repository() {
    let repository = Repository::with_a_commit();
    repository.write(".git/config", "[core\n");
    let error = Git::new(repository.env.clone()).describe(repository.dir.path()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Internal);
    assert!(error.causes()[0].contains("bad config"), "{:?}", error.causes());
    let missing = repository.dir.path().join("missing");
    assert_eq!(Git::new(repository.env.clone()).describe(&missing).await.unwrap_err().kind(), Kind::Usage);
}

#[tokio::test]
async fn the_callers_git_dir_does_not_redirect() {
    let (mut repository, other) = (Repository::with_a_commit(), Repository::with_a_commit());
    other.git(&["switch", "--quiet", "--create", "other"]);
    repository.env.insert("GIT_DIR".into(), other.root().join(".git").into());
    assert_eq!(repository.describe().await.branch.as_deref(), Some("main"));
}

/// Plants everything that a repository can make git run while it is only looked at.
#[cfg(unix)]
fn plant_programs(repository: &Repository) -> PathBuf {
    use std::os::unix::fs::PermissionsExt;
    let proof = repository.dir.path().join(".git/proof");
    let program = repository.dir.path().join(".git/hooks/post-index-change");
    repository.write(".git/hooks/post-index-change", &format!("#!/bin/sh\necho $0 >>'{}'\ncat\n", proof.display()));
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let program = program.to_str().unwrap();
    for name in ["core.fsmonitor", "core.pager", "gpg.program", "core.sshCommand", "filter.x.clean", "diff.external"] {
        repository.git(&["config", name, program]);
    }
    repository.git(&["config", "log.showSignature", "true"]);
    repository.git(&["config", "remote.origin.url", &format!("ext::{program}")]);
    repository.git(&["config", "protocol.ext.allow", "always"]);
    repository.write(".git/info/attributes", "* filter=x\n");
    let _ = fs::remove_file(&proof);
    // Same length, other time: git must look inside to know.
    repository.write("tracked", "two");
    proof
}

#[cfg(unix)]
#[tokio::test]
async fn looking_at_the_repository_of_another_user_runs_nothing_of_it() {
    let mut repository = Repository::with_a_commit();
    let proof = plant_programs(&repository);
    repository.env.insert("GIT_TEST_ASSUME_DIFFERENT_OWNER".into(), "1".into());
    let checkout = repository.describe().await;
    assert_eq!((checkout.branch.as_deref(), checkout.changes), (Some("main"), None));
    assert_eq!(checkout.author_email.as_deref(), Some("author@example.org"));
    assert!(!proof.exists(), "{}", fs::read_to_string(&proof).unwrap());
    // The trap works: the plain command steps into it.
    repository.env.remove(std::ffi::OsStr::new("GIT_TEST_ASSUME_DIFFERENT_OWNER"));
    repository.git(&["status"]);
    assert!(proof.exists());
}

#[cfg(unix)]
#[tokio::test]
async fn looking_at_our_own_repository_runs_its_filters_and_nothing_else() {
    let repository = Repository::with_a_commit();
    let proof = plant_programs(&repository);
    repository.git(&["config", "--unset", "filter.x.clean"]);
    assert_eq!(repository.describe().await.changes, Some(Changes { dirty: true, untracked: 0 }));
    assert!(!proof.exists());
}
