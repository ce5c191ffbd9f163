//! `ci-tool repro show`.

use super::list::{age, expiry, seconds, state, summary};
use crate::{
    cli::{Session, exit, out},
    error::{Error, Result},
    ops::repro::show::{Shown, log, show},
    pipeline::duration,
};
use serde_json::json;
use std::{fmt::Write, io::Read, time::Duration};

/// Show who saved what, when, on which commit, how it failed, and what is in it
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:\n  ci-tool repro show k3v9\n  ci-tool repro show k3v9 --log")]
pub struct Args {
    /// The capture, by the beginning of its id
    id: String,
    /// Print the job's output instead
    #[arg(long)]
    log: bool,
}

/// Runs the verb.
pub(super) async fn run(session: &Session, args: Args) -> Result<u8> {
    let world = session.world(false)?;
    let shown = show(&world, &args.id).await?;
    let out = &session.out;
    if args.log {
        let Some(mut reader) = log(&world, &shown.record).await? else {
            out.note(&format!("capture {} has no log", shown.record.id));
            return Ok(exit::DONE);
        };
        let mut block = vec![0; 64 << 10];
        loop {
            let n = reader
                .read(&mut block)
                .map_err(|e| Error::new(crate::error::Kind::Corrupt, "reading the log").with_source(e))?;
            if n == 0 {
                return Ok(exit::DONE);
            }
            out.bytes(&block[..n]);
        }
    }
    let now = (world.now)();
    if out.is_json() {
        out.json(&json!({ "schema": 1, "capture": summary(&shown.record, now), "details": shown.details }));
    } else {
        out.text(&text(&shown, now));
    }
    Ok(exit::DONE)
}

fn text(shown: &Shown, now: jiff::Timestamp) -> String {
    let (record, details) = (&shown.record, &shown.details);
    let mut text = String::new();
    let mut field = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{name:<12} {}", value.replace(['\n', '\r'], " "));
        }
    };
    let (revision, outcome, totals) = (&record.revision, &record.outcome, &record.totals);
    field("capture", Some(format!("{} ({}, {})", record.id, state(record, now), record.format.as_str())));
    field("job", Some(record.job.name.clone()));
    field("build", record.job.build.clone());
    field("page", record.job.url.clone());
    field("ci", Some(record.job.system.clone()));
    field("owner", record.owner.clone());
    field("saved", Some(format!("{} ({} ago)", seconds(record.created), age(record.created, now))));
    field("expires", Some(format!("{} ({})", seconds(record.expires), expiry(record, now))));
    field("repository", revision.repository.clone());
    let dirty = if revision.dirty == Some(true) { " (with changes)" } else { "" };
    field("commit", revision.commit.as_ref().map(|c| format!("{c}{dirty}")));
    field("branch", revision.branch.clone());
    let target = revision.target.as_ref().map(|t| format!(" into {t}")).unwrap_or_default();
    field("pull request", revision.pull_request.as_ref().map(|p| format!("{p}{target}")));
    field("command", outcome.command.clone());
    field("directory", Some(details.directory.clone()));
    let took = outcome.duration_ms.map(|ms| format!(" after {}", duration::show(Duration::from_millis(ms))));
    field("outcome", Some(format!("{}{}", outcome.show(), took.unwrap_or_default())));
    let facts = details.machine_facts();
    let machine = ["distribution", "kernel", "architecture", "cpu"].iter().filter_map(|name| facts.get(*name).cloned());
    field("machine", Some(machine.collect::<Vec<_>>().join(", ")));
    field("container", facts.get("container").cloned());
    field(
        "contents",
        Some(format!(
            "{} files and folders, {}, {} in the store",
            totals.entries,
            out::bytes(totals.bytes),
            out::bytes(totals.stored)
        )),
    );
    field("environment", Some(format!("{} variables", details.environment.len())));
    for root in &details.roots {
        field("tree", Some(format!("{} was {}", root.prefix, root.path)));
    }
    section(&mut text, "tools", details.tool_versions().iter().map(|(name, version)| format!("{name}: {version}")));
    section(
        &mut text,
        "failed tests",
        details.failed_tests.iter().map(|t| {
            let message = t.message.as_ref().map(|m| format!(": {m}")).unwrap_or_default();
            format!("{} {}{message}", t.suite, t.name).trim().to_owned()
        }),
    );
    section(
        &mut text,
        "removed because secret",
        details.removed.iter().map(|r| format!("{} {}: {} ({})", r.place, r.name, r.action, r.reason)),
    );
    section(
        &mut text,
        "removed, but too short or common to be searched for elsewhere",
        details.not_searched.iter().cloned(),
    );
    section(
        &mut text,
        "not saved, or not as it was",
        details.problems.iter().map(|p| format!("{}: {} ({})", p.path, p.kind.as_str(), p.detail)),
    );
    section(&mut text, "excluded", details.excluded.iter().cloned());
    section(&mut text, "dumps", details.dumps.iter().map(|d| format!("{}: {} bytes", d.command, d.output.len())));
    text
}

fn section(text: &mut String, title: &str, lines: impl Iterator<Item = String>) {
    let mut lines = lines.peekable();
    if lines.peek().is_some() {
        let _ = writeln!(text, "\n{title}");
        for line in lines {
            let _ = writeln!(text, "  {}", line.replace(['\n', '\r'], " "));
        }
    }
}
