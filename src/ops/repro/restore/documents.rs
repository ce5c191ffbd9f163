//! `REPRO.md` and the scripts: what a person finds beside the tree.

use super::{Layout, environment::rewrite, needs::NEEDS, scripts};
use crate::{
    capture::{drift::Row, drift::State, machine::docker_run},
    error::{Error, Result},
    ops::repro::show::Shown,
    pipeline::{
        details::ProblemKind,
        duration,
        markdown::{code, text},
    },
};
use std::{fmt::Write as _, fs, path::Path, time::Duration};

/// More items than this of a list are counted, not named: the rest is in `ci-tool repro show`.
const LIST_MAX: usize = 50;

/// What the documents say.
pub struct Input<'a> {
    /// The capture.
    pub shown: &'a Shown,
    /// The directory.
    pub into: &'a Path,
    /// How this machine differs.
    pub drift: &'a [Row],
    /// Files that could not be restored.
    pub failed: &'a [(String, Error)],
    /// What the directory is for.
    pub layout: Layout,
}

/// Writes the README and the scripts.
///
/// # Errors
/// I/O.
pub fn write(input: &Input<'_>) -> Result<()> {
    let details = &input.shown.details;
    let environment = rewrite(&details.environment, &details.roots);
    let scripts = scripts::all(details, &environment);
    for script in &scripts {
        put(&input.into.join(format!("{}.sh", script.name)), &script.sh, true)?;
        put(&input.into.join(format!("{}.ps1", script.name)), &script.ps1, false)?;
    }
    put(&input.into.join("REPRO.md"), &readme(input, &environment, &scripts), false)
}

fn put(path: &Path, text: &str, executable: bool) -> Result<()> {
    let failed = |e| Error::io("writing", path, e);
    // A link that somebody put there is not written through.
    if fs::symlink_metadata(path).is_ok() {
        fs::remove_file(path).map_err(failed)?;
    }
    fs::write(path, text).map_err(failed)?;
    if executable {
        make_executable(path).map_err(failed)?;
    }
    Ok(())
}

#[cfg(unix)]
fn make_executable(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn make_executable(_: &Path) -> std::io::Result<()> {
    Ok(())
}

fn readme(input: &Input<'_>, environment: &super::Rewritten, scripts: &[scripts::Script]) -> String {
    let mut out = String::new();
    failure(&mut out, input);
    use_it(&mut out, input, environment, scripts);
    ready(&mut out, input);
    missing(&mut out, input);
    drifted(&mut out, input);
    out
}

fn failure(out: &mut String, input: &Input<'_>) {
    let (record, details) = (&input.shown.record, &input.shown.details);
    line(out, &format!("# {}: {}\n", text(&record.job.name), record.outcome.show()));
    let revision = &record.revision;
    let rows = [
        ("Capture", Some(record.id.to_string())),
        ("Command", scripts::command_line(details)),
        ("Directory", Some(details.directory.clone())),
        ("Ran for", record.outcome.duration_ms.map(|ms| duration::show(Duration::from_millis(ms)))),
        ("Saved", Some(jiff::Timestamp::from_second(record.created.as_second()).unwrap_or(record.created).to_string())),
        ("Owner", record.owner.clone()),
        ("Build", record.job.build.clone()),
        ("Page", record.job.url.clone()),
        ("Repository", revision.repository.clone()),
        (
            "Commit",
            revision
                .commit
                .clone()
                .map(|c| if revision.dirty == Some(true) { format!("{c} (with changes)") } else { c }),
        ),
        ("Branch", revision.branch.clone()),
        ("Pull request", revision.pull_request.clone()),
    ];
    for (name, value) in rows {
        if let Some(value) = value {
            line(out, &format!("- {name}: {}", code(&value)));
        }
    }
    if record.parts.log.is_some() {
        line(out, "- Output: `job.log`");
    }
    list(
        out,
        "\n## Failed tests\n",
        details.failed_tests.iter().map(|test| {
            let message = test.message.as_ref().map(|m| format!(": {}", text(m))).unwrap_or_default();
            let alone = test.command.as_ref().map(|c| format!("\n  run it alone: {}", code(c))).unwrap_or_default();
            format!("{}{message}{alone}", code([&test.suite, &test.name].map(String::as_str).join(" ").trim()))
        }),
    );
}

fn use_it(out: &mut String, input: &Input<'_>, environment: &super::Rewritten, all: &[scripts::Script]) {
    let details = &input.shown.details;
    line(out, "\n## Working on it\n");
    line(out, "The tree is in `workspace`. Each script has a twin for PowerShell (`.ps1`).\n");
    for script in all.iter().filter(|s| s.name != "env") {
        line(out, &format!("- `./{}.sh` {}", script.name, script.purpose));
    }
    if let Some(image) = details.machine.container.as_ref().and_then(|c| c.image.clone()) {
        line(
            out,
            &format!("\nThe job ran in a container. In `workspace`:\n\n    {}", docker_run(&image, &details.directory)),
        );
    }
    if !environment.own.is_empty() {
        line(out, &format!("\nLeft as you have them: {}.", codes(&environment.own)));
    }
    if !environment.moved.is_empty() {
        line(out, &format!("\nRewritten to this directory: {}.", codes(&environment.moved)));
    }
    if details.embedding_count > 0 {
        line(
            out,
            &format!(
                "\n{} files hold the old path {} themselves and were left as they are",
                details.embedding_count,
                code(&details.roots.first().map(|r| r.path.clone()).unwrap_or_default())
            ),
        );
        line(out, "(on Linux, `ci-tool repro restore ID --same-path` reruns with the tree at that path):\n");
        list(out, "", details.embedding.iter().map(|p| code(p)));
    }
}

fn ready(out: &mut String, input: &Input<'_>) {
    let ready = &input.shown.details.ready;
    if ready.prerequisites.is_empty() {
        return;
    }
    line(out, "\n## Needed\n");
    for (name, version) in &ready.prerequisites {
        let wanted = version.as_ref().map(|v| format!(" {}", text(v))).unwrap_or_default();
        let found = input.drift.iter().find(|row| row.what.strip_prefix(NEEDS) == Some(name));
        let state = match found.map(|row| (row.state, row.present.clone())) {
            Some((State::Same, present)) => format!("here: {}", text(&present.unwrap_or_default())),
            Some((State::Different, present)) => {
                format!("**another version is here: {}**", text(&present.unwrap_or_default()))
            }
            Some((State::Missing, _)) => "**missing**".into(),
            None => "not looked for".into(),
        };
        line(out, &format!("- {}{wanted}: {state}", code(name)));
    }
    if ready.setup.is_some() {
        line(out, "\n`./setup.sh` is the job's own way to install them.");
    }
}

fn missing(out: &mut String, input: &Input<'_>) {
    let details = &input.shown.details;
    // All of them: this is what has to be provided.
    list_all(
        out,
        "\n## Removed because secret\n\nWhat the job needs of these you have to provide yourself.\n",
        details.removed.iter().map(|r| format!("{} {} {}: {}", r.place, code(&r.name), r.action, text(&r.reason))),
    );
    list(
        out,
        "\n## Not saved, or not as it was\n",
        details.problems.iter().map(|p| {
            let what = match p.kind {
                ProblemKind::Special => "left out, it is",
                ProblemKind::Changed => "saved as it was read:",
                ProblemKind::Vanished => "not saved:",
                ProblemKind::Unreadable | ProblemKind::NotUnicode => "could not be saved:",
            };
            format!("{} {what} {}", code(&p.path), text(&p.detail))
        }),
    );
    list(
        out,
        "\n## Damaged in the store\n\nThese could not be restored.\n",
        input.failed.iter().map(|(path, error)| format!("{}: {}", code(path), text(error.message()))),
    );
    list(out, "\n## Excluded from the capture\n", details.excluded.iter().map(|p| code(p)));
}

fn drifted(out: &mut String, input: &Input<'_>) {
    if input.layout == Layout::Portable {
        return;
    }
    let different: Vec<&Row> =
        input.drift.iter().filter(|row| row.state != State::Same && !row.what.starts_with(NEEDS)).collect();
    if different.is_empty() {
        line(out, "\n## What differs here\n\nNothing that was compared: system, architecture, tools.");
        return;
    }
    line(out, "\n## What differs here\n");
    line(out, "| what | saved | here |\n|---|---|---|");
    for row in different {
        let here = row.present.clone().unwrap_or_else(|| "missing".into());
        line(out, &format!("| {} | {} | {} |", text(&row.what), text(&row.saved), text(&here)));
    }
}

fn list(out: &mut String, title: &str, items: impl ExactSizeIterator<Item = String>) {
    let count = items.len();
    list_all(out, title, items.take(LIST_MAX));
    if count > LIST_MAX {
        line(out, &format!("- … and {} more: `ci-tool repro show ID`", count - LIST_MAX));
    }
}

fn list_all(out: &mut String, title: &str, items: impl ExactSizeIterator<Item = String>) {
    if items.len() == 0 {
        return;
    }
    if !title.is_empty() {
        line(out, title);
    }
    items.for_each(|item| line(out, &format!("- {item}")));
}

fn line(out: &mut String, text: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{text}");
}

fn codes(names: &[String]) -> String {
    names.iter().map(|n| code(n)).collect::<Vec<_>>().join(", ")
}
