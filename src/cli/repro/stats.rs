//! `ci-tool repro stats`.

use super::list::summary;
use crate::{
    cli::{
        Session, exit,
        out::{self, Align, Table},
    },
    config::globs,
    error::Result,
    ops::repro::{
        list::Filter,
        stats::{Stats, Sums, stats},
    },
};
use serde_json::{Value, json};

/// Show what the captures take in the store, and how much they share
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:\n  ci-tool repro stats\n  ci-tool repro stats --job 'unit-*' --output json")]
pub struct Args {
    /// Only captures whose job matches this glob
    #[arg(long, value_name = "GLOB")]
    job: Option<String>,
    /// How many of the largest captures to name
    #[arg(long, value_name = "N", default_value_t = 5)]
    largest: usize,
}

/// Runs the verb.
pub(super) async fn run(session: &Session, args: Args) -> Result<u8> {
    let world = session.world(false)?;
    let job = args.job.map(|glob| globs("--job", &[glob])).transpose()?;
    let found = stats(&world, &Filter { job, ..Filter::default() }, args.largest).await?;
    if session.out.is_json() {
        let now = (world.now)();
        let jobs: Vec<Value> = found.jobs.iter().map(|(job, sums)| value(Some(job), sums)).collect();
        let largest: Vec<_> = found.largest.iter().map(|r| summary(r, now)).collect();
        session.out.json(&json!({ "schema": 1, "all": value(None, &found.all), "jobs": jobs, "largest": largest }));
    } else {
        print(session, &found);
    }
    Ok(exit::DONE)
}

fn value(job: Option<&str>, sums: &Sums) -> Value {
    let mut value = json!({ "captures": sums.captures, "repeats": sums.repeats, "logical": sums.logical, "stored": sums.stored, "ratio": sums.ratio() });
    if let Some(job) = job {
        value["job"] = job.into();
    }
    value
}

fn print(session: &Session, found: &Stats) {
    let mut table = Table::new(&[
        ("JOB", Align::Left),
        ("CAPTURES", Align::Right),
        ("NO FILES", Align::Right),
        ("CONTENT", Align::Right),
        ("STORED", Align::Right),
        ("RATIO", Align::Right),
    ]);
    let row = |name: &str, s: &Sums| {
        [
            name.to_owned(),
            s.captures.to_string(),
            s.repeats.to_string(),
            out::bytes(s.logical),
            out::bytes(s.stored),
            format!("{:.1}", s.ratio()),
        ]
    };
    found.jobs.iter().for_each(|(job, sums)| table.row(row(job, sums)));
    table.row(row("all", &found.all));
    session.out.table(&table);
    let mut largest = Table::new(&[("LARGEST", Align::Left), ("JOB", Align::Left), ("STORED", Align::Right)]);
    for record in &found.largest {
        largest.row([record.id.to_string(), record.job.name.clone(), out::bytes(record.totals.stored)]);
    }
    if !largest.is_empty() {
        session.out.text("");
        session.out.table(&largest);
    }
}
