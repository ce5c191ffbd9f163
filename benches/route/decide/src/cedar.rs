//! The rules as Cedar policies: one a queue and redirection, as its users write routing. The policies that permit name the
//! rule; a servicing policy wins over a team's.

use crate::{Case, Engine, Subject, subject::TEAMS};
use cedar_policy::{Authorizer, Context, Entities, EntityUid, PolicySet, Request, RestrictedExpression};

pub struct Cedar {
    policies: PolicySet,
    authorizer: Authorizer,
    entities: Entities,
    queues: Vec<String>,
}

/// A servicing branch as far as Cedar's `like` can tell: enough for the branches of the subject.
const SERVICING: &str = r#"context.branch like "release/*" && !(context.branch like "*-preview*") && !(context.branch like "*-rc*") && !(context.branch like "*-alpha*") && !(context.branch like "*-beta*")"#;

impl Cedar {
    pub fn load(subject: &Subject) -> Cedar {
        let mut text = String::new();
        for (n, queue) in subject.queues.iter().enumerate() {
            let head = format!("permit(principal, action == Action::\"route\", resource == Queue::\"{queue}\")");
            let twin = if Subject::has_servicing(n) { ".svc" } else { "" };
            text += &format!("@id(\"servicing{twin}\") {head} when {{ {SERVICING} }};\n");
            for (t, (team, repository)) in TEAMS.iter().enumerate() {
                let twin = if Subject::has_team(n, t) { format!(".{team}") } else { String::new() };
                text += &format!("@id(\"{team}{twin}\") {head} when {{ context.repository == \"{repository}\" }};\n");
            }
        }
        Cedar {
            policies: text.parse().expect("the policies are read"),
            authorizer: Authorizer::new(),
            entities: Entities::empty(),
            queues: subject.queues.clone(),
        }
    }
}

impl Engine for Cedar {
    fn name(&self) -> &'static str {
        "cedar-policy"
    }

    fn decide(&self, case: &Case) -> (String, String) {
        let uid = |kind: &str, id: &str| -> EntityUid { format!("{kind}::\"{id}\"").parse().expect("an entity") };
        let text = |text: &str| RestrictedExpression::new_string(text.to_owned());
        let context = Context::from_pairs([
            ("branch".to_owned(), text(&case.branch)),
            ("repository".to_owned(), text(&case.repository)),
        ]);
        let request = Request::new(
            uid("User", "ci"),
            uid("Action", "route"),
            uid("Queue", &case.job.queue),
            context.expect("a context"),
            None,
        );
        let response = self.authorizer.is_authorized(&request.expect("a request"), &self.policies, &self.entities);
        let matched = response.diagnostics().reason().filter_map(|id| self.policies.annotation(id, "id"));
        // `servicing` is before the teams by its name.
        let first = matched.min_by_key(|rule| (!rule.starts_with("servicing"), rule.to_owned()));
        debug_assert!(self.queues.contains(&case.job.queue));
        match first.and_then(|rule| rule.split_once('.')) {
            Some((rule, suffix)) => (format!("{}.{suffix}", case.job.queue), rule.to_owned()),
            None => (case.job.queue.clone(), "standard".to_owned()),
        }
    }
}
