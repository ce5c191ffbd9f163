//! `ci-tool engine check`.

use crate::{
    cli::{
        Session, engine_named, exit,
        out::{Align, Table},
    },
    config::LOCAL,
    engine::{Check, Engine},
    error::{Error, Kind, Result},
    ops::trigger::{
        changes::{Changes, Known, compare, last_look, named_by_sessions, remember},
        jobs::expected,
    },
    world::World,
};
use serde::Serialize;

/// Prove address, credentials and permissions of CI systems, and say what is missing
///
/// Compares the jobs that each has with those of ci-tool.yaml, of recent sessions and of the last check: new, vanished and
/// renamed ones are named. Changes nothing but what is remembered of the last check.
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Examples:\n  ci-tool engine check\n  ci-tool engine check ci nightly --output json",
    after_help = "Ends with 0 when everything holds or cannot be told; with 4 when something is denied; with 5 when anything else does not hold, also when ci-tool.yaml names a job that the engine does not have."
)]
pub(in crate::cli) struct Args {
    /// The systems, by their names under `engines:`; all when there are none
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Do not remember the jobs for the next check
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Serialize)]
struct Report {
    name: String,
    checks: Vec<Check>,
    denied: bool,
    /// How the jobs differ; missing where they could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    jobs: Option<Changes>,
}

/// Runs the verb.
pub(super) async fn run(session: &Session, args: Args) -> Result<u8> {
    let settings = &session.config.trigger;
    // This machine is always there; it is of use where it is meant or has something to run.
    let here = settings.engine == LOCAL || settings.jobs.values().any(|job| job.run.is_some());
    let all = || settings.engines.keys().filter(|name| here || *name != LOCAL).cloned().collect();
    let names: Vec<String> = if args.names.is_empty() { all() } else { args.names };
    let world = session.world(args.dry_run)?;
    if let Some(strange) = names.iter().find(|name| !settings.engines.contains_key(*name)) {
        engine_named(&session.config.trigger, &session.env, strange, &settings.jobs, world.stop.clone())?;
    }
    let mut reports = Vec::new();
    for name in names {
        session.out.note(&format!("checking {name}"));
        reports.push(session.reading(&world, report(session, &world, &name)).await?);
    }
    match session.out.is_json() {
        true => session.out.json(&serde_json::json!({ "schema": 1, "engines": reports })),
        false => show(session, &reports),
    }
    Ok(code(&reports))
}

async fn report(session: &Session, world: &World, name: &str) -> Result<Report> {
    let opened =
        engine_named(&session.config.trigger, &session.env, name, &session.config.trigger.jobs, world.stop.clone());
    let engine = match opened {
        Ok(engine) => engine,
        Err(error) => return Ok(failed(name, Vec::new(), "settings", &error)),
    };
    let checks = engine.check().await;
    let denied = checks.iter().any(denies);
    if checks.iter().any(|check| check.holds == Some(false)) {
        return Ok(Report { name: name.into(), checks, denied, jobs: None });
    }
    let jobs = match engine.jobs(None).await {
        Ok(jobs) => jobs.into_iter().map(|job| job.name).collect(),
        Err(error) => return Ok(failed(name, checks, "permission to list the jobs", &error)),
    };
    let known = known(session, world, &*engine).await?;
    let changes = compare(&jobs, &known);
    remember(world, name, &jobs).await?;
    Ok(Report { name: name.into(), checks, denied, jobs: Some(changes) })
}

async fn known(session: &Session, world: &World, engine: &dyn Engine) -> Result<Known> {
    let (name, here) = (engine.name(), engine.abilities().in_process);
    let configured = expected(name, here, &session.config.trigger.jobs);
    // On this machine sessions also have commands that are no jobs of the configuration.
    let sessions = if here { Default::default() } else { named_by_sessions(world, name).await? };
    Ok(Known {
        before: last_look(world, name).await?,
        configured: configured.into_iter().map(|(own, name)| (own.to_owned(), name.to_owned())).collect(),
        sessions,
    })
}

/// A report that ends with what could not be done.
fn failed(name: &str, mut checks: Vec<Check>, what: &str, error: &Error) -> Report {
    let hint = error.hints().first().cloned();
    checks.push(Check { what: what.into(), holds: Some(false), seen: error.in_full(), hint });
    Report { name: name.into(), checks, denied: error.kind() == Kind::Denied, jobs: None }
}

/// Whether a check that does not hold is a matter of who is asking.
fn denies(check: &Check) -> bool {
    let of_the_caller = check.what.starts_with("credentials") || check.what.starts_with("permission");
    check.holds == Some(false) && of_the_caller
}

fn code(reports: &[Report]) -> u8 {
    let broken = |report: &Report| {
        let configuration = report.jobs.as_ref().is_some_and(Changes::breaks_configuration);
        configuration || report.checks.iter().any(|check| check.holds == Some(false))
    };
    match (reports.iter().any(|report| report.denied), reports.iter().any(broken)) {
        (true, _) => Kind::Denied.exit_code(),
        (false, true) => exit::NEGATIVE,
        (false, false) => exit::DONE,
    }
}

fn show(session: &Session, reports: &[Report]) {
    let mut table =
        Table::new(&[("ENGINE", Align::Left), ("WHAT", Align::Left), ("HOLDS", Align::Left), ("SEEN", Align::Left)]);
    for report in reports {
        for check in &report.checks {
            let holds = check.holds.map_or("?", |holds| if holds { "yes" } else { "no" });
            table.row([report.name.clone(), check.what.clone(), holds.into(), check.seen.clone()]);
        }
        for [what, seen] in report.jobs.iter().flat_map(|changes| told(&report.name, changes)) {
            table.row([report.name.clone(), what, "-".into(), seen]);
        }
    }
    session.out.table(&table);
    for hint in reports.iter().flat_map(|report| &report.checks).filter(|check| check.holds != Some(true)) {
        hint.hint.iter().for_each(|text| session.out.note(&format!("hint: {}: {text}", hint.what)));
    }
}

/// How the jobs differ, in words.
fn told(engine: &str, changes: &Changes) -> Vec<[String; 2]> {
    let gone = changes.gone.iter().map(|gone| {
        let what = if gone.renamed_to.is_some() { "renamed" } else { "vanished" };
        let mut seen = gone.name.clone();
        if let Some(new) = &gone.renamed_to {
            seen.push_str(&format!(" may be {new} now"));
        }
        if let Some(name) = &gone.configured {
            let new = gone.renamed_to.as_deref().unwrap_or("ITS-NAME-THERE");
            seen.push_str(&format!(
                "; ci-tool.yaml: jobs: {{{name}: {{as: {{{engine}: {new}}}}}}}, or take {name} away"
            ));
        }
        [what.to_owned(), seen]
    });
    gone.chain(changes.new.iter().map(|name| ["new".to_owned(), name.clone()])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::trigger::changes::Gone;

    fn check(what: &str, holds: Option<bool>) -> Check {
        Check { what: what.into(), holds, seen: String::new(), hint: None }
    }

    fn reported(checks: Vec<Check>, gone: &[Option<&str>]) -> Report {
        let gone = gone.iter().map(|configured| Gone {
            name: "unit".into(),
            configured: configured.map(str::to_owned),
            known_from: Vec::new(),
            renamed_to: None,
        });
        let jobs = Some(Changes { gone: gone.collect(), new: Vec::new() });
        Report { name: "ci".into(), denied: checks.iter().any(denies), checks, jobs }
    }

    #[test]
    fn what_is_denied_weighs_more_than_what_does_not_hold() {
        let (yes, unknown) = (|| check("address", Some(true)), || check("permission to start jobs", None));
        for (reports, expected) in [
            (vec![], 0),
            (vec![reported(vec![yes(), unknown()], &[])], 0),
            (vec![reported(vec![yes()], &[None])], 0),
            (vec![reported(vec![yes()], &[Some("unit")])], 5),
            (vec![reported(vec![check("address", Some(false))], &[])], 5),
            (vec![reported(vec![check("credentials", Some(false))], &[])], 4),
            (
                vec![
                    reported(vec![check("address", Some(false))], &[]),
                    reported(vec![check("permission to start jobs", Some(false))], &[]),
                ],
                4,
            ),
        ] {
            assert_eq!(code(&reports), expected, "{reports:?}");
        }
    }
}
