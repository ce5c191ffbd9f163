//! `ci-tool trigger artifacts`.

use super::{ground::Base, ground::EngineArgs, jobs::jobs_at_revision, vcs};
use crate::{
    cli::{
        Session, exit, out,
        out::{Align, Table},
    },
    config::globs,
    engine::no_such_job,
    error::{Error, Kind, Result},
    ops::trigger::{
        artifacts::{Choice, Fate, Files, Target, download, find, targets},
        jobs,
    },
    vcs::Revision,
};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// List the files that the runs of a revision made, or download them
///
/// Downloads go to DIR/JOB/RUN/NAME, each whole or not at all. What is there already stays unless --force.
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Examples:\n  ci-tool trigger artifacts HEAD --job unit\n  ci-tool trigger artifacts v1.4 --name '*.log' --to artifacts",
    after_help = "Ends with 0; with 3 when something could not be read or written, or was there already."
)]
pub struct Args {
    /// A hash, a branch, a tag, a push number or a date
    #[arg(value_name = "REV")]
    revision: String,
    /// Only files of this job, by its name in ci-tool.yaml or the engine's; can be repeated
    #[arg(long, value_name = "NAME")]
    job: Vec<String>,
    /// Only files whose path, or its last part, matches; can be repeated
    #[arg(long, value_name = "GLOB")]
    name: Vec<String>,
    /// Download them below this directory
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
    /// Replace files that are there already
    #[arg(long, requires = "to")]
    force: bool,
    /// Show where each would go, and write nothing
    #[arg(long, requires = "to")]
    dry_run: bool,
    #[command(flatten)]
    engine: EngineArgs,
}

/// Runs the verb.
pub(super) async fn run(session: &Session, args: Args) -> Result<u8> {
    let names = if args.name.is_empty() { None } else { Some(globs("--name", &args.name)?) };
    let history = vcs::open(session).await?;
    let revision = history.resolve(&args.revision).await?;
    let configured = jobs_at_revision(session, &*history, &revision.id).await?;
    let jobs = configured.unwrap_or_else(|| session.config.trigger.jobs.clone());
    let base = args.engine.open_with(session, true, jobs).await?;
    session.out.note(&format!("asking {} of {}", base.engine.name(), revision.short()));
    let listing = list(&base, &revision, &args, names);
    let found = session.reading(&base.world, listing).await?;
    found
        .unknown
        .iter()
        .for_each(|(what, error)| session.out.warn(&format!("{what} are not known: {}", error.in_full())));
    let code = match &args.to {
        Some(to) => session.reading(&base.world, fetch(session, &base, &revision, &found, to, &args)).await?,
        None => show(session, &base, &revision, &found),
    };
    Ok(if found.unknown.is_empty() { code } else { exit::PARTLY })
}

async fn list(base: &Base, revision: &Revision, args: &Args, names: Option<globset::GlobSet>) -> Result<Files> {
    let ground = base.ground();
    let jobs = jobs::at(&ground, &revision.id, None).await?;
    let asked: Vec<String> = args.job.iter().map(|job| ground.name_of(job)).collect();
    let known = |name: &String| jobs.iter().any(|job| job.name == *name && job.source != jobs::Source::Configuration);
    if let Some(strange) = asked.iter().find(|name| !known(name)) {
        return Err(no_such_job(base.engine.name(), strange, jobs.iter().map(|job| job.name.as_str())));
    }
    find(&ground, &revision.id, &jobs, &Choice { jobs: asked, names }).await
}

fn show(session: &Session, base: &Base, revision: &Revision, found: &Files) -> u8 {
    let out = &session.out;
    if out.is_json() {
        out.json(&json!({
            "schema": 1,
            "engine": base.engine.name(),
            "revision": revision,
            "runs": found.runs,
            "artifacts": found.files,
        }));
        return exit::DONE;
    }
    let columns = ["JOB", "RUN", "NAME", "SIZE", "URL"];
    let mut table = Table::new(&columns.map(|name| (name, if name == "SIZE" { Align::Right } else { Align::Left })));
    for file in &found.files {
        let artifact = &file.artifact;
        let size = artifact.size.map_or_else(|| "?".into(), out::bytes);
        let url = artifact.url.clone().unwrap_or_else(|| "-".into());
        table.row([file.job.clone(), artifact.run.clone(), artifact.name.clone(), size, url]);
    }
    out.table(&table);
    let files = out::count(found.files.len(), "file", "files");
    out.note(&format!("{files} of {} at {}", out::count(found.runs, "run", "runs"), revision.short()));
    exit::DONE
}

/// Downloads what was found. One that fails does not keep the others from coming.
async fn fetch(
    session: &Session,
    base: &Base,
    revision: &Revision,
    found: &Files,
    to: &Path,
    args: &Args,
) -> Result<u8> {
    let out = &session.out;
    let (mut told, mut kept, mut failures): (Vec<Value>, usize, Vec<Error>) = (Vec::new(), 0, Vec::new());
    for target in targets(&found.files) {
        let fate = match (args.dry_run, &target.path) {
            (true, Ok(_)) => Ok("would be written"),
            (true, Err(error)) => Err(Error::new(error.kind(), error.message())),
            (false, _) => download(&*base.engine, &target, to, args.force).await.map(|fate| match fate {
                Fate::Written => "written",
                Fate::Kept => "kept",
            }),
        };
        match fate {
            // Nothing else will be allowed, either.
            Err(error) if error.kind() == Kind::Denied => return Err(error),
            Err(error) => {
                out.warn(&error.in_full());
                told.push(row(&target, to, "failed"));
                failures.push(error);
            }
            Ok(fate) => {
                kept += usize::from(fate == "kept");
                told.push(row(&target, to, fate));
            }
        }
    }
    if out.is_json() {
        out.json(&json!({ "schema": 1, "engine": base.engine.name(), "revision": revision, "artifacts": told }));
    } else {
        let mut table = Table::new(&[("FILE", Align::Left), ("STATE", Align::Left)]);
        let cell = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        told.iter().for_each(|one| table.row([cell(&one["path"]), cell(&one["state"])]));
        out.table(&table);
    }
    if kept > 0 {
        let were = out::count(kept, "file was", "files were");
        out.warn(&format!("{were} there already and stayed: --force replaces them"));
    }
    Ok(if kept > 0 || !failures.is_empty() { exit::PARTLY } else { exit::DONE })
}

fn row(target: &Target<'_>, to: &Path, state: &str) -> Value {
    let path = target.path.as_ref().ok().map(|path| to.join(path).display().to_string());
    json!({ "job": target.file.job, "artifact": target.file.artifact, "path": path, "state": state })
}
