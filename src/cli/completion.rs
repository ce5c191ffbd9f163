//! `ci-tool completion`: what a shell needs to complete our command lines.

use crate::{
    cli::{exit, out::Out},
    error::{Error, Kind, Result},
};
use clap::ValueEnum;
use clap_complete::{Generator, shells};
use regex::Regex;
use std::collections::BTreeSet;

/// Print what a shell needs to complete ci-tool's command lines
///
/// Evaluate the script where the shell starts, or keep it where the shell looks: for bash
/// ~/.local/share/bash-completion/completions/ci-tool, for zsh a directory of $fpath as _ci-tool, for fish
/// ~/.config/fish/completions/ci-tool.fish, for PowerShell a line of $PROFILE.
#[derive(Debug, clap::Args)]
#[command(
    before_help = "  source <(ci-tool completion bash)\n  ci-tool completion fish > ~/.config/fish/completions/ci-tool.fish"
)]
pub(super) struct Args {
    /// The shell
    shell: Shell,
}

/// A shell that can be told how to complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    /// GNU Bash
    Bash,
    /// Z shell
    Zsh,
    /// Fish
    Fish,
    /// PowerShell, on every system
    #[value(name = "powershell")]
    PowerShell,
}

/// Runs the verb.
pub(super) fn run(out: &Out, args: &Args) -> Result<u8> {
    out.text(&script(args.shell, super::definitions())?);
    Ok(exit::DONE)
}

impl Shell {
    /// The name under which `completions/` keeps the script for `binary`: where the shell looks by itself, the one it
    /// looks for.
    pub fn file_name(self, binary: &str) -> String {
        match self {
            Shell::Bash => shells::Bash.file_name(binary),
            Shell::Zsh => shells::Zsh.file_name(binary),
            Shell::Fish => shells::Fish.file_name(binary),
            Shell::PowerShell => shells::PowerShell.file_name(binary),
        }
    }
}

/// The script that completes `command` in a shell.
///
/// # Errors
/// `Internal` when the generator no longer writes what [`mended`] knows.
pub fn script(shell: Shell, command: clap::Command) -> Result<String> {
    let binary = command.get_name().to_owned();
    match shell {
        Shell::Bash => mended(&generated(shells::Bash, command), &binary),
        Shell::Zsh => Ok(generated(shells::Zsh, command)),
        Shell::Fish => Ok(generated(shells::Fish, command)),
        Shell::PowerShell => Ok(generated(shells::PowerShell, command)),
    }
}

fn generated(generator: impl Generator, mut command: clap::Command) -> String {
    let binary = command.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(generator, &mut command, binary, &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

/// Mends what clap_complete writes for bash when the binary's name holds a hyphen.
///
/// The script walks the words into a state and then looks the state up. It enters `ci__tool__subcmd__repro`, but looks
/// for `ci__subcmd__tool__subcmd__repro`, because the second name is made by replacing the hyphen of the binary by what
/// separates commands. Nothing is offered below the first command.
///
/// # Errors
/// `Internal` when the states entered are not those looked up afterwards: the generator changed.
pub fn mended(script: &str, binary: &str) -> Result<String> {
    let wrong = binary.replace('-', "__subcmd__");
    let right = binary.replace('-', "__");
    let script = script.replace(&format!("{wrong}__subcmd__"), &format!("{right}__subcmd__"));
    let entered = states(&script, r#"(?m)^\s+cmd="(\w+)"$"#)?;
    let looked_up = states(&script, r#"(?m)^\s+(\w+)\)\n\s+opts=""#)?;
    if entered.is_empty() || entered != looked_up {
        let differ: Vec<_> = entered.symmetric_difference(&looked_up).cloned().collect();
        return Err(Error::new(Kind::Internal, "the completion script for bash enters states that it does not know")
            .with_source(Error::new(Kind::Internal, format!("only on one side: {}", differ.join(", "))))
            .hint("use another shell's completion and report this"));
    }
    Ok(script)
}

fn states(script: &str, pattern: &str) -> Result<BTreeSet<String>> {
    let pattern =
        Regex::new(pattern).map_err(|e| Error::new(Kind::Internal, "reading a pattern of our own").with_source(e))?;
    Ok(pattern.captures_iter(script).map(|found| found[1].to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Command;

    fn two_levels(binary: &'static str) -> Command {
        Command::new(binary)
            .subcommand(Command::new("one").subcommand(Command::new("until-two")))
            .subcommand(Command::new("three"))
    }

    #[test]
    fn the_states_entered_are_looked_up_with_any_number_of_hyphens() {
        for binary in ["tool", "ci-tool", "my-ci-tool"] {
            let script = script(Shell::Bash, two_levels(binary)).unwrap();
            let right = binary.replace('-', "__");
            assert!(script.contains(&format!("{right}__subcmd__one__subcmd__until__subcmd__two)\n")), "{script}");
        }
    }

    #[test]
    fn the_generator_still_needs_the_repair() {
        let plain = generated(shells::Bash, two_levels("ci-tool"));
        assert!(plain.contains("ci__subcmd__tool__subcmd__one)"), "clap_complete was mended: remove `mended`\n{plain}");
    }

    #[test]
    fn a_script_of_another_shape_is_refused() {
        let good = script(Shell::Bash, two_levels("ci-tool")).unwrap();
        for (what, bad) in [
            ("another separator", good.replace("__subcmd__one)\n", "__cmd__one)\n")),
            ("another assignment", good.replace("cmd=\"ci__tool__", "state=\"ci__tool__")),
            ("nothing", String::new()),
        ] {
            let error = mended(&bad, "ci-tool").expect_err(what);
            assert_eq!(error.kind(), Kind::Internal, "{what}");
        }
    }
}
