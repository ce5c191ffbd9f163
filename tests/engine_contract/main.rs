//! What every engine does, whatever CI it drives: one suite, run on each.

mod azure_devops;
mod buildbot;
mod github;
#[path = "../support/http.rs"]
#[allow(dead_code, reason = "shared with other suites")]
mod http;
mod jenkins;
#[path = "../support/jenkins.rs"]
#[allow(dead_code, reason = "shared with other suites")]
mod jenkins_fake;
mod local;
mod suite;

use suite::Fixture;

/// Each engine's way to be set up. One that needs a server is left out by `CI_TOOL_SKIP_SERVERS=1`, and listed.
const FIXTURES: &[Fixture] = &[
    azure_devops::FIXTURE,
    buildbot::FIXTURE,
    buildbot::FIXTURE_3,
    github::FIXTURE,
    jenkins::FIXTURE,
    jenkins::KEYLESS,
    local::FIXTURE,
];

fn main() -> std::process::ExitCode {
    suite::run(FIXTURES)
}
