//! The flags that every command takes.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// The flags that every command takes.
#[derive(Debug, Clone, Args)]
pub struct Global {
    /// Where captures are kept: a directory, file://…, az://ACCOUNT/CONTAINER[/PREFIX], or the https address of a container
    /// [env: CI_TOOL_STORE]
    #[arg(long, global = true, value_name = "URL", help_heading = "Global")]
    pub store: Option<String>,
    /// The configuration file, instead of the ci-tool.yaml found upward [env: CI_TOOL_CONFIG]
    #[arg(long, global = true, value_name = "FILE", help_heading = "Global")]
    pub config: Option<PathBuf>,
    /// How results are printed: table, the default, or json [env: CI_TOOL_OUTPUT]
    #[arg(
        long,
        global = true,
        value_name = "FORMAT",
        value_enum,
        hide_possible_values = true,
        help_heading = "Global"
    )]
    pub output: Option<Output>,
    /// When to use colours
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t = Color::Auto, help_heading = "Global")]
    pub color: Color,
    /// Print results and errors only
    #[arg(short, long, global = true, help_heading = "Global")]
    pub quiet: bool,
    /// Say more: retries and requests; twice for more still
    #[arg(short, long, global = true, action = clap::ArgAction::Count, help_heading = "Global")]
    pub verbose: u8,
}

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// Tables and text for people
    Table,
    /// One JSON document
    Json,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// The flag of every command that changes something.
#[derive(Debug, Clone, Copy, Args)]
pub struct Change {
    /// Plan, check and report, but change nothing
    #[arg(long)]
    pub dry_run: bool,
}
