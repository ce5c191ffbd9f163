//! What the verbs that trigger have in common: the plan, the session, following it, the verdict.

use super::{ground::Base, live::Teller, report};
use crate::{
    cli::{Session, exit},
    error::Result,
    ops::trigger::{
        begin::{Begin, Begun},
        drive::{Next, Options, Until, drive},
        plan::Plan,
        session::{self, Owned},
        summary::Summary,
    },
    pipeline::duration,
};
use std::time::Duration;
use tokio::time::Instant;

/// How the verbs that trigger go about it.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Doing it")]
#[group(id = "act-args")]
pub(super) struct ActArgs {
    /// How many runs this may start in all [default: 100, or trigger.budget in ci-tool.yaml]
    #[arg(long, value_name = "N")]
    pub budget: Option<usize>,
    /// Wait for the end and its verdict; on this machine always
    #[arg(long)]
    pub wait: bool,
    /// Wait no longer than this, for example 90m; then end with 8
    #[arg(long, value_name = "DURATION", value_parser = duration::parse)]
    pub timeout: Option<Duration>,
    /// Begin anew, though the same command began a session that is not over
    #[arg(long)]
    pub new: bool,
    /// Print the plan: every run, what is passed over and why, what it will take; trigger nothing
    #[arg(long)]
    pub dry_run: bool,
}

impl ActArgs {
    /// How many runs may be started.
    pub fn budget(&self, session: &Session) -> usize {
        self.budget.unwrap_or(session.config.trigger.budget)
    }
}

/// What a verb does.
pub(super) struct Act<'a> {
    /// This run of the program.
    pub session: &'a Session,
    /// Its flags.
    pub args: &'a ActArgs,
    /// The engine and the rest.
    pub base: &'a Base,
    /// The session to begin.
    pub begin: Begin,
    /// What the verb wants next.
    pub next: &'a (dyn Fn(&session::Session) -> Next + Send + Sync),
}

/// How it came out.
pub(super) enum Done {
    /// Nothing was to be done, or only shown.
    Nothing(u8),
    /// There is a session.
    Session(Box<Owned>),
}

impl Act<'_> {
    /// Plans with `plan` unless there is a session to go on with, and drives it.
    ///
    /// # Errors
    /// Those of the plan, the budget, the engine, the journal.
    pub async fn run(&self, plan: impl AsyncFnOnce() -> Result<Plan>) -> Result<Done> {
        let Act { session, args, base, begin, .. } = self;
        let (name, out) = (base.engine.name(), &session.out);
        if args.dry_run {
            let plan = plan().await?;
            report::plan(session, name, &plan, begin.hunt);
            begin.afford(&plan)?;
            return Ok(Done::Nothing(exit::DONE));
        }
        let mut owned = match begin.look(&base.world).await? {
            Begun::Before(owned) => {
                let id = &owned.session.opening.session;
                out.note(&format!("going on with the session {id}; --new begins anew"));
                *owned
            }
            Begun::Nothing(opening) => {
                let plan = plan().await?;
                report::tell(session, &plan, begin.hunt);
                if plan.items.is_empty() {
                    return Ok(Done::Nothing(self.had_already(&plan)));
                }
                let owned = begin.begin(&base.world, opening, plan).await?;
                out.note(&format!("session {} on {name}", owned.session.opening.session));
                owned
            }
        };
        self.follow(&mut owned).await?;
        Ok(Done::Session(Box::new(owned)))
    }

    /// Drives a session as far as the flags say.
    ///
    /// # Errors
    /// Those of [`drive`].
    pub async fn follow(&self, owned: &mut Owned) -> Result<()> {
        let Act { args, base, .. } = self;
        if let Err(error) = base.engine.sweep().await {
            base.world.progress.warn(&format!("what earlier runs left behind stays: {}", error.message()));
        }
        let teller = Teller::new(&self.session.out);
        let options = Options {
            until: if self.waits() { Until::Over } else { Until::Asked },
            deadline: args.timeout.map(|timeout| Instant::now() + timeout),
            next: self.next,
            watcher: &teller,
        };
        drive(&base.world, &base.engine, owned, &options).await.map(drop)
    }

    /// Whether the end is waited for.
    pub fn waits(&self) -> bool {
        self.args.wait || self.args.timeout.is_some() || self.base.engine.abilities().in_process
    }

    /// The exit code of a plan that asks for nothing: by what there is already.
    fn had_already(&self, plan: &Plan) -> u8 {
        let summary = Summary::default().with(&plan.passed_over);
        report::nothing(self.session, plan, &summary);
        report::code(&summary, self.waits())
    }
}
