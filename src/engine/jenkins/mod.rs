//! Jenkins, through its remote access API.
//!
//! A revision reaches a job through a parameter that the job declares and checks out (`REVISION`; `revision_parameter`). A
//! key reaches it in the same way (`CI_TOOL_KEY`; `key_parameter`): with it no two requests are folded into one, and one whose
//! answer was lost is found again. Jenkins drops parameters that are not declared without a word, so that nothing is sent
//! that the job does not declare. The revision that a build really had is known from the git plugin.

mod api;
mod cancel;
mod check;
mod find;
mod id;
mod known;
mod lists;
mod observe;
mod shapes;
mod states;
mod submit;

use super::{
    Abilities, Artifact, Check, Engine, Found, Query, Request, Spec, Submitted, Surroundings, check_parameters,
    no_such_job,
};
use crate::{
    error::{Context, Error, Kind, Result},
    http::{Failure, Repeat},
    pipeline::{
        job::Job,
        run::{Run, State},
    },
};
use api::{Api, status};
use async_trait::async_trait;
use id::Id;
use jiff::Timestamp;
use known::{Known, Names};
use lists::Place;
use std::{
    collections::{HashMap, HashSet},
    io::Write,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use submit::{Taken, taken};

/// How many submissions are under way at once unless the settings say otherwise.
const SUBMISSIONS: usize = 4;
const POLL: Duration = Duration::from_secs(5);

/// A Jenkins.
pub struct Jenkins {
    api: Api,
    names: Names,
    submissions: usize,
    now: fn() -> Timestamp,
    /// What was learned, for the life of this value.
    learned: Mutex<Learned>,
}

#[derive(Default)]
struct Learned {
    jobs: HashMap<String, Arc<Known>>,
    /// The items of the queue that submissions were answered with.
    items: HashSet<u64>,
}

impl Jenkins {
    /// A Jenkins as the settings describe it. Settings: `url`, `user_env` and `token_env` (an API token, or a password, which
    /// takes two calls more), `key_parameter`, `revision_parameter`, `at_once`.
    ///
    /// # Errors
    /// `Usage` for settings of other systems, an address that is none, or a token without a user; `Denied` for a variable
    /// that is not set.
    pub fn open(spec: &Spec, around: &Surroundings) -> Result<Jenkins> {
        let name = &around.name;
        spec.only(name, &["user_env", "token_env", "key_parameter", "revision_parameter"])?;
        let credentials = spec.credentials(name, &around.env)?;
        if credentials.as_ref().is_some_and(|(user, _)| user.is_empty()) {
            return Err(Error::new(Kind::Usage, format!("the engine {name} has a token, and nobody whose it is"))
                .hint(format!("in ci-tool.yaml: engines: {{{name}: {{user_env: VARIABLE}}}}")));
        }
        Ok(Jenkins {
            api: Api {
                name: name.clone(),
                client: around.client.clone(),
                base: spec.address(name)?,
                credentials,
                pass: tokio::sync::Mutex::default(),
            },
            names: Names { key: spec.key_parameter.clone(), revision: spec.revision_parameter.clone() },
            submissions: spec.at_once.unwrap_or(SUBMISSIONS).max(1),
            now: around.now,
            learned: Mutex::default(),
        })
    }

    /// A job, asked for once.
    async fn known(&self, job: &str) -> Result<Arc<Known>> {
        if let Some(known) = self.learned().jobs.get(job) {
            return Ok(known.clone());
        }
        let shape: Result<shapes::Job> = match job.split('/').any(str::is_empty) {
            true => Err(Error::new(Kind::NotFound, format!("{job:?} is no job's name"))),
            false => self.api.get(self.api.job_url(job, &[]), shapes::JOB).await,
        };
        let known = match shape {
            Ok(shape) => Known::of(&shape, &self.names),
            Err(error) if error.kind() == Kind::NotFound => None,
            Err(error) => return Err(error),
        };
        let Some(known) = known else {
            let all = lists::jobs(&self.api, &self.names).await?;
            return Err(no_such_job(&self.api.name, job, all.iter().map(|known| known.job.name.as_str())));
        };
        let known = Arc::new(known);
        self.learned().jobs.insert(job.to_owned(), known.clone());
        Ok(known)
    }

    fn learned(&self) -> MutexGuard<'_, Learned> {
        // Every state that a panic could leave behind is a valid one.
        self.learned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The build that a run is.
    async fn build_of(&self, run: &Run, wanted: &str) -> Result<shapes::Build> {
        let none =
            |why: &str| Error::new(Kind::NotFound, format!("the run {} of {} has no {wanted}: {why}", run.id, run.job));
        let id = Id::parse(&run.id).ok_or_else(|| none("its id is none of Jenkins"))?;
        match lists::resolve(&self.api, &run.job, &id).await? {
            Place::Build(build) => Ok(build),
            Place::Item(_) => Err(none("it has not begun").hint("wait until it runs")),
            Place::Gone => Err(none("Jenkins does not know it any more")),
        }
    }

    /// The run that a submission was answered with.
    fn submitted(&self, known: &Known, request: &Request, item: u64) -> Run {
        Run {
            revision: Some(request.revision.clone()),
            url: Some(self.api.url(&["queue", "item", &item.to_string(), ""]).to_string()),
            queued: Some((self.now)()),
            ..Run::new(Id::Queue(item).to_string(), &known.job.name, State::Pending)
        }
    }
}

#[async_trait]
impl Engine for Jenkins {
    fn name(&self) -> &str {
        &self.api.name
    }

    fn abilities(&self) -> Abilities {
        // A job that declares the usual key parameter has keys without this; nothing promises it of all.
        let keys = self.names.key.is_some();
        Abilities {
            submits: true,
            in_process: false,
            carries_keys: keys,
            waiting_apart: (!keys).then_some(1),
            at_once: None,
            submissions: self.submissions,
            poll: POLL,
        }
    }

    async fn check(&self) -> Vec<Check> {
        check::check(&self.api).await
    }

    async fn jobs(&self, _revision: Option<&str>) -> Result<Vec<Job>> {
        let all = lists::jobs(&self.api, &self.names).await.context(|| "listing the jobs of Jenkins".into())?;
        let jobs = all.iter().map(|known| known.job.clone()).collect();
        self.learned().jobs.extend(all.into_iter().map(|known| (known.job.name.clone(), Arc::new(known))));
        Ok(jobs)
    }

    async fn submit(&self, request: &Request) -> Result<Submitted> {
        let known = self.known(&request.job).await?;
        check_parameters(&known.job, request)?;
        let cannot = |why: &str| {
            Error::new(
                Kind::Usage,
                format!("the job {} of the engine {} cannot be started: {why}", request.job, self.name()),
            )
        };
        if let Some(why) = &known.job.blocked {
            return Err(cannot(why).hint(match known.revision {
                Some(_) => "enable it in Jenkins".to_owned(),
                None => format!(
                    "let it declare a text parameter and check that out; where it is called otherwise, name it: \
                     engines.{}.revision_parameter",
                    self.name()
                ),
            }));
        }
        let text = |(name, value): (&String, &String)| (name.clone(), value.clone());
        let mut fields: Vec<(String, String)> = request.parameters.iter().map(text).collect();
        fields.extend(known.revision.clone().map(|name| (name, request.revision.clone())));
        fields.extend(known.key.clone().map(|name| (name, request.key.clone())));
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let url = self.api.job_url(&request.job, &["buildWithParameters"]);
        let answer = match self.api.post(&url, &fields, Repeat::Unsafe).await {
            Ok(answer) => answer,
            Err(error) => {
                if let Some(failure) = error.cause::<Failure>().filter(|failure| failure.may_have_arrived()) {
                    return Ok(Submitted::Uncertain(failure.to_string()));
                }
                if !matches!(status(&error), Some(400 | 404 | 409)) {
                    return Err(error.context(format!("submitting the job {}", request.job)));
                }
                // It is not what it was when it was asked for.
                self.learned().jobs.remove(&request.job);
                return Err(cannot("Jenkins does not take it").with_source(error).hint("look at the job in Jenkins"));
            }
        };
        let handed_out = |item| self.learned().items.contains(&item);
        match taken(answer.status, answer.header("location"), handed_out) {
            Taken::New(item) => {
                self.learned().items.insert(item);
                let key = known.key.is_some().then(|| request.key.clone());
                Ok(Submitted::Run(Run { key, ..self.submitted(&known, request, item) }))
            }
            Taken::Folded(item) => Ok(Submitted::Folded(self.submitted(&known, request, item))),
            Taken::Lost => {
                Ok(Submitted::Uncertain(format!("it answered {} and named no item of its queue", answer.status)))
            }
            Taken::Refused => {
                Err(Error::new(Kind::Denied, format!("Jenkins queued nothing for the job {}", request.job))
                    .hint("a plugin of the server decided so: its log says which, and why"))
            }
            Taken::Elsewhere => Err(Error::new(
                Kind::Denied,
                format!(
                    "the engine {} answered {} instead of taking the job {}",
                    self.name(),
                    answer.status,
                    request.job
                ),
            )
            .hint("it sends callers elsewhere, perhaps to sign in: check the address and the credentials")),
        }
    }

    async fn find(&self, request: &Request) -> Result<Found> {
        let known = self.known(&request.job).await?;
        find::find(&self.api, &known, request)
            .await
            .context(|| format!("looking for the request {} of the job {}", request.key, request.job))
    }

    async fn observe(&self, runs: &[Run]) -> Result<Vec<Run>> {
        observe::observe(self, runs).await.context(|| "looking at runs of Jenkins".into())
    }

    async fn runs(&self, query: &Query) -> Result<Vec<Run>> {
        let known = self.known(&query.job).await?;
        find::runs(&self.api, &known, query).await.context(|| format!("listing the runs of the job {}", query.job))
    }

    async fn cancel(&self, run: &Run) -> Result<()> {
        cancel::cancel(&self.api, run).await.context(|| format!("stopping the run {} of {}", run.id, run.job))
    }

    async fn log(&self, run: &Run, to: &mut (dyn Write + Send)) -> Result<()> {
        let build = self.build_of(run, "log").await?;
        let url = self.api.job_url(&run.job, &[&build.number.to_string(), "consoleText"]);
        self.api.download(&url, to).await.context(|| format!("reading the log of {}", run.id))
    }

    async fn artifacts(&self, run: &Run) -> Result<Vec<Artifact>> {
        let build = self.build_of(run, "files").await?;
        let number = build.number.to_string();
        let made: shapes::Made =
            self.api.get(self.api.job_url(&run.job, &[&number]), "artifacts[relativePath,fileName]").await?;
        let of_run = |file: shapes::File| Artifact {
            id: file.relative_path.clone(),
            run: Id::Build(run.job.clone(), build.number).to_string(),
            url: Some(self.file(&run.job, &number, &file.relative_path).to_string()),
            name: file.relative_path,
            // The API does not say it.
            size: None,
        };
        Ok(made.artifacts.into_iter().map(of_run).collect())
    }

    async fn fetch(&self, artifact: &Artifact, to: &mut (dyn Write + Send)) -> Result<()> {
        let Some(Id::Build(job, number)) = Id::parse(&artifact.run) else {
            return Err(Error::new(Kind::NotFound, format!("the run {:?} made no files", artifact.run)));
        };
        let url = self.file(&job, &number.to_string(), &artifact.id);
        self.api.download(&url, to).await.context(|| format!("fetching {} of {}", artifact.name, artifact.run))
    }
}

impl Jenkins {
    fn file(&self, job: &str, number: &str, path: &str) -> crate::http::Url {
        let below = [number, "artifact"].into_iter().chain(path.split('/'));
        self.api.job_url(job, &below.collect::<Vec<_>>())
    }
}
