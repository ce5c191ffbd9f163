//! `ci-tool repro show`.

use super::{
    list::{age, expiry, seconds, state, summary},
    save::length,
};
use crate::{
    capture::history::names,
    cli::{Session, exit, out},
    error::{Error, Result},
    ops::repro::{
        links::links,
        show::{Shown, dump, dump_names, log, show, unsearched_in},
    },
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
    /// Print what this command of `repro.dump` said instead, by its name in the list of dumps
    #[arg(long, value_name = "NAME", conflicts_with = "log")]
    dump: Option<String>,
    /// Print a download link to each of its objects instead, good for this long (Azure, at most 7d); whoever has it can read
    #[arg(long, value_name = "DURATION", value_parser = length, conflicts_with_all = ["log", "dump"])]
    links: Option<Duration>,
}

/// Runs the verb.
pub(super) async fn run(session: &Session, args: Args) -> Result<u8> {
    let world = session.world(false)?;
    let shown = show(&world, &args.id).await?;
    let out = &session.out;
    if let Some(valid) = args.links {
        let links = links(&world, &shown.record, valid).await?;
        if out.is_json() {
            let list: Vec<_> = links.iter().map(|(key, url)| json!({ "key": key, "url": url })).collect();
            out.json(&json!({ "schema": 1, "id": shown.record.id, "links": list }));
        } else {
            out.text(&links.into_iter().map(|(_, url)| url).collect::<Vec<_>>().join("\n"));
        }
        return Ok(exit::DONE);
    }
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
    if let Some(name) = &args.dump {
        out.bytes(dump(&shown, name)?.output.as_bytes());
        return Ok(exit::DONE);
    }
    let now = (world.now)();
    // All else can be told without the list of the files.
    let unsearched = unsearched_in(&world, &shown.record).await.unwrap_or_else(|error| {
        out.warn(&format!("the list of the files cannot be read: {}", error.message()));
        Vec::new()
    });
    if out.is_json() {
        let capture = summary(&shown.record, now);
        out.json(&json!({ "schema": 1, "capture": capture, "details": shown.details, "not_searched": unsearched }));
    } else {
        out.text(&text(&shown, &unsearched, now));
    }
    Ok(exit::DONE)
}

fn text(shown: &Shown, unsearched: &[String], now: jiff::Timestamp) -> String {
    let (record, details) = (&shown.record, &shown.details);
    let mut text = String::new();
    let mut field = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{name:<12} {}", value.replace(['\n', '\r'], " "));
        }
    };
    let (revision, outcome, totals) = (&record.revision, &record.outcome, &record.totals);
    let stored = if record.has_tree() { record.format.as_str() } else { "no files" };
    field("capture", Some(format!("{} ({}, {stored})", record.id, state(record, now))));
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
    let stored = out::bytes(totals.stored);
    field(
        "contents",
        Some(match record.has_tree() {
            true => format!(
                "{}, {}, {stored} in the store",
                out::count(totals.entries, "file or folder", "files and folders"),
                out::bytes(totals.bytes),
            ),
            false => format!("no files, the failure being known; {stored} in the store"),
        }),
    );
    field("repeats", (!record.has_tree()).then(|| names(&record.repeats)));
    field("environment", Some(out::count(details.environment.len(), "variable", "variables")));
    for root in &details.roots {
        field("tree", Some(format!("{} was {}", root.prefix, root.path)));
    }
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
    section(&mut text, "not searched for secrets, being compressed", unsearched.iter().cloned());
    section(
        &mut text,
        "not saved, or not as it was",
        details.problems.iter().map(|p| format!("{}: {} ({})", p.path, p.kind.as_str(), p.detail)),
    );
    section(&mut text, "excluded", details.excluded.iter().cloned());
    let names = dump_names(&details.dumps);
    section(
        &mut text,
        &format!("dumps (ci-tool repro show {} --dump NAME)", record.id),
        details.dumps.iter().zip(names).map(|(dump, name)| {
            let end = dump.exit_code.map_or("could not be run or took too long".into(), |code| format!("exit {code}"));
            format!("{name}: {}: {end}, {}", dump.command, out::bytes(dump.output.len() as u64))
        }),
    );
    section(&mut text, "tools", details.tool_versions().iter().map(|(name, version)| format!("{name}: {version}")));
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
