//! The README's tour, on the real project in `examples/failing-job`.

use crate::sandbox::Sandbox;
use std::{fs, path::Path};

/// The tour, where there is no README yet.
const TOUR: &str = "\
ci-tool repro list
ci-tool repro show k3v9…
ci-tool repro files k3v9… 'build/logs/**'
ci-tool repro get k3v9… build/logs/test.log --to -
ci-tool repro restore k3v9… --into ../again
ci-tool repro verify k3v9…
ci-tool repro export k3v9… --format zip --to job.zip
ci-tool repro extend k3v9… 7d
ci-tool repro decommission k3v9…";

const VERBS: [&str; 9] = ["list", "show", "files", "get", "restore", "verify", "export", "extend", "decommission"];

/// The README's first commands, without what follows the one that removes the capture.
fn tour() -> Vec<String> {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let text = fs::read_to_string(readme).unwrap_or_else(|_| TOUR.into());
    let mut lines = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| line.starts_with("ci-tool repro ")) {
        let verb = line.split_whitespace().nth(2).unwrap_or_default();
        if VERBS.contains(&verb) {
            lines.push(line.to_owned());
        }
        if verb == "decommission" {
            break;
        }
    }
    lines
}

/// The command with the real id, the real binary, and what a person would have typed at the prompt.
fn command(line: &str, id: &str) -> String {
    let line = line.split(" # ").next().unwrap_or(line).trim();
    let words = line.split(' ').map(|word| if word.starts_with("k3v9") { id } else { word });
    let mut line = words.collect::<Vec<_>>().join(" ");
    if line.contains(" decommission ") && !line.contains("--yes") {
        line.push_str(" --yes");
    }
    line.replacen("ci-tool", &format!("'{}'", env!("CARGO_BIN_EXE_ci-tool")), 1)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target)
        } else {
            drop(fs::copy(entry.path(), target))
        }
    }
}

#[cfg(unix)]
#[test]
fn every_command_of_the_tour_succeeds() {
    let sandbox = Sandbox::new();
    let checkout = sandbox.path("checkout");
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/failing-job");
    copy(&example, &checkout.join("examples/failing-job"));
    let _ = fs::remove_dir_all(checkout.join("examples/failing-job/build"));

    let first = ["repro", "save", "--workspace", "examples/failing-job", "--", "./build.sh"];
    let ran = sandbox.tool(first).dir(&checkout).run().code(1).says(&["1 of 3 tests failed", "give it back: "]);
    assert_eq!(ran.text(), "building\ntesting\n");
    let id = sandbox.only();
    let lines = tour();
    let verb = |line: &String| line.split_whitespace().nth(2).unwrap().to_owned();
    assert_eq!(lines.iter().map(verb).collect::<std::collections::HashSet<_>>().len(), VERBS.len(), "{lines:?}");
    for line in &lines {
        let ran = sandbox.program("sh", ["-c", &command(line, &id)]).dir(&checkout).run().ok();
        match verb(line).as_str() {
            "list" => drop(ran.prints(&[&id, "failing-job", "exit 1"])),
            "show" => drop(ran.prints(&["command      ./build.sh"])),
            "files" => drop(ran.prints(&["build/logs/test.log"])),
            "get" if line.contains("--to -") => drop(ran.prints(&["FAILED digits"])),
            "verify" => drop(ran.prints(&["is whole"])),
            "decommission" => drop(ran.prints(&["is gone", "nothing of it is left"])),
            _ => {}
        }
    }
    assert_eq!(sandbox.ids(), Vec::<String>::new());
    // What was restored outlives the capture, and fails as it did.
    let again = sandbox.path("again");
    if again.is_dir() {
        let ran = sandbox.program("sh", ["./rerun.sh"]).dir(&again).run().code(1).says(&["1 of 3 tests failed"]);
        assert_eq!(ran.text(), "building\ntesting\n");
    }
}
