//! `trigger revisions`: what is listed, and what is said of mistakes.

use crate::{
    repository::Repository,
    sandbox::{Ran, Sandbox},
};
use std::fs;

fn with(count: usize) -> (Sandbox, Repository) {
    let sandbox = Sandbox::new();
    let (repository, _) = Repository::with(&sandbox.work(), &Repository::linear(count));
    (sandbox, repository)
}

fn list(sandbox: &Sandbox, args: &[&str]) -> Ran {
    sandbox.tool(["trigger", "revisions"]).args(args).run()
}

fn subjects(ran: &Ran) -> Vec<String> {
    let listed = ran.json();
    let revisions = listed["revisions"].as_array().unwrap().iter();
    revisions
        .map(|revision| revision["subject"].as_str().unwrap().strip_prefix("change ").unwrap().to_owned())
        .collect()
}

#[test]
fn a_range_is_a_table_for_people() {
    let (sandbox, repository) = with(4);
    let ran = list(&sandbox, &["c1..main"]).ok().says(&["2 revisions"]);
    let [two, three] = ["c2", "c3"].map(|name| repository.git(&["rev-parse", name])[..10].to_owned());
    assert_eq!(
        ran.text(),
        format!("{two}  2026-11-20T02:00:00Z  Ada  1  change 2\n{three}  2026-11-20T03:00:00Z  Ada  1  change 3\n")
    );
    let ran = list(&sandbox, &["c2..main", "--paths", "--quiet"]).ok().silent();
    assert_eq!(ran.text(), format!("{three}  2026-11-20T03:00:00Z  Ada  1  change 3\n    src/3.txt\n"));
}

#[test]
fn the_flags_choose_among_the_revisions() {
    let (sandbox, _repository) = with(10);
    fs::write(sandbox.path("suspects"), "# why\nc5\n\nc2 # that one\nc5\n").unwrap();
    let suspects = sandbox.path("suspects").display().to_string();
    for (args, expected) in [
        (&["c0..", "--every", "3"][..], "3 6 9"),
        (&["c0..c8", "--max-revisions", "2"], "7 8"),
        (&["c0..", "--slices", "3"], "1 5 9"),
        (&["c4"], "4"),
        (&["c4", "--back", "2"], "2 3 4"),
        (&["c4", "--delta", "1"], "3 4 5"),
        (&["c4", "--from", "c2"], "2 3 4"),
        (&["c0..", "--path", "src/3.txt", "--path", "src/8*"], "3 8"),
        (&["2026-11-20T03:00:00Z..2026-11-20T05:00:00Z"], "3 4"),
        (&["--revisions-file", &suspects], "5 2"),
    ] {
        let ran = list(&sandbox, &[args, &["--output", "json"]].concat()).ok();
        assert_eq!(subjects(&ran).join(" "), expected, "{args:?}");
    }
    let named = "printf 'c1\\nc7' | \"$0\" trigger revisions --revisions-file - --output json";
    let ran = sandbox.program("sh", ["-c", named, env!("CARGO_BIN_EXE_ci-tool")]).run().ok();
    assert_eq!(subjects(&ran), ["1", "7"]);
    let ran = list(&sandbox, &["c0..c1", "--output", "json"]).ok();
    assert_eq!(ran.json()["revisions"][0]["paths"][0], "src/1.txt");
}

#[test]
fn a_mistake_is_named_with_the_way_out() {
    let (sandbox, _repository) = with(3);
    for (args, code, says) in [
        (&["nothing..main"][..], 1, "no revision is called nothing"),
        (&["c2..c0"], 2, "the range c2..c0 is reversed"),
        (&["c1..c1"], 2, "nothing lies between c1 and c1"),
        (&["c0...c1"], 2, "c0...c1 is no range"),
        (&["..c1"], 2, "has no older end"),
        (&["c0..c1", "--back", "3"], 2, "--back needs one revision, not a range"),
        (&["c0..c1", "--path", "docs"], 2, "changed docs"),
        (&["--", "--output=x..HEAD"], 1, "no revision is called --output=x"),
        (&["--", "-x"], 1, "no revision is called -x"),
        (&["--revisions-file", "missing"], 2, "reading revisions from missing"),
    ] {
        list(&sandbox, args).fails(code, &[says]);
    }
    assert!(!sandbox.work().join("x").exists());
    list(&sandbox, &[]).code(2);
    list(&sandbox, &["c1", "--back", "1", "--delta", "1"]).code(2);
    list(&sandbox, &["c0..", "--every", "0"]).code(2);
}

#[test]
fn places_that_have_no_history_say_so() {
    let sandbox = Sandbox::new();
    let ceiling = sandbox.path("").display().to_string();
    let ran = sandbox.tool(["trigger", "revisions", "a..b"]).env("GIT_CEILING_DIRECTORIES", ceiling).run();
    ran.fails(2, &["no git repository holds"]);
    Repository::init(&sandbox.work());
    list(&sandbox, &["HEAD"]).fails(1, &["no revision is called HEAD"]);
}

#[test]
fn a_shallow_clone_tells_how_to_deepen_it() {
    let (sandbox, repository) = with(5);
    let gone = repository.git(&["rev-parse", "c0"]);
    fs::create_dir(sandbox.path("clone")).unwrap();
    let clone = Repository::at(&sandbox.path("clone"));
    let from = format!("file://{}", repository.dir.display());
    clone.git(&["clone", "--quiet", "--depth=2", "--no-tags", "--branch=main", &from, "."]);
    let ran = sandbox.tool(["trigger", "revisions", &format!("{gone}..HEAD")]).dir(&clone.dir).run();
    ran.fails(1, &["the clone is shallow", "git fetch --unshallow"]);
}

#[test]
fn the_pushlog_of_the_configuration_goes_before_git() {
    let (sandbox, _repository) = with(1);
    let server = crate::pushlog::Repository::numbered(99_999..=100_001).serve();
    sandbox.write("ci-tool.yaml", format!("trigger:\n  pushlog: {}\n", server.url("/repo")));
    let ran = list(&sandbox, &["99999..HEAD"]).ok();
    assert!(ran.text().starts_with(&format!("{} (100000)", &crate::pushlog::node(100_000)[..10])), "{}", ran.text());
    assert_eq!(ran.text().lines().count(), 2);
    list(&sandbox, &["100001..99999"]).fails(2, &["is reversed"]);
}
