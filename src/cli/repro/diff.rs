//! `ci-tool repro diff`.

use crate::{
    cli::{Session, exit},
    error::Result,
    ops::repro::diff::{Change, Compared, Difference, diff},
};
use serde_json::{Value, json};

/// Tell two captures apart: job, machine, environment, tools, files
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Examples:\n  ci-tool repro diff k3v9 7m2x\n  ci-tool repro diff k3v9 7m2x --output json",
    after_help = "Times of files do not count. Ends with 0, whether they differ or not; with 3 when what is damaged was not compared."
)]
pub struct Args {
    /// A capture, by the beginning of its id
    first: String,
    /// Another
    second: String,
}

/// Runs the verb.
pub(super) async fn run(session: &Session, args: Args) -> Result<u8> {
    let world = session.world(false)?;
    let Compared { differences, lost } = diff(&world, &args.first, &args.second).await?;
    let out = &session.out;
    lost.iter().for_each(|lost| out.warn(&format!("not compared: {}", lost.error().message())));
    if out.is_json() {
        let list: Vec<Value> = differences.iter().map(value).collect();
        out.json(&json!({ "schema": 1, "differences": list }));
    } else if differences.is_empty() {
        out.text("no difference");
    } else {
        let lines: Vec<String> = differences.iter().map(line).collect();
        out.text(&lines.join("\n"));
    }
    Ok(if lost.is_empty() { exit::DONE } else { exit::PARTLY })
}

fn value(d: &Difference) -> Value {
    let change = match d.change {
        Change::Added => "added",
        Change::Removed => "removed",
        Change::Changed => "changed",
    };
    json!({ "area": d.area, "name": d.name, "change": change, "before": d.before, "after": d.after })
}

fn line(d: &Difference) -> String {
    let values = match (&d.before, &d.after) {
        (Some(before), Some(after)) => format!("{before} → {after}"),
        (Some(one), None) | (None, Some(one)) => one.clone(),
        (None, None) => "not saved, being secret".into(),
    };
    format!("{} {} {}: {}", d.change.sign(), d.area, d.name, values.replace(['\n', '\r'], " "))
}
