//! The scripts beside a restored tree, for POSIX shells and PowerShell. They find their own directory, so that it can be moved.

use super::environment::{Piece, Pieces, Rewritten, pieces};
use crate::{
    capture::details::Details,
    process::{quote_powershell, quote_sh},
};

/// A script: its name without ending, what it does, and its text for either shell.
pub struct Script {
    /// The name without ending.
    pub name: String,
    /// What it does, for the README.
    pub purpose: String,
    /// For `sh`.
    pub sh: String,
    /// For PowerShell.
    pub ps1: String,
}

const SH_HEAD: &str = "#!/bin/sh\nset -eu\nCI_TOOL_HERE=$(CDPATH= cd -- \"$(dirname -- \"$0\")\" && pwd)\n";
const PS_HEAD: &str = "$ErrorActionPreference = 'Stop'\n$CI_TOOL_HERE = $PSScriptRoot\n";

/// All scripts of a capture.
pub fn all(details: &Details, environment: &Rewritten) -> Vec<Script> {
    let directory = pieces(&details.directory, &details.roots);
    let mut scripts = vec![set_environment(details, environment), enter(&directory, can_rerun(details))];
    scripts.extend(rerun(details, &directory));
    for (name, command) in details.ready.scripts() {
        let purpose = match name {
            "setup" => "installs what the job needs",
            "build" => "builds",
            "build_test" => "builds the tests",
            "test" => "runs the tests",
            "debug" => "opens the failure in a debugger",
            _ => "fetches symbols",
        };
        scripts.push(in_environment(
            name.replace('_', "-"),
            purpose,
            &directory,
            &shell_sh(command),
            &shell_ps(command),
        ));
    }
    scripts
}

/// `env`: sourced by the others.
fn set_environment(details: &Details, environment: &Rewritten) -> Script {
    let mut sh = String::from("# The job's environment. Sourced by the scripts beside it, which set CI_TOOL_HERE.\n");
    let mut ps1 = String::from("# The job's environment. Sourced by the scripts beside it, which set $CI_TOOL_HERE.\n");
    for removal in details.removed.iter().filter(|r| r.place == "environment") {
        let line = format!(
            "# {} was {} when it was saved ({}): set it yourself where the job needs it\n",
            one_line(&removal.name),
            one_line(&removal.action),
            one_line(&removal.reason)
        );
        sh.push_str(&line);
        ps1.push_str(&line);
    }
    sh.push_str("if [ -n \"${CI_TOOL_SAME_PATH:-}\" ]; then\n");
    for (number, root) in details.roots.iter().enumerate() {
        sh.push_str(&format!("  CI_TOOL_ROOT_{number}={}\n", quote_sh([&root.path])));
    }
    sh.push_str("else\n");
    for (number, root) in details.roots.iter().enumerate() {
        sh.push_str(&format!("  CI_TOOL_ROOT_{number}=\"$CI_TOOL_HERE\"{}\n", quote_sh([format!("/{}", root.prefix)])));
        ps1.push_str(&format!(
            "$CI_TOOL_ROOT_{number} = Join-Path $CI_TOOL_HERE {}\n",
            quote_powershell_text(&root.prefix)
        ));
    }
    sh.push_str("fi\n");
    for (name, value) in &environment.set {
        let is_path = name.eq_ignore_ascii_case("PATH");
        if is_shell_name(name) {
            let own = if is_path { "${PATH:+:$PATH}" } else { "" };
            let own = if own.is_empty() { String::new() } else { format!("\"{own}\"") };
            sh.push_str(&format!("export {name}={}{own}\n", sh_value(value)));
        }
        let own = if is_path { " + [IO.Path]::PathSeparator + $env:PATH" } else { "" };
        ps1.push_str(&format!(
            "[Environment]::SetEnvironmentVariable({}, {}{own})\n",
            quote_powershell_text(name),
            ps_value(value)
        ));
    }
    Script { name: "env".into(), purpose: "sets the job's environment".into(), sh, ps1 }
}

fn enter(directory: &Pieces, with_rerun: bool) -> Script {
    let greeting = |suffix: &str| match with_rerun {
        true => format!(
            "the job's environment is set; $CI_TOOL_HERE/rerun.{suffix} runs the command that failed; exit leaves"
        ),
        false => "the job's environment is set; exit leaves".to_owned(),
    };
    let sh = format!("echo \"{}\" >&2\nexec \"${{SHELL:-/bin/sh}}\"", greeting("sh"));
    let ps1 = format!("Write-Host \"{}\"\n& (Get-Process -Id $PID).Path -NoExit", greeting("ps1"));
    in_environment("enter".into(), "opens a shell in the job's directory and environment", directory, &sh, &ps1)
}

/// Whether the capture knows the command that failed.
pub fn can_rerun(details: &Details) -> bool {
    !details.command.is_empty() || details.failed_command.is_some()
}

fn rerun(details: &Details, directory: &Pieces) -> Option<Script> {
    let purpose = "runs the command that failed";
    if !details.command.is_empty() {
        let parts: Vec<Pieces> = details.command.iter().map(|arg| pieces(arg, &details.roots)).collect();
        let sh = format!("exec {} \"$@\"", parts.iter().map(sh_value).collect::<Vec<_>>().join(" "));
        let arguments: Vec<_> = parts[1..].iter().map(ps_value).collect();
        let ps1 = format!("& {} @({}) @args\nexit $LASTEXITCODE", ps_value(&parts[0]), arguments.join(", "));
        return Some(in_environment("rerun".into(), purpose, directory, &sh, &ps1));
    }
    let command = details.failed_command.as_ref()?;
    Some(in_environment("rerun".into(), purpose, directory, &shell_sh(command), &shell_ps(command)))
}

fn in_environment(name: String, purpose: &str, directory: &Pieces, sh: &str, ps1: &str) -> Script {
    Script {
        purpose: purpose.into(),
        sh: format!("{SH_HEAD}. \"$CI_TOOL_HERE/env.sh\"\ncd -- {}\n{sh}\n", sh_value(directory)),
        ps1: format!(
            "{PS_HEAD}. (Join-Path $CI_TOOL_HERE 'env.ps1')\nSet-Location -LiteralPath ({})\n{ps1}\n",
            ps_value(directory)
        ),
        name,
    }
}

fn shell_sh(command: &str) -> String {
    format!("exec sh -c {}", quote_sh([command]))
}

fn shell_ps(command: &str) -> String {
    format!("Invoke-Expression {}\nexit $LASTEXITCODE", quote_powershell_text(command))
}

fn sh_value(value: &Pieces) -> String {
    let piece = |piece: &Piece| match piece {
        Piece::Text(text) => quote_sh([text]),
        Piece::Root(number) => format!("\"$CI_TOOL_ROOT_{number}\""),
    };
    value.iter().map(piece).collect()
}

fn ps_value(value: &Pieces) -> String {
    let piece = |piece: &Piece| match piece {
        Piece::Text(text) => quote_powershell_text(text),
        Piece::Root(number) => format!("$CI_TOOL_ROOT_{number}"),
    };
    let joined = value.iter().map(piece).collect::<Vec<_>>().join(" + ");
    if value.len() == 1 && matches!(value[0], Piece::Text(_)) { joined } else { format!("({joined})") }
}

fn quote_powershell_text(text: &str) -> String {
    format!(
        "'{}'",
        text.replace('\'', "''").replace('\u{2019}', "\u{2019}\u{2019}").replace('\u{2018}', "\u{2018}\u{2018}")
    )
}

fn is_shell_name(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}

/// The command line for people to paste.
pub fn command_line(details: &Details) -> Option<String> {
    match details.command.is_empty() {
        true => details.failed_command.clone(),
        false => Some(if cfg!(windows) { quote_powershell(&details.command) } else { quote_sh(&details.command) }),
    }
}
