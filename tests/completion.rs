//! A real bash sources the script and is asked as readline asks: COMP_WORDS and COMP_CWORD in, COMPREPLY out.
#![cfg(unix)]

use ci_tool::cli::{
    completion::{Shell, script},
    definitions,
};
use std::{
    io::Write,
    process::{Command, Stdio},
};

/// Sources the script on the file descriptor 0, then plays readline for the words in its arguments.
const DRIVER: &str = r#"
source /dev/stdin || exit 90
spec=$(complete -p ci-tool) || exit 91
[[ $spec =~ -F\ ([^ ]+) ]] || exit 92
function=${BASH_REMATCH[1]}
compopt() { :; }
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=${#COMP_LINE}
"$function" ci-tool "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\n' "${COMPREPLY[@]}"
"#;

/// What bash offers when the cursor stands at the end of the last word.
fn offered(script: &str, words: &[&str]) -> Vec<String> {
    let mut bash = Command::new("bash")
        .args(["--norc", "--noprofile", "-c", DRIVER, "bash"])
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("bash is needed to test its completion: install the package bash");
    bash.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    let output = bash.wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && errors.is_empty(), "{words:?}: {}: {errors}", output.status);
    String::from_utf8(output.stdout).unwrap().lines().filter(|l| !l.is_empty()).map(str::to_owned).collect()
}

fn ours() -> String {
    script(Shell::Bash, definitions()).unwrap()
}

/// The names of the commands below the one at `path`.
fn commands(path: &[&str]) -> Vec<String> {
    let tool = definitions();
    let command = path.iter().fold(&tool, |command, name| command.find_subcommand(name).unwrap());
    command.get_subcommands().map(|c| c.get_name().to_owned()).collect()
}

#[test]
fn commands_are_offered_at_both_levels() {
    let script = ours();
    for path in
        [&["ci-tool"][..], &["ci-tool", "repro"], &["ci-tool", "config"], &["ci-tool", "--output", "json", "repro"]]
    {
        let offers = offered(&script, &[path, &[""]].concat());
        let names: Vec<&str> = path[1..].iter().copied().filter(|w| !["--output", "json"].contains(w)).collect();
        let expected = commands(&names);
        assert!(!expected.is_empty());
        for name in expected {
            assert!(offers.contains(&name), "{path:?} does not offer {name}: {offers:?}");
        }
    }
}

#[test]
fn flags_and_values_are_offered() {
    let script = ours();
    let cases: [(&[&str], &[&str]); 6] = [
        (&["ci-tool", "repro", "save", "--for"], &["--format"]),
        (&["ci-tool", "repro", "save", "--dry"], &["--dry-run"]),
        (&["ci-tool", "--output", ""], &["table", "json"]),
        (&["ci-tool", "repro", "save", "--output", "j"], &["json"]),
        (&["ci-tool", "repro", "save", "--when", ""], &["failure", "always", "requested"]),
        (&["ci-tool", "completion", ""], &["bash", "zsh", "fish", "powershell"]),
    ];
    for (words, expected) in cases {
        let offers = offered(&script, words);
        let of_values = |offer: &&String| words[words.len() - 1].starts_with("--") || !offer.starts_with('-');
        let offers: Vec<&String> = offers.iter().filter(of_values).collect();
        assert_eq!(offers, expected, "{words:?}");
    }
}

#[test]
fn without_the_repair_nothing_is_offered_below_a_noun() {
    let mut plain = Vec::new();
    clap_complete::generate(clap_complete::Shell::Bash, &mut definitions(), "ci-tool", &mut plain);
    let plain = String::from_utf8(plain).unwrap();
    assert!(!offered(&plain, &["ci-tool", ""]).is_empty(), "the harness works on this script, too");
    assert_eq!(offered(&plain, &["ci-tool", "repro", ""]), Vec::<String>::new());
}
