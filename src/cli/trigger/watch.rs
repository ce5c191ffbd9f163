//! `ci-tool trigger watch`.

use super::{
    act::{Act, ActArgs},
    ground::{Base, EngineArgs},
    live::Teller,
    report,
};
use crate::{
    cli::Session,
    error::{Error, Kind, Result},
    ops::trigger::{
        begin::Begin,
        session::{self, Owned},
        until_failure,
    },
    pipeline::{duration, id::Id},
    world::World,
};
use std::time::Duration;
use tokio::time::Instant;

/// How often a session that another process drives is read.
const EVERY: Duration = Duration::from_secs(1);

/// Follow a session to its end, and end by its verdict
///
/// Where no other process drives the session, this one does: what was held back is asked for, what is over is noted.
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Examples:\n  ci-tool trigger watch k3v9\n  ci-tool trigger watch k3v9 --timeout 90m",
    after_help = "Ends with 0 when all passed, 5 when something failed, 8 when not all is over in time, 3 when some came to nothing."
)]
pub struct Args {
    /// The session, or the beginning of its id
    #[arg(value_name = "SESSION")]
    session: String,
    /// Wait no longer than this, then end with 8
    #[arg(long, value_name = "DURATION", value_parser = duration::parse)]
    timeout: Option<Duration>,
}

/// Runs the verb.
pub(super) async fn run(session: &Session, args: Args) -> Result<u8> {
    let world = session.world(false)?;
    let id = session::find(&world, &args.session).await?;
    let deadline = args.timeout.map(|timeout| Instant::now() + timeout);
    let teller = Teller::new(&session.out);
    loop {
        let read = session::read(&world, &id).await?;
        let late = deadline.is_some_and(|deadline| Instant::now() >= deadline);
        if read.ended || late {
            drop(teller);
            return Ok(report::session(session, &read, true));
        }
        match Owned::take(&world, &id).await {
            Ok(owned) => {
                drop(teller);
                return drive(session, owned, deadline).await;
            }
            Err(error) if error.kind() == Kind::Exists => teller.tell(&read),
            Err(error) => return Err(error),
        }
        let mut stop = world.stop.clone();
        let until = deadline.unwrap_or(Instant::now() + EVERY).min(Instant::now() + EVERY);
        tokio::select! {
            () = tokio::time::sleep_until(until) => {}
            _ = stop.requested() => {
                return Err(Error::new(Kind::Interrupted, format!("following the session {id} was interrupted"))
                    .hint("the process that drives it goes on"));
            }
        }
    }
}

async fn drive(session: &Session, mut owned: Owned, deadline: Option<Instant>) -> Result<u8> {
    let base = base_of(session, &owned).await?;
    let timeout = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
    let args = ActArgs { budget: None, wait: true, timeout, new: false, dry_run: false };
    act(session, &args, &base, &owned).follow(&mut owned).await?;
    Ok(report::session(session, &owned.session, true))
}

/// The engine of a session, with the jobs that it was begun with.
///
/// # Errors
/// Those of [`EngineArgs::open_with`].
pub(super) async fn base_of(session: &Session, owned: &Owned) -> Result<Base> {
    let opening = &owned.session.opening;
    let mut jobs = session.config.trigger.jobs.clone();
    jobs.extend(opening.jobs.clone());
    let base = EngineArgs { engine: Some(opening.engine.clone()) }.open_with(session, false, jobs).await?;
    // Elsewhere its revisions are not known, and every run would come to nothing.
    if let Some(place) = opening.place.as_ref().filter(|place| base.place().ok().flatten().as_ref() != Some(place)) {
        let id = &opening.session;
        return Err(Error::new(Kind::Usage, format!("the session {id} runs in {place}, not here"))
            .hint(format!("cd {place} && ci-tool trigger watch {id}")));
    }
    Ok(base)
}

/// What drives a session that there is.
pub(super) fn act<'a>(session: &'a Session, args: &'a ActArgs, base: &'a Base, owned: &Owned) -> Act<'a> {
    let opening = &owned.session.opening;
    let begin = Begin {
        verb: opening.verb,
        engine: opening.engine.clone(),
        title: opening.title.clone(),
        same: serde_json::Value::Null,
        hunt: opening.hunt,
        place: None,
        jobs: Default::default(),
        budget: usize::MAX,
        fresh: false,
    };
    Act { session, args, base, begin, next: &until_failure::next }
}

/// The id that a text means.
///
/// # Errors
/// As [`session::find`].
pub(super) async fn id(world: &World, text: &str) -> Result<Id> {
    session::find(world, text).await
}
