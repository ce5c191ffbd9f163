//! What the suites that need servers share.

pub mod azurite;
pub mod proxy;

use libtest_mimic::{Arguments, Trial};
use std::process::ExitCode;

/// Set to `1` to leave out the tests that need a server; they are listed at the end of the run.
pub const SKIP_SERVERS: &str = "CI_TOOL_SKIP_SERVERS";

/// Runs `trials`, and those that need a server unless they are to be skipped; `stop` ends the servers.
pub fn run(trials: Vec<Trial>, with_server: Vec<Trial>, stop: fn()) -> ExitCode {
    let skip = std::env::var(SKIP_SERVERS).is_ok_and(|v| v == "1");
    let skipped: Vec<String> = if skip { with_server.iter().map(|t| t.name().to_owned()).collect() } else { vec![] };
    let with_server = with_server.into_iter().map(|t| t.with_ignored_flag(skip));
    let conclusion = libtest_mimic::run(&Arguments::from_args(), trials.into_iter().chain(with_server).collect());
    stop();
    report(&skipped);
    conclusion.exit_code()
}

#[allow(clippy::print_stderr, reason = "a skipped test must be seen")]
fn report(skipped: &[String]) {
    if !skipped.is_empty() {
        eprintln!("skipped because {SKIP_SERVERS}=1:\n  {}", skipped.join("\n  "));
    }
}
