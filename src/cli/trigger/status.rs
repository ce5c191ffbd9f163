//! `ci-tool trigger status`.

use super::{
    ground::{Base, EngineArgs},
    jobs::jobs_at_revision,
    which::WhichArgs,
};
use crate::{
    cli::{
        Session, engine_named, exit, out,
        out::{Align, Table},
    },
    error::Result,
    ops::trigger::status::{Cell, Grid, Sessions, Standing, View, look},
    pipeline::{job::JobSpec, run::State},
    vcs::Revision,
};
use futures::{StreamExt, TryStreamExt, stream};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// So many jobs fit beside one another.
const COLUMNS: usize = 12;
/// How many revisions' configurations are read at once.
const AT_ONCE: usize = 4;

/// Show how jobs stand at revisions: a line a revision, the oldest first, a column a job
///
/// Without --job: the jobs that ran there, and those of ci-tool.yaml that can run on this engine. A job that nobody asked for
/// is not one that there is not at a revision, nor one of which the engine could not tell or does not remember.
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Examples:\n  ci-tool trigger status v1.4..main --job unit\n  ci-tool trigger status main --back 20 --exit-code --output json",
    after_help = "Ends with 0; with --exit-code, with 5 when some job failed at some revision."
)]
pub struct Args {
    #[command(flatten)]
    which: WhichArgs,
    /// Only this job, by its name in ci-tool.yaml or the engine's; can be repeated
    #[arg(long, value_name = "NAME", help_heading = "Jobs")]
    job: Vec<String>,
    /// End with 5 when some job failed
    #[arg(long)]
    exit_code: bool,
    #[command(flatten)]
    engine: EngineArgs,
}

#[derive(Debug, Serialize)]
struct Listing<'a> {
    schema: u32,
    engine: &'a str,
    #[serde(flatten)]
    grid: &'a Grid,
}

/// Runs the verb.
pub(super) async fn run(session: &Session, args: Args) -> Result<u8> {
    let base = args.engine.open(session, true).await?;
    let out = &session.out;
    let look = async {
        let revisions = args.which.select(&*base.vcs, false).await?;
        out.note(&format!("asking {} of {}", base.engine.name(), out::count(revisions.len(), "revision", "revisions")));
        let sessions = Sessions::latest(&base.world, base.engine.name()).await?;
        let views = match base.engine.abilities().in_process {
            true => views(session, &base, &revisions, &sessions).await?,
            false => Vec::new(),
        };
        look(&base.ground(), &views, &sessions, &revisions, &args.job).await
    };
    let grid = session.reading(&base.world, look).await?;
    match out.is_json() {
        true => out.json(&Listing { schema: 1, engine: base.engine.name(), grid: &grid }),
        false => show(session, &grid),
    }
    Ok(if args.exit_code && grid.failed() { exit::NEGATIVE } else { exit::DONE })
}

/// The engine with the jobs as they were for sessions, and as the configuration had them, for the revisions where these are
/// others than now.
async fn views(session: &Session, base: &Base, revisions: &[Revision], sessions: &Sessions) -> Result<Vec<View>> {
    let now = &session.config.trigger.jobs;
    let mut all: Vec<(BTreeMap<String, JobSpec>, bool, Vec<String>)> = Vec::new();
    let mut add = |jobs: BTreeMap<String, JobSpec>, whole: bool, revision: &Revision| match all
        .iter_mut()
        .find(|(known, of_all, _)| *known == jobs && *of_all == whole)
    {
        Some((.., at)) => at.push(revision.id.clone()),
        None => all.push((jobs, whole, vec![revision.id.clone()])),
    };
    for past in &sessions.sessions {
        let jobs = &past.opening.jobs;
        let asked: BTreeSet<&str> = past.items.iter().map(|tracked| tracked.item.revision.as_str()).collect();
        // The definitions of now are looked at anyway.
        if jobs.iter().any(|(name, spec)| now.get(name) != Some(spec)) {
            let own = revisions.iter().filter(|revision| asked.contains(revision.id.as_str()));
            own.for_each(|revision| add(jobs.clone(), false, revision));
        }
    }
    let read = revisions.iter().map(|revision| jobs_at_revision(session, &*base.vcs, &revision.id));
    let read: Vec<_> = stream::iter(read.collect::<Vec<_>>()).buffered(AT_ONCE).try_collect().await?;
    for (revision, jobs) in revisions.iter().zip(read) {
        jobs.filter(|jobs| jobs != now).into_iter().for_each(|jobs| add(jobs, true, revision));
    }
    let view = |(jobs, whole, revisions)| {
        let engine =
            engine_named(&session.config.trigger, &session.env, base.engine.name(), &jobs, base.world.stop.clone())?;
        Ok(View { engine, revisions, whole })
    };
    all.into_iter().map(view).collect()
}

fn show(session: &Session, grid: &Grid) {
    let out = &session.out;
    let colors = [(sign(State::Failed), "31"), (sign(State::Succeeded), "32")];
    out.signs(&rendered(grid), &colors);
    let met: BTreeSet<Standing> = grid.cells.iter().map(|cell| cell.state).collect();
    let states = grid.cells.iter().flat_map(|cell| cell.counts().into_keys()).map(Standing::Is);
    let legend: BTreeSet<Standing> = met.into_iter().chain(states).collect();
    let legend: Vec<String> = legend.into_iter().map(|one| format!("{} {}", mark(one), words(one))).collect();
    out.note(&legend.join(" · "));
    let whys: BTreeSet<String> =
        grid.cells.iter().filter_map(|cell| Some(format!("{}: {}", cell.job, cell.why.as_ref()?))).collect();
    whys.iter().chain(&grid.notes).for_each(|why| out.warn(why));
}

/// The grid as text. The names of the jobs are part of it, on a terminal or not; one revision with many jobs has a line a job.
fn rendered(grid: &Grid) -> String {
    let turned = grid.revisions.len() == 1 && grid.jobs.len() > COLUMNS;
    let width = if turned { grid.revisions.len() } else { grid.jobs.len() };
    let mut table = Table::new(&vec![("", Align::Left); width + 1]);
    let names = grid.revisions.iter().map(|revision| revision.short().to_owned());
    let corner = |text: &str| std::iter::once(text.to_owned());
    if turned {
        table.row(corner("JOB").chain(names));
        for (job, cell) in grid.jobs.iter().zip(grid.row(0)) {
            table.row([job.clone(), text(cell)]);
        }
    } else {
        table.row(corner("REVISION").chain(grid.jobs.iter().cloned()));
        for (at, name) in names.enumerate() {
            table.row(corner(&name).chain(grid.row(at).iter().map(text)));
        }
    }
    table.render(false)
}

/// `✓`, or `2✓ 1✗` when there are several runs.
fn text(cell: &Cell) -> String {
    let counts = cell.counts();
    match (cell.state, counts.values().sum::<usize>()) {
        (Standing::Is(_), 2..) => {
            let each: Vec<String> = counts.iter().map(|(state, count)| format!("{count}{}", sign(*state))).collect();
            each.join(" ")
        }
        (state, _) => mark(state).into(),
    }
}

fn mark(standing: Standing) -> &'static str {
    match standing {
        Standing::Is(state) => sign(state),
        Standing::NoSuchJob => "-",
        Standing::Unknown => "?",
    }
}

fn words(standing: Standing) -> String {
    match standing {
        Standing::Is(state) => state.to_string(),
        Standing::NoSuchJob => "no such job there".into(),
        Standing::Unknown => "not known".into(),
    }
}

/// A state in one sign.
fn sign(state: State) -> &'static str {
    match state {
        State::NeverScheduled => ".",
        State::Expected => "E",
        State::Pending => "P",
        State::Running => "R",
        State::Succeeded => "✓",
        State::SucceededWithIssues => "!",
        State::Failed => "✗",
        State::Infra => "I",
        State::TimedOut => "T",
        State::Cancelled => "C",
        State::Interrupted => "D",
        State::Coalesced => "M",
        State::Skipped => "S",
        State::Expired => "X",
        State::Uncertain => "U",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::run::Run;
    use jiff::Timestamp;

    fn cell(states: &[State], expected: usize, state: Standing) -> Cell {
        let runs = states.iter().map(|state| Run::new("1", "unit", *state)).collect();
        Cell { job: "unit".into(), revision: "a".into(), state, why: None, expected, runs }
    }

    #[test]
    fn every_standing_has_a_sign_of_its_own() {
        let all = State::ALL.map(Standing::Is).into_iter().chain([Standing::NoSuchJob, Standing::Unknown]);
        let signs: BTreeSet<&str> = all.map(mark).collect();
        assert_eq!(signs.len(), State::ALL.len() + 2);
    }

    #[test]
    fn a_cell_counts_what_is_more_than_one() {
        use State::*;
        for (states, expected, state, is) in [
            (&[][..], 0, Standing::Is(NeverScheduled), "."),
            (&[], 0, Standing::NoSuchJob, "-"),
            (&[], 0, Standing::Unknown, "?"),
            (&[], 1, Standing::Is(Expected), "E"),
            (&[], 3, Standing::Is(Expected), "3E"),
            (&[Succeeded], 0, Standing::Is(Succeeded), "✓"),
            (&[Succeeded], 1, Standing::Is(Succeeded), "1E 1✓"),
            (&[Failed, Succeeded, Succeeded], 0, Standing::Is(Failed), "2✓ 1✗"),
        ] {
            assert_eq!(text(&cell(states, expected, state)), is, "{states:?} {expected}");
        }
    }

    #[test]
    fn one_revision_with_many_jobs_has_a_line_a_job() {
        let revision = |id: &str| Revision {
            id: id.into(),
            number: None,
            author: String::new(),
            date: Timestamp::UNIX_EPOCH,
            subject: String::new(),
            paths: Vec::new(),
        };
        let grid = |revisions: &[&str], jobs: usize| Grid {
            revisions: revisions.iter().map(|id| revision(id)).collect(),
            jobs: (0..jobs).map(|job| format!("job{job}")).collect(),
            cells: vec![cell(&[], 0, Standing::NoSuchJob); revisions.len() * jobs],
            notes: Vec::new(),
        };
        for (revisions, jobs, lines) in [(&["a"][..], 12, 2), (&["a"], 13, 14), (&["a", "b"], 13, 3)] {
            assert_eq!(rendered(&grid(revisions, jobs)).lines().count(), lines, "{revisions:?} {jobs}");
        }
    }
}
