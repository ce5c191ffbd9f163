//! `ci-tool route queues generate`.

use super::{
    job::RulesArgs,
    usage::{Period, nothing},
};
use crate::{
    cli::{Session, exit, out},
    error::Result,
    ops::route::{
        checklist::{Checklist, Wanted},
        rules::Rules,
        twins::{Heard, Needs, Twin, redirection, yaml},
        usage,
    },
};
use jiff::Timestamp;
use serde_json::json;
use std::{io, path::PathBuf};

/// Write the twins that jobs need and that are missing
///
/// The definitions inherit everything from their base and go below `queues:`. Nothing on premises gets a twin.
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Examples:\n  ci-tool route queues generate --suffix .svc --used-by usage.csv --since 200d >> queues.yaml\n  ci-tool route queues generate --suffix .svc --used-by usage.csv --checklist release/9.0 > checklist.md"
)]
pub(super) struct Generate {
    /// The suffix of the twins, as a redirection in the rules has it
    #[arg(long, value_name = "SUFFIX")]
    suffix: String,
    /// Files of usage; - is standard input
    #[arg(long, required = true, num_args = 1.., value_name = "FILE")]
    used_by: Vec<PathBuf>,
    #[command(flatten)]
    period: Period,
    /// Also those that exist
    #[arg(long, conflicts_with = "checklist")]
    all: bool,
    /// Instead, write what is to be done for a new servicing branch, as Markdown
    #[arg(long, value_name = "BRANCH")]
    checklist: Option<String>,
    /// The branch whose jobs the new one will have
    #[arg(long, value_name = "BRANCH", requires = "checklist", default_value = "main")]
    like: String,
    /// Only the jobs of this repository
    #[arg(long, value_name = "NAME", requires = "checklist")]
    repository: Option<String>,
    #[command(flatten)]
    rules: RulesArgs,
}

/// Runs the verb.
pub(super) fn run(session: &Session, args: Generate) -> Result<u8> {
    let rules = args.rules.load(session)?;
    let number = redirection(&rules, &args.suffix)?;
    let since = args.period.start(Timestamp::now())?;
    match args.checklist {
        Some(branch) => {
            let wanted = Wanted { branch, like: args.like, repository: args.repository, since };
            let mut checklist = Checklist::new(&rules, number, wanted)?;
            usage::read(&args.used_by, io::stdin().lock(), |row| checklist.see(row))?;
            print_checklist(session, &rules, &checklist.markdown()?);
        }
        None => {
            let mut needs = Needs::new(&rules, number, since);
            usage::read(&args.used_by, io::stdin().lock(), |row| needs.see(row))?;
            let heard = needs.heard();
            if heard.jobs == 0 {
                // That nothing is needed for nothing would be taken for all is there.
                return Err(nothing(heard.earlier));
            }
            print_twins(session, &rules, &needs.finish(), heard, args.all);
        }
    }
    Ok(exit::DONE)
}

fn print_checklist(session: &Session, rules: &Rules, markdown: &str) {
    match session.out.is_json() {
        true => session.out.json(&json!({ "schema": 1, "rules": rules.hash, "markdown": markdown })),
        false => session.out.text(markdown.trim_end()),
    }
}

fn print_twins(session: &Session, rules: &Rules, needed: &[Twin], heard: Heard, all: bool) {
    let wanted: Vec<&Twin> = needed.iter().filter(|twin| all || !twin.exists).collect();
    let definitions = yaml(wanted.iter().copied());
    let out = &session.out;
    if out.is_json() {
        let rules = &rules.hash;
        return out.json(&json!({ "schema": 1, "rules": rules, "heard": heard, "twins": wanted, "yaml": definitions }));
    }
    if !definitions.is_empty() {
        out.text(definitions.trim_end());
    }
    for (count, why) in [
        (heard.unknown, "on queues that the rules do not know: `ci-tool route audit` names them"),
        (heard.unclear, "without a branch, or without the target of a pull request: nobody knows what they need"),
    ] {
        if count > 0 {
            out.warn(&format!("passed over: {} {why}", out::count(count, "job", "jobs")));
        }
    }
    let there = needed.iter().filter(|twin| twin.exists).count();
    let twins = out::count(needed.len() as u64, "twin is", "twins are");
    out.note(&format!("{twins} needed; {there} there already"));
}
