//! What a save says at its end: to the person, to a script, to the CI.

use crate::{
    capture::history::names,
    capture::save::Saved,
    cli::{Session, out, repro::list::seconds},
    pipeline::{
        ci::CiSystem,
        duration,
        markdown::{code, text},
    },
    process::quote_sh,
    store,
    world::World,
};
use serde_json::json;

/// Says what was saved. Standard output is the command's where there was one: then the report goes to standard error.
pub(super) fn report(session: &Session, world: &World, saved: &Saved, had_command: bool) {
    let (out, record) = (&session.out, &saved.record);
    let system = session.ci().system;
    for problem in saved.unreadable() {
        out.warn(&format!("not saved: {}: {}", problem.path, problem.detail));
    }
    if !session.not_text.is_empty() {
        out.warn(&format!("variables that are not Unicode were not saved: {}", session.not_text.join(", ")));
    }
    if system != CiSystem::None && world.store.local_dir().is_some() && !world.dry_run {
        out.warn("the store is on this agent's disk and goes when the agent goes: name another with --store or CI_TOOL_STORE");
    }
    let whole = record.repeats.first().unwrap_or(&record.id);
    let restore = format!("ci-tool repro restore {whole}{}", store_flag(session));
    let report = if out.is_json() { as_json(world, saved, &restore) } else { as_text(world, saved, &restore) };
    if had_command && out.is_json() {
        out.stderr(&report);
    } else if had_command {
        out.note(&report);
    } else {
        out.text(&report);
    }
    if system != CiSystem::None && !world.dry_run && !out.is_json() {
        out.summary(system, &session.env, Some(out::Loud::Error), &summary(saved, &restore));
    }
}

fn as_json(world: &World, saved: &Saved, restore: &str) -> String {
    let record = &saved.record;
    json!({
        "schema": 1,
        "dry_run": world.dry_run,
        "id": record.id,
        "job": record.job.name,
        "outcome": record.outcome,
        "totals": record.totals,
        "signature": record.signature,
        "repeats": record.repeats,
        "took_ms": u64::try_from(saved.took.as_millis()).unwrap_or(u64::MAX),
        "store": world.store.url(),
        "expires": record.expires,
        "restore": restore,
    })
    .to_string()
}

fn as_text(world: &World, saved: &Saved, restore: &str) -> String {
    let (record, totals) = (&saved.record, &saved.record.totals);
    let files = format!("{} files and folders, {}", totals.entries, out::bytes(totals.bytes));
    let (store, expires) = (world.store.url(), seconds(record.expires));
    if !record.has_tree() {
        let earlier = names(&record.repeats);
        let saved = match world.dry_run {
            true => format!("would save {} without its files", record.job.name),
            false => format!("saved without files: {} ({}, {})", record.id, record.job.name, record.outcome.show()),
        };
        return format!(
            "{saved}; the same failure is kept in {earlier}: {restore}\n  in {store}, until {expires}; for the files of \
             this run, too, set CI_TOOL_REPRO=1 or say --keep-per-signature all"
        );
    }
    if world.dry_run {
        return format!("would save {files} of {} into {store}; it would expire {expires}", record.job.name);
    }
    let mut lines = vec![
        format!("saved {} ({}, {})", record.id, record.job.name, record.outcome.show()),
        format!("  {files}, stored as {} in {}", out::bytes(totals.stored), duration::show(saved.took)),
        format!("  in {store}, until {expires}"),
    ];
    if totals.removed > 0 {
        lines.push(format!("  {} secrets were removed: `ci-tool repro show {}` names them", totals.removed, record.id));
    }
    if totals.problems > 0 {
        lines.push(format!(
            "  {} files were left out or changed meanwhile: `ci-tool repro show {}`",
            totals.problems, record.id
        ));
    }
    lines.push(format!("give it back: {restore}"));
    lines.join("\n")
}

/// The job summary, in Markdown.
fn summary(saved: &Saved, restore: &str) -> String {
    let record = &saved.record;
    let (job, outcome) = (text(&record.job.name), text(&record.outcome.show()));
    let (title, size) = match record.has_tree() {
        true => (format!("### The environment of {job} was saved ({outcome})\n"), out::bytes(record.totals.bytes)),
        false => (
            format!("### {job} failed as before ({outcome})\n"),
            format!("without files; the same failure is kept in {}", names(&record.repeats)),
        ),
    };
    let mut lines = vec![
        title,
        format!("- capture {}, {size}", code(record.id.as_str())),
        format!("- kept until {}", seconds(record.expires)),
        format!("- give it back: {}", code(restore)),
    ];
    let failed = &saved.details.failed_tests;
    lines.extend(
        failed.iter().take(20).map(|t| format!("- failed: {}", code(format!("{} {}", t.suite, t.name).trim()))),
    );
    if failed.len() > 20 {
        lines.push(format!("- and {} more failed tests", failed.len() - 20));
    }
    lines.join("\n") + "\n"
}

/// What a command must say to find the same store.
fn store_flag(session: &Session) -> String {
    match &session.config.store {
        Some(url) => format!(" --store {}", quote_sh([store::redact(url)])),
        None => String::new(),
    }
}
