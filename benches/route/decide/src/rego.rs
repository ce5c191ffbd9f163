//! The rules as Rego, with the queues as data: an evaluation is one look-up and a few comparisons.

use crate::{Case, Engine, Subject, subject::TEAMS};
use regorus::{Engine as Evaluator, Value};
use std::cell::RefCell;

pub struct Rego {
    engine: RefCell<Evaluator>,
}

const POLICY: &str = r#"
package route
import rego.v1

servicing if {
    startswith(input.branch, "release/")
    not prerelease
}
prerelease if contains(input.branch, "-preview")
prerelease if contains(input.branch, "-rc")
prerelease if contains(input.branch, "-alpha")
prerelease if contains(input.branch, "-beta")

team := data.teams[input.repository]

rule := "servicing" if servicing
else := team if team
else := "standard"

twin := data.queues[input.queue][rule]

decision := {"queue": twin, "rule": rule} if twin
else := {"queue": input.queue, "rule": "standard"}
"#;

impl Rego {
    pub fn load(subject: &Subject) -> Rego {
        let mut engine = Evaluator::new();
        engine.add_policy("route.rego".into(), POLICY.into()).expect("the policy is read");
        let queues: serde_json::Map<String, serde_json::Value> = subject
            .queues
            .iter()
            .enumerate()
            .map(|(n, queue)| {
                let mut twins = serde_json::Map::new();
                if Subject::has_servicing(n) {
                    twins.insert("servicing".into(), format!("{queue}.svc").into());
                }
                for (t, (team, _)) in TEAMS.iter().enumerate() {
                    if Subject::has_team(n, t) {
                        twins.insert((*team).into(), format!("{queue}.{team}").into());
                    }
                }
                (queue.clone(), twins.into())
            })
            .collect();
        let teams: serde_json::Map<String, serde_json::Value> =
            TEAMS.iter().map(|(team, repository)| ((*repository).to_owned(), (*team).into())).collect();
        let data = serde_json::json!({ "queues": queues, "teams": teams }).to_string();
        engine.add_data(Value::from_json_str(&data).expect("data")).expect("the data is read");
        Rego { engine: RefCell::new(engine) }
    }

    fn evaluate(&self, case: &Case) -> Value {
        let mut engine = self.engine.borrow_mut();
        let mut input = Value::new_object();
        let fields = input.as_object_mut().expect("an object");
        for (name, value) in [("branch", &case.branch), ("repository", &case.repository), ("queue", &case.job.queue)] {
            fields.insert(name.into(), value.as_str().into());
        }
        engine.set_input(input);
        engine.eval_rule("data.route.decision".into()).expect("a decision")
    }
}

impl Engine for Rego {
    fn name(&self) -> &'static str {
        "regorus"
    }

    fn decide(&self, case: &Case) -> (String, String) {
        let decision = self.evaluate(case);
        let field = |name: &str| decision[name].as_string().expect("a text").to_string();
        (field("queue"), field("rule"))
    }

    fn bare(&self, case: &Case) {
        std::hint::black_box(self.evaluate(case));
    }
}
