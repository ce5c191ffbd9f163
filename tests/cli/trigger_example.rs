//! The README's tour of `trigger`, in the repository that `examples/trigger` makes.

use crate::{readme, sandbox::Sandbox};
use std::path::Path;

#[test]
fn every_command_of_the_tour_does_what_it_says() {
    let sandbox = Sandbox::new();
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/trigger/make-repository.sh");
    sandbox.program("sh", [example.as_os_str(), "repository".as_ref()]).run().ok();
    let dir = sandbox.work().join("repository");
    let sessions = || {
        let listed = sandbox.tool(["trigger", "list", "--output", "json"]).dir(&dir).run().ok().json();
        listed["sessions"].as_array().unwrap().clone()
    };
    let lines = readme::commands("trigger");
    let mut verbs: Vec<&str> = lines.iter().map(|line| line.split_whitespace().nth(2).unwrap()).collect();
    verbs.dedup();
    assert_eq!(verbs, ["jobs", "range", "backfill", "fill", "status", "until-failure", "list", "watch", "cancel"]);
    for line in &lines {
        let id = sessions().first().map(|one| one["session"].as_str().unwrap().to_owned()).unwrap_or_default();
        let ran = readme::run(&sandbox, &dir, line, &id);
        let says: &[&str] = match line.split_whitespace().nth(2).unwrap() {
            "range" if line.contains("--dry-run") => &["3 runs", "nothing was triggered"],
            "range" => &["3 requested, 3 ran, 2 passed, 1 failed"],
            "until-failure" => &["the environment was saved: ci-tool repro restore "],
            "cancel" => &["is over"],
            _ => &[],
        };
        let ran = ran.says(says);
        if line.split_whitespace().nth(2) == Some("backfill") {
            ran.prints(&["Take quotes away that look needless by Ada"]);
        }
    }
    assert_eq!(sessions().len(), 4);
    sandbox.tool(["repro", "restore", &sandbox.only()]).dir(&dir).run().ok();
}
