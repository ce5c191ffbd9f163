//! `ci-tool route submit`.

use super::{
    helix::HelixArgs,
    job::{JobArgs, RulesArgs, from_runner, target_from_runner},
    log::LogArgs,
    lookup::LookupArgs,
};
use crate::{
    cli::{Session, exit},
    error::{Context, Error, Kind, Result},
    http::Client,
    ops::route::{
        confirm::confirm,
        decide::trace,
        job::{Branch, Job},
        report::{Report, Steps},
        submit::{HelixJob, check_key},
    },
};
use serde_json::json;
use std::{
    io::Read,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::time::Instant;

/// How long everything may take: looking up, asking for the twin, sending.
const ALL: Duration = Duration::from_secs(30);
/// How long looking up may take at most. A job that cannot be looked up is sent all the same, and that takes time, too.
const LOOKING_UP: Duration = Duration::from_secs(18);
/// A longer file is no job, in bytes.
const FILE_MAX: u64 = 4 << 20;

/// Send a Helix job on the queue decided, with the properties that the decision used
///
/// What is known of the job is what flags say, then the job's own Properties and source, then --job-url. Where none of
/// them tells anything, the runner's variables do; of a pull request without a target they tell the target.
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Examples:\n  ci-tool route submit job.json\n  ci-tool route submit job.json --branch release/5.0 --dry-run",
    after_help = "The same job sent twice is one job: the idempotency key is made from the file, from the flags, and inside a CI job from the run. To run it again all the same, give another --idempotency-key."
)]
pub(super) struct Args {
    /// The job as JSON: Type, ListUri, QueueId, Source, Properties; `-` reads it from standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The key that makes sending twice one job
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
    /// Decide and show what would be sent, and send nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    rules: RulesArgs,
    #[command(flatten)]
    helix: HelixArgs,
    #[command(flatten)]
    job: JobArgs,
    #[command(flatten)]
    lookup: LookupArgs,
    #[command(flatten)]
    log: LogArgs,
}

/// Runs the verb.
pub(super) async fn run(session: &Session, args: Args) -> Result<u8> {
    let client = Client::new();
    let rules = args.rules.load(session)?;
    let helix = args.helix.connect(session, &client)?;
    if helix.is_none() && !args.dry_run {
        return Err(Error::new(Kind::Usage, "no Helix is named to send the job to")
            .hint("--helix https://helix.dot.net, or in ci-tool.yaml: route: {helix: URL}"));
    }
    let file = HelixJob::parse(&read(&args.file)?).context(|| format!("reading the job {}", args.file.display()))?;
    let mut job = args.job.known(file.queue());
    let told = args.job.told() | file.tell(&mut job);
    let key = match &args.idempotency_key {
        Some(key) => check_key(key).map(|()| key.clone())?,
        None => file.key(apart(session, &args, &job).iter().map(String::as_str)),
    };
    let (looked_up, deadline) = ends(Instant::now(), args.lookup.deadline(session)?);
    args.lookup.learn(session, &client, &mut job, looked_up).await?;
    match args.lookup.job_url {
        Some(_) => {}
        None if !told => from_runner(session, &mut job),
        // A job's file says that it is for a pull request, and has no place for its target.
        None if job.deciding_branch() == Branch::NoTarget => target_from_runner(session, &mut job),
        None => {}
    }
    let mut steps = Steps::default();
    let decided = trace(&rules, &job, &mut steps);
    let decision = match args.dry_run {
        true => decided?,
        false => args.log.unless_decided(session, &rules, &job, decided, &steps)?,
    };
    let decision = confirm(&rules, decision, helix.as_ref(), deadline, &mut steps).await;
    if !args.dry_run {
        args.log.record(session, &rules, &job, json!(Report::new(&rules, &decision)), &steps);
    }
    let sent = file.routed(&rules, &job, &decision);
    let taken = match &helix {
        Some(helix) if !args.dry_run => Some(helix.submit(&sent, &key, deadline).await?),
        _ => None,
    };

    let (report, out) = (Report::new(&rules, &decision), &session.out);
    let name = taken.map(|taken| taken.name);
    if out.is_json() {
        out.json(&json!({
            "schema": 1,
            "dry_run": args.dry_run,
            "job": name,
            "idempotency_key": key,
            "decision": report,
            "sent": sent,
        }));
        return Ok(exit::DONE);
    }
    if let Some(event) = &report.event {
        out.warn(&event.message);
    }
    match &name {
        Some(name) => {
            out.text(name);
            out.note(&format!("sent to {} by {}, in {}", report.queue, report.rule, report.subscription));
        }
        None => {
            let sent = serde_json::to_string_pretty(&sent);
            out.text(&sent.map_err(|e| Error::new(Kind::Internal, "writing the Helix job").with_source(e))?);
            out.note(&format!("would be sent to {} by {}, in {}", report.queue, report.rule, report.subscription));
        }
    }
    Ok(exit::DONE)
}

/// When looking up and when everything must be over, where a look-up may take so long and everything begins at `started`.
fn ends(started: Instant, look_up: Duration) -> (Instant, Instant) {
    (started + look_up.min(LOOKING_UP), started + ALL)
}

/// What tells two submissions of one file apart: what was told of the job, where it was looked up, and the run of the CI. What
/// a look-up says is no part of it: one that fails must not make a second job.
fn apart(session: &Session, args: &Args, told: &Job) -> Vec<String> {
    let ci = session.ci();
    let told = told.variables().into_iter().map(|(name, value)| format!("{name}={value}"));
    let attempt = ci.attempt.map(|attempt| attempt.to_string());
    told.chain(args.lookup.job_url.clone()).chain(ci.build_id).chain(ci.job_id).chain(attempt).collect()
}

/// Reads a job's file; `-` is standard input.
pub(super) fn read(path: &Path) -> Result<Vec<u8>> {
    let reader: Box<dyn Read> = match path.as_os_str() == "-" {
        true => Box::new(std::io::stdin().lock()),
        false => Box::new(std::fs::File::open(path).map_err(|e| Error::io("reading", path, e))?),
    };
    let mut bytes = Vec::new();
    reader.take(FILE_MAX + 1).read_to_end(&mut bytes).map_err(|e| Error::io("reading", path, e))?;
    match bytes.len() as u64 > FILE_MAX {
        true => {
            Err(Error::new(Kind::Usage, format!("{} is longer than {FILE_MAX} bytes: it is no job", path.display())))
        }
        false => Ok(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_begins_when_looking_up_does_and_leaves_time_to_send() {
        let started = Instant::now();
        for (look_up, looked_up) in [(10, 10), (18, 18), (30, 18)] {
            let found = ends(started, Duration::from_secs(look_up));
            assert_eq!(found, (started + Duration::from_secs(looked_up), started + Duration::from_secs(30)));
        }
    }
}
