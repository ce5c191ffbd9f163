//! Buildbot 3 and 4, through its REST interface (`/api/v2`). Shapes: <https://docs.buildbot.net/latest/developer/rest.html>.
//!
//! A run is a build *request*: it has a number at once and keeps it when its worker or its master is lost and another build
//! begins. The key is the `reason`. Buildbot folds a request into a later one for the same job, revision and branch while
//! neither has begun (`collapseRequests`, on unless switched off), whatever their reasons and parameters: the earlier one is
//! then done at once, without a build.

mod find;
mod form;
mod read;
mod session;
mod shapes;
mod states;

use super::{Abilities, Artifact, Check, Engine, Found, Query, Request, Spec, Submitted, Surroundings};
use crate::{
    error::{Error, Kind, Result},
    http::{self, Failure, Repeat},
    pipeline::{
        job::Job,
        run::{Run, State},
    },
};
use async_trait::async_trait;
use form::{Choice, Form, Known};
use futures::{StreamExt, TryStreamExt, stream};
use read::{AT_ONCE, Seen, id, number, ranges};
use serde_json::{Map, Value, json};
use session::Session;
use shapes::{BuildRequest, Builder, ForceScheduler, Log, Step};
use std::{
    collections::{BTreeMap, HashMap},
    io::Write,
    time::Duration,
};
use tokio::sync::OnceCell;

/// How many requests are read at once.
const PAGE: usize = 100;
/// How often a run is looked for that went from waiting to running while it was stopped.
const STOPS: usize = 3;

/// A Buildbot.
#[derive(Debug)]
pub struct Buildbot {
    session: Session,
    choice: Choice,
    at_once: Option<usize>,
    /// The builders, read when first needed.
    builders: OnceCell<BTreeMap<String, Known>>,
}

impl Buildbot {
    /// A Buildbot as its settings say: `url`, `user_env`, `token_env`, `scheduler`, `revision_parameter`.
    ///
    /// # Errors
    /// `Usage` for a setting that Buildbot does not have, an address that is none, or one to which the password would travel
    /// unencrypted; `Denied` where a variable that the settings name is not set.
    pub fn open(spec: &Spec, around: &Surroundings) -> Result<Buildbot> {
        let name = &around.name;
        spec.only(name, &["user_env", "token_env", "scheduler", "revision_parameter"])?;
        let credentials = spec.credentials(name, &around.env)?;
        let base = spec.address(name)?;
        if credentials.is_some() {
            http::may_have_token(&base)?;
        }
        let choice = Choice { scheduler: spec.scheduler.clone(), revision: spec.revision_parameter.clone() };
        let session = Session::new(name, around.client.clone(), base, credentials);
        Ok(Buildbot { session, choice, at_once: spec.at_once, builders: OnceCell::new() })
    }

    async fn builders(&self) -> Result<&BTreeMap<String, Known>> {
        let read = async || {
            let (builders, schedulers): (Vec<Builder>, Vec<ForceScheduler>) = tokio::try_join!(
                self.session.list("builders", &[], "builders"),
                self.session.list("forceschedulers", &[], "forceschedulers"),
            )?;
            let known = |builder: &Builder| Known::new(builder, &schedulers, &self.choice);
            Ok(builders.iter().map(|builder| (builder.name.clone(), known(builder))).collect())
        };
        self.builders.get_or_try_init(read).await
    }

    async fn builder(&self, name: &str) -> Result<&Known> {
        let builders = self.builders().await?;
        let names = || builders.keys().map(String::as_str);
        builders.get(name).ok_or_else(|| super::no_such_job(&self.session.engine, name, names()))
    }

    fn job(&self, name: &str, known: &Known) -> Job {
        known.job(name, self.session.page(&format!("builders/{}", known.id)))
    }

    /// The request that a call made: `[buildset, {builder: request}]`, and `{"buildsetid": …}` from old masters.
    async fn taken(&self, result: Option<Value>, builder: u64) -> Result<u64, String> {
        let result = result.ok_or("the answer has no result")?;
        if let Some(request) = result.get(1).and_then(|made| made.get(builder.to_string())).and_then(Value::as_u64) {
            return Ok(request);
        }
        let buildset = result.get("buildsetid").or_else(|| result.get(0)).and_then(Value::as_u64);
        let buildset = buildset.ok_or_else(|| format!("the answer names no buildset: {result}"))?.to_string();
        let query = [("buildsetid", buildset.as_str())];
        let made: Vec<BuildRequest> = self
            .session
            .list("buildrequests", &query, "buildrequests")
            .await
            .map_err(|error| format!("the requests of buildset {buildset} cannot be read: {error}"))?;
        let made = made.iter().find(|request| request.builderid == builder);
        made.map(|request| request.buildrequestid).ok_or_else(|| format!("buildset {buildset} has no request"))
    }

    async fn look(&self, seen: Option<&Seen>, run: &Run, codebase: &str) -> Result<Run> {
        match seen {
            Some(seen) => self.run(seen, run.clone(), codebase).await,
            None => {
                let detail = Some("Buildbot does not have this request any more".to_owned());
                Ok(Run { state: State::Expired, detail, ..run.clone() })
            }
        }
    }

    async fn steps(&self, run: &Run) -> Result<Vec<Step>> {
        let number = number(&self.session.engine, run)?;
        let build = self.range(number, number).await?.remove(&number).and_then(|seen| seen.build);
        let Some(build) = build else {
            let error = Error::new(Kind::NotFound, format!("the run {} of {} has no build", run.id, run.job));
            return Err(error.hint("it waits, was folded into another, or was taken back"));
        };
        self.session.list(&format!("builds/{}/steps", build.buildid), &[], "steps").await
    }
}

/// How a request is sent, or why not.
fn filled(known: &Known, request: &Request) -> Result<(Form, Map<String, Value>)> {
    let blocked = |why: &String| {
        Error::new(Kind::Usage, format!("the job {} cannot be started: {why}", request.job))
            .hint("Buildbot starts a job from outside by a ForceScheduler in its master.cfg")
    };
    let form = known.form.as_ref().map_err(blocked)?;
    let filled = form.filled(request).map_err(|why| {
        Error::new(Kind::Usage, why).hint(format!("`ci-tool trigger jobs HEAD` shows what {} takes", request.job))
    })?;
    Ok((form.clone(), filled))
}

#[async_trait]
impl Engine for Buildbot {
    fn name(&self) -> &str {
        &self.session.engine
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            submits: true,
            in_process: false,
            carries_keys: true,
            waiting_apart: Some(1),
            at_once: None,
            submissions: self.at_once.unwrap_or(8),
            poll: Duration::from_secs(2),
        }
    }

    async fn check(&self) -> Vec<Check> {
        let check = |what: &str, holds, seen: String, hint: Option<&str>| Check {
            what: what.into(),
            holds,
            seen,
            hint: hint.map(str::to_owned),
        };
        let failed = |what: &str, error: &Error| {
            let hint = error.hints().first().map_or("run it again with -v", String::as_str);
            let causes = error.causes().join(": ");
            check(what, Some(false), format!("{error}: {causes}"), Some(hint))
        };
        let login = self.session.ready().await;
        let credentials = match (&login, self.session.has_user()) {
            (Ok(()), true) => check("credentials", Some(true), "Buildbot opened a session".into(), None),
            (Ok(()), false) => check("credentials", None, "none are set: calls are made as nobody".into(), None),
            (Err(error), _) if error.kind() == Kind::Transient => failed("address", error),
            (Err(error), _) => failed("credentials", error),
        };
        if login.is_err() {
            return vec![credentials];
        }
        let builders = match self.builders().await {
            Ok(builders) => builders,
            Err(error) => return vec![failed("address", &error), credentials],
        };
        let open = builders.values().filter(|known| known.form.is_ok()).count();
        let seen = format!("{} builders, of which {open} can be started from outside", builders.len());
        let may = "Buildbot says so only when a run is started";
        vec![
            check("address", Some(true), seen, None),
            credentials,
            check("permission to start jobs", None, may.into(), None),
        ]
    }

    async fn jobs(&self, _revision: Option<&str>) -> Result<Vec<Job>> {
        Ok(self.builders().await?.iter().map(|(name, known)| self.job(name, known)).collect())
    }

    async fn submit(&self, request: &Request) -> Result<Submitted> {
        let known = self.builder(&request.job).await?;
        super::check_parameters(&self.job(&request.job, known), request)?;
        let (form, filled) = filled(known, request)?;
        self.session.ready().await?;
        let path = format!("forceschedulers/{}", form.scheduler);
        let result = match self.session.call(&path, "force", filled, Repeat::Unsafe).await {
            Ok(result) => result,
            Err(error) if error.cause().is_some_and(Failure::may_have_arrived) => {
                return Ok(Submitted::Uncertain(format!("{error}: {}", error.causes().join(": "))));
            }
            Err(error) => return Err(error),
        };
        Ok(match self.taken(result, known.id).await {
            Ok(taken) => Submitted::Run(Run {
                revision: Some(request.revision.clone()),
                key: Some(request.key.clone()),
                url: Some(self.session.page(&format!("buildrequests/{taken}"))),
                ..Run::new(id(taken), &request.job, State::Pending)
            }),
            Err(why) => Submitted::Uncertain(why),
        })
    }

    async fn find(&self, request: &Request) -> Result<Found> {
        let known = self.builder(&request.job).await?;
        self.by_key(known, request).await
    }

    async fn observe(&self, runs: &[Run]) -> Result<Vec<Run>> {
        let numbers: Vec<u64> = runs.iter().map(|run| number(&self.session.engine, run)).collect::<Result<_>>()?;
        let ranges = ranges(numbers.clone(), PAGE as u64);
        let read = ranges.into_iter().map(|(first, last)| self.range(first, last));
        let parts: Vec<HashMap<_, _>> = stream::iter(read).buffered(AT_ONCE).try_collect().await?;
        let seen: HashMap<_, _> = parts.into_iter().flatten().collect();
        // Of jobs with several codebases, the form says which one the revision is of.
        let builders = if runs.is_empty() { None } else { self.builders().await.ok() };
        let mut looks = Vec::with_capacity(runs.len());
        for (run, number) in runs.iter().zip(&numbers) {
            let form = builders.and_then(|all| all.get(&run.job)).and_then(|known| known.form.as_ref().ok());
            looks.push(self.look(seen.get(number), run, form.map_or("", Form::codebase)));
        }
        stream::iter(looks).buffered(AT_ONCE).try_collect().await
    }

    async fn runs(&self, query: &Query) -> Result<Vec<Run>> {
        let known = self.builder(&query.job).await?;
        let codebase = known.form.as_ref().map_or("", Form::codebase);
        let (since, limit) = (query.since.map(|since| since.as_second()), query.limit.unwrap_or(usize::MAX));
        let wanted = |run: &Run| match &query.revisions {
            None => true,
            Some(asked) => [&run.revision, &run.got_revision].into_iter().flatten().any(|r| asked.contains(r)),
        };
        let (mut found, mut before) = (Vec::new(), None);
        while found.len() < limit {
            let page = self.page(known.id, before, since).await?;
            before = page.last().map(|seen| seen.request.buildrequestid);
            found.extend(self.runs_of(&query.job, &page, codebase).await?.into_iter().filter(wanted));
            if page.len() < PAGE {
                break;
            }
        }
        found.truncate(limit);
        Ok(found)
    }

    async fn cancel(&self, run: &Run) -> Result<()> {
        let number = number(&self.session.engine, run)?;
        let why = || Map::from_iter([("reason".to_owned(), json!("stopped by ci-tool"))]);
        for _ in 0..STOPS {
            let Some(seen) = self.range(number, number).await?.remove(&number) else { return Ok(()) };
            if read::is_over(&seen) {
                return Ok(());
            }
            let running = seen.build.filter(|build| !build.complete);
            let (path, method) = match &running {
                Some(build) => (format!("builds/{}", build.buildid), "stop"),
                // It may begin while it is taken back: then there is a build at the next look.
                None => (format!("buildrequests/{number}"), "cancel"),
            };
            self.session.call(&path, method, why(), Repeat::Safe).await?;
            if running.is_some() {
                break;
            }
        }
        Ok(())
    }

    async fn log(&self, run: &Run, to: &mut (dyn Write + Send)) -> Result<()> {
        let mut any = false;
        for step in self.steps(run).await? {
            let logs: Vec<Log> = self.session.list(&format!("steps/{}/logs", step.stepid), &[], "logs").await?;
            for log in logs {
                any = true;
                writeln!(to, "=== {}: {}", step.name, log.name)
                    .map_err(|e| Error::new(Kind::Internal, format!("writing the log of {}", run.id)).with_source(e))?;
                self.session.copy(&format!("logs/{}/raw", log.logid), to).await?;
            }
        }
        if any {
            return Ok(());
        }
        Err(Error::new(Kind::NotFound, format!("the run {} of {} has no log yet", run.id, run.job))
            .hint("ask again when a step has begun"))
    }

    /// The links that its steps made: Buildbot itself keeps no files.
    async fn artifacts(&self, run: &Run) -> Result<Vec<Artifact>> {
        let links = self.steps(run).await?.into_iter().flat_map(|step| step.urls);
        let artifact = |link: shapes::Link| Artifact {
            id: link.url.clone(),
            run: run.id.clone(),
            name: link.name,
            size: None,
            url: Some(link.url),
        };
        Ok(links.map(artifact).collect())
    }

    async fn fetch(&self, artifact: &Artifact, _to: &mut (dyn Write + Send)) -> Result<()> {
        let error = Error::new(Kind::Unsupported, format!("Buildbot only links to the artifact {}", artifact.name));
        Err(error.hint(format!("get it from {}", artifact.id)))
    }
}
