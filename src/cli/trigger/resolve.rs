//! `ci-tool trigger resolve`.

use super::{live::name, watch};
use crate::{
    cli::{Session, exit},
    error::{Error, Kind, Result},
    journal::Lasting,
    ops::trigger::session::{self, Event, Fate, Owned},
    pipeline::run::{Run, State},
};

/// Say what became of a request whose answer was lost
///
/// Where an engine keeps no key, nobody but you can tell whether it took a request. Nothing is sent again until you say so.
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Examples:\n  ci-tool trigger resolve k3v9 3 --run unit#17\n  ci-tool trigger resolve k3v9 3 --resend"
)]
pub struct Args {
    /// The session, or the beginning of its id
    #[arg(value_name = "SESSION")]
    session: String,
    /// The number of the request, as the session's report has it
    #[arg(value_name = "ITEM")]
    item: usize,
    #[command(flatten)]
    verdict: Verdict,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Verdict {
    /// It is this run, by the engine's id
    #[arg(long, value_name = "RUN")]
    run: Option<String>,
    /// It never arrived: send it again
    #[arg(long)]
    resend: bool,
    /// Leave it: it is not wanted any more
    #[arg(long)]
    drop: bool,
}

/// Runs the verb.
pub(super) async fn run(session: &Session, args: Args) -> Result<u8> {
    let world = session.world(false)?;
    let id = watch::id(&world, &args.session).await?;
    let mut owned = Owned::take(&world, &id).await?;
    let Some(tracked) = owned.session.items.get(args.item) else {
        let last = owned.session.items.len().saturating_sub(1);
        return Err(Error::new(Kind::NotFound, format!("the session {id} has no request {}", args.item))
            .hint(format!("they are numbered from 0 to {last}")));
    };
    let (item, attempt) = (args.item, tracked.attempts.len());
    let fate = tracked.attempts.last().map(|attempt| &attempt.fate);
    let candidates: &[Run] = match fate {
        Some(Fate::Uncertain { candidates, .. }) => candidates,
        // Who sent it died: nobody drives the session, which is held here.
        Some(Fate::Sending) => &[],
        _ => return Err(certain(&owned.session, tracked)),
    };
    let event = match &args.verdict.run {
        Some(run) => {
            let known = candidates.iter().find(|candidate| candidate.id == *run).cloned();
            let run = known.unwrap_or_else(|| Run {
                revision: Some(tracked.item.revision.clone()),
                ..Run::new(run.clone(), tracked.item.job.clone(), State::Pending)
            });
            Event::Submitted { item, attempt, run, folded: false }
        }
        None if args.verdict.resend => {
            Event::NotTaken { item, attempt, why: "you said that it never arrived".into(), refused: false }
        }
        None => Event::NotTaken { item, attempt, why: "you said to leave it".into(), refused: true },
    };
    owned.tell(event, Lasting::Synced).await?;
    session.out.note(&format!("noted; ci-tool trigger watch {id} goes on with the session"));
    Ok(exit::DONE)
}

fn certain(told: &session::Session, tracked: &session::Tracked) -> Error {
    let id = &told.opening.session;
    let what = if told.ended { "shows what came of" } else { "goes on with" };
    Error::new(Kind::Usage, format!("{} is not uncertain: it is {}", name(tracked), tracked.state()))
        .hint(format!("`ci-tool trigger watch {id}` {what} the session"))
}
