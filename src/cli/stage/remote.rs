//! Runs whose stages an engine drives, on the command line.

use super::{
    resume::Said,
    status,
    validate::{Common, LATEST, is_alike},
};
use crate::{
    cli::{Session, engine_named, exit, surroundings},
    engine::{Found, Submitted},
    error::{Error, Kind, Result},
    journal::Lasting,
    ops::stage::{
        answer::Says,
        execute::{Beginning, begin},
        handover,
        pipeline::{Pipeline, Profile},
        remote::{Answer, Remote, Request, run as as_run},
        run::{self, EngineRun, Event, HandoverId, Opening, Owned, Run, Told},
        select::{Earlier, Reason, select},
        state::State,
    },
    pipeline::{id::Id, run::Run as Taken},
    world::World,
};
use serde_json::json;
use std::collections::BTreeMap;

/// Whether an engine drives a pipeline's stages.
pub(super) fn is_remote(pipeline: &Pipeline) -> bool {
    pipeline.remote.is_some() || pipeline.engine.as_deref().is_some_and(|engine| engine != "local")
}

/// The engine's pipeline, and the engine's name.
fn open(session: &Session, world: &World, pipeline: &Pipeline) -> Result<(Remote, String)> {
    let Some(engine) = &pipeline.engine else {
        return Err(Error::new(Kind::Usage, format!("{} says not which engine has it", pipeline.path.display()))
            .hint("write it at the top: engine: NAME, one of ci-tool.yaml"));
    };
    let settings = &session.config.trigger;
    // Only to say by its settings what is wrong with an engine that is not there.
    engine_named(settings, &session.env, engine, &settings.jobs, world.stop.clone())?;
    let around = surroundings(&session.env, engine, &settings.jobs, world.stop.clone())?;
    Ok((Remote::open(pipeline, &settings.engines[engine], &around)?, engine.clone()))
}

/// Starts a run there, and prints where it stands; with `--dry-run` prints the file that it would follow.
///
/// # Errors
/// `Usage` for what only stages that run here can do; those of the selection, the store and the engine.
pub(super) async fn start(session: &Session, common: &Common, failed: bool, pipeline: &Pipeline) -> Result<u8> {
    let here = [
        ("--substitute", !common.tries.substitute.is_empty()),
        ("--rerun", common.rerun),
        ("--fail-fast", common.fail_fast),
    ];
    if let Some((flag, _)) = here.iter().find(|(_, given)| *given) {
        return Err(Error::new(
            Kind::Usage,
            format!("{flag} is for stages that run here: an engine drives {}", pipeline.name),
        )
        .hint("write it into the pipeline of the engine, or as a parameter under remote:"));
    }
    let world = session.world(common.dry_run)?;
    let (remote, engine) = open(session, &world, pipeline)?;
    let handover = builds(&world, common).await?;
    let profile = common.tries.profile(pipeline);
    let asked = common.which.clone().asked(failed);
    let before = match asked == Default::default() {
        true => Vec::new(),
        false => before(session, &world, pipeline, handover.as_ref(), profile).await?,
    };
    let earlier = before.first().filter(|_| failed).map(|run| Earlier {
        run: run.opening.run.to_string(),
        states: run.stages.iter().map(|(name, told)| (name.clone(), told.state())).collect(),
    });
    if common.dry_run {
        let left_out = select(pipeline, &asked, earlier.as_ref())?;
        let named = pipeline.stages.iter().zip(left_out);
        let left_out = named.filter_map(|(stage, why)| Some((stage.name.clone(), why?))).collect();
        let id = Id::from_random((world.random)());
        let text = remote.preview(&request(&id, profile, &left_out, handover.as_ref(), &BTreeMap::new())).await?;
        match session.out.is_json() {
            true => session.out.json(&json!({ "schema": 1, "dry_run": true, "final_yaml": text })),
            false => session.out.text(text.trim_end()),
        }
        session.out.note("nothing was started");
        return Ok(exit::DONE);
    }
    let good = |(_, told): &(&String, &Told)| matches!(told.state(), State::Succeeded | State::SucceededWithIssues);
    let succeeded = before.iter().flat_map(|run| run.stages.iter().filter(good)).map(|(name, _)| name.clone());
    let beginning = Beginning {
        profile: Some(profile),
        asked,
        handover,
        by: common.by.clone(),
        reason: common.reason.clone(),
        earlier,
        succeeded: succeeded.collect(),
        ..Beginning::default()
    };
    let mut owned = begin(&world, pipeline, &beginning).await?;
    session.out.note(&format!("run {} of {}", owned.run.opening.run, pipeline.name));
    submit(&remote, &engine, &mut owned).await?;
    show(session, pipeline, &remote, owned.run).await
}

/// Sends a run that was opened here, once.
async fn submit(remote: &Remote, engine: &str, owned: &mut Owned) -> Result<()> {
    let opening = owned.run.opening.clone();
    let parameters = BTreeMap::new();
    let Opening { run, profile, left_out, handover, .. } = &opening;
    match remote.start(&request(run, *profile, left_out, handover.as_ref(), &parameters)).await {
        Ok(Submitted::Run(taken) | Submitted::Folded(taken)) => record(engine, owned, &taken).await,
        Ok(Submitted::Uncertain(why)) => match remote.find(run, owned.run.opened).await? {
            Found::Run(taken) => record(engine, owned, &taken).await,
            Found::Absent | Found::Unknown(_) => Err(unknown(engine, run, &why)),
        },
        Err(error) => {
            let why = format!("{engine} took no run: {}", error.message());
            owned.tell(Event::Cancelled { why }, Lasting::Written).await?;
            Err(error)
        }
    }
}

async fn record(engine: &str, owned: &mut Owned, taken: &Taken) -> Result<()> {
    let event = Event::Submitted(engine_run(engine, taken)?);
    owned.tell(event, Lasting::Synced).await
}

fn engine_run(engine: &str, taken: &Taken) -> Result<EngineRun> {
    let id = taken.id.parse().map_err(|e: std::num::ParseIntError| {
        Error::new(Kind::Corrupt, format!("{:?} is no number of a run of {engine}", taken.id)).with_source(e)
    })?;
    Ok(EngineRun { engine: engine.to_owned(), id, url: taken.url.clone() })
}

fn unknown(engine: &str, run: &Id, why: &str) -> Error {
    Error::new(Kind::Transient, format!("nobody knows whether {engine} took the run {run}: {why}")).hint(format!(
        "look at it there; ci-tool stage resume {run} looks again, and starts it only if it is not there"
    ))
}

fn request<'a>(
    run: &'a Id,
    profile: Profile,
    left_out: &'a BTreeMap<String, Reason>,
    handover: Option<&'a HandoverId>,
    parameters: &'a BTreeMap<String, String>,
) -> Request<'a> {
    Request { run, profile, left_out, handover, parameters }
}

/// The builds of a run: both as they are given, or the ones of the handover that one of them finds.
async fn builds(world: &World, common: &Common) -> Result<Option<HandoverId>> {
    Ok(match (common.bar_build_id, common.build_id) {
        (None, None) => None,
        (Some(bar_build_id), Some(build_id)) => Some(HandoverId { bar_build_id, build_id }),
        (bar, build) => Some(handover::find(world, bar, build).await?.handover.id),
    })
}

/// Earlier runs of a pipeline with the same builds as they are there, the latest first.
async fn before(
    session: &Session,
    world: &World,
    pipeline: &Pipeline,
    handover: Option<&HandoverId>,
    profile: Profile,
) -> Result<Vec<Run>> {
    let mut found = Vec::new();
    for listed in run::list(world, LATEST).await? {
        let run = run::read(world, &listed.id).await?;
        if is_alike(&run, pipeline, handover, profile) {
            found.push(seen(session, world, pipeline, run).await?);
        }
    }
    Ok(found)
}

/// A run as it is there. One that no engine is known to have taken is looked for; where it is not, it is as it was begun.
///
/// # Errors
/// Those of the engine.
pub(super) async fn seen(session: &Session, world: &World, pipeline: &Pipeline, mut run: Run) -> Result<Run> {
    if run.engine_run.is_none() && run.cancelled.is_some() {
        return Ok(run);
    }
    let (remote, engine) = open(session, world, pipeline)?;
    if run.engine_run.is_none()
        && let Found::Run(taken) = remote.find(&run.opening.run, run.opened).await?
    {
        run.engine_run = Some(engine_run(&engine, &taken)?);
    }
    looked_at(&remote, run).await
}

async fn looked_at(remote: &Remote, run: Run) -> Result<Run> {
    let Some(id) = run.engine_run.as_ref().map(|engine_run| engine_run.id) else { return Ok(run) };
    let observed = remote.observe(id, &run.opening.left_out).await?;
    Ok(as_run(run, &observed))
}

async fn show(session: &Session, pipeline: &Pipeline, remote: &Remote, run: Run) -> Result<u8> {
    Ok(status::show(session, pipeline, &looked_at(remote, run).await?))
}

/// Has what failed in each stage done again. A run whose start got no answer is looked for, and started where it is not there.
///
/// # Errors
/// `Transient` when it cannot be told whether it was started; those of the engine.
pub(super) async fn resume(session: &Session, world: &World, mut owned: Owned, pipeline: &Pipeline) -> Result<u8> {
    let (remote, engine) = open(session, world, pipeline)?;
    let run = owned.run.opening.run.clone();
    let Some(id) = owned.run.engine_run.as_ref().map(|engine_run| engine_run.id) else {
        match remote.find(&run, owned.run.opened).await? {
            Found::Run(taken) => record(&engine, &mut owned, &taken).await?,
            Found::Absent => {
                let again = Event::TakenUp { hash: None, differs: Vec::new(), again: Vec::new() };
                owned.tell(again, Lasting::Written).await?;
                submit(&remote, &engine, &mut owned).await?;
            }
            Found::Unknown(_) => return Err(unknown(&engine, &run, "several runs there could be it")),
        }
        return show(session, pipeline, &remote, owned.run).await;
    };
    let now = looked_at(&remote, owned.run.clone()).await?;
    let bad: Vec<&String> = now.stages.iter().filter(|(_, told)| told.state().is_bad()).map(|(name, _)| name).collect();
    if bad.is_empty() {
        session.out.note("nothing failed: there is nothing to do again");
    }
    for stage in bad {
        remote.retry(id, stage).await?;
        session.out.note(&format!("[{stage}] is done again"));
    }
    show(session, pipeline, &remote, owned.run).await
}

/// Answers an approval there: who says it and why are its comment, and the engine keeps it.
///
/// # Errors
/// `Unsupported` for an override, which the engine does not have; those of the engine.
pub(super) async fn say(
    session: &Session,
    world: &World,
    run: &Run,
    pipeline: &Pipeline,
    said: &Said<'_>,
) -> Result<u8> {
    let (remote, engine) = open(session, world, pipeline)?;
    pipeline.stage(said.stage)?;
    let run_id = &run.opening.run;
    let answer = match said.says {
        Says::Approve => Answer::Approve,
        Says::Reject => Answer::Reject,
        Says::Override => {
            let message = format!("{engine} drives {}, and has no way to go on although a stage failed", said.stage);
            return Err(Error::new(Kind::Unsupported, message).hint(format!(
                "do it again: ci-tool stage resume {run_id}; or begin a run without it: ci-tool stage validate {} --failed --skip {} --by NAME --reason WHY",
                run.opening.file, said.stage
            )));
        }
    };
    let Some(id) = run.engine_run.as_ref().map(|engine_run| engine_run.id) else {
        return Err(Error::new(Kind::Usage, format!("{engine} is not known to have taken the run {run_id}"))
            .hint(format!("ci-tool stage resume {run_id} looks for it")));
    };
    let reason = said.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    for approval in remote.answer(id, said.stage, answer, &format!("{}{reason}", said.by)).await? {
        session.out.note(&format!("{engine} has the answer for {}: it is {} now", said.stage, approval.status));
    }
    show(session, pipeline, &remote, run.clone()).await
}
