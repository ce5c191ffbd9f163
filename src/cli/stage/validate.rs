//! `ci-tool stage validate` and `prepare`.

use super::{
    doing::{DoingArgs, Driver, let_go, who},
    remote,
    told::earlier,
    which::{TryArgs, WhichArgs},
};
use crate::{
    cli::{Session, cache, engine_named, out::count},
    engine::bar::Bar,
    error::{Error, Kind, Result},
    http::{Client, Token},
    ops::stage::{
        adopt::{Adoption, adopt},
        attest::{self, Envelope},
        content,
        execute::{Beginning, begin},
        handover::{self, Handover, Kept, Origin, download_all},
        pipeline::{Half, Pipeline, Profile, Stage, Work},
        plan::{Wish, substitutes},
        run::{self, HandoverId, Opening, Run},
        select::{Asked, Reason, select},
        state::State,
        working::{attestation_key, subjects},
    },
    pipeline::id::Id,
    world::World,
};
use std::{collections::BTreeMap, path::PathBuf};

/// How many files are brought at once.
const AT_ONCE: usize = 16;
/// How many of the latest runs are looked at for stages that succeeded.
pub(super) const LATEST: usize = 200;

/// Check what was handed over, and publish it
///
/// Finds the handover by either id or both, brings every file and checks it, and runs the stages. What is left out counts as a
/// need that is satisfied. Ends with 0 when all is done, 5 when something came to nothing, 8 when it waits for people.
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Examples:\n  ci-tool stage validate release/validate-publish.yaml --bar-build-id 269450 --build-id 2503100\n  ci-tool stage validate release/validate-publish.yaml --build-id 2503100 --skip validation --skip source_code_validation"
)]
pub struct ValidateArgs {
    #[command(flatten)]
    common: Common,
    /// Do again what did not succeed in the latest run of this handover, and what needs it
    #[arg(long)]
    failed: bool,
    /// A PEM file with a public key: the handover must be attested by its owner; can be repeated [env: CI_TOOL_STAGE_PUBLIC_KEY]
    #[arg(long, value_name = "FILE")]
    public_key_file: Vec<PathBuf>,
}

/// Make and sign artifacts, and hand them over
///
/// Runs the stages, keeps what they make, writes the handover, and starts what validates it without waiting for that. What is
/// signed from the same inputs is not signed again.
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Examples:\n  ci-tool stage prepare release/prepare-artifacts.yaml --bar-build-id 269450 --build-id 2503100\n  ci-tool stage prepare release/prepare-artifacts.yaml --bar-build-id 269450 --build-id 2503100 --resign --reason 'the certificate was revoked'"
)]
pub struct PrepareArgs {
    #[command(flatten)]
    common: Common,
    /// Sign again what was signed from the same inputs: it will differ
    #[arg(long, requires = "reason")]
    resign: bool,
}

/// What both take.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Common {
    /// The pipeline's file
    #[arg(value_name = "PIPELINE")]
    pipeline: PathBuf,
    /// The build in the build asset registry
    #[arg(long, value_name = "N")]
    pub bar_build_id: Option<u64>,
    /// The build in the CI
    #[arg(long, value_name = "N")]
    pub build_id: Option<u64>,
    #[command(flatten)]
    pub which: WhichArgs,
    #[command(flatten)]
    pub tries: TryArgs,
    /// Who leaves out what production stands on, or signs again
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
    /// Why
    #[arg(long, value_name = "WHY")]
    pub reason: Option<String>,
    /// Do stages that are up to date all the same; what is signed is not signed again
    #[arg(long)]
    pub rerun: bool,
    /// End everything at the first failure
    #[arg(long)]
    pub fail_fast: bool,
    #[command(flatten)]
    doing: DoingArgs,
    /// Print what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
}

impl Common {
    /// Prints what would be done.
    fn plan(&self, session: &Session, pipeline: &Pipeline) -> Result<u8> {
        let wish = Wish {
            asked: self.which.clone().asked(false),
            earlier: None,
            profile: self.tries.profile(pipeline),
            substitutes: substitutes(pipeline, &self.tries.substitute)?,
            what_if: Vec::new(),
        };
        super::plan::show(session, pipeline, &wish, None)
    }
}

/// Runs `validate`.
pub(super) async fn validate(session: &Session, args: ValidateArgs) -> Result<u8> {
    let common = args.common;
    let pipeline = Pipeline::read(&common.pipeline)?;
    if pipeline.half == Half::Prepare {
        return Err(Error::new(Kind::Usage, format!("{} prepares: it makes what is to be validated", pipeline.name))
            .hint("run it by: ci-tool stage prepare"));
    }
    if remote::is_remote(&pipeline) {
        return remote::start(session, &common, args.failed, &pipeline).await;
    }
    if common.dry_run {
        return common.plan(session, &pipeline);
    }
    let world = session.world(false)?;
    let mut variables = BTreeMap::new();
    let mut id = None;
    if common.bar_build_id.is_some() || common.build_id.is_some() {
        let kept = handed_over(session, &world, &common).await?;
        attested(session, &world, &kept, &args.public_key_file).await?;
        let into = cache(&session.env)?.join("stage").join(folder(&kept));
        let brought = download_all(&world, &kept.handover, &into, AT_ONCE).await?;
        session.out.note(&format!(
            "{} handed over by the run {}, {} brought",
            count(kept.handover.files.len(), "file", "files"),
            kept.handover.run,
            brought.brought
        ));
        for extra in &brought.extra {
            session.out.warn(&format!("{extra} is no part of the handover: it was left alone"));
        }
        variables.insert("CI_TOOL_HANDOVER".into(), into.display().to_string());
        id = Some(kept.handover.id);
    }
    let profile = common.tries.profile(&pipeline);
    let before = match args.failed {
        true => latest(&world, &pipeline, id.as_ref(), profile).await?,
        false => None,
    };
    let earlier = match before {
        Some(before) => earlier(session, &world, &pipeline, before.as_str()).await?,
        None => None,
    };
    let asked = common.which.clone().asked(args.failed);
    // Only what is left out has to have succeeded before, and every earlier run is a file to read.
    let succeeded = match asked == Asked::default() {
        true => Vec::new(),
        false => succeeded(&world, &pipeline, id.as_ref(), profile).await?,
    };
    let substituted = substitutes(&pipeline, &common.tries.substitute)?;
    if id.is_none() {
        publishes_nothing(&pipeline, &select(&pipeline, &asked, earlier.as_ref())?, &substituted)?;
    }
    let beginning = Beginning {
        profile: Some(profile),
        asked,
        substituted,
        handover: id,
        by: common.by.clone(),
        reason: common.reason.clone(),
        rerun: common.rerun,
        resign: false,
        fail_fast: common.fail_fast,
        earlier,
        succeeded,
    };
    let mut owned = begin(&world, &pipeline, &beginning).await?;
    let by = who(session, common.by.as_ref());
    let driver =
        Driver { session, world: &world, pipeline: &pipeline, args: &common.doing, by, resigned: None, variables };
    let done = driver.drive(&mut owned).await;
    let_go(session, &world, owned, done).await
}

/// Runs `prepare`.
pub(super) async fn prepare(session: &Session, args: PrepareArgs) -> Result<u8> {
    let common = args.common;
    let pipeline = Pipeline::read(&common.pipeline)?;
    if pipeline.half != Half::Prepare {
        return Err(Error::new(Kind::Usage, format!("{} validates: it makes nothing to hand over", pipeline.name))
            .hint("write kind: prepare at its top, or run it by: ci-tool stage validate"));
    }
    if remote::is_remote(&pipeline) {
        let message = format!("an engine drives {}, and hands nothing over to the store", pipeline.name);
        return Err(
            Error::new(Kind::Unsupported, message).hint("start it by: ci-tool stage validate; or take engine: away")
        );
    }
    if common.dry_run {
        return common.plan(session, &pipeline);
    }
    let (Some(bar_build_id), Some(build_id)) = (common.bar_build_id, common.build_id) else {
        return Err(
            Error::new(Kind::Usage, "a handover is known by its two builds").hint("--bar-build-id N --build-id N")
        );
    };
    let world = session.world(false)?;
    let by = who(session, common.by.as_ref());
    let beginning = Beginning {
        profile: Some(common.tries.profile(&pipeline)),
        asked: common.which.clone().asked(false),
        substituted: substitutes(&pipeline, &common.tries.substitute)?,
        handover: Some(HandoverId { bar_build_id, build_id }),
        by: by.clone(),
        reason: common.reason.clone(),
        rerun: common.rerun,
        resign: args.resign,
        fail_fast: common.fail_fast,
        earlier: None,
        succeeded: Vec::new(),
    };
    let mut owned = begin(&world, &pipeline, &beginning).await?;
    let resigned = common.reason.clone().filter(|_| args.resign);
    let variables = BTreeMap::new();
    let driver = Driver { session, world: &world, pipeline: &pipeline, args: &common.doing, by, resigned, variables };
    let done = driver.drive(&mut owned).await;
    let_go(session, &world, owned, done).await
}

/// The handover of a build; where there is none, the build's own artifacts, adopted as one.
async fn handed_over(session: &Session, world: &World, common: &Common) -> Result<Kept> {
    let found = handover::find(world, common.bar_build_id, common.build_id).await;
    let missing = match found {
        Err(error) if error.kind() == Kind::NotFound => error,
        found => return found,
    };
    let (Some(bar_build_id), Some(engine)) = (common.bar_build_id, &session.config.stage.azure_devops) else {
        return Err(missing.hint(
            "to adopt a build that another pipeline signed: --bar-build-id N, and stage: {azure_devops: ENGINE} in ci-tool.yaml",
        ));
    };
    session.out.note(&format!("nothing was handed over for the build {bar_build_id}: its artifacts are adopted"));
    adopted(session, world, bar_build_id, common.build_id, engine).await
}

async fn adopted(
    session: &Session,
    world: &World,
    bar_build_id: u64,
    build_id: Option<u64>,
    engine: &str,
) -> Result<Kept> {
    let settings = &session.config.stage;
    let token = match &settings.bar_token_env {
        Some(name) => {
            let secret = session.env.get(name).map(String::as_str).unwrap_or_default();
            Some(Token::new(secret).map_err(|e| e.context(format!("reading the variable {name}")))?)
        }
        None => None,
    };
    let bar = Bar::new(Client::new(), &settings.bar, token)?;
    let trigger = &session.config.trigger;
    // Only to say by its settings what is wrong with an engine that is not there.
    engine_named(trigger, &session.env, engine, &trigger.jobs, world.stop.clone())?;
    let around = crate::cli::surroundings(&session.env, engine, &trigger.jobs, world.stop.clone())?;
    let pipelines = crate::engine::azure_devops::pipelines::Pipelines::open(&trigger.engines[engine], &around)?;
    let into = cache(&session.env)?.join("stage").join(format!("adopted-{bar_build_id}"));
    let adoption = Adoption {
        pipelines: &pipelines,
        bar: &bar,
        bar_build_id: Some(bar_build_id),
        build_id,
        artifacts: &[],
        into: &into,
    };
    let adopted = adopt(&adoption).await?;
    session.out.note(&adopted.said);
    let paths: Vec<PathBuf> = adopted.files.iter().map(|(_, path)| path.clone()).collect();
    content::keep_all(world, &paths).await?;
    let origin =
        Origin { run: Id::from_random((world.random)()), pipeline: String::new(), at: (world.now)(), inputs: None };
    let files = adopted.files.into_iter().map(|(made, _)| made).collect();
    let mut handover = Handover::new(adopted.id, origin, files)?;
    handover.adopted = true;
    handover::write(world, handover).await
}

/// Checks the attestation, where public keys are named.
async fn attested(session: &Session, world: &World, kept: &Kept, files: &[PathBuf]) -> Result<()> {
    let keys = attest::public_keys(files, &session.env)?;
    if keys.is_empty() {
        return Ok(());
    }
    let key = attestation_key(kept)?;
    let object = world.store.get(&key, None).await.map_err(|error| match error.kind() {
        Kind::NotFound => Error::new(Kind::Corrupt, "the handover is not attested")
            .hint("prepare with --key-file, or leave --public-key-file away"),
        _ => error,
    })?;
    let envelope = Envelope::parse(key.as_str(), &object.bytes().await?)?;
    let verified = attest::verify(&envelope, &keys)?;
    verified.statement.covers(&subjects(kept))?;
    session.out.note(&format!("attested by {}", verified.by.join(", ")));
    Ok(())
}

fn folder(kept: &Kept) -> String {
    let HandoverId { bar_build_id, build_id } = kept.handover.id;
    format!("{bar_build_id}-{build_id}.{}", kept.number)
}

/// Lets nothing begin that would come to publish, and has nothing to.
fn publishes_nothing(
    pipeline: &Pipeline,
    left_out: &[Option<Reason>],
    substituted: &BTreeMap<String, String>,
) -> Result<()> {
    let mut done = pipeline.stages.iter().zip(left_out).filter(|(_, reason)| reason.is_none());
    let publishes = |stage: &Stage| matches!(stage.work, Work::Publish(_)) && !substituted.contains_key(&stage.name);
    match done.find(|(stage, _)| publishes(stage)) {
        None => Ok(()),
        Some((stage, _)) => {
            let message = format!("{} publishes what was handed over, and no build says which that is", stage.name);
            Err(Error::new(Kind::Usage, message)
                .hint("name it with --bar-build-id N, --build-id N, or both; or leave the stage out"))
        }
    }
}

/// Whether a run is one of a pipeline on a handover, with the same profile: what was tried says nothing of what is real.
pub(super) fn is_alike(run: &Run, pipeline: &Pipeline, id: Option<&HandoverId>, profile: Profile) -> bool {
    let Opening { pipeline: name, handover, profile: of, .. } = &run.opening;
    *name == pipeline.name && handover.as_ref() == id && *of == profile
}

/// The latest run of a pipeline on a handover that published to the same places.
async fn latest(world: &World, pipeline: &Pipeline, id: Option<&HandoverId>, profile: Profile) -> Result<Option<Id>> {
    for listed in run::list(world, LATEST).await? {
        let run = run::read(world, &listed.id).await?;
        if is_alike(&run, pipeline, id, profile) {
            return Ok(Some(listed.id));
        }
    }
    Ok(None)
}

/// The stages whose own work succeeded in any run of a pipeline on a handover.
async fn succeeded(
    world: &World,
    pipeline: &Pipeline,
    id: Option<&HandoverId>,
    profile: Profile,
) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for listed in run::list(world, LATEST).await? {
        let run = run::read(world, &listed.id).await?;
        if !is_alike(&run, pipeline, id, profile) {
            continue;
        }
        let good = run.stages.iter().filter(|(name, told)| {
            let state = matches!(told.state(), State::Succeeded | State::SucceededWithIssues | State::UpToDate);
            state && !run.opening.substituted.contains_key(*name)
        });
        found.extend(good.map(|(name, _)| name.clone()));
    }
    Ok(found)
}
