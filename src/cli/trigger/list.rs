//! `ci-tool trigger list`.

use crate::{
    cli::{
        Session, exit,
        out::{Align, Table},
    },
    error::Result,
    ops::trigger::{
        session::{list, read},
        summary::{Outcome, Summary},
    },
};
use serde_json::json;
use std::num::NonZeroUsize;

/// List the sessions, the latest first
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:\n  ci-tool trigger list\n  ci-tool trigger list --limit 100 --output json")]
pub struct Args {
    /// At most so many
    #[arg(long, value_name = "N", default_value = "20")]
    limit: NonZeroUsize,
    /// Only those that are not over
    #[arg(long)]
    open: bool,
}

/// Runs the verb.
pub(super) async fn run(session: &Session, args: Args) -> Result<u8> {
    let world = session.world(false)?;
    let out = &session.out;
    let mut sessions = Vec::new();
    for listed in list(&world, usize::MAX).await? {
        if sessions.len() >= args.limit.get() {
            break;
        }
        match read(&world, &listed.id).await {
            Ok(read) if args.open && read.ended => {}
            Ok(read) => sessions.push(read),
            Err(error) => out.warn(&format!("{}: {}", error.message(), error.causes().join(": "))),
        }
    }
    if out.is_json() {
        let rows: Vec<_> = sessions
            .iter()
            .map(|read| {
                let summary = Summary::of(read).after(&read.passed_over);
                json!({
                    "session": read.opening.session,
                    "opened": read.opened,
                    "changed": read.changed,
                    "verb": read.opening.verb,
                    "engine": read.opening.engine,
                    "title": read.opening.title,
                    "ended": read.ended,
                    "summary": summary,
                    "outcome": summary.outcome(),
                })
            })
            .collect();
        out.json(&json!({ "schema": 1, "sessions": rows }));
        return Ok(exit::DONE);
    }
    let mut table = Table::new(&[
        ("SESSION", Align::Left),
        ("BEGUN", Align::Left),
        ("ENGINE", Align::Left),
        ("VERB", Align::Left),
        ("WHAT", Align::Left),
        ("RUNS", Align::Right),
        ("PASSED", Align::Right),
        ("FAILED", Align::Right),
        ("STATE", Align::Left),
    ]);
    for read in &sessions {
        let summary = Summary::of(read);
        let state = match (read.ended, summary.with(&read.passed_over).outcome(), &read.cancelling) {
            (false, ..) => "open",
            (true, Outcome::Passed, _) => "passed",
            (true, Outcome::Failed, _) => "failed",
            (true, _, Some(_)) => "cancelled",
            (true, _, None) => "partly",
        };
        table.row([
            read.opening.session.to_string(),
            read.opened.strftime("%Y-%m-%d %H:%M").to_string(),
            read.opening.engine.clone(),
            read.opening.verb.as_str().into(),
            read.opening.title.clone(),
            summary.requested.to_string(),
            summary.passed.to_string(),
            summary.failed.to_string(),
            state.into(),
        ]);
    }
    out.table(&table);
    if sessions.is_empty() && args.open {
        out.note("no session is open; `ci-tool trigger list` shows those that are over");
    } else if sessions.is_empty() {
        out.note("there are no sessions; `ci-tool trigger range` begins one");
    }
    Ok(exit::DONE)
}
