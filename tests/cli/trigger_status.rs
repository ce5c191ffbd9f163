//! `trigger status`, `jobs`, `hidden`, `artifacts`: what is there, told without changing it.

use crate::sandbox::Sandbox;
use serde_json::{Value, json};
use std::fs;

const UNIT: &str = "jobs:\n  unit:\n    run: mkdir -p out && cat number > out/number.txt && test \"$(cat number)\" != 3\n    artifacts: ['out/**']\n";
const WITH_LINT: &str = "  lint:\n    run: 'true'\n    hidden: true\n    parameters: {level: low}\n";

/// A repository with four revisions: without a configuration, with `unit`, with `unit` and `lint`, where `unit` fails.
struct Repository {
    sandbox: Sandbox,
    revisions: Vec<String>,
}

impl Repository {
    fn new() -> Repository {
        let mut repository = Repository { sandbox: Sandbox::new(), revisions: Vec::new() };
        repository.git(&["init", "-q"]);
        repository.commit("0");
        repository.sandbox.write("ci-tool.yaml", UNIT);
        repository.commit("1");
        repository.sandbox.write("ci-tool.yaml", format!("{UNIT}{WITH_LINT}"));
        repository.commit("2");
        repository.commit("3");
        repository
    }

    fn git(&self, args: &[&str]) -> String {
        let identity = ["-c", "user.name=ada", "-c", "user.email=ada@example.org"];
        self.sandbox.program("git", identity).args(args).run().ok().text().trim().to_owned()
    }

    fn commit(&mut self, number: &str) {
        self.sandbox.write("number", number);
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", number]);
        self.revisions.push(self.git(&["rev-parse", "HEAD"]));
    }

    fn trigger(&self, args: &[&str]) -> crate::sandbox::Ran {
        self.sandbox.tool(["trigger"]).args(args).run()
    }

    fn json(&self, args: &[&str]) -> Value {
        self.trigger(&[args, &["--output", "json"]].concat()).ok().json()
    }

    /// The states of jobs over all revisions, a revision at a time.
    fn states(&self, args: &[&str]) -> Vec<String> {
        let from = format!("--from={}", self.revisions[0]);
        let found = self.json(&[&["status", "HEAD", &from], args].concat());
        let cells = found["cells"].as_array().unwrap();
        cells
            .iter()
            .map(|cell| format!("{} {}", cell["job"].as_str().unwrap(), cell["state"].as_str().unwrap()))
            .collect()
    }
}

#[test]
fn a_job_that_was_not_there_is_not_one_that_nobody_asked_for() {
    let repository = Repository::new();
    repository.trigger(&["range", "HEAD~1..HEAD", "--job", "unit"]).code(5);
    repository.trigger(&["range", "HEAD~2..HEAD~1", "--job", "unit"]).ok();
    let expected = [
        // Without a configuration of its own, a revision has the jobs of the present one.
        "lint never_scheduled",
        "unit never_scheduled",
        "lint no_such_job",
        "unit never_scheduled",
        "lint never_scheduled",
        "unit succeeded",
        "lint never_scheduled",
        "unit failed",
    ];
    assert_eq!(repository.states(&[]), expected);
    let of_unit: Vec<&str> = expected.into_iter().filter(|cell| cell.starts_with("unit")).collect();
    assert_eq!(repository.states(&["--job", "unit"]), of_unit);

    let grid = repository.trigger(&["status", "HEAD", "--back", "2"]).ok();
    let [second, third, fourth] = [1, 2, 3].map(|at| repository.revisions[at][..10].to_owned());
    assert_eq!(
        grid.text(),
        format!("REVISION    lint  unit\n{second}  -     .\n{third}  .     ✓\n{fourth}  .     ✗\n")
    );
    grid.says(&["✗ failed", "✓ succeeded", "- no such job there", ". never scheduled"]);
    repository.trigger(&["status", "HEAD", "--exit-code"]).code(5);
    repository.trigger(&["status", "HEAD~1", "--exit-code", "--quiet"]).ok().silent();
}

#[test]
fn runs_at_one_revision_are_counted() {
    let repository = Repository::new();
    repository.trigger(&["range", "HEAD~1", "--job", "unit", "--times", "2"]).ok();
    let found = repository.json(&["status", "HEAD~1", "--job", "unit"]);
    let cell = &found["cells"][0];
    assert_eq!((&cell["state"], cell["runs"].as_array().unwrap().len()), (&json!("succeeded"), 2), "{found}");
    assert!(repository.trigger(&["status", "HEAD~1", "--job", "unit"]).ok().text().ends_with("2✓\n"));
}

#[test]
fn a_run_with_parameters_of_its_own_is_one_of_the_job() {
    let repository = Repository::new();
    repository.trigger(&["range", "HEAD", "--job", "lint", "--param", "level=high"]).ok();
    assert_eq!(repository.json(&["status", "HEAD", "--job", "lint"])["cells"][0]["state"], "succeeded");
}

#[test]
fn a_run_that_the_engine_forgot_is_not_one_that_never_was() {
    let repository = Repository::new();
    repository.trigger(&["range", "HEAD", "--job", "lint"]).ok();
    fs::remove_dir_all(repository.sandbox.path("home/.cache/ci-tool")).unwrap();
    let found = repository.json(&["status", "HEAD"]);
    let states = (&found["cells"][0]["state"], &found["cells"][1]["state"]);
    assert_eq!(states, (&json!("unknown"), &json!("never_scheduled")), "{found}");
}

#[test]
fn a_run_of_a_job_as_it_was_then_is_shown_after_the_job_changed() {
    let repository = Repository::new();
    repository.trigger(&["range", "HEAD", "--job", "unit"]).code(5);
    repository.sandbox.write("ci-tool.yaml", "jobs: {unit: {run: 'true'}}");
    assert_eq!(repository.json(&["status", "HEAD", "--job", "unit"])["cells"][0]["state"], "failed");
}

#[test]
fn a_command_that_is_no_job_of_the_configuration_has_a_column_where_it_ran() {
    let repository = Repository::new();
    repository.trigger(&["range", "HEAD~1", "--run", "test -f number"]).ok();
    let found = repository.json(&["status", "HEAD", "--back", "1"]);
    assert_eq!(found["jobs"], json!(["lint", "test -f number", "unit"]), "{found}");
    assert_eq!(found["cells"][0]["state"], "never_scheduled", "what a session ran is not all that there is: {found}");
    let states = repository.json(&["status", "HEAD", "--back", "1", "--job", "test -f number"])["cells"].clone();
    assert_eq!((&states[0]["state"], &states[1]["state"]), (&json!("succeeded"), &json!("no_such_job")));
}

#[test]
fn the_jobs_of_a_revision_are_those_of_its_configuration() {
    let repository = Repository::new();
    let names = |revision: &str| -> Vec<String> {
        let jobs = repository.json(&["jobs", revision])["jobs"].clone();
        let name = |job: &Value| job["name"].as_str().unwrap().to_owned();
        jobs.as_array().unwrap().iter().map(name).collect()
    };
    assert_eq!(names("HEAD"), ["lint", "unit"]);
    assert_eq!(names("HEAD~2"), ["unit"]);
    assert_eq!(names("HEAD~3"), ["lint", "unit"]);
    let text = repository.trigger(&["jobs", "HEAD"]).ok().text();
    assert_eq!(text, "lint  both  hidden  level=low  -\nunit  both  ready   -          -\n");
    let named = repository.sandbox.work().join("ci-tool.yaml");
    let everywhere = ["jobs", "HEAD~2", "--config", named.to_str().unwrap()];
    assert_eq!(repository.json(&everywhere)["jobs"].as_array().unwrap().len(), 2);
}

#[test]
fn a_configuration_with_a_mistake_is_named_with_its_revision() {
    let mut repository = Repository::new();
    repository.sandbox.write("ci-tool.yaml", "jobs: {a: {run: x, needs: [b]}, b: {run: x, needs: [a]}}");
    repository.commit("4");
    repository.sandbox.write("ci-tool.yaml", UNIT);
    let revision = repository.revisions[4].clone();
    repository.trigger(&["jobs", "HEAD"]).fails(2, &["ci-tool.yaml as it was at", &revision, "it needs itself"]);
}

#[test]
fn a_job_that_is_not_there_is_named_with_those_that_are_near() {
    let repository = Repository::new();
    for args in [&["status", "HEAD", "--job", "unti"][..], &["artifacts", "HEAD", "--job", "unti"]] {
        repository.trigger(args).fails(1, &["has no job \"unti\"", "did you mean unit?"]);
    }
    repository
        .sandbox
        .tool(["trigger", "status", "HEAD"])
        .dir(repository.sandbox.path("home"))
        .run()
        .fails(2, &["no git repository"]);
}

#[test]
fn a_hidden_job_is_found_once_it_runs() {
    let repository = Repository::new();
    assert_eq!(repository.json(&["hidden"])["jobs"], json!([]));
    repository.trigger(&["range", "HEAD", "--job", "lint"]).ok();
    repository.trigger(&["range", "HEAD", "--job", "unit"]).code(5);
    let found = repository.json(&["hidden"]);
    assert_eq!((&found["jobs"][0]["job"], &found["jobs"][0]["unseen"]), (&json!("lint"), &json!(true)), "{found}");
    assert_eq!(found["jobs"].as_array().unwrap().len(), 1, "a day's failure is not one of a week: {found}");
    repository.trigger(&["hidden", "--exit-code"]).code(5).prints(&["nobody is told of its failures"]);
}

#[test]
fn files_are_listed_and_downloaded_and_none_is_replaced_unasked() {
    let repository = Repository::new();
    repository.trigger(&["range", "HEAD~1", "--job", "unit"]).ok();
    repository.trigger(&["artifacts", "HEAD~1"]).ok().prints(&["out/number.txt"]);
    assert_eq!(repository.json(&["artifacts", "HEAD"])["artifacts"], json!([]));
    assert_eq!(repository.json(&["artifacts", "HEAD~1", "--name", "*.log"])["artifacts"], json!([]));
    let to = repository.sandbox.path("files");
    let get = ["artifacts", "HEAD~1", "--to", to.to_str().unwrap()];

    repository.trigger(&[&get[..], &["--dry-run"]].concat()).ok().prints(&["would be written"]);
    assert!(!to.exists());
    let written = repository.json(&get);
    let path = written["artifacts"][0]["path"].as_str().unwrap();
    assert_eq!(fs::read_to_string(path).unwrap(), "2");
    assert!(path.ends_with("out/number.txt") && path.starts_with(to.join("unit").to_str().unwrap()), "{path}");

    fs::write(path, "mine").unwrap();
    repository.trigger(&get).code(3).says(&["1 file was there already", "--force"]);
    assert_eq!(fs::read_to_string(path).unwrap(), "mine");
    repository.trigger(&[&get[..], &["--force"]].concat()).ok();
    assert_eq!(fs::read_to_string(path).unwrap(), "2");
    let files = crate::sandbox::tree(&to).into_keys().filter(|path| path.is_file()).count();
    assert_eq!(files, 1, "something half-written was left");
}
