//! What a CI's runner reads in a job's log besides text: groups and annotations. What it says is pure; [`Out`] prints it.
//!
//! The text between comes from commands that anybody may have written. It never starts a command of the runner: see [`tame`].

use super::{Out, printable};
use crate::pipeline::ci::CiSystem;
use jiff::Timestamp;

/// How loud an annotation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loud {
    /// Something came to nothing.
    Error,
    /// Something to look at.
    Warning,
}

impl Loud {
    /// The word that runners have for it.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Loud::Error => "error",
            Loud::Warning => "warning",
        }
    }
}

impl Out {
    /// Prints lines under a title that can be folded away, all at once. Says whether the runner has such groups: otherwise
    /// nothing is printed.
    pub fn group(&self, system: CiSystem, title: &str, lines: &[String], now: Timestamp) -> bool {
        let text = group(system, title, lines, now);
        if let Some(text) = text.as_ref().filter(|_| !self.quiet && !self.json) {
            self.stderr(text);
        }
        text.is_some()
    }

    /// Prints an annotation, where the runner has them.
    pub fn annotation(&self, system: CiSystem, loud: Loud, message: &str) {
        if let Some(text) = annotation(system, loud, message).filter(|_| !self.json) {
            self.stderr(&text);
        }
    }
}

/// Whether a runner folds groups of lines.
pub fn has_groups(system: CiSystem) -> bool {
    group(system, "", &[], Timestamp::UNIX_EPOCH).is_some()
}

fn group(system: CiSystem, title: &str, lines: &[String], now: Timestamp) -> Option<String> {
    let title = tame(system, &title.replace('\n', " "));
    let (open, close) = match system {
        CiSystem::GitHub => (format!("::group::{}", escaped(system, &title)), "::endgroup::".to_owned()),
        CiSystem::AzurePipelines => (format!("##[group]{title}"), "##[endgroup]".to_owned()),
        CiSystem::GitLab => {
            let second = now.as_second();
            let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
            // A title comes again with each attempt, and a name must not.
            let name = format!("{}_{}", title.chars().map(plain).collect::<String>(), now.as_nanosecond());
            (
                format!("\x1b[0Ksection_start:{second}:{name}[collapsed=true]\r\x1b[0K{title}"),
                format!("\x1b[0Ksection_end:{second}:{name}\r\x1b[0K"),
            )
        }
        CiSystem::Buildkite => (format!("--- {title}"), String::new()),
        _ => return None,
    };
    let tamed = lines.iter().map(|line| tame(system, line));
    let all = std::iter::once(open).chain(tamed).chain((!close.is_empty()).then_some(close));
    Some(all.collect::<Vec<_>>().join("\n"))
}

fn annotation(system: CiSystem, loud: Loud, message: &str) -> Option<String> {
    let loud = loud.as_str();
    let message = escaped(system, &tame(system, message));
    match system {
        CiSystem::GitHub => Some(format!("::{loud}::{message}")),
        CiSystem::AzurePipelines => Some(format!("##vso[task.logissue type={loud}]{message}")),
        _ => None,
    }
}

/// A text that starts no command of a runner, on one line or on several.
///
/// GitHub takes `::command` at the beginning of a line (actions/runner, `ActionCommand.TryParseV2`) and `##[command]` anywhere
/// in it (`TryParse`); Azure Pipelines `##vso[` anywhere (agent, `Command.TryParse`) and `##[` at the beginning; GitLab an
/// escape sequence; Buildkite `---`, `+++`, `~~~` and `^^^` at the beginning. Each is broken up.
fn tame(system: CiSystem, text: &str) -> String {
    let begins: &[&str] = match system {
        CiSystem::GitHub => &["::"],
        CiSystem::Buildkite => &["---", "+++", "~~~", "^^^"],
        _ => &[],
    };
    let printable = printable(text);
    let lines = printable.split('\n').map(|line| {
        let line = match system {
            // Twice: the first leaves two of three together.
            CiSystem::GitHub | CiSystem::AzurePipelines if line.contains('[') => {
                line.replace("##", "# #").replace("##", "# #")
            }
            _ => line.to_owned(),
        };
        match begins.iter().any(|sign| line.trim_start().starts_with(sign)) {
            // Leading space is trimmed before a command is looked for.
            true => format!("| {line}"),
            false => line,
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// A value in a command: a line break would end it.
pub(super) fn escaped(system: CiSystem, text: &str) -> String {
    let percent = match system {
        // The agent's `CommandStringConvertor`.
        CiSystem::AzurePipelines => "%AZP25",
        _ => "%25",
    };
    text.replace('%', percent).replace('\r', "%0D").replace('\n', "%0A")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SYSTEMS: [CiSystem; 4] = [CiSystem::GitHub, CiSystem::AzurePipelines, CiSystem::GitLab, CiSystem::Buildkite];

    #[test]
    fn groups_and_annotations_are_in_the_runners_own_language() {
        let lines = ["one".to_owned()];
        let text = |system| group(system, "sign: failed", &lines, Timestamp::from_second(7).unwrap());
        for (system, expected) in [
            (CiSystem::GitHub, "::group::sign: failed\none\n::endgroup::"),
            (CiSystem::AzurePipelines, "##[group]sign: failed\none\n##[endgroup]"),
            (
                CiSystem::GitLab,
                "\x1b[0Ksection_start:7:sign__failed_7000000000[collapsed=true]\r\x1b[0Ksign: failed\none\n\x1b[0Ksection_end:7:sign__failed_7000000000\r\x1b[0K",
            ),
            (CiSystem::Buildkite, "--- sign: failed\none"),
        ] {
            assert_eq!(text(system).as_deref(), Some(expected));
        }
        assert_eq!((text(CiSystem::Jenkins), has_groups(CiSystem::Jenkins)), (None, false));
        for (system, loud, expected) in [
            (CiSystem::GitHub, Loud::Error, Some("::error::50%25 of%0Atwo")),
            (CiSystem::AzurePipelines, Loud::Warning, Some("##vso[task.logissue type=warning]50%AZP25 of%0Atwo")),
            (CiSystem::GitLab, Loud::Error, None),
        ] {
            assert_eq!(annotation(system, loud, "50% of\ntwo").as_deref(), expected);
        }
    }

    #[test]
    fn no_text_starts_a_command() {
        let evil = "::error::x\n  ::set-env name=A::b\n##vso[task.setvariable variable=A]b\nx ##[error]y\n###vso[a]\r::debug::z\n--- a\n +++ b\n~~~ c\n^^^ +++\n\x1b[0Ksection_start:1:a\r\x1b[0Kb";
        for system in SYSTEMS {
            let tamed = tame(system, evil);
            for line in tamed.lines() {
                let start = line.trim_start();
                assert!(!line.contains(['\r', '\x1b']), "{system:?}: {line:?}");
                assert!(system != CiSystem::GitHub || !start.starts_with("::"), "{line:?}");
                let hashes = matches!(system, CiSystem::GitHub | CiSystem::AzurePipelines);
                assert!(!hashes || !(line.contains("##[") || line.contains("##vso[")), "{line:?}");
                let signs = ["---", "+++", "~~~", "^^^"];
                assert!(system != CiSystem::Buildkite || !signs.iter().any(|sign| start.starts_with(sign)), "{line:?}");
            }
            let inside = group(system, evil, &[evil.to_owned()], Timestamp::UNIX_EPOCH).unwrap();
            let opened = inside.matches("::group::").count() + inside.matches("##[group]").count();
            assert!(opened <= 1 && inside.matches("\x1b[0Ksection_start").count() <= 1, "{inside:?}");
        }
    }
}
