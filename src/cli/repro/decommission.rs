//! `ci-tool repro decommission`.

use crate::{
    cli::{Session, exit, global::Change, out},
    error::{Error, Kind, Result},
    ops::repro::decommission::{Gone, Plan, Which, decommission, plan},
    pipeline::{id::Id, record::Record},
};
use serde_json::{Value, json};

/// Remove captures without a trace
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:\n  ci-tool repro decommission k3v9\n  ci-tool repro decommission --expired --yes")]
pub struct Args {
    /// The captures, by the beginnings of their ids
    #[arg(required_unless_present = "expired", conflicts_with = "expired")]
    ids: Vec<String>,
    /// All that are past their expiry
    #[arg(long)]
    expired: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    change: Change,
}

/// Runs the verb.
pub(super) async fn run(session: &Session, args: Args) -> Result<u8> {
    let world = session.world(args.change.dry_run)?;
    let which = if args.expired { Which::Expired } else { Which::Named(args.ids.clone()) };
    let plan = plan(&world, &which).await?;
    let out = &session.out;
    let count = plan.captures.len() + plan.begun.len();
    if count == 0 {
        if out.is_json() {
            out.json(&json!({ "schema": 1, "dry_run": world.dry_run, "removed": [] }));
        } else {
            out.note("nothing to remove");
        }
        return Ok(exit::DONE);
    }
    if world.dry_run {
        let all: Vec<&Record> = plan.begun.iter().chain(&plan.captures).collect();
        if out.is_json() {
            let list: Vec<Value> = all.iter().map(|r| json!({ "id": r.id, "bytes": r.totals.stored })).collect();
            out.json(&json!({ "schema": 1, "dry_run": true, "removed": list }));
        } else {
            let lines: Vec<String> = all.iter().map(|r| format!("would remove {}", describe(r))).collect();
            out.text(&lines.join("\n"));
        }
        return Ok(exit::DONE);
    }
    confirm(session, &args, &plan)?;
    let gone = decommission(&world, plan).await?;
    if out.is_json() {
        let list: Vec<Value> = gone.iter().map(value).collect();
        out.json(&json!({ "schema": 1, "dry_run": false, "removed": list }));
    } else {
        let lines: Vec<String> = gone.iter().map(|g| line(g, &world.store.url())).collect();
        out.text(&lines.join("\n"));
    }
    Ok(exit::DONE)
}

fn value(gone: &Gone) -> Value {
    let shared = gone.shared.as_ref().map(|s| json!({ "bytes": s.bytes, "by": s.by }));
    json!({ "id": gone.id, "objects": gone.objects, "bytes": gone.bytes, "shared": shared })
}

fn line(gone: &Gone, store: &str) -> String {
    let removed =
        format!("{} is gone: {}, {}", gone.id, out::count(gone.objects, "object", "objects"), out::bytes(gone.bytes));
    match &gone.shared {
        None => format!("{removed}; nothing of it is left in {store}"),
        Some(shared) if shared.by.is_empty() => {
            format!(
                "{removed}; {} stay until a save that is at work has ended: `ci-tool repro gc`",
                out::bytes(shared.bytes)
            )
        }
        Some(shared) => {
            let by: Vec<&str> = shared.by.iter().map(Id::as_str).collect();
            format!(
                "{removed}; {} stay in {store} because {} need them, and go with the last of these",
                out::bytes(shared.bytes),
                by.join(", ")
            )
        }
    }
}

/// Asks for the id where there is one capture and for the number where there are more. Finishing what was begun is not asked.
fn confirm(session: &Session, args: &Args, plan: &Plan) -> Result<()> {
    if args.yes || plan.captures.is_empty() {
        return Ok(());
    }
    let out = &session.out;
    let refused = |why: &str| {
        Err(Error::new(Kind::Usage, why).hint("--yes removes without asking; --dry-run shows what would go"))
    };
    if !out.can_ask() {
        return refused("removing captures needs a confirmation, and there is no terminal to ask on");
    }
    for record in &plan.captures {
        out.note(&format!("remove {}", describe(record)));
    }
    let (what, expected) = match plan.captures.as_slice() {
        [one] => ("its id", one.id.to_string()),
        more => ("their number", more.len().to_string()),
    };
    match out.ask(&format!("{} altogether. Type {what} ({expected}) to remove for ever:", out::bytes(plan.bytes()))) {
        Some(answer) if answer == expected => Ok(()),
        _ => refused("not confirmed: nothing was removed"),
    }
}

fn describe(record: &Record) -> String {
    format!("{} ({}, {}, {})", record.id, record.job.name, record.outcome.show(), out::bytes(record.totals.stored))
}
