//! What the verbs that run stages have in common.

use super::runner::{self, Lines};
use crate::{
    cli::{Session, engine_named, exit},
    error::{Error, Kind, Result},
    ops::stage::{
        attest::{self, SigningKey},
        execute::{Finished, Options, execute, judge},
        pipeline::{Pipeline, Profile},
        run::{HandoverId, Owned},
        working::{Tools, Working},
    },
    pipeline::{
        env::{EnvMap, text},
        id::Id,
    },
    process::quote_sh,
    store::{self, Handle},
    world::World,
};
use std::{
    collections::BTreeMap,
    fs::File,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
    thread,
};

/// How stages are run.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Running")]
#[group(id = "doing-args")]
pub(super) struct DoingArgs {
    /// How many stages run at once [default: the number of processors, at least 4]
    #[arg(long, short = 'j', value_name = "N")]
    pub jobs: Option<usize>,
    /// A PEM file with the private key that attests what is handed over [env: CI_TOOL_STAGE_KEY holds the key itself]
    #[arg(long, value_name = "FILE")]
    pub key_file: Option<PathBuf>,
}

impl DoingArgs {
    /// The key that attests, where there is one.
    ///
    /// # Errors
    /// Those of [`attest::signing_key`].
    pub fn key(&self, session: &Session) -> Result<Option<SigningKey>> {
        attest::signing_key(self.key_file.as_deref(), &session.env)
    }
}

/// What a run is driven with.
pub(super) struct Driver<'a> {
    /// This run of the program.
    pub session: &'a Session,
    /// The world.
    pub world: &'a World,
    /// The pipeline.
    pub pipeline: &'a Pipeline,
    /// How.
    pub args: &'a DoingArgs,
    /// Who.
    pub by: Option<String>,
    /// Why something is signed again.
    pub resigned: Option<String>,
    /// Further variables for every stage.
    pub variables: BTreeMap<String, String>,
}

impl Driver<'_> {
    /// Runs what can be run, and prints where the run stands. Returns the exit code.
    ///
    /// # Errors
    /// Those of [`execute`].
    pub async fn drive(&self, owned: &mut Owned) -> Result<u8> {
        let Driver { session, world, pipeline, .. } = self;
        judge(world, owned, pipeline).await?;
        let run = owned.run.opening.run.clone();
        session.out.note(&format!("run {run} of {}", pipeline.name));
        let options = Options {
            at_once: self.args.jobs.unwrap_or_else(at_once).max(1),
            directory: directory(pipeline),
            live: live(&session.env)?,
            host: host(&session.env),
            effects: Arc::new(Working::new(self.tools()?)),
            watcher: Arc::new(Lines::new(session)),
            variables: &self.variables,
        };
        let finished = execute(world, owned, pipeline, &options).await?;
        let code = super::status::show(session, pipeline, &owned.run);
        runner::tell(session, pipeline, &owned.run, code);
        if let Finished::Waiting(stages) = &finished {
            for stage in stages {
                let place = pipeline.stage(stage)?;
                let verb = match pipeline.stages[place].work {
                    crate::ops::stage::pipeline::Work::Gate { .. } => "override",
                    _ => "approve",
                };
                let more = if verb == "override" { " --by NAME --reason WHY" } else { "" };
                session.out.note(&format!("{stage} waits: ci-tool stage {verb} {run} {stage}{more}"));
            }
        } else if code == exit::NEGATIVE {
            session.out.note(&format!(
                "ci-tool stage explain {run} STAGE says why; ci-tool stage resume {run} goes on, also after the file was mended"
            ));
        }
        Ok(code)
    }

    fn tools(&self) -> Result<Tools> {
        let session = self.session;
        let env = session.env.clone();
        let below = directory(self.pipeline);
        let engines = {
            let settings = session.config.trigger.clone();
            let (env, stop) = (session.env.clone(), self.world.stop.clone());
            move |name: &str| engine_named(&settings, &env, name, &settings.jobs, stop.clone())
        };
        let store = self.world.store.url();
        let (background, random) = (live(&session.env)?.join("background"), self.world.random);
        Ok(Tools {
            world: self.world.clone(),
            pipeline: self.pipeline.clone(),
            cache: crate::cli::cache(&session.env)?,
            open: Arc::new(move |url: &str| open(url, &below, &env)),
            engines: Arc::new(engines),
            start: Arc::new(move |file: &Path, id: &HandoverId, profile| {
                let log =
                    background.join(format!("{}-{}-{}.log", id.bar_build_id, id.build_id, Id::from_random(random())));
                start(file, id, profile, &store, &log)
            }),
            key: self.args.key(session)?,
            by: self.by.clone(),
            resigned: self.resigned.clone(),
        })
    }
}

/// Lets a run go, whatever came of driving it: an answer must not have to wait until a lease lapses.
///
/// # Errors
/// What came of it.
pub(super) async fn let_go(session: &Session, world: &World, owned: Owned, done: Result<u8>) -> Result<u8> {
    if let Err(error) = owned.let_go(world).await {
        session.out.warn(&format!("the run stays held for two minutes: {}", error.message()));
    }
    done
}

/// The folder of a pipeline's file.
pub(super) fn directory(pipeline: &Pipeline) -> PathBuf {
    let parent = pipeline.path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let parent = parent.unwrap_or(Path::new("."));
    std::path::absolute(parent).unwrap_or_else(|_| parent.to_path_buf())
}

/// Where the logs of running stages are.
///
/// # Errors
/// Those of the cache's place.
pub(super) fn live(env: &EnvMap) -> Result<PathBuf> {
    Ok(crate::cli::cache(env)?.join("stage-logs"))
}

/// The name of this machine.
pub(super) fn host(env: &EnvMap) -> String {
    crate::capture::machine::describe(env).hostname.unwrap_or_else(|| "localhost".into())
}

/// Who runs this: the name given, the CI's requester, the user.
pub(super) fn who(session: &Session, named: Option<&String>) -> Option<String> {
    let user = || ["USER", "USERNAME", "LOGNAME"].iter().find_map(|name| text(&session.env, name)).map(str::to_owned);
    named.cloned().or_else(user)
}

fn at_once() -> usize {
    thread::available_parallelism().map_or(4, |n| n.get().max(4))
}

/// A target's store: an address, or a directory beside the pipeline's file.
fn open(url: &str, below: &Path, env: &EnvMap) -> Result<Handle> {
    let read = |name: &str| env.get(name).cloned();
    match url.contains("://") {
        true => store::open(url, &read),
        false => store::open(&format!("file://{}", below.join(url).display()), &read),
    }
}

/// Starts a pipeline in the background: it outlives this process. `log`, which must not exist, gets what it says.
fn start(file: &Path, id: &HandoverId, profile: Profile, store: &str, log: &Path) -> Result<String> {
    let failed = |e: std::io::Error| {
        Error::new(Kind::Internal, format!("starting {} in the background", file.display())).with_source(e)
    };
    Pipeline::read(file)?;
    let program = std::env::current_exe().map_err(failed)?;
    if let Some(parent) = log.parent() {
        std::fs::create_dir_all(parent).map_err(|e| Error::io("creating", parent, e))?;
    }
    // A file or a link that somebody put there is not written to.
    let output = File::create_new(log).map_err(|e| Error::io("creating the log", log, e))?;
    let ids = [id.bar_build_id.to_string(), id.build_id.to_string()];
    let mut command = Command::new(program);
    command.args(["stage", "validate"]).arg(file).args(["--bar-build-id", &ids[0], "--build-id", &ids[1]]);
    command.args(["--profile", profile.as_str()]);
    command.env("CI_TOOL_STORE", store).env_remove("CI_TOOL_PROCESS_TREE").env_remove(crate::ops::stage::execute::MARK);
    command.stdin(Stdio::null()).stdout(output.try_clone().map_err(failed)?).stderr(output);
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command.spawn().map_err(failed)?;
    let by_hand = quote_sh(["ci-tool", "stage", "status", "latest"]);
    Ok(format!("{} runs in the background ({by_hand}; its output is in {})", file.display(), log.display()))
}
