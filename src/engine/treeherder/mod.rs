//! Treeherder, which tells of the jobs that Mozilla's CI ran, and starts none.
//!
//! A job's name is that of its type and its platform, `TYPE@PLATFORM`. A push has several revisions and its jobs ran at the
//! last one, so that the others have no runs.

mod shapes;
mod states;

use super::{Abilities, Artifact, Check, Engine, Found, Query, Request, Spec, Submitted, Surroundings, no_such_job};
use crate::{
    error::{Context, Error, Kind, Result},
    http::{Call, Client, Url},
    pipeline::{
        job::Job,
        run::{Run, State},
    },
};
use async_trait::async_trait;
use futures::stream::{self, StreamExt, TryStreamExt};
use serde::de::DeserializeOwned;
use shapes::{LogUrl, Push, Pushes, Row, Table, time};
use std::{collections::BTreeMap, io::Write, time::Duration};
use tokio::time::Instant;

/// Where it is unless an address is given.
const HOSTED: &str = "https://treeherder.mozilla.org";
const CALL: Duration = Duration::from_secs(30);
const DOWNLOAD: Duration = Duration::from_secs(300);
/// The longest log, in bytes.
const LOG_MAX: usize = 1 << 30;
/// The longest page: 2,000 jobs take about a megabyte and a half.
const PAGE_MAX: usize = 32 << 20;
/// The most jobs that a page may hold.
const JOBS: usize = 2000;
/// How many pushes are looked at in one go when no revisions are named.
const PUSHES: usize = 20;
/// How many jobs are asked for by their numbers at once.
const NUMBERS: usize = 100;
const AT_ONCE: usize = 8;
/// Treeherder hears of a change some seconds after it.
const POLL: Duration = Duration::from_secs(30);
/// The name of the log that holds everything.
const WHOLE_LOG: &str = "live_backing_log";

/// One project of a Treeherder.
#[derive(Debug)]
pub struct Treeherder {
    client: Client,
    engine: String,
    base: Url,
    project: String,
}

impl Treeherder {
    /// The engine of a project. Calls nobody.
    ///
    /// # Errors
    /// `Usage` for settings that are missing, of another system, or wrong.
    pub fn open(spec: &Spec, around: &Surroundings) -> Result<Treeherder> {
        let engine = &around.name;
        spec.only(engine, &["project"])?;
        let hosted = Spec { url: Some(HOSTED.to_owned()), ..Spec::default() };
        let base = if spec.url.is_some() { spec.address(engine)? } else { hosted.address(engine)? };
        let Some(project) = spec.project.clone().filter(|project| !project.is_empty()) else {
            return Err(Error::new(Kind::Usage, format!("the engine {engine} names no project"))
                .hint(format!("in ci-tool.yaml: engines: {{{engine}: {{project: autoland}}}}")));
        };
        Ok(Treeherder { client: around.client.clone(), engine: engine.clone(), base, project })
    }

    async fn get<T: DeserializeOwned>(&self, what: &str, query: &[(&str, &str)]) -> Result<T> {
        let mut url = self.base.clone();
        // An address with http or https has a path.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(["api", "project", &self.project, what, ""]);
        }
        url.query_pairs_mut().extend_pairs(query);
        let doing = || format!("asking the engine {} for {what}", self.engine);
        let call = Call { answer_max: PAGE_MAX, ..Call::get(&url, Instant::now() + CALL) };
        let answer = self.client.send(&call).await.context(doing)?;
        serde_json::from_slice(&answer.body)
            .map_err(|e| Error::new(Kind::Corrupt, format!("{}: it is not as it is known", doing())).with_source(e))
    }

    async fn rows(&self, query: &[(&str, &str)]) -> Result<Vec<Row>> {
        let table: Table = self.get("jobs", query).await?;
        table.rows().context(|| format!("reading the jobs of the engine {}", self.engine))
    }

    /// The jobs of a push, the latest first.
    async fn rows_of(&self, push: &Push) -> Result<Vec<Row>> {
        let (id, count) = (push.id.to_string(), JOBS.to_string());
        let mut all = Vec::new();
        loop {
            let offset = all.len().to_string();
            let query = [("push_id", id.as_str()), ("count", &count), ("offset", &offset), ("return_type", "list")];
            let more = self.rows(&query).await?;
            if let Some(other) = more.iter().find(|row| row.push_id != push.id) {
                let text = format!(
                    "the push {} was asked for, and the job {} is of the push {}",
                    push.id, other.id, other.push_id
                );
                return Err(Error::new(Kind::Corrupt, text));
            }
            let last = more.len() < JOBS;
            all.extend(more);
            if last {
                all.sort_by_key(|row| std::cmp::Reverse(row.id));
                all.dedup_by_key(|row| row.id);
                return Ok(all);
            }
        }
    }

    async fn push(&self, revision: &str) -> Result<Option<Push>> {
        let pushes: Pushes = self.get("push", &[("revision", revision)]).await?;
        Ok(pushes.results.into_iter().find(|push| push.revision == revision))
    }

    /// The pushes before one, the latest first.
    async fn latest(&self, before: Option<u64>, count: usize) -> Result<Vec<Push>> {
        let (count, before) = (count.to_string(), before.map(|id| id.to_string()));
        let mut query = vec![("count", count.as_str())];
        query.extend(before.as_deref().map(|id| ("id__lt", id)));
        let mut pushes = self.get::<Pushes>("push", &query).await?.results;
        pushes.sort_by_key(|push| std::cmp::Reverse(push.id));
        Ok(pushes)
    }

    /// The runs of a job at pushes, in the order of those; and the names of the jobs that are there.
    async fn runs_at(&self, pushes: &[Push], job: &str) -> Result<(Vec<Run>, Vec<String>)> {
        let lists: Vec<_> = pushes.iter().map(|push| self.rows_of(push)).collect();
        let lists: Vec<Vec<Row>> = stream::iter(lists).buffered(AT_ONCE).try_collect().await?;
        let named = |row: &&Row| row.job() == job;
        let rows = pushes.iter().zip(&lists).flat_map(|(push, rows)| rows.iter().map(move |row| (push, row)));
        let runs = rows.filter(|(_, row)| named(row)).map(|(push, row)| self.run(row, job, &push.revision)).collect();
        let mut names: Vec<String> = lists.iter().flatten().map(Row::job).collect();
        names.sort_unstable();
        names.dedup();
        Ok((runs, names))
    }

    fn run(&self, row: &Row, job: &str, revision: &str) -> Run {
        let (state, detail) = states::state(row);
        let mut url = self.base.clone();
        url.set_path("/jobs");
        url.query_pairs_mut().extend_pairs([("repo", self.project.as_str()), ("revision", revision)]);
        if let (Some(task), Some(retry)) = (&row.task_id, row.retry_id) {
            url.query_pairs_mut().append_pair("selectedTaskRun", &format!("{task}.{retry}"));
        }
        Run {
            revision: Some(revision.to_owned()),
            got_revision: Some(revision.to_owned()),
            detail,
            url: Some(url.into()),
            queued: time(row.submit_timestamp),
            started: time(row.start_timestamp),
            ended: time(row.end_timestamp).filter(|_| state.is_over()),
            ..Run::new(row.id.to_string(), job, state)
        }
    }

    fn only_tells(&self) -> Error {
        Error::new(
            Kind::Unsupported,
            format!("the engine {} is Treeherder, which starts and stops nothing", self.engine),
        )
        .hint("use the CI that runs the jobs: Taskcluster, or `mach try`")
    }
}

#[async_trait]
impl Engine for Treeherder {
    fn name(&self) -> &str {
        &self.engine
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            submits: false,
            in_process: false,
            carries_keys: false,
            waiting_apart: None,
            at_once: None,
            submissions: 0,
            poll: POLL,
        }
    }

    async fn check(&self) -> Vec<Check> {
        let asked = self.latest(None, 1).await;
        let what =
            |what: &str, holds, seen: String, hint: Option<String>| Check { what: what.into(), holds, seen, hint };
        match asked {
            Ok(pushes) => {
                let seen = format!(
                    "the project {} has {}",
                    self.project,
                    if pushes.is_empty() { "no pushes" } else { "pushes" }
                );
                vec![
                    what("address", Some(true), seen, None),
                    what("credentials", Some(true), "it is open to all".into(), None),
                    what("permission to start jobs", None, "Treeherder only tells of them".into(), None),
                ]
            }
            Err(error) => {
                let named = if error.kind() == Kind::NotFound { "project" } else { "address" };
                let hint = match named {
                    "project" => format!("{}api/repository/ lists the projects", self.base),
                    _ => error.hints().first().cloned().unwrap_or_else(|| "check the address".into()),
                };
                let seen = std::iter::once(error.message().to_owned()).chain(error.causes()).collect::<Vec<_>>();
                vec![what(named, Some(false), seen.join(": "), Some(hint))]
            }
        }
    }

    /// The jobs that ran or are to run at a revision, or at the last push.
    async fn jobs(&self, revision: Option<&str>) -> Result<Vec<Job>> {
        let push = match revision {
            Some(revision) => self.push(revision).await?,
            None => self.latest(None, 1).await?.into_iter().next(),
        };
        let Some(push) = push else { return Ok(Vec::new()) };
        let mut jobs = BTreeMap::new();
        for row in self.rows_of(&push).await? {
            jobs.entry(row.job()).or_insert_with(|| Job {
                name: row.job(),
                id: row.job_type_name.clone(),
                blocked: Some("Treeherder starts nothing".into()),
                // What is of the third tier is shown to nobody who does not ask for it.
                hidden: row.tier.is_some_and(|tier| tier > 2),
                ..Job::default()
            });
        }
        Ok(jobs.into_values().collect())
    }

    async fn submit(&self, _: &Request) -> Result<Submitted> {
        Err(self.only_tells())
    }

    async fn find(&self, _: &Request) -> Result<Found> {
        Ok(Found::Unknown(Vec::new()))
    }

    async fn observe(&self, runs: &[Run]) -> Result<Vec<Run>> {
        let lists: Vec<_> = runs.chunks(NUMBERS).map(|runs| self.numbered(runs)).collect();
        let lists: Vec<Vec<Run>> = stream::iter(lists).buffered(AT_ONCE).try_collect().await?;
        Ok(lists.concat())
    }

    async fn runs(&self, query: &Query) -> Result<Vec<Run>> {
        let (mut runs, mut names) = (Vec::new(), Vec::new());
        let limit = query.limit.unwrap_or(usize::MAX);
        let is_new = |run: &Run| query.since.is_none_or(|since| run.queued.is_none_or(|queued| queued >= since));
        if let Some(revisions) = &query.revisions {
            let pushes: Vec<_> = revisions.iter().map(|revision| self.push(revision)).collect();
            let pushes: Vec<Option<Push>> = stream::iter(pushes).buffered(AT_ONCE).try_collect().await?;
            let pushes: Vec<Push> = pushes.into_iter().flatten().collect();
            (runs, names) = self.runs_at(&pushes, &query.job).await?;
            runs.retain(is_new);
        } else {
            let mut before = None;
            loop {
                let pushes = self.latest(before, PUSHES).await?;
                let Some(last) = pushes.last() else { break };
                before = Some(last.id);
                let old = query.since.is_some_and(|since| time(last.push_timestamp).is_some_and(|at| at < since));
                let (more, seen) = self.runs_at(&pushes, &query.job).await?;
                runs.extend(more.into_iter().filter(is_new));
                names.extend(seen);
                if old || runs.len() >= limit || pushes.len() < PUSHES {
                    break;
                }
            }
        }
        if !names.contains(&query.job) {
            // A push has only some of the jobs.
            let pushes = self.latest(None, PUSHES).await?;
            names.extend(self.runs_at(&pushes, &query.job).await?.1);
            if !names.contains(&query.job) {
                return Err(no_such_job(&self.engine, &query.job, names.iter().map(String::as_str)));
            }
        }
        runs.sort_by_key(|run| std::cmp::Reverse(run.id.parse::<u64>().unwrap_or_default()));
        runs.truncate(limit);
        Ok(runs)
    }

    async fn cancel(&self, _: &Run) -> Result<()> {
        Err(self.only_tells())
    }

    async fn log(&self, run: &Run, to: &mut (dyn Write + Send)) -> Result<()> {
        let logs: Vec<LogUrl> = self.get("job-log-url", &[("job_id", &run.id)]).await?;
        let Some(log) = logs.iter().find(|log| log.name == WHOLE_LOG).or(logs.first()) else {
            return Err(Error::new(Kind::NotFound, format!("the run {} has no log", run.id)));
        };
        let url =
            crate::http::address(&log.url).context(|| format!("reading where the log of the run {} is", run.id))?;
        let call = Call { answer_max: LOG_MAX, ..Call::get(&url, Instant::now() + DOWNLOAD) };
        self.client.download(&call, to).await.context(|| format!("reading the log of the run {}", run.id)).map(drop)
    }

    async fn artifacts(&self, _: &Run) -> Result<Vec<Artifact>> {
        Err(Error::new(Kind::Unsupported, format!("the engine {} is Treeherder, which keeps no files", self.engine))
            .hint("Taskcluster has the files of a task"))
    }

    async fn fetch(&self, artifact: &Artifact, _: &mut (dyn Write + Send)) -> Result<()> {
        Err(Error::new(Kind::Unsupported, format!("{} is not kept by Treeherder", artifact.name)))
    }
}

impl Treeherder {
    /// Looks at runs again, by their numbers.
    async fn numbered(&self, runs: &[Run]) -> Result<Vec<Run>> {
        let ids = runs.iter().map(|run| run.id.as_str()).collect::<Vec<_>>().join(",");
        let count = NUMBERS.to_string();
        let rows = self.rows(&[("id__in", &ids), ("count", &count), ("return_type", "list")]).await?;
        let rows: BTreeMap<String, &Row> = rows.iter().map(|row| (row.id.to_string(), row)).collect();
        let look = |run: &Run| match rows.get(&run.id) {
            // A job does not name its revision: it had that of its push.
            Some(row) => Run {
                revision: run.revision.clone(),
                got_revision: run.got_revision.clone(),
                ..self.run(row, &run.job, run.revision.as_deref().unwrap_or_default())
            },
            None => Run {
                state: State::Expired,
                detail: Some(format!("Treeherder does not know the job {} any more", run.id)),
                ..run.clone()
            },
        };
        Ok(runs.iter().map(look).collect())
    }
}
