//! What a capture knows beside its tree and its record: one JSON document, read when it is shown or restored.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Why an entry is not in the capture, or not as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProblemKind {
    /// It could not be read: the save ends with exit code 3.
    Unreadable,
    /// It was gone when it was to be read.
    Vanished,
    /// It changed while it was read; saved as it was read.
    Changed,
    /// A socket, FIFO or device.
    Special,
    /// Its name is not Unicode and the system has no other names.
    NotUnicode,
}

impl ProblemKind {
    /// One word for people.
    pub fn as_str(self) -> &'static str {
        match self {
            ProblemKind::Unreadable => "unreadable",
            ProblemKind::Vanished => "vanished",
            ProblemKind::Changed => "changed",
            ProblemKind::Special => "special",
            ProblemKind::NotUnicode => "not unicode",
        }
    }
}

/// One entry that is not saved, or not as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The entry's path in the capture, made printable.
    pub path: String,
    /// What happened.
    pub kind: ProblemKind,
    /// More about it.
    pub detail: String,
}

/// Something taken out because it is or may be a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removed {
    /// `environment`, `file`, `log`, `command` or `dump`.
    pub place: String,
    /// The variable's name or the file's path.
    pub name: String,
    /// What was done: `removed` or `redacted`.
    pub action: String,
    /// Why.
    pub reason: String,
}

/// A tree that was saved and where it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedRoot {
    /// `workspace` or `also/NAME`.
    pub prefix: String,
    /// The absolute path it had.
    pub path: String,
}

/// A failed test found in a report of the workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedTestRecord {
    /// The suite or class.
    pub suite: String,
    /// The test.
    pub name: String,
    /// The report it was found in.
    pub report: String,
    /// The first line of the failure.
    #[serde(default)]
    pub message: Option<String>,
    /// The command that runs it alone, where the job says how.
    #[serde(default)]
    pub command: Option<String>,
}

/// What is needed to work on the restored tree; from `repro.ready` in the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ready {
    /// Installs what the job needs.
    pub setup: Option<String>,
    /// Builds.
    pub build: Option<String>,
    /// Builds the tests.
    pub build_test: Option<String>,
    /// Runs the tests.
    pub test: Option<String>,
    /// Opens the failure in a debugger.
    pub debug: Option<String>,
    /// Fetches symbols.
    pub symbols: Option<String>,
    /// Runs one test: `{suite}` and `{name}` are replaced.
    pub run_test: Option<String>,
    /// Programs that must be there, each with an optional version that its own must begin with.
    pub prerequisites: BTreeMap<String, Option<String>>,
}

impl Ready {
    /// The commands that become scripts, by name.
    pub fn scripts(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            ("setup", &self.setup),
            ("build", &self.build),
            ("build_test", &self.build_test),
            ("test", &self.test),
            ("debug", &self.debug),
            ("symbols", &self.symbols),
        ]
        .into_iter()
        .filter_map(|(name, command)| Some((name, command.as_deref()?)))
    }

    /// Fills what is unset from `other`.
    pub fn or(mut self, other: &Ready) -> Ready {
        let fields = [
            (&mut self.setup, &other.setup),
            (&mut self.build, &other.build),
            (&mut self.build_test, &other.build_test),
            (&mut self.test, &other.test),
            (&mut self.debug, &other.debug),
            (&mut self.symbols, &other.symbols),
            (&mut self.run_test, &other.run_test),
        ];
        for (mine, theirs) in fields {
            if mine.is_none() {
                mine.clone_from(theirs);
            }
        }
        for (name, version) in &other.prerequisites {
            self.prerequisites.entry(name.clone()).or_insert_with(|| version.clone());
        }
        self
    }
}

/// The output of a command named in `repro.dump`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dump {
    /// The command as configured.
    pub command: String,
    /// Its exit code; `None` when it could not be run or took too long.
    pub exit_code: Option<i32>,
    /// Its output, both streams, secrets replaced, cut at 1 MiB.
    pub output: String,
}
