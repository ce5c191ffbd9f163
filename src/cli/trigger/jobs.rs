//! `ci-tool trigger jobs`.

use super::{ground::EngineArgs, vcs};
use crate::{
    cli::{
        Session, exit, out,
        out::{Align, Table},
    },
    config::{FILE, FileConfig, check_jobs},
    error::{Context, Error, Kind, Result},
    ops::trigger::jobs::{self, Listed},
    pipeline::job::{JobSpec, Parameter},
    vcs::{Revision, Vcs},
};
use serde::Serialize;
use std::collections::BTreeMap;

/// List the jobs that can run at a revision: the engine's, and those of ci-tool.yaml as it was there
///
/// A revision without a ci-tool.yaml has the jobs of the present one; a file named by --config or CI_TOOL_CONFIG holds for
/// every revision.
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Examples:\n  ci-tool trigger jobs HEAD\n  ci-tool trigger jobs v1.4 --engine ci --output json"
)]
pub struct Args {
    /// A hash, a branch, a tag, a push number or a date
    #[arg(value_name = "REV")]
    revision: String,
    #[command(flatten)]
    engine: EngineArgs,
}

#[derive(Debug, Serialize)]
struct Listing<'a> {
    schema: u32,
    engine: &'a str,
    revision: &'a Revision,
    jobs: &'a [Listed],
}

/// Runs the verb.
pub(super) async fn run(session: &Session, args: Args) -> Result<u8> {
    let history = vcs::open(session).await?;
    let revision = history.resolve(&args.revision).await?;
    let configured = jobs_at_revision(session, &*history, &revision.id).await?;
    let jobs = configured.clone().unwrap_or_else(|| session.config.trigger.jobs.clone());
    let base = args.engine.open_with(session, true, jobs).await?;
    let found = jobs::at(&base.ground(), &revision.id, configured).await?;
    let out = &session.out;
    if out.is_json() {
        out.json(&Listing { schema: 1, engine: base.engine.name(), revision: &revision, jobs: &found });
        return Ok(exit::DONE);
    }
    let mut table = Table::new(&[
        ("JOB", Align::Left),
        ("KNOWN TO", Align::Left),
        ("STATE", Align::Left),
        ("PARAMETERS", Align::Left),
        ("URL", Align::Left),
    ]);
    found.iter().for_each(|job| table.row(row(job)));
    out.table(&table);
    let count = out::count(found.len(), "job", "jobs");
    out.note(&format!("{count} at {} on {}", revision.short(), base.engine.name()));
    Ok(exit::DONE)
}

/// The jobs of the configuration at a revision; `None` where it has none there, or where another file was named for all.
///
/// # Errors
/// `Usage`, naming the revision, for a file that is no configuration; `NotFound` for the revision; those of `vcs`.
pub(super) async fn jobs_at_revision(
    session: &Session,
    vcs: &dyn Vcs,
    revision: &str,
) -> Result<Option<BTreeMap<String, JobSpec>>> {
    if session.config_named {
        return Ok(None);
    }
    let Some(bytes) = vcs.file(revision, FILE).await? else { return Ok(None) };
    let read = || -> Result<BTreeMap<String, JobSpec>> {
        let text = std::str::from_utf8(&bytes).map_err(|e| Error::new(Kind::Usage, "it is no text").with_source(e))?;
        let jobs = FileConfig::parse(text)?.jobs.unwrap_or_default();
        check_jobs(&jobs)?;
        Ok(jobs)
    };
    let jobs = read().context(|| format!("reading {FILE} as it was at {revision}"));
    jobs.map(Some).map_err(|error| error.hint("name a configuration that holds for every revision: --config FILE"))
}

fn row(job: &Listed) -> [String; 5] {
    let name = match &job.alias {
        Some(alias) => format!("{} ({alias})", job.name),
        None => job.name.clone(),
    };
    let state = match (&job.blocked, job.hidden) {
        (Some(why), _) => why.clone(),
        (None, true) => "hidden".into(),
        (None, false) => "ready".into(),
    };
    let parameters = match &job.parameters {
        None => "?".into(),
        Some(declared) if declared.is_empty() => "-".into(),
        Some(declared) => declared.iter().map(parameter).collect::<Vec<_>>().join(" "),
    };
    [name, job.source.as_str().into(), state, parameters, job.url.clone().unwrap_or_else(|| "-".into())]
}

fn parameter(parameter: &Parameter) -> String {
    match &parameter.default {
        Some(default) => format!("{}={default}", parameter.name),
        None if parameter.required => format!("{}!", parameter.name),
        None => parameter.name.clone(),
    }
}
