//! `ci-tool route queues`.

use super::{
    generate::{self, Generate},
    job::RulesArgs,
};
use crate::{
    cli::{
        Session, exit,
        out::{Align, Table},
    },
    error::{Error, Kind, Result},
    ops::route::rules::{Origin, Queue, Rules},
};
use clap::Subcommand;
use serde_json::{Value, json};

/// List queues, show what each inherits from where, and write the twins that are missing
#[derive(Debug, Subcommand)]
#[command(
    before_help = "Examples:\n  ci-tool route queues list\n  ci-tool route queues show windows.10.amd64.svc --why"
)]
pub(super) enum Verb {
    List(List),
    Show(Show),
    Generate(Generate),
}

/// List the queues
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:\n  ci-tool route queues list\n  ci-tool route queues list --output json")]
pub(super) struct List {
    #[command(flatten)]
    rules: RulesArgs,
}

/// Show a queue with all that it inherits
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Examples:\n  ci-tool route queues show windows.10.amd64.svc\n  ci-tool route queues show windows.10.amd64.svc --why"
)]
pub(super) struct Show {
    /// The queue's name
    name: String,
    /// Say of each field where it comes from, with file and line
    #[arg(long)]
    why: bool,
    #[command(flatten)]
    rules: RulesArgs,
}

/// Runs a verb.
pub(super) fn run(session: &Session, verb: Verb) -> Result<u8> {
    match verb {
        Verb::List(args) => list(session, &args.rules.load(session)?),
        Verb::Show(args) => return show(session, &args),
        Verb::Generate(args) => return generate::run(session, args),
    }
    Ok(exit::DONE)
}

fn base<'a>(rules: &'a Rules, queue: &Queue) -> Option<&'a str> {
    queue.base.as_ref().map(|base| rules.queue(base.value).name.as_str())
}

fn list(session: &Session, rules: &Rules) {
    if session.out.is_json() {
        let queue = |queue: &Queue| {
            json!({
                "name": queue.name,
                "subscription": queue.subscription,
                "scale_set": queue.scale_set,
                "on_premises": queue.on_premises,
                "base": base(rules, queue),
                "at": queue.place.to_string(),
            })
        };
        let queues: Vec<Value> = rules.queues.iter().map(queue).collect();
        return session.out.json(&json!({ "schema": 1, "rules": rules.hash, "queues": queues }));
    }
    let columns =
        [("QUEUE", Align::Left), ("SUBSCRIPTION", Align::Left), ("SCALE SET", Align::Left), ("BASE", Align::Left)];
    let mut table = Table::new(&columns);
    for queue in &rules.queues {
        let machines = match queue.on_premises {
            true => "on premises".into(),
            false => queue.scale_set.clone().unwrap_or_default(),
        };
        let base = base(rules, queue).unwrap_or("-").to_owned();
        table.row([queue.name.clone(), queue.subscription.clone(), machines, base]);
    }
    session.out.table(&table);
}

fn show(session: &Session, args: &Show) -> Result<u8> {
    let rules = args.rules.load(session)?;
    let number = rules.find(&args.name).ok_or_else(|| {
        let error = Error::new(Kind::NotFound, format!("the queue {:?} is not in the rules", args.name));
        match rules.nearest(&args.name) {
            Some(near) => error.hint(format!("did you mean {near}? ci-tool route queues show {near}")),
            None => error.hint("`ci-tool route queues list` shows those that are"),
        }
    })?;
    let queue = rules.queue(number);
    if session.out.is_json() {
        let fields: serde_json::Map<String, Value> = queue
            .fields
            .iter()
            .map(|f| {
                let place = f.origin.place().to_string();
                (f.name.clone(), json!({ "value": f.value, "from": from(&f.origin), "at": place }))
            })
            .collect();
        session.out.json(&json!({
            "schema": 1,
            "name": queue.name,
            "at": queue.place.to_string(),
            "base": base(&rules, queue),
            "base_at": queue.base.as_ref().map(|base| base.place.to_string()),
            "fields": fields,
        }));
        return Ok(exit::DONE);
    }
    let mut table = match args.why {
        true => {
            Table::new(&[("FIELD", Align::Left), ("VALUE", Align::Left), ("FROM", Align::Left), ("AT", Align::Left)])
        }
        false => Table::new(&[("FIELD", Align::Left), ("VALUE", Align::Left)]),
    };
    let mut row = |name: &str, value: String, from: String, at: String| match args.why {
        true => table.row([name.to_owned(), value, from, at]),
        false => table.row([name.to_owned(), value]),
    };
    row("name", queue.name.clone(), "its own".into(), queue.place.to_string());
    if let Some(base) = &queue.base {
        row("base", rules.queue(base.value).name.clone(), "its own".into(), base.place.to_string());
    }
    for field in &queue.fields {
        let value = field.value.as_str().map_or_else(|| field.value.to_string(), str::to_owned);
        row(&field.name, value, from(&field.origin), field.origin.place().to_string());
    }
    session.out.table(&table);
    Ok(exit::DONE)
}

/// Where a field comes from, in words.
fn from(origin: &Origin) -> String {
    match origin {
        Origin::Own(_) => "its own".into(),
        Origin::Inherited { from, .. } => from.clone(),
        Origin::Redirection(_) => "the redirection".into(),
        Origin::Standard(_) => "standard".into(),
        Origin::Name(_) => "its name".into(),
    }
}
