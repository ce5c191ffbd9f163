//! `ci-tool repro list`.

use super::save::length;
use crate::{
    cli::{
        Session, exit,
        out::{self, Align, Table},
    },
    config::globs,
    error::Result,
    ops::repro::list::{Filter, list},
    pipeline::{
        id::Id,
        record::{Format, Job, Outcome, Record, Revision, Totals},
    },
};
use jiff::Timestamp;
use serde::Serialize;
use std::time::Duration;

/// List the captures there are, the latest first
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Examples:\n  ci-tool repro list --job 'unit-*' --newer-than 7d\n  ci-tool repro list --owner ada --output json"
)]
pub struct Args {
    /// Only those whose owner's name or address holds this
    #[arg(long, value_name = "TEXT")]
    owner: Option<String>,
    /// Only those whose job matches this glob
    #[arg(long, value_name = "GLOB")]
    job: Option<String>,
    /// Only those of the commit that begins so
    #[arg(long, value_name = "SHA")]
    commit: Option<String>,
    /// Only those at least this old, for example 36h
    #[arg(long, value_name = "DURATION", value_parser = length)]
    older_than: Option<Duration>,
    /// Only those at most this old
    #[arg(long, value_name = "DURATION", value_parser = length)]
    newer_than: Option<Duration>,
    /// Only those past their expiry
    #[arg(long)]
    expired: bool,
    /// Count failures that repeat instead
    #[arg(long)]
    by_signature: bool,
}

#[derive(Debug, Serialize)]
struct Listing<'a> {
    schema: u32,
    captures: Vec<Summary<'a>>,
}

/// Runs the verb.
pub(super) async fn run(session: &Session, args: Args) -> Result<u8> {
    let world = session.world(false)?;
    let filter = Filter {
        owner: args.owner,
        job: args.job.map(|glob| globs("--job", &[glob])).transpose()?,
        commit: args.commit,
        older_than: args.older_than,
        newer_than: args.newer_than,
        expired: args.expired,
    };
    let listed = list(&world, &filter).await?;
    let now = (world.now)();
    let out = &session.out;
    if args.by_signature {
        super::signatures::print(session, &listed.captures, now);
    } else if out.is_json() {
        let captures = listed.captures.iter().map(|r| summary(r, now)).collect();
        out.json(&Listing { schema: 1, captures });
    } else {
        let mut table = Table::new(&[
            ("ID", Align::Left),
            ("JOB", Align::Left),
            ("BUILD", Align::Left),
            ("OUTCOME", Align::Left),
            ("COMMIT", Align::Left),
            ("OWNER", Align::Left),
            ("AGE", Align::Right),
            ("EXPIRY", Align::Left),
            ("SIZE", Align::Right),
            ("STATE", Align::Left),
        ]);
        listed.captures.iter().for_each(|r| table.row(row(r, now)));
        out.table(&table);
        if listed.captures.is_empty() {
            let missing = world.store.local_dir().is_some_and(|dir| !dir.exists());
            let store = world.store.url();
            out.note(&match (listed.total, missing) {
                (0, true) => format!("no captures in {store}: it does not exist until the first save makes it"),
                (0, false) => format!("no captures in {store}"),
                (1, _) => format!("the only capture in {store} does not match"),
                (total, _) => format!("none of {total} captures in {store} matches"),
            });
        }
    }
    for error in &listed.broken {
        out.error(error);
    }
    Ok(if listed.broken.is_empty() { exit::DONE } else { exit::PARTLY })
}

fn row(record: &Record, now: Timestamp) -> Vec<String> {
    let dash = |text: Option<&str>| text.unwrap_or("-").to_owned();
    vec![
        record.id.to_string(),
        record.job.name.clone(),
        dash(record.job.build.as_deref()),
        record.outcome.show(),
        dash(record.revision.commit.as_deref().map(|c| c.get(..10).unwrap_or(c))),
        dash(record.owner.as_deref()),
        format!("{} ago", age(record.created, now)),
        match expiry(record, now) {
            past if record.expires <= now => format!("expired {past}"),
            left => format!("expires {left}"),
        },
        if record.has_tree() { out::bytes(record.totals.bytes) } else { "no files".into() },
        state(record, now).into(),
    ]
}

/// A record as every command prints it in JSON.
#[derive(Debug, Serialize)]
pub(super) struct Summary<'a> {
    id: &'a Id,
    state: &'static str,
    job: &'a Job,
    owner: &'a Option<String>,
    created: Timestamp,
    expires: Timestamp,
    revision: &'a Revision,
    outcome: &'a Outcome,
    format: Format,
    signature: &'a Option<String>,
    repeats: &'a [Id],
    totals: Totals,
}

/// What is printed of a record.
pub(super) fn summary(record: &Record, now: Timestamp) -> Summary<'_> {
    Summary {
        id: &record.id,
        state: state(record, now),
        job: &record.job,
        owner: &record.owner,
        created: record.created,
        expires: record.expires,
        revision: &record.revision,
        outcome: &record.outcome,
        format: record.format,
        signature: &record.signature,
        repeats: &record.repeats,
        totals: record.totals,
    }
}

/// Complete captures are `kept` until their time has come.
pub(super) fn state(record: &Record, now: Timestamp) -> &'static str {
    if record.expires <= now { "expired" } else { "kept" }
}

/// A time for people: to the second.
pub(super) fn seconds(time: Timestamp) -> String {
    Timestamp::from_second(time.as_second()).unwrap_or(time).to_string()
}

/// How long ago.
pub(super) fn age(then: Timestamp, now: Timestamp) -> String {
    coarse(Duration::try_from(now.duration_since(then)).unwrap_or_default())
}

/// When it goes, seen from now.
pub(super) fn expiry(record: &Record, now: Timestamp) -> String {
    match Duration::try_from(record.expires.duration_since(now)) {
        Ok(left) if !left.is_zero() => format!("in {}", coarse(left)),
        _ => format!("{} ago", age(record.expires, now)),
    }
}

/// A duration by its largest unit only, rounded: columns stay narrow, and what is kept for 14 days is, a second later, not
/// kept for 13.
fn coarse(duration: Duration) -> String {
    let seconds = duration.as_secs_f64().round() as u64;
    // Each from where the next smaller one rounds up to it. Below two days a half of one would be too much to be wrong by.
    for (unit, length, least) in [('d', 86_400, 2 * 86_400 - 1800), ('h', 3600, 3600 - 30), ('m', 60, 60)] {
        if seconds >= least {
            return format!("{}{unit}", (seconds + length / 2) / length);
        }
    }
    format!("{}s", seconds.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_rounded_to_its_largest_unit() {
        for (seconds, expected) in [
            (0, "1s"),
            (59, "59s"),
            (60, "1m"),
            (3569, "59m"),
            (3599, "1h"),
            (84_000, "23h"),
            (86_399, "24h"),
            (36 * 3600, "36h"),
            (2 * 86_400 - 1, "2d"),
            (14 * 86_400 - 1, "14d"),
            (14 * 86_400, "14d"),
        ] {
            assert_eq!(coarse(Duration::from_secs(seconds)), expected, "{seconds}");
        }
    }
}
