//! What every engine does, whatever CI it drives: one suite, run on each.

mod github;
#[path = "../support/http.rs"]
#[allow(dead_code, reason = "each suite uses its part")]
mod http;
mod suite;

use suite::Fixture;

/// Each engine's way to be set up. One that needs a server is left out by `CI_TOOL_SKIP_SERVERS=1`, and listed.
const FIXTURES: &[Fixture] = &[github::FIXTURE];

fn main() -> std::process::ExitCode {
    suite::run(FIXTURES)
}
