//! `ci-tool trigger cancel`.

use super::{act::ActArgs, live::name, report, watch};
use crate::{
    cli::{Session, exit, global::Change, out::count},
    error::{Kind, Result},
    ops::trigger::{
        drive::cancel_marker,
        session::{self, Owned},
        summary::Summary,
    },
    store::{Body, Precondition},
};

/// Stop the runs of a session, and ask for no more
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:\n  ci-tool trigger cancel k3v9\n  ci-tool trigger cancel k3v9 --dry-run")]
pub struct Args {
    /// The session, or the beginning of its id
    #[arg(value_name = "SESSION")]
    session: String,
    #[command(flatten)]
    change: Change,
}

/// Runs the verb.
pub(super) async fn run(session: &Session, args: Args) -> Result<u8> {
    let world = session.world(args.change.dry_run)?;
    let out = &session.out;
    let id = watch::id(&world, &args.session).await?;
    let read = session::read(&world, &id).await?;
    if read.ended {
        out.note(&format!("the session {id} is over: there is nothing to stop"));
        return Ok(exit::DONE);
    }
    let open: Vec<_> = read.items.iter().filter(|tracked| !tracked.state().is_over()).collect();
    if args.change.dry_run {
        open.iter().for_each(|tracked| out.text(&name(tracked)));
        out.note(&format!("a dry run: {} would be stopped", count(open.len(), "run", "runs")));
        return Ok(exit::DONE);
    }
    world.store.put(&cancel_marker(&id)?, Body::Bytes(Default::default()), Precondition::None).await?;
    match Owned::take(&world, &id).await {
        Ok(mut owned) => {
            let base = watch::base_of(session, &owned).await?;
            let flags = ActArgs { budget: None, wait: true, timeout: None, new: false, dry_run: false };
            watch::act(session, &flags, &base, &owned).follow(&mut owned).await?;
            report::session(session, &owned.session, true);
            let left = Summary::of(&owned.session).uncertain;
            Ok(if left == 0 { exit::DONE } else { exit::PARTLY })
        }
        Err(error) if error.kind() == Kind::Exists => {
            out.note(&format!("the process that drives {id} stops it; to see that: ci-tool trigger watch {id}"));
            Ok(exit::DONE)
        }
        Err(error) => Err(error),
    }
}
