//! The two pipelines of `examples/release`, from the outside and to the end: on a directory and on Azurite.

#[cfg(unix)]
#[path = "stage_release/mod.rs"]
mod release;
#[cfg(unix)]
#[path = "support/sandbox.rs"]
#[allow(dead_code, reason = "shared by suites of which each needs a part")]
mod sandbox;
#[cfg(unix)]
#[allow(dead_code, reason = "this suite needs no proxy")]
mod support;

#[cfg(unix)]
fn main() -> std::process::ExitCode {
    release::main()
}

/// The example's stages are shell scripts.
#[cfg(not(unix))]
fn main() {}
