//! The real binary on a pipeline whose stages Azure DevOps runs, against a strict server.

#[path = "support/azure_devops.rs"]
#[allow(dead_code, reason = "each suite uses its part")]
mod fake;
#[path = "support/http.rs"]
#[allow(dead_code, reason = "each suite uses its part")]
mod http;
#[path = "support/sandbox.rs"]
#[allow(dead_code, reason = "each suite uses its part")]
mod sandbox;

use fake::Fake;
use sandbox::{Call, Ran, Sandbox, until};
use serde_json::{Value, json};

const PIPELINE: &str = "engine: ado
remote: {pipeline: release, branch: main, resource: build, parameters: {bar: '{bar_build_id}'}}
stages:
  validation: {}
  required_validation: {}
  publish: {needs: [required_validation]}
  sign_off: {needs: [validation], approval: {}}
  finalize: {needs: [sign_off]}
";

/// A server with a build to work on, and a directory that knows it.
struct Ground {
    fake: Fake,
    sandbox: Sandbox,
    _runtime: tokio::runtime::Runtime,
}

impl Ground {
    fn new() -> Ground {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let fake = {
            let _inside = runtime.enter();
            Fake::start()
        };
        assert_eq!(fake.push("pass", &fake.revisions()[0]), "101");
        let sandbox = Sandbox::new();
        let (url, project) = (fake.url(), fake::world::PROJECT);
        let settings = format!(
            "engines:\n  ado: {{kind: azure_devops, url: '{url}', project: '{project}', token_env: ADO_TOKEN}}\n"
        );
        sandbox.write("ci-tool.yaml", settings);
        sandbox.write("release.yaml", PIPELINE);
        Ground { fake, sandbox, _runtime: runtime }
    }

    fn call(&self, args: &[&str]) -> Call {
        self.sandbox.tool(["stage"]).args(args).env("ADO_TOKEN", fake::token())
    }

    fn stage(&self, args: &[&str]) -> Ran {
        self.call(args).run()
    }

    fn validate(&self, more: &[&str]) -> Ran {
        self.call(&["validate", "release.yaml", "--bar-build-id", "1", "--build-id", "101"]).args(more).run()
    }

    fn sent(&self, method: &str, path: &str) -> Vec<Value> {
        let asked = self.fake.asked().into_iter().filter(|a| a.method == method && a.target.contains(path));
        asked.map(|asked| serde_json::from_slice(&asked.body).unwrap()).collect()
    }
}

#[test]
fn a_dry_run_shows_the_file_and_starts_nothing() {
    let ground = Ground::new();
    ground.validate(&["--dry-run"]).ok().prints(&["steps:"]).says(&["nothing was started"]);
    assert!(ground.validate(&["--dry-run", "--output", "json"]).ok().json()["final_yaml"].is_string());
    assert_eq!((ground.fake.runs().len(), ground.sent("POST", "/runs?").len()), (1, 0));
    ground.stage(&["status"]).ok().says(&["there are no runs"]);
}

#[test]
fn a_run_is_started_told_answered_and_done_again() {
    let ground = Ground::new();
    let begun = ground.validate(&["--skip", "validation"]).code(8);
    begun.prints(&["driven by ado as its run 102", "skipped by --skip"]);
    let sent = ground.sent("POST", "/runs?");
    assert_eq!((sent.len(), &sent[0]["stagesToSkip"]), (1, &json!(["validation"])));
    assert_eq!(sent[0]["templateParameters"], json!({ "bar": "1" }));

    let state = |name: &str| {
        let told = ground.stage(&["status", "latest", "--output", "json"]).json();
        let found = told["stages"].as_array().unwrap().iter().find(|stage| stage["name"] == name).cloned();
        found.unwrap()["state"].as_str().unwrap().to_owned()
    };
    until("a stage fails", || state("publish") == "blocked");
    let states = ["validation", "required_validation", "sign_off", "finalize"].map(state);
    assert_eq!(states, ["skipped", "failed", "waiting_for_approval", "waiting"]);
    ground.stage(&["explain", "latest", "required_validation"]).ok().prints(&["exited with code '1'"]);
    ground.stage(&["explain", "latest", "publish"]).ok().prints(&["publish: blocked"]);
    ground.stage(&["diff", "latest", "latest"]).ok().prints(&["no difference"]);
    ground.stage(&["graph", "latest"]).ok().prints(&["required_validation"]);
    ground.stage(&["status"]).ok().prints(&["release", "waiting for approval"]);

    let pass_over = ["override", "latest", "required_validation", "--by", "maria", "--reason", "flake"];
    ground.stage(&pass_over).fails(1, &["no way to go on although a stage failed", "ci-tool stage resume"]);
    ground.stage(&["approve", "latest", "publish", "--by", "maria"]).fails(2, &["waits for nobody"]);
    ground.stage(&["approve", "latest", "sgn_off", "--by", "maria"]).fails(2, &["did you mean sign_off"]);
    let answered = ground.stage(&["approve", "latest", "sign_off", "--by", "maria", "--reason", "looked at it"]);
    answered.says(&["ado has the answer for sign_off: it is approved now"]);
    assert_eq!(ground.sent("PATCH", "/pipelines/approvals?")[0][0]["comment"], "maria: looked at it");
    ground.stage(&["resume", "latest"]).code(8).says(&["[required_validation] is done again"]);
    until("all is done", || ground.stage(&["status", "latest"]).code == Some(0));
    assert_eq!((state("finalize"), state("publish")), ("succeeded_with_issues".into(), "succeeded".into()));
    assert_eq!(ground.sent("POST", "/runs?").len(), 1);
}

#[test]
fn a_start_whose_answer_was_lost_is_found_and_one_that_is_refused_is_over() {
    let ground = Ground::new();
    ground.fake.lose();
    ground.validate(&[]).code(8).prints(&["driven by ado as its run 102"]);
    assert_eq!(ground.sent("POST", "/runs?").len(), 1);

    ground.sandbox.write("release.yaml", PIPELINE.replace("pipeline: release", "pipeline: releese"));
    ground.validate(&[]).code(1).says(&["releese"]);
    ground.stage(&["status", "latest"]).code(5).prints(&["cancelled: ado took no run"]);
    ground.sandbox.write("release.yaml", PIPELINE);
    ground.validate(&["--substitute", "publish=true"]).fails(2, &["--substitute is for stages that run here"]);
    ground.stage(&["prepare", "release.yaml"]).fails(2, &["it makes nothing to hand over"]);
}
