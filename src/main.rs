//! The `ci-tool` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    ci_tool::cli::run(std::env::args_os())
}
