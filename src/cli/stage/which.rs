//! Which stages, and where to: flags that several verbs share.

use crate::ops::stage::{
    pipeline::{Pipeline, Profile},
    select::Asked,
};

/// Which stages a run is to do.
#[derive(Debug, Clone, clap::Args)]
#[group(id = "which-stages")]
pub(super) struct WhichArgs {
    /// Leave this stage out: what needs it goes on
    #[arg(long, value_name = "STAGE", value_delimiter = ',')]
    skip: Vec<String>,
    /// Do only this stage
    #[arg(long, value_name = "STAGE", value_delimiter = ',')]
    only: Vec<String>,
    /// Do only this stage and what needs it
    #[arg(long, value_name = "STAGE", value_delimiter = ',')]
    from: Vec<String>,
    /// Do only this stage and what it needs
    #[arg(long, value_name = "STAGE", value_delimiter = ',')]
    until: Vec<String>,
}

impl WhichArgs {
    /// What was asked for; `failed` says whether only what did not succeed before is done.
    pub fn asked(self, failed: bool) -> Asked {
        Asked { skip: self.skip, only: self.only, from: self.from, until: self.until, failed }
    }
}

/// Where a run publishes, and what it does instead of a stage's own work.
#[derive(Debug, Clone, clap::Args)]
#[group(id = "try-args")]
pub(super) struct TryArgs {
    /// Publish to the containers of this profile; else to those that the pipeline names
    #[arg(long)]
    profile: Option<ProfileArg>,
    /// Do something else instead of a stage's work, for this run only
    #[arg(long, value_name = "STAGE=COMMAND")]
    pub substitute: Vec<String>,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum ProfileArg {
    Test,
    Production,
}

impl TryArgs {
    /// The profile of a run.
    pub fn profile(&self, pipeline: &Pipeline) -> Profile {
        match self.profile {
            Some(ProfileArg::Test) => Profile::Test,
            Some(ProfileArg::Production) => Profile::Production,
            None => pipeline.profile,
        }
    }
}
