//! A CI in memory that does as it is told: folds requests, loses answers, refuses, loses workers.
#![allow(dead_code, reason = "each suite uses its part")]

use async_trait::async_trait;
use ci_tool::{
    engine::{Abilities, Artifact, Check, Engine, Found, Query, Request, Submitted, no_such_job},
    error::{Error, Kind, Result, RetryAfter},
    pipeline::{
        job::Job,
        run::{Run, State},
    },
};
use std::{
    collections::VecDeque,
    io::Write,
    sync::{Mutex, MutexGuard},
    time::Duration,
};

/// What happens to a submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It is taken.
    Taken,
    /// It is taken, and the answer is lost.
    TakenAndLost,
    /// It never arrives, and nobody knows.
    Lost,
    /// It arrives only after it was looked for once.
    Late,
    /// It is refused for the rate of calls.
    Throttled,
    /// It is refused for ever.
    Refused,
    /// The credentials are not good any more.
    Denied,
}

/// The CI.
pub struct Memory {
    /// How many may wait apart; others are folded.
    pub apart: Option<usize>,
    /// Whether it keeps keys.
    pub keys: bool,
    /// How many may run at once.
    pub at_once: Option<usize>,
    inner: Mutex<Inner>,
    /// What becomes of a run when it ends, by job, revision and how many there were before.
    verdict: Verdict,
}

type Verdict = Box<dyn Fn(&str, &str, usize) -> State + Send + Sync>;

#[derive(Default)]
struct Inner {
    runs: Vec<Run>,
    /// Requests that are still on their way.
    late: Vec<Run>,
    answers: VecDeque<Answer>,
    submissions: usize,
    cancelled: Vec<String>,
    released: Vec<String>,
    looks: usize,
    most_open: usize,
}

impl Memory {
    pub fn new(verdict: impl Fn(&str, &str, usize) -> State + Send + Sync + 'static) -> Memory {
        Memory { apart: None, keys: true, at_once: None, inner: Mutex::default(), verdict: Box::new(verdict) }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }

    /// What happens to the next submissions; all further ones are taken.
    pub fn answer(&self, answers: impl IntoIterator<Item = Answer>) {
        self.lock().answers.extend(answers);
    }

    /// Adds a run that somebody else asked for.
    pub fn add(&self, run: Run) {
        self.lock().runs.push(run);
    }

    /// Every run that there is, folded ones excluded.
    pub fn runs_there(&self) -> Vec<Run> {
        self.lock().runs.clone()
    }

    pub fn submissions(&self) -> usize {
        self.lock().submissions
    }

    pub fn cancelled(&self) -> Vec<String> {
        self.lock().cancelled.clone()
    }

    pub fn released(&self) -> Vec<String> {
        self.lock().released.clone()
    }

    pub fn most_open(&self) -> usize {
        self.lock().most_open
    }
}

#[async_trait]
impl Engine for Memory {
    fn name(&self) -> &str {
        "memory"
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            submits: true,
            in_process: false,
            carries_keys: self.keys,
            waiting_apart: self.apart,
            at_once: self.at_once,
            submissions: 4,
            poll: Duration::from_secs(1),
        }
    }

    async fn check(&self) -> Vec<Check> {
        Vec::new()
    }

    async fn jobs(&self, _: Option<&str>) -> Result<Vec<Job>> {
        let job = |name: &str| Job { name: name.into(), takes_env: true, ..Job::default() };
        Ok(["build", "unit", "perf"].map(job).into())
    }

    async fn submit(&self, request: &Request) -> Result<Submitted> {
        tokio::task::yield_now().await;
        let mut inner = self.lock();
        inner.submissions += 1;
        if !["build", "unit", "perf"].contains(&request.job.as_str()) {
            return Err(no_such_job("memory", &request.job, ["build", "unit", "perf"]));
        }
        let same = |run: &&Run| {
            run.job == request.job && run.revision.as_ref() == Some(&request.revision) && run.state == State::Pending
        };
        if self.apart == Some(1)
            && let Some(waiting) = inner.runs.iter().find(same)
        {
            return Ok(Submitted::Folded(waiting.clone()));
        }
        let run = Run {
            revision: Some(request.revision.clone()),
            key: self.keys.then(|| request.key.clone()),
            ..Run::new(format!("{}", inner.submissions + 99), &request.job, State::Pending)
        };
        let answer = inner.answers.pop_front().unwrap_or(Answer::Taken);
        match answer {
            Answer::Taken | Answer::TakenAndLost => inner.runs.push(run.clone()),
            Answer::Late => inner.late.push(run.clone()),
            _ => {}
        }
        match answer {
            Answer::Taken => Ok(Submitted::Run(run)),
            Answer::TakenAndLost | Answer::Lost | Answer::Late => {
                Ok(Submitted::Uncertain("the connection broke".into()))
            }
            Answer::Throttled => {
                Err(Error::new(Kind::Transient, "slow down").with_source(RetryAfter(Duration::from_secs(60))))
            }
            Answer::Refused => Err(Error::new(Kind::Usage, "the parameter is none")),
            Answer::Denied => Err(Error::new(Kind::Denied, "the token has expired")),
        }
    }

    async fn find(&self, request: &Request) -> Result<Found> {
        let mut inner = self.lock();
        if !self.keys {
            let like = inner.runs.iter().filter(|run| run.job == request.job).cloned();
            return Ok(Found::Unknown(like.collect()));
        }
        let found = inner.runs.iter().find(|run| run.key.as_ref() == Some(&request.key)).cloned();
        let late = std::mem::take(&mut inner.late);
        inner.runs.extend(late);
        Ok(found.map_or(Found::Absent, Found::Run))
    }

    async fn observe(&self, runs: &[Run]) -> Result<Vec<Run>> {
        let mut inner = self.lock();
        inner.looks += 1;
        let open = inner.runs.iter().filter(|run| !run.state.is_over()).count();
        inner.most_open = inner.most_open.max(open);
        let mut seen = Vec::new();
        for asked in runs {
            let Some(at) = inner.runs.iter().position(|run| run.id == asked.id) else {
                seen.push(Run { state: State::Expired, detail: Some("it is gone".into()), ..asked.clone() });
                continue;
            };
            let before = inner.runs[..at].iter().filter(|r| r.job == asked.job && r.revision == asked.revision).count();
            let run = &mut inner.runs[at];
            run.state = match run.state {
                State::Pending => State::Running,
                State::Running => {
                    let revision = run.revision.clone().unwrap_or_default();
                    run.got_revision = Some(revision.clone());
                    (self.verdict)(&run.job, &revision, before)
                }
                over => over,
            };
            seen.push(run.clone());
        }
        Ok(seen)
    }

    async fn runs(&self, query: &Query) -> Result<Vec<Run>> {
        let inner = self.lock();
        let wanted = |run: &&Run| {
            run.job == query.job
                && query.revisions.as_ref().is_none_or(|all| run.revision.as_ref().is_some_and(|r| all.contains(r)))
        };
        let found = inner.runs.iter().rev().filter(wanted).cloned();
        Ok(found.take(query.limit.unwrap_or(usize::MAX)).collect())
    }

    async fn cancel(&self, run: &Run) -> Result<()> {
        let mut inner = self.lock();
        inner.cancelled.push(run.id.clone());
        if let Some(run) = inner.runs.iter_mut().find(|known| known.id == run.id && !known.state.is_over()) {
            run.state = State::Cancelled;
        }
        Ok(())
    }

    async fn log(&self, _: &Run, _: &mut (dyn Write + Send)) -> Result<()> {
        Ok(())
    }

    async fn artifacts(&self, _: &Run) -> Result<Vec<Artifact>> {
        Ok(Vec::new())
    }

    async fn fetch(&self, _: &Artifact, _: &mut (dyn Write + Send)) -> Result<()> {
        Ok(())
    }

    async fn release(&self, run: &Run) -> Result<()> {
        self.lock().released.push(run.id.clone());
        Ok(())
    }
}
