//! Saving a job's environment: the facts, the decision, the capture.

mod arguments;
mod decide;
mod facts;
mod mask;
mod pack;
mod reports;
mod signature;

use signature::{Failure, Tests};

pub use decide::{Decision, MARKS, Mark, When, decide, keep, mark};
pub use facts::Facts;

use crate::{
    capture::{
        details::{self, Details},
        history::{History, Keep},
        objects::MANIFEST,
        secrets::{Options, Rules, environment},
        upload::Upload,
        walk::{Root, WalkOptions},
    },
    error::{Error, Kind, Result},
    pipeline::{
        ci::{CiIdentity, Fallback},
        details::{Problem, ProblemKind, Ready, Removed, SavedRoot},
        id::Id,
        progress::{Unit, Until},
        record::{self, Format, Job, Outcome, Record, Revision, State, Totals},
    },
    world::World,
};
use globset::GlobSet;
use jiff::Timestamp;
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

/// Tries before a save that others keep taking for dead gives up.
const TRIES: usize = 3;
/// The steps in which the coarsest file systems keep times: FAT's.
const TIME_STEP: Duration = Duration::from_secs(2);

/// What is known of the command: run by us, or told.
#[derive(Debug, Clone, Default)]
pub struct Happened {
    /// The program and its arguments. Empty when there was none or it is only told.
    pub command: Vec<String>,
    /// The command as text, where it is only told.
    pub failed_command: Option<String>,
    /// Its directory; the workspace when unknown.
    pub directory: Option<PathBuf>,
    /// Its exit code.
    pub exit_code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// Why it was stopped.
    pub stopped: Option<String>,
    /// How long it ran.
    pub duration: Option<Duration>,
    /// A file with its output.
    pub log: Option<PathBuf>,
}

impl Happened {
    /// Whether it failed; unknown when nobody said.
    pub fn failed(&self) -> Option<bool> {
        match (&self.stopped, self.signal, self.exit_code) {
            (Some(_), _, _) | (_, Some(_), _) => Some(true),
            (_, _, Some(code)) => Some(code != 0),
            _ => self.failed_command.is_some().then_some(true),
        }
    }

    /// The earliest modification time of a file that it wrote, if it ended just `now`. Unknown when nobody said how long it
    /// ran.
    fn began(&self, now: Timestamp) -> Option<Timestamp> {
        now.checked_sub(self.duration?.saturating_add(TIME_STEP)).ok()
    }
}

/// What to save and how.
#[derive(Debug, Clone)]
pub struct Request {
    /// The workspace.
    pub workspace: PathBuf,
    /// Further trees.
    pub also: Vec<PathBuf>,
    /// The job's name, where the CI's is not wanted.
    pub job: Option<String>,
    /// Who is to be asked, where the CI's requester is not.
    pub owner: Option<String>,
    /// How to store the tree.
    pub format: Format,
    /// Captures whose content may be used besides those of the same job.
    pub bases: Vec<Id>,
    /// How many captures of the same failure are kept with their files.
    pub keep: Keep,
    /// Patterns, in gitignore syntax, of what is not saved.
    pub exclude: Vec<String>,
    /// Globs of files that are saved as they are, secrets and all.
    pub exact: GlobSet,
    /// Which variables are dropped and kept.
    pub rules: Rules,
    /// How long to keep it.
    pub retain: Duration,
    /// Commands whose output belongs to the capture.
    pub dump: Vec<String>,
    /// Further tools to look for: the name and the arguments that make it tell its version.
    pub tools: Vec<(String, Vec<String>)>,
    /// What the job says of working on it: by a glob on its name, the first that matches wins field by field.
    pub ready: Vec<(GlobSet, Ready)>,
    /// What happened.
    pub happened: Happened,
}

/// What was saved.
#[derive(Debug, Clone)]
pub struct Saved {
    /// The capture's record. After a dry run, as it would be.
    pub record: Record,
    /// Everything else about it.
    pub details: Details,
    /// How long saving took.
    pub took: Duration,
}

impl Saved {
    /// Entries that could not be read at all: the save is done only in part.
    pub fn unreadable(&self) -> impl Iterator<Item = &Problem> {
        self.details.problems.iter().filter(|p| matches!(p.kind, ProblemKind::Unreadable | ProblemKind::NotUnicode))
    }
}

/// The name that a job is known by: the one given, the CI's, or the workspace's.
pub fn job_name(request_job: Option<&str>, ci: &CiIdentity, workspace: &Path) -> String {
    let of_workspace = || workspace.file_name().map_or_else(|| "job".into(), |n| n.to_string_lossy().into_owned());
    request_job.map(str::to_owned).or_else(|| ci.job.clone()).unwrap_or_else(of_workspace)
}

/// Saves the environment.
///
/// # Errors
/// `NotFound` when the workspace does not exist, `Usage` for a bad pattern, those of the store. Nothing is left behind;
/// what a killed save leaves, the next `gc` removes.
pub async fn save(world: &World, request: &Request) -> Result<Saved> {
    let started = std::time::Instant::now();
    let _progress = Until(&*world.progress);
    let workspace = absolute(&request.workspace)?;
    let mut roots = vec![Root { path: workspace.clone(), prefix: "workspace".into() }];
    roots.extend(also_roots(&request.also)?);
    world.progress.phase("looking at the machine", None, Unit::Items);
    let facts = Facts::gather(world, request, &workspace).await?;
    for _ in 0..TRIES {
        match attempt(world, request, &roots, &facts).await {
            Ok((record, details)) => return Ok(Saved { record, details, took: started.elapsed() }),
            // A collector took this save for dead, because its lease could not be renewed in time: start anew.
            Err(e) if e.kind() == Kind::Precondition => {
                world.progress.warn("the save was taken for dead; starting anew")
            }
            Err(e) => return Err(e),
        }
    }
    Err(Error::new(
        Kind::Transient,
        format!("saving {}: others took the save for dead {TRIES} times", workspace.display()),
    )
    .hint("check that the clock of this machine runs and that the store can be reached, then save again"))
}

async fn attempt(world: &World, request: &Request, roots: &[Root], facts: &Facts) -> Result<(Record, Details)> {
    let path_exists = |text: &str| Path::new(text).is_absolute() && Path::new(text).exists();
    let options = Options { path_exists: &path_exists };
    let clean = environment(&world.env, &request.rules, &options);
    let walk_options =
        WalkOptions { exclude: request.exclude.clone(), skip: world.store.local_dir().into_iter().collect() };
    let mut values = clean.values.clone();
    values.extend(arguments::secrets(request.happened.command.iter().chain(&request.happened.failed_command)));
    let ready = facts.ready(request, roots);
    let plan = pack::plan(world, request, roots, walk_options, values, &ready).await?;

    let removed = clean.removed.iter().map(|removal| Removed {
        place: "environment".into(),
        name: removal.name.clone(),
        action: removal.action.as_str().into(),
        reason: removal.reason.clone(),
    });
    let mut details = Details {
        schema: details::SCHEMA,
        ci: facts.ci.clone(),
        job_key: facts.job_key(request, roots).text,
        roots: roots
            .iter()
            .map(|r| SavedRoot { prefix: r.prefix.clone(), path: r.path.display().to_string() })
            .collect(),
        directory: request.happened.directory.as_ref().unwrap_or(&roots[0].path).display().to_string(),
        command: request.happened.command.clone(),
        failed_command: request.happened.failed_command.clone(),
        environment: clean.kept,
        removed: removed.collect(),
        excluded: request.exclude.clone(),
        ready,
        failed_tests: plan.failed_tests.iter().map(|reported| reported.test.clone()).collect(),
        ..Details::default()
    };
    facts.fill(&mut details);

    let mut record = mask::record(blank_record(world, request, roots, facts), &plan.scrubber());
    // A report that was there before says nothing of this failure.
    let told = Details { failed_tests: reports::since(&plan.failed_tests, facts.began), ..details.clone() };
    let telling = sign(&mut record, request, facts, &mask::details(&told, &plan.scrubber())?);
    look_back(world, request, &mut record, telling).await?;

    if world.dry_run {
        details.tools = facts.tools(world.stop.clone()).await;
        if record.has_tree() {
            record.totals = Totals { entries: plan.entries.len() as u64, bytes: plan.bytes(), ..Totals::default() };
            details.problems = plan.problems;
        }
        return Ok((record, details));
    }
    let mut upload = Upload::begin(&world.store, record).await?;
    match fill(world, request, &mut upload, plan, facts, &mut details).await {
        Ok(finished) => {
            let record = upload.complete(|record| *record = finished).await?;
            Ok((record, details))
        }
        Err(error) => {
            let id = upload.record().id.clone();
            if upload.abandon().await.is_err() {
                world
                    .progress
                    .warn(&format!("what was saved of {id} could not be taken back; `ci-tool repro gc` removes it"));
            }
            Err(error)
        }
    }
}

/// Puts the failure's signature into the record, told by what others will see of it: none for a job that did not fail, as
/// nothing repeats then. Returns whether it tells failures apart.
fn sign(record: &mut Record, request: &Request, facts: &Facts, seen: &Details) -> bool {
    if !seen.command.is_empty() {
        // Quoting cuts a secret that holds a quote: it is masked before.
        record.outcome.command = Some(crate::process::quote_sh(&seen.command));
    }
    if request.happened.failed() != Some(true) {
        return false;
    }
    let tests = if facts.began.is_some() { Tests::Current } else { Tests::Undated };
    let found = signature::signature(&Failure {
        job_key: &record.job.key,
        command: record.outcome.command.as_deref(),
        tests: tests(&seen.failed_tests),
        log: request.happened.log.as_deref(),
        workspace: &seen.directory,
    });
    record.signature = Some(found.hash);
    found.telling
}

/// Notes in the record which captures it repeats; where it repeats none, those whose content it may use.
async fn look_back(world: &World, request: &Request, record: &mut Record, telling: bool) -> Result<()> {
    let signature = record.signature.clone().filter(|_| telling && request.keep != Keep::All);
    let shares = request.format == Format::Chunks;
    if signature.is_none() && !shares {
        return Ok(());
    }
    let history = History::read(&world.store, &record.job.key, request.keep).await?;
    if let Some(signature) = signature {
        record.repeats = history.repeated(&signature, request.keep, record.created);
    }
    if !record.has_tree() {
        record.requires.push(record::REPEATS.into());
    } else if shares {
        record.bases = history.bases();
        let more = request.bases.iter().filter(|id| !record.bases.contains(id)).cloned();
        record.bases.extend(more.collect::<Vec<_>>());
    }
    Ok(())
}

/// Writes all objects and returns the finished record.
async fn fill(
    world: &World,
    request: &Request,
    upload: &mut Upload,
    plan: pack::Plan,
    facts: &Facts,
    details: &mut Details,
) -> Result<Record> {
    let scrubber = plan.scrubber();
    let mut record = upload.record().clone();
    record.bases.clear();
    if record.has_tree() {
        tree(world, upload, &mut record, plan, details).await?;
    }
    if let Some(log) = &request.happened.log {
        match pack::log(log, &scrubber, world.store.scratch()?).await {
            Ok(log) => {
                record.parts.log = Some(upload.file("log.zst", &log.path).await?);
                details.removed.extend(log.removed);
            }
            // The tree is worth saving without it.
            Err(error) => details.problems.push(Problem {
                path: log.display().to_string(),
                kind: ProblemKind::Unreadable,
                detail: error.causes().first().map_or("the log", String::as_str).into(),
            }),
        }
    }
    details.not_searched = scrubber.not_searched().iter().map(|n| format!("{} ({})", n.name, n.reason)).collect();
    details.removed.extend(mask::removed_of_command(details, &scrubber));
    details.tools = facts.tools(world.stop.clone()).await;
    *details = mask::details(details, &scrubber)?;
    record.parts.details = Some(upload.bytes("details.json", details.to_json()?).await?);
    record.totals.stored = upload.stored();
    record.totals.removed = details.removed.len() as u64;
    record.totals.problems = details.problems.len() as u64;
    Ok(record)
}

/// Writes the tree and its manifest.
async fn tree(
    world: &World,
    upload: &mut Upload,
    record: &mut Record,
    plan: pack::Plan,
    details: &mut Details,
) -> Result<()> {
    let packed = match record.format {
        Format::Chunks => pack::chunks(world, upload, plan).await?,
        format => pack::pack(world, format, plan).await?,
    };
    details.problems = packed.problems;
    details.removed.extend(packed.removed);
    details.embedding = packed.embedding;
    details.embedding_count = packed.embedding_count;
    (record.parts.packs, record.parts.needs) = (packed.packs, packed.needs);
    if let Some((archive, len)) = packed.archive {
        world.progress.phase("storing", Some(len), Unit::Bytes);
        record.parts.archive = Some(upload.file(&format!("workspace.{}", record.format.as_str()), &archive).await?);
    }
    record.parts.manifest = Some(upload.bytes(MANIFEST, packed.manifest).await?);
    record.parts.set_top(&packed.top)?;
    (record.totals.entries, record.totals.bytes) = (packed.entries, packed.bytes);
    Ok(())
}

fn blank_record(world: &World, request: &Request, roots: &[Root], facts: &Facts) -> Record {
    let now = (world.now)();
    let happened = &request.happened;
    let command = match happened.command.is_empty() {
        true => happened.failed_command.clone(),
        false => Some(crate::process::quote_sh(&happened.command)),
    };
    let ci = &facts.ci;
    Record {
        schema: record::SCHEMA,
        requires: vec![request.format.as_str().into()],
        id: Id::from_random((world.random)()),
        state: State::Open,
        created: now,
        expires: now.checked_add(request.retain).unwrap_or(jiff::Timestamp::MAX),
        owner: facts.owner(request),
        job: Job {
            key: facts.job_key(request, roots).hash,
            name: job_name(request.job.as_deref(), ci, &roots[0].path),
            system: ci.system.as_str().into(),
            build: ci.build_number.clone().or_else(|| ci.build_id.clone()),
            url: ci.url.clone(),
        },
        revision: Revision {
            repository: facts.repository(),
            commit: facts.commit(),
            branch: facts.branch(),
            pull_request: ci.pull_request.as_ref().map(|p| p.number.clone()),
            target: ci.pull_request.as_ref().and_then(|p| p.target.clone()),
            dirty: facts.dirty(),
        },
        outcome: Outcome {
            command,
            exit_code: happened.exit_code,
            signal: happened.signal,
            stopped: happened.stopped.clone(),
            duration_ms: happened.duration.map(|d| u64::try_from(d.as_millis()).unwrap_or(u64::MAX)),
        },
        format: request.format,
        bases: Vec::new(),
        signature: None,
        repeats: Vec::new(),
        totals: Totals::default(),
        parts: Default::default(),
    }
}

fn also_roots(also: &[PathBuf]) -> Result<Vec<Root>> {
    let mut roots: Vec<Root> = Vec::new();
    for path in also {
        let path = absolute(path)?;
        let name = path.file_name().map_or_else(|| "root".into(), |n| n.to_string_lossy().into_owned());
        let taken = |prefix: &str| roots.iter().any(|r| r.prefix == prefix);
        let prefix =
            (1..).map(|n| if n == 1 { format!("also/{name}") } else { format!("also/{name}-{n}") }).find(|p| !taken(p));
        roots.push(Root { path, prefix: prefix.unwrap_or_default() });
    }
    Ok(roots)
}

fn absolute(path: &Path) -> Result<PathBuf> {
    let found = std::fs::canonicalize(path).map_err(|e| Error::io("looking for the directory", path, e));
    let found = found.map_err(|e| e.hint("name a directory that exists: --workspace DIR (and --also DIR)"))?;
    if found.is_dir() {
        Ok(found)
    } else {
        Err(Error::new(Kind::Usage, format!("{} is not a directory", path.display()))
            .hint("--workspace takes the job's directory"))
    }
}

impl Facts {
    fn job_key(&self, request: &Request, roots: &[Root]) -> crate::pipeline::ci::JobKey {
        let mut ci = self.ci.clone();
        if let Some(job) = &request.job {
            ci.job = Some(job.clone());
        }
        let command = crate::process::quote_sh(&request.happened.command);
        let workspace = roots[0].path.display().to_string();
        ci.job_key(Fallback { hostname: self.hostname(), workspace: &workspace, command: &command })
    }

    fn ready(&self, request: &Request, roots: &[Root]) -> Ready {
        let name = job_name(request.job.as_deref(), &self.ci, &roots[0].path);
        let matching = request.ready.iter().filter(|(globs, _)| decide::names(globs, &name));
        matching.fold(Ready::default(), |ready, (_, more)| ready.or(more))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_began_before_it_ended_by_its_duration_and_a_step_of_time() {
        let at = |second| Timestamp::from_second(second).ok();
        for (duration, expected) in [(None, None), (Some(0), at(98)), (Some(10), at(88)), (Some(u64::MAX), None)] {
            let happened = Happened { duration: duration.map(Duration::from_secs), ..Happened::default() };
            assert_eq!(happened.began(at(100).unwrap()), expected, "{duration:?}");
        }
    }
}
