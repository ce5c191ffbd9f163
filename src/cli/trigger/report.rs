//! What came of a session, and what a plan would do.

use super::live::{name, shown};
use crate::{
    cli::{
        Session as Program, exit,
        out::{Align, Table, count},
    },
    ops::trigger::{
        plan::{Item, Need, PassedOver, Plan},
        session::{Hunt, Session, Tracked},
        summary::{Outcome, Summary},
    },
    pipeline::run::{State, Verdict},
};
use serde_json::json;

/// Prints a plan that is not carried out.
pub(super) fn plan(program: &Program, engine: &str, plan: &Plan, hunt: Option<Hunt>) {
    let out = &program.out;
    if out.is_json() {
        out.json(&json!({ "schema": 1, "dry_run": true, "engine": engine, "plan": plan }));
        return;
    }
    let mut table =
        Table::new(&[("JOB", Align::Left), ("REVISION", Align::Left), ("RUNS", Align::Right), ("WHY", Align::Left)]);
    for (job, revision, runs) in grouped(plan) {
        let item = plan.items.iter().find(|item| item.job == job && item.revision == revision);
        table.row([
            job.into(),
            short(revision).into(),
            runs.to_string(),
            item.map(|item| after(plan, item)).unwrap_or_default(),
        ]);
    }
    for passed_over in &plan.passed_over {
        table.row([
            passed_over.job.clone(),
            short(&passed_over.revision).into(),
            "0".into(),
            passed_over.why.to_string(),
        ]);
    }
    out.table(&table);
    tell(program, plan, hunt);
    out.note(&format!("a dry run on {engine}: nothing was triggered"));
}

/// What an item waits for, in words.
fn after(plan: &Plan, item: &Item) -> String {
    let jobs = item.needs.iter().filter_map(|need| match need {
        Need::Item(number) => Some(plan.items.get(*number)?.job.as_str()),
        Need::Run(run) => Some(run.job.as_str()),
    });
    let jobs: Vec<&str> = jobs.collect();
    if jobs.is_empty() { String::new() } else { format!("after {}", jobs.join(", ")) }
}

/// Says how much a plan is. That of a hunt holds its first batch, and its estimate is for all.
pub(super) fn tell(program: &Program, plan: &Plan, hunt: Option<Hunt>) {
    let out = &program.out;
    plan.notes.iter().for_each(|note| out.note(note));
    let time = match plan.estimate {
        Some(estimate) => {
            let samples = count(estimate.samples, "earlier run", "earlier runs");
            format!(", about {} of machine time by {samples}", seconds(estimate.seconds))
        }
        None => ", for a time that no earlier run tells".into(),
    };
    let over = match plan.passed_over.len() {
        0 => String::new(),
        number => format!("; {number} passed over"),
    };
    match (hunt, plan.items.len()) {
        (_, 0) => {}
        (Some(Hunt { batch, max }), _) => out.note(&format!("at most {max} runs, {batch} at a time{time}")),
        (None, runs) => out.note(&format!("{}{time}{over}", count(runs, "run", "runs"))),
    }
}

/// Jobs and revisions with how many runs each gets, in order.
fn grouped(plan: &Plan) -> Vec<(&str, &str, usize)> {
    let mut groups: Vec<(&str, &str, usize)> = Vec::new();
    for item in &plan.items {
        match groups.iter_mut().find(|(job, revision, _)| *job == item.job && *revision == item.revision) {
            Some((_, _, runs)) => *runs += 1,
            None => groups.push((&item.job, &item.revision, 1)),
        }
    }
    groups
}

/// Prints what came of a session, and returns the exit code. `waited` is whether the command was to see its end.
pub(super) fn session(program: &Program, session: &Session, waited: bool) -> u8 {
    with(program, session, waited, serde_json::Map::new())
}

/// As [`session`], with what more there is to tell in JSON.
pub(super) fn with(
    program: &Program,
    session: &Session,
    waited: bool,
    more: serde_json::Map<String, serde_json::Value>,
) -> u8 {
    let summary = Summary::of(session).after(&session.passed_over);
    let out = &program.out;
    if out.is_json() {
        let mut document = json!({ "schema": 1, "session": session, "summary": summary, "outcome": summary.outcome() });
        document.as_object_mut().into_iter().for_each(|map| map.extend(more.clone()));
        out.json(&document);
    } else {
        out.table(&table(&session.items, &session.passed_over));
    }
    say(program, session, summary, waited);
    code(&summary, waited)
}

/// Prints why a plan asks for nothing.
pub(super) fn nothing(program: &Program, plan: &Plan, summary: &Summary) {
    let out = &program.out;
    if out.is_json() {
        out.json(&json!({ "schema": 1, "session": null, "plan": plan, "summary": summary }));
        return;
    }
    if !plan.passed_over.is_empty() {
        out.table(&table(&[], &plan.passed_over));
    }
    let had = [(summary.passed, "passed"), (summary.failed, "failed"), (summary.open, "are not over")];
    let had: Vec<String> = had.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
    let had = if had.is_empty() { String::new() } else { format!(": of the runs that there are, {}", had.join(", ")) };
    out.note(&format!("nothing is to be triggered{had}"));
}

fn say(program: &Program, session: &Session, summary: Summary, waited: bool) {
    let out = &program.out;
    let id = &session.opening.session;
    let own = Summary::of(session);
    let mut parts = vec![format!("{} requested", own.requested), format!("{} ran", own.ran)];
    for (number, what) in [
        (own.passed, "passed"),
        (own.failed, "failed"),
        (own.collapsed, "collapsed and issued again"),
        (own.open, "running or waiting"),
        (own.expected, "still to be asked for"),
        (own.uncertain, "uncertain"),
        (own.cancelled, "cancelled"),
        (own.nothing, "came to nothing"),
    ] {
        if number > 0 {
            parts.push(format!("{number} {what}"));
        }
    }
    out.note(&format!("{}: {}", session.opening.title, parts.join(", ")));
    for tracked in session.items.iter().filter(|tracked| tracked.state() == State::Uncertain) {
        out.warn(&format!(
            "{}: nobody knows whether it was taken: look at the engine, then\n  \
             ci-tool trigger resolve {id} {} --run RUN, or --resend, or --drop",
            name(tracked),
            tracked.item.number
        ));
    }
    if summary.outcome() == Outcome::Pending {
        let why = if own.expected > 0 && !waited {
            "what is still to be asked for would be folded into what waits, and is asked for by whoever watches"
        } else if waited {
            "time is up"
        } else {
            "it was submitted"
        };
        out.note(&format!("{why}; to follow it: ci-tool trigger watch {id}"));
    }
}

/// The exit code of what came of a session.
pub(super) fn code(summary: &Summary, waited: bool) -> u8 {
    match summary.outcome() {
        Outcome::Passed => exit::DONE,
        Outcome::Failed => exit::NEGATIVE,
        Outcome::Partly => exit::PARTLY,
        // Who did not want to wait has what was asked for, unless something could not be asked for yet.
        Outcome::Pending if !waited && summary.expected == 0 => exit::DONE,
        Outcome::Pending => exit::PENDING,
    }
}

/// A row for each job at each revision.
fn table(items: &[Tracked], passed_over: &[PassedOver]) -> Table {
    let mut keys: Vec<(&str, &str)> = Vec::new();
    let of_items = items.iter().map(|t| (t.item.job.as_str(), t.item.revision.as_str()));
    for key in passed_over.iter().map(|p| (p.job.as_str(), p.revision.as_str())).chain(of_items) {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    let mut table =
        Table::new(&[("JOB", Align::Left), ("REVISION", Align::Left), ("RUNS", Align::Left), ("LOOK AT", Align::Left)]);
    for (job, revision) in keys {
        let items: Vec<&Tracked> = items.iter().filter(|t| t.item.job == job && t.item.revision == revision).collect();
        let over = passed_over.iter().filter(|p| p.job == job && p.revision == revision);
        let mut states: Vec<(State, usize)> = Vec::new();
        for tracked in &items {
            match states.iter_mut().find(|(state, _)| *state == tracked.state()) {
                Some((_, number)) => *number += 1,
                None => states.push((tracked.state(), 1)),
            }
        }
        let mut told: Vec<String> = states.iter().map(|(state, number)| format!("{number} {state}")).collect();
        told.extend(over.map(|p| p.why.to_string()));
        table.row([job.into(), short(revision).into(), told.join(", "), look_at(&items)]);
    }
    table
}

/// The run that is worth a look: one that failed, else one that came to nothing, else the last.
fn look_at(items: &[&Tracked]) -> String {
    let failed = items.iter().find(|tracked| tracked.state().evidence() == Some(Verdict::Failed));
    let strange = items.iter().find(|tracked| tracked.state().evidence().is_none());
    let Some(tracked) = failed.or(strange).or(items.last()) else { return String::new() };
    let told = failed.or(strange).is_some();
    match tracked.run().and_then(|run| run.url.clone()) {
        // A log on this machine is worth a look where something is wrong.
        Some(url) if told || url.contains("://") => url,
        Some(_) => String::new(),
        None if tracked.state().evidence().is_none() => shown(tracked),
        None => String::new(),
    }
}

fn short(revision: &str) -> &str {
    revision.get(..10).unwrap_or(revision)
}

/// A time for people, from seconds.
pub(super) fn seconds(seconds: f64) -> String {
    match seconds {
        s if s < 1.0 => format!("{:.0} ms", s * 1000.0),
        s if s < 120.0 => format!("{s:.1} s"),
        s if s < 7200.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3600.0),
    }
}
