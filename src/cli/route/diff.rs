//! `ci-tool route diff`.

use crate::{
    cli::{
        Session, exit, out,
        out::{Align, Table},
    },
    error::Result,
    ops::route::{
        diff::{Move, Moves, diff, open},
        job::Job,
        rules::Rules,
    },
};
use serde_json::{Value, json};
use std::{io, path::PathBuf};

/// Lines of a list are printed so many bytes at a time.
const BLOCK: usize = 1 << 16;

/// Show which jobs of a recorded month would go elsewhere under other rules
///
/// A job moves when the queue or its subscription differs. Jobs are lines of JSON, as `route batch` reads them.
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Examples:\n  ci-tool route diff rules.yaml new.yaml --jobs last-month.jsonl\n  git show main:rules.yaml > old.yaml && ci-tool route diff old.yaml rules.yaml --jobs last-month.jsonl --list",
    after_help = "Ends with 3 when a line is no job. With --output json, --list writes one object a line."
)]
pub(super) struct Args {
    /// The rules as they are
    old: PathBuf,
    /// The rules as they would be
    new: PathBuf,
    /// The jobs; - is standard input
    #[arg(long, value_name = "FILE")]
    jobs: PathBuf,
    /// List every job that moves, instead of one example for each pair of queues
    #[arg(long)]
    list: bool,
    /// End with 5 when a job moves
    #[arg(long)]
    exit_code: bool,
}

/// Runs the verb.
pub(super) fn run(session: &Session, args: &Args) -> Result<u8> {
    let (old, new) = (Rules::load(&args.old)?, Rules::load(&args.new)?);
    let mut list = List { session, on: args.list, text: String::new() };
    let each = |moved: &Move<'_>| list.add(moved);
    let moves = match args.jobs.as_os_str() == "-" {
        true => diff(&old, &new, io::stdin().lock(), each)?,
        false => diff(&old, &new, open(&args.jobs)?, each)?,
    };
    list.flush();
    let out = &session.out;
    match (args.list, out.is_json()) {
        (true, _) => {}
        (false, true) => {
            let mut value = json!(moves);
            if let Value::Object(map) = &mut value {
                map.insert("schema".into(), 1.into());
                map.insert("old".into(), old.hash.clone().into());
                map.insert("new".into(), new.hash.clone().into());
            }
            out.json(&value);
        }
        (false, false) => table(session, &moves),
    }
    out.note(&summary(&moves));
    if let Some(line) = moves.unreadable_line {
        let lines = out::count(moves.unreadable, "line is", "lines are");
        out.warn(&format!("{lines} no job, the first of them {line}"));
        return Ok(exit::PARTLY);
    }
    Ok(if args.exit_code && !moves.is_none() { exit::NEGATIVE } else { exit::DONE })
}

fn table(session: &Session, moves: &Moves<'_>) {
    let columns = [("JOBS", Align::Right), ("FROM", Align::Left), ("TO", Align::Left), ("FOR EXAMPLE", Align::Left)];
    let mut table = Table::new(&columns);
    for group in &moves.groups {
        let example = format!("line {}: {}", group.line, told(&group.example));
        table.row([group.count.to_string(), group.from.to_string(), format!("→ {}", group.to), example]);
    }
    session.out.table(&table);
}

fn summary(moves: &Moves<'_>) -> String {
    let mut text = format!("{} of {} would move", moves.moved, out::count(moves.jobs, "job", "jobs"));
    for (count, what) in [
        (moves.broken, "would begin to fail"),
        (moves.mended, "would cease to fail"),
        (moves.failing, "fail under both"),
    ] {
        if count > 0 {
            text.push_str(&format!("; {count} {what}"));
        }
    }
    text
}

/// What decides of a job, in a line.
fn told(job: &Job) -> String {
    let known = [
        ("on", &job.branch),
        ("for", &job.pr_target),
        ("of", &job.repository),
        ("by", &job.reason),
        ("not looked up:", &job.lookup_failed),
    ];
    let known = known.iter().filter_map(|(word, value)| Some(format!(" {word} {}", value.as_deref()?)));
    (job.queue.clone() + &known.collect::<String>()).replace(['\n', '\r'], " ")
}

/// Prints moves as they are found.
struct List<'a> {
    session: &'a Session,
    on: bool,
    text: String,
}

impl List<'_> {
    fn add(&mut self, moved: &Move<'_>) -> Result<()> {
        if !self.on {
            return Ok(());
        }
        if self.session.out.is_json() {
            let object =
                json!({ "schema": 1, "line": moved.line, "job": moved.job, "from": moved.from, "to": moved.to });
            self.text.push_str(&object.to_string());
        } else {
            let Move { line, from, to, job } = moved;
            self.text.push_str(&format!("{line}: {from} → {to}: {}", told(job)));
        }
        self.text.push('\n');
        if self.text.len() > BLOCK {
            self.flush();
        }
        Ok(())
    }

    fn flush(&mut self) {
        if !self.text.is_empty() {
            self.session.out.text(&self.text);
            self.text.clear();
        }
    }
}
