//! What a person types and sees: the only layer that parses, prints or prompts.

mod advice;
pub mod completion;
mod config;
mod engine;
mod engines;
mod global;
pub mod manual;
pub mod out;
mod repro;
mod route;
mod session;
mod stage;
mod trigger;

use clap::{CommandFactory, Parser, Subcommand, error::ErrorKind};
use global::Global;
use out::Out;
use std::{ffi::OsString, process::ExitCode};

use engines::{cache, engine_named, surroundings};
pub(crate) use session::Session;

/// Exit codes that are outcomes. Those of errors are in [`crate::error::Kind::exit_code`].
pub mod exit {
    /// Done, also when there was nothing to do.
    pub const DONE: u8 = 0;
    /// Done in part: something could not be read, saved or restored.
    pub const PARTLY: u8 = 3;
    /// A negative verdict: what was examined has problems.
    pub const NEGATIVE: u8 = 5;
    /// Still pending.
    pub const PENDING: u8 = 8;
}

/// Saves a failed job's environment and gives it back.
///
/// One binary for the people who keep a CI running. Everything works on one machine with nothing installed; the same
/// commands drive Azure for those who have it.
#[derive(Debug, Parser)]
#[command(name = "ci-tool", version, after_help = EXIT_CODES)]
#[command(
    before_help = "Examples:\n  ci-tool repro save -- make test     # runs the job; when it fails, saves its environment\n  ci-tool repro restore k3v9          # gives it back, with scripts that rerun the failure"
)]
pub struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    noun: Noun,
}

const EXIT_CODES: &str = "\
Exit codes: 0 done · 1 failed · 2 usage or configuration · 3 done in part · 4 authentication or permission · \
5 a negative verdict · 8 still pending · 130 interrupted. `repro save -- COMMAND` ends with the command's own.";

const REPRO: &str = "Examples:\n  ci-tool repro save -- make test\n  ci-tool repro restore k3v9 --into ../again";
const ROUTE: &str = "Examples:\n  ci-tool route --queue windows.10.amd64.open --pr-target refs/heads/release/5.0 --repository dotnet/runtime\n  ci-tool route                       # inside a CI job: from the runner's own variables";
const TRIGGER: &str =
    "Examples:\n  ci-tool trigger range v1.0..main --job unit --times 3\n  ci-tool trigger backfill HEAD --job unit";
const ENGINE: &str = "Examples:\n  ci-tool engine list\n  ci-tool engine check ci";
const STAGE: &str =
    "Examples:\n  ci-tool stage plan release/validate-publish.yaml --skip validation\n  ci-tool stage status";
const CONFIG: &str = "Examples:\n  ci-tool config show\n  ci-tool config show --output json";

#[derive(Debug, Subcommand)]
#[allow(clippy::large_enum_variant, reason = "there is one a run")]
enum Noun {
    /// Saves a failed job's environment and gives it back
    #[command(subcommand, before_help = REPRO, disable_help_subcommand = true)]
    Repro(repro::Verb),
    /// Decides which queue a job runs on, and says why
    #[command(before_help = ROUTE)]
    Route(route::Args),
    /// Runs release pipelines that can be split, skipped into, resumed and explained
    #[command(subcommand, before_help = STAGE, disable_help_subcommand = true)]
    Stage(stage::Verb),
    /// Triggers jobs over revisions, backfills, reruns until they fail
    #[command(subcommand, before_help = TRIGGER, disable_help_subcommand = true)]
    Trigger(trigger::Verb),
    /// Lists the CI systems and proves that they can be used
    #[command(subcommand, before_help = ENGINE, disable_help_subcommand = true)]
    Engine(engine::Verb),
    /// Shows the configuration in force
    #[command(subcommand, before_help = CONFIG, disable_help_subcommand = true)]
    Config(config::Verb),
    Completion(completion::Args),
}

/// The command definitions, for completions and manuals.
pub fn definitions() -> clap::Command {
    Cli::command()
}

/// The help of the noun that was named without a verb, or of the whole.
fn short_help(args: &[OsString]) -> ExitCode {
    let mut whole = definitions();
    whole.build();
    let named = args.iter().skip(1).filter_map(|arg| arg.to_str()).find(|arg| whole.find_subcommand(arg).is_some());
    let command = match named.map(str::to_owned).and_then(|name| whole.find_subcommand_mut(name)) {
        Some(noun) => noun.render_help(),
        None => definitions().render_help(),
    };
    out::help(&command.to_string())
}

/// Runs the command line and returns the exit code.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    let cli = match Cli::try_parse_from(&args) {
        Ok(cli) => cli,
        Err(error) if error.kind() == ErrorKind::MissingSubcommand => return short_help(&args),
        Err(error) => {
            let advice = advice::advice(&error, &args, &definitions());
            return out::usage_error(&error, &args, advice.as_deref());
        }
    };
    let out = Out::new(&cli.global);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let error =
                crate::error::Error::new(crate::error::Kind::Internal, "starting the runtime").with_source(error);
            return out.failed(&error);
        }
    };
    let result = runtime.block_on(async {
        // A configuration with a mistake must not take the completion away.
        let session = || Session::new(cli.global, out.clone());
        match cli.noun {
            Noun::Repro(verb) => repro::run(session()?, verb).await,
            Noun::Route(args) => route::run(session()?, args).await,
            Noun::Stage(verb) => stage::run(session()?, verb).await,
            Noun::Trigger(verb) => trigger::run(session()?, verb).await,
            Noun::Engine(verb) => engine::run(&session()?, verb).await,
            Noun::Config(verb) => config::run(&session()?, &verb),
            Noun::Completion(args) => completion::run(&out, &args),
        }
    });
    // What the runtime drops would be killed only if it came to that before the exit.
    crate::process::kill_all();
    // Threads that still copy bytes for an operation that was given up must not hold the exit.
    runtime.shutdown_background();
    match result {
        Ok(code) => ExitCode::from(code),
        Err(error) => out.failed(&error),
    }
}
