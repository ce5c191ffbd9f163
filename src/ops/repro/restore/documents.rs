//! `REPRO.md` and the scripts: what a person finds beside the tree.

use super::{Layout, environment::rewrite, needs::NEEDS, scripts};
use crate::{
    capture::{drift::Row, drift::State, machine::docker_run, tiles::Lost},
    error::{Error, Kind, Result},
    ops::repro::show::{Shown, dump_names},
    pipeline::{
        details::{Dump, ProblemKind},
        duration,
        id::Id,
        markdown::{code, text},
        record::Outcome,
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
    /// What the manifest has lost.
    pub lost: &'a [Lost],
    /// What is compressed and so was not searched for secrets.
    pub unsearched: Vec<String>,
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
    dumps(&input.into.join("dump"), &details.dumps)?;
    put(&input.into.join("REPRO.md"), &readme(input, &environment, &scripts), false)
}

/// Writes the outputs that `repro.dump` asked for.
fn dumps(directory: &Path, dumps: &[Dump]) -> Result<()> {
    if dumps.is_empty() {
        return Ok(());
    }
    if fs::symlink_metadata(directory).is_ok_and(|found| found.is_symlink()) {
        return Err(Error::new(Kind::Exists, format!("the link {} is in the way", directory.display()))
            .hint("remove the link, or restore into a new directory: --into DIR"));
    }
    fs::create_dir_all(directory).map_err(|e| Error::io("making the directory", directory, e))?;
    for (dump, name) in dumps.iter().zip(dump_names(dumps)) {
        put(&directory.join(format!("{name}.txt")), &dump.output, false)?;
    }
    Ok(())
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
    said(&mut out, input);
    missing(&mut out, input);
    drifted(&mut out, input);
    out
}

fn failure(out: &mut String, input: &Input<'_>) {
    let (record, details) = (&input.shown.record, &input.shown.details);
    let outcome = if record.outcome == Outcome::default() { "saved by hand".into() } else { record.outcome.show() };
    line(out, &format!("# {}: {outcome}\n", text(&record.job.name)));
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
        &record.id,
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
                "\n{} the old path {} and stay as they are",
                if details.embedding_count == 1 {
                    "1 file holds".to_owned()
                } else {
                    format!("{} files hold", details.embedding_count)
                },
                code(&details.roots.first().map(|r| r.path.clone()).unwrap_or_default())
            ),
        );
        let id = &input.shown.record.id;
        let rerun = format!("ci-tool repro restore {id} --into . --same-path");
        let rerun = if scripts::can_rerun(details) { rerun } else { rerun + " --shell" };
        line(out, &format!("(on Linux, {} in this directory works with the tree at that path):\n", code(&rerun)));
        list(out, id, "", details.embedding.iter().map(|p| code(p)));
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

fn said(out: &mut String, input: &Input<'_>) {
    let dumps = &input.shown.details.dumps;
    let items = dumps.iter().zip(dump_names(dumps)).map(|(dump, name)| {
        let end = dump.exit_code.map_or("could not be run or took too long".into(), |exit| format!("exit {exit}"));
        format!("{}: {}, {end}", code(&format!("dump/{name}.txt")), code(&dump.command))
    });
    list(out, &input.shown.record.id, "\n## What the machine said\n", items);
}

fn missing(out: &mut String, input: &Input<'_>) {
    let (details, id) = (&input.shown.details, &input.shown.record.id);
    // All of them: this is what has to be provided.
    list_all(
        out,
        "\n## Removed because secret\n\nWhat the job needs of these you have to provide yourself.\n",
        details.removed.iter().map(|r| format!("{} {} {}: {}", r.place, code(&r.name), r.action, text(&r.reason))),
    );
    let compressed = input.unsearched.iter().map(|what| format!("{what}: compressed content is not searched"));
    let short = details.not_searched.iter().map(|what| text(what));
    let unsearched: Vec<String> = short.chain(compressed).collect();
    list(out, id, "\n## Not searched for secrets\n", unsearched.into_iter());
    list(
        out,
        id,
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
    let failed = input.failed.iter().map(|(path, error)| format!("{}: {}", code(path), text(error.message())));
    let lost = input.lost.iter().map(|lost| text(lost.error().message()));
    let damaged: Vec<String> = failed.chain(lost).collect();
    list(out, id, "\n## Damaged in the store\n\nThese could not be restored.\n", damaged.into_iter());
    list(out, id, "\n## Excluded from the capture\n", details.excluded.iter().map(|p| code(p)));
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

fn list(out: &mut String, id: &Id, title: &str, items: impl ExactSizeIterator<Item = String>) {
    let count = items.len();
    list_all(out, title, items.take(LIST_MAX));
    if count > LIST_MAX {
        line(out, &format!("- … and {} more: `ci-tool repro show {id}`", count - LIST_MAX));
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
