//! What is generated from the command definitions and committed is in step with them, and its examples are accepted.

#[path = "support/commands.rs"]
mod commands;

use ci_tool::cli::{
    completion::{Shell, script},
    definitions, manual,
};
use clap::{Command, ValueEnum};
use std::{collections::BTreeSet, fs, path::PathBuf};

const BLESS: &str = "CI_TOOL_BLESS";

/// Compares a directory with what belongs in it, or writes it when that is asked for.
fn in_step(directory: &str, expected: Vec<(String, String)>) {
    let directory = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(directory);
    let bless = std::env::var(BLESS).is_ok_and(|v| v == "1");
    if bless {
        let _ = fs::remove_dir_all(&directory);
        fs::create_dir_all(&directory).unwrap();
    }
    let mut wrong = Vec::new();
    for (name, text) in &expected {
        let path = directory.join(name);
        if bless {
            fs::write(&path, text).unwrap();
        }
        // Git may have given the file the line ends of the system.
        let committed = fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
        if committed != *text {
            let line = committed.lines().zip(text.lines()).take_while(|(a, b)| a == b).count() + 1;
            wrong.push(format!("{} differs from line {line} on", path.display()));
        }
    }
    let names: BTreeSet<&str> = expected.iter().map(|(name, _)| name.as_str()).collect();
    for entry in fs::read_dir(&directory).into_iter().flatten() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if !names.contains(name.as_str()) {
            wrong.push(format!("{} is not generated", directory.join(name).display()));
        }
    }
    assert!(wrong.is_empty(), "{}\nwrite them anew: {BLESS}=1 cargo test --test generated", wrong.join("\n"));
}

#[test]
fn the_committed_completions_are_in_step() {
    let files = Shell::value_variants()
        .iter()
        .map(|shell| (shell.file_name("ci-tool"), script(*shell, definitions()).unwrap()))
        .collect();
    in_step("completions", files);
}

#[test]
fn the_committed_manual_is_in_step() {
    let pages = manual::pages(definitions()).unwrap();
    in_step("man", pages.into_iter().map(|page| (page.file, page.text)).collect());
}

#[test]
fn every_page_tells_examples_exit_codes_and_variables() {
    let pages = manual::pages(definitions()).unwrap();
    assert!(pages.len() > definitions().get_subcommands().filter(|c| c.get_name() != "help").count());
    for page in pages {
        for needed in
            [".SH NAME", ".SH EXAMPLES", ".SH \"EXIT STATUS\"", ".SH ENVIRONMENT", "CI_TOOL_STORE", "SEE ALSO"]
        {
            assert!(page.text.contains(needed), "{}: {needed} is missing\n{}", page.file, page.text);
        }
    }
}

#[test]
fn a_page_holds_every_verb_with_its_options() {
    let repro = manual::pages(definitions()).unwrap().into_iter().find(|p| p.file == "ci-tool-repro.1").unwrap();
    let definitions = definitions();
    for verb in definitions.find_subcommand("repro").unwrap().get_subcommands() {
        let heading = format!(".SH \"CI-TOOL REPRO {}\"", verb.get_name().to_uppercase());
        assert!(repro.text.contains(&heading), "{heading} is missing\n{}", repro.text);
        for arg in verb.get_arguments().filter_map(|a| a.get_long()) {
            let flag = format!("\\-\\-{}", arg.replace('-', "\\-"));
            assert!(repro.text.contains(&flag), "{flag} of {} is missing", verb.get_name());
        }
    }
}

/// groff is the formatter that `man` uses.
#[test]
#[cfg(target_os = "linux")]
fn groff_has_nothing_to_warn_of() {
    use std::{
        io::Write,
        process::{Command, Stdio},
    };
    for page in manual::pages(definitions()).unwrap() {
        let mut groff = Command::new("groff")
            .args(["-man", "-ww", "-z", "-Tutf8", "-k"])
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("groff is needed: install the package groff");
        groff.stdin.take().unwrap().write_all(page.text.as_bytes()).unwrap();
        let output = groff.wait_with_output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{}", page.file);
        assert!(output.status.success());
    }
}

#[test]
fn the_help_of_every_command_leads_with_two_examples_that_are_accepted() {
    let mut problems = Vec::new();
    let mut tool = definitions();
    tool.build();
    each(&tool, &mut |command| {
        let name = command.get_bin_name().unwrap_or_else(|| command.get_name());
        let help = command.get_before_long_help().or(command.get_before_help()).map(ToString::to_string);
        let lines = commands::lines(&help.unwrap_or_default());
        if lines.len() < 2 {
            problems.push(format!("{name} --help leads with {} examples", lines.len()));
        }
        for line in lines {
            if let Err(error) = definitions().try_get_matches_from(&line) {
                problems.push(format!("{name}: {line:?}: {error}"));
            }
        }
    });
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

fn each(command: &Command, visit: &mut impl FnMut(&Command)) {
    visit(command);
    // `help` is clap's own.
    for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
        each(sub, visit);
    }
}
