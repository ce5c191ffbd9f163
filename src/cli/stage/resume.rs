//! `ci-tool stage resume`, `override`, `approve` and `reject`.

use super::{
    doing::{DoingArgs, Driver, host, let_go, live, who},
    remote,
};
use crate::{
    cli::{Session, cache, exit},
    error::{Error, Kind, Result},
    ops::stage::{
        answer::{Says, answer},
        execute::{Again, judge, take_up},
        handover::{self, download_all},
        pipeline::Pipeline,
        run::{self, Owned, Run},
    },
    world::World,
};
use std::{collections::BTreeMap, path::Path};

/// How many files are brought at once.
const AT_ONCE: usize = 16;

/// Go on with a run: what finished stays, what did not is done again
///
/// The pipeline's file may have been mended: both versions are kept, with what differs. First it is proved that nothing of a
/// process that died is left.
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Examples:\n  ci-tool stage resume latest\n  ci-tool stage resume k3v9 --assume-dead      # it ran on a machine that is gone"
)]
pub struct ResumeArgs {
    /// The run, or the beginning of its id; `latest` is the latest
    #[arg(value_name = "RUN")]
    run: String,
    /// What ran on another machine is dead: you have looked
    #[arg(long)]
    assume_dead: bool,
    #[command(flatten)]
    doing: DoingArgs,
}

/// Go on although a stage failed, or had issues: recorded for ever after
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Examples:\n  ci-tool stage override latest required_validation --by \"$USER\" --reason 'known flake, bug 123'\n  ci-tool stage override k3v9 vs_insertion --by \"$USER\" --reason 'inserted by hand' --no-resume"
)]
pub struct OverrideArgs {
    /// The run, or the beginning of its id; `latest` is the latest
    #[arg(value_name = "RUN")]
    run: String,
    /// The stage that failed, or its gate
    #[arg(value_name = "STAGE")]
    stage: String,
    /// Who says so
    #[arg(long, value_name = "NAME")]
    by: String,
    /// Why
    #[arg(long, value_name = "WHY")]
    reason: String,
    /// Only record it
    #[arg(long)]
    no_resume: bool,
    #[command(flatten)]
    doing: DoingArgs,
}

/// Say yes to an approval, and go on
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Examples:\n  ci-tool stage approve latest test_team_sign_off\n  ci-tool stage approve k3v9 test_team_sign_off --by \"$USER\" --no-resume"
)]
pub struct ApproveArgs {
    #[command(flatten)]
    answer: AnswerArgs,
}

/// Say no to an approval, or to an offer to override
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Examples:\n  ci-tool stage reject latest test_team_sign_off --reason 'the installer is broken'\n  ci-tool stage reject k3v9 test_team_sign_off"
)]
pub struct RejectArgs {
    #[command(flatten)]
    answer: AnswerArgs,
}

/// An answer.
#[derive(Debug, clap::Args)]
struct AnswerArgs {
    /// The run, or the beginning of its id; `latest` is the latest
    #[arg(value_name = "RUN")]
    run: String,
    /// The stage that waits
    #[arg(value_name = "STAGE")]
    stage: String,
    /// Who says so [default: you]
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// Why
    #[arg(long, value_name = "WHY")]
    reason: Option<String>,
    /// Only record it
    #[arg(long)]
    no_resume: bool,
    #[command(flatten)]
    doing: DoingArgs,
}

/// Runs `resume`.
pub(super) async fn resume(session: &Session, args: ResumeArgs) -> Result<u8> {
    let world = session.world(false)?;
    let mut owned = Owned::take(&world, &run::find(&world, &args.run).await?).await?;
    let kept = run::pipeline(&world, &owned.run).await?;
    if remote::is_remote(&kept) {
        return remote::resume(session, &world, owned, &kept).await;
    }
    let done = resumed(session, &world, &mut owned, &args).await;
    let_go(session, &world, owned, done).await
}

async fn resumed(session: &Session, world: &World, owned: &mut Owned, args: &ResumeArgs) -> Result<u8> {
    let pipeline = now(session, world, &owned.run).await?;
    judge(world, owned, &pipeline).await?;
    take(session, world, owned, &pipeline, Again::Bad, args.assume_dead).await?;
    go_on(session, world, owned, &pipeline, &args.doing).await
}

/// Runs `override`.
pub(super) async fn pass_over(session: &Session, args: OverrideArgs) -> Result<u8> {
    let reason = Some(args.reason.clone());
    let said = Said { run: &args.run, stage: &args.stage, says: Says::Override, by: args.by.clone(), reason };
    say(session, said, args.no_resume, &args.doing).await
}

/// Runs `approve`.
pub(super) async fn approve(session: &Session, args: ApproveArgs) -> Result<u8> {
    with(session, args.answer, Says::Approve).await
}

/// Runs `reject`.
pub(super) async fn reject(session: &Session, args: RejectArgs) -> Result<u8> {
    with(session, args.answer, Says::Reject).await
}

async fn with(session: &Session, args: AnswerArgs, says: Says) -> Result<u8> {
    let Some(by) = who(session, args.by.as_ref()) else {
        return Err(Error::new(Kind::Usage, "nobody is named who says so").hint("--by NAME"));
    };
    let said = Said { run: &args.run, stage: &args.stage, says, by, reason: args.reason.clone() };
    say(session, said, args.no_resume, &args.doing).await
}

/// What somebody says.
pub(super) struct Said<'a> {
    /// The run, as it was named.
    pub run: &'a str,
    /// The stage.
    pub stage: &'a str,
    /// What.
    pub says: Says,
    /// Who.
    pub by: String,
    /// Why.
    pub reason: Option<String>,
}

async fn say(session: &Session, said: Said<'_>, no_resume: bool, doing: &DoingArgs) -> Result<u8> {
    let world = session.world(false)?;
    let mut owned = Owned::take(&world, &run::find(&world, said.run).await?).await?;
    let kept = run::pipeline(&world, &owned.run).await?;
    if remote::is_remote(&kept) {
        return remote::say(session, &world, &owned.run, &kept, &said).await;
    }
    let done = answered(session, &world, &mut owned, said, no_resume, doing).await;
    let_go(session, &world, owned, done).await
}

async fn answered(
    session: &Session,
    world: &World,
    owned: &mut Owned,
    said: Said<'_>,
    no_resume: bool,
    doing: &DoingArgs,
) -> Result<u8> {
    let pipeline = run::pipeline(world, &owned.run).await?;
    judge(world, owned, &pipeline).await?;
    let stage = answer(owned, &pipeline, said.stage, said.says, &said.by, said.reason).await?;
    session.out.note(&format!("recorded for {stage}, by {}", said.by));
    if no_resume {
        return Ok(exit::DONE);
    }
    take(session, world, owned, &pipeline, Again::Interrupted, false).await?;
    go_on(session, world, owned, &pipeline, doing).await
}

/// The pipeline as its file is now; as it was kept where the file is gone.
async fn now(session: &Session, world: &World, run: &Run) -> Result<Pipeline> {
    let file = Path::new(&run.opening.file);
    match file.is_file() {
        true => Pipeline::read(file),
        false => {
            session.out.warn(&format!("{} is gone: the run goes on as it was kept", file.display()));
            run::pipeline(world, run).await
        }
    }
}

async fn take(
    session: &Session,
    world: &World,
    owned: &mut Owned,
    pipeline: &Pipeline,
    again: Again,
    assume_dead: bool,
) -> Result<()> {
    let host = host(&session.env);
    take_up(world, owned, pipeline, again, &host, &live(&session.env)?, assume_dead).await?;
    if let Some(mended) = owned.run.mended.last().filter(|mended| mended.to == pipeline.hash) {
        mended.differs.iter().for_each(|line| session.out.note(&format!("mended: {line}")));
    }
    Ok(())
}

async fn go_on(
    session: &Session,
    world: &World,
    owned: &mut Owned,
    pipeline: &Pipeline,
    doing: &DoingArgs,
) -> Result<u8> {
    let mut variables = BTreeMap::new();
    // What prepares has nothing to be brought before it hands over.
    if let Some(id) = owned.run.opening.handover.clone()
        && pipeline.half == crate::ops::stage::pipeline::Half::Validate
    {
        let kept = handover::find(world, Some(id.bar_build_id), Some(id.build_id)).await?;
        let into = cache(&session.env)?.join("stage");
        let into = into.join(format!("{}-{}.{}", id.bar_build_id, id.build_id, kept.number));
        download_all(world, &kept.handover, &into, AT_ONCE).await?;
        variables.insert("CI_TOOL_HANDOVER".into(), into.display().to_string());
    }
    let resigned = owned.run.opening.reason.clone().filter(|_| owned.run.opening.resign);
    let by = who(session, owned.run.opening.by.as_ref());
    Driver { session, world, pipeline, args: doing, by, resigned, variables }.drive(owned).await
}
