//! A git repository, made by the real git, that the machine's settings do not reach.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// A repository in a directory of somebody else's.
pub struct Repository {
    pub dir: PathBuf,
    pub env: BTreeMap<OsString, OsString>,
}

/// A commit to make.
#[derive(Debug, Clone)]
pub struct Commit {
    /// The parents, as places in the list of commits.
    pub parents: Vec<usize>,
    /// When it was committed, in seconds.
    pub date: i64,
    /// What it changes.
    pub paths: Vec<String>,
}

impl Repository {
    /// A directory that may be in no repository yet.
    pub fn at(dir: &Path) -> Repository {
        let mut env: BTreeMap<OsString, OsString> =
            std::env::vars_os().filter(|(name, _)| !name.to_string_lossy().starts_with("GIT_")).collect();
        for (name, value) in [
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_AUTHOR_NAME", "Ada"),
            ("GIT_AUTHOR_EMAIL", "ada@example.org"),
            ("GIT_COMMITTER_NAME", "C"),
            ("GIT_COMMITTER_EMAIL", "c@example.org"),
        ] {
            env.insert(name.into(), value.into());
        }
        let dir = dir.canonicalize().unwrap();
        env.insert("GIT_CEILING_DIRECTORIES".into(), dir.parent().unwrap().into());
        Repository { dir, env }
    }

    /// A repository without a commit, on `main`.
    pub fn init(dir: &Path) -> Repository {
        let repository = Repository::at(dir);
        repository.git(&["init", "--quiet", "--initial-branch=main"]);
        repository
    }

    /// A repository whose commit number N, from 0, is at `hashes[N]` and bears the tag `cN`; `main` is at the last.
    pub fn with(dir: &Path, commits: &[Commit]) -> (Repository, Vec<String>) {
        let repository = Repository::init(dir);
        let hashes = repository.import(commits);
        (repository, hashes)
    }

    /// Commits in a line, an hour apart from 2026-11-20T00:00:00Z on; each changes `src/N.txt`.
    pub fn linear(count: usize) -> Vec<Commit> {
        let commit = |at: usize| Commit {
            parents: at.checked_sub(1).into_iter().collect(),
            date: 1_795_132_800 + 3600 * at as i64,
            paths: vec![format!("src/{at}.txt")],
        };
        (0..count).map(commit).collect()
    }

    /// What git says, without the line break at the end.
    pub fn git(&self, args: &[&str]) -> String {
        let output = self.command(args).output().unwrap();
        assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new("git");
        command.args(args).current_dir(&self.dir).env_clear().envs(&self.env);
        command
    }

    fn import(&self, commits: &[Commit]) -> Vec<String> {
        let mut stream = String::new();
        for (at, Commit { parents, date, paths }) in commits.iter().enumerate() {
            let subject = format!("change {at}");
            stream.push_str(&format!("commit refs/heads/main\nmark :{}\n", at + 1));
            stream.push_str(&format!("author Ada <ada@example.org> {date} +0000\n"));
            stream.push_str(&format!("committer C <c@example.org> {date} +0000\ndata {}\n{subject}\n", subject.len()));
            for (place, parent) in parents.iter().enumerate() {
                stream.push_str(&format!("{} :{}\n", if place == 0 { "from" } else { "merge" }, parent + 1));
            }
            for path in paths {
                stream.push_str(&format!("M 100644 inline {path}\ndata {}\n{subject}\n", subject.len()));
            }
            stream.push_str(&format!("\nreset refs/tags/c{at}\nfrom :{}\n\n", at + 1));
            if at + 1 < commits.len() && !commits[at + 1].parents.contains(&at) {
                // Another line begins; without this the next commit would follow this one.
                stream.push_str("reset refs/heads/main\n\n");
            }
        }
        let marks = self.dir.join(".git/marks");
        let args = ["fast-import", "--quiet", "--force", &format!("--export-marks={}", marks.display())];
        let mut import = self.command(&args).stdin(Stdio::piped()).spawn().unwrap();
        import.stdin.take().unwrap().write_all(stream.as_bytes()).unwrap();
        assert!(import.wait().unwrap().success(), "{stream}");
        let mut hashes = vec![String::new(); commits.len()];
        for line in fs::read_to_string(marks).unwrap().lines() {
            let (mark, hash) = line[1..].split_once(' ').unwrap();
            hashes[mark.parse::<usize>().unwrap() - 1] = hash.into();
        }
        hashes
    }
}
