//! Proving that a Jenkins can be used, without changing it.

use super::{
    Check,
    api::{Api, status},
    shapes::Me,
};
use crate::error::{Error, Kind};

/// Address, credentials, permissions.
pub async fn check(api: &Api) -> Vec<Check> {
    let me = api.get_answer::<Me>(api.url(&["whoAmI"]), "name,anonymous").await;
    let mut checks = Vec::new();
    match &me {
        Ok((answer, me)) => {
            let version = answer.header("x-jenkins").unwrap_or("of a version that it does not tell");
            checks.push(holds("address", format!("Jenkins {version}")));
            checks.push(credentials(api, me));
        }
        Err(error) if matches!(status(error), Some(401 | 403)) => {
            checks.push(holds("address", "it answers".to_owned()));
            checks.push(fails("credentials", error));
            return checks;
        }
        Err(error) => {
            checks.push(fails("address", error));
            return checks;
        }
    }
    checks.push(match api.get::<serde::de::IgnoredAny>(api.url(&[]), "_class").await {
        Ok(_) => holds("permission to see jobs", "the list of jobs can be read".to_owned()),
        Err(error) => fails("permission to see jobs", &error),
    });
    checks.push(Check {
        what: "permission to start jobs".into(),
        holds: None,
        seen: "Jenkins tells it only when a job is started".into(),
        hint: Some("Job/Build starts jobs, Job/Cancel stops them".into()),
    });
    checks
}

fn credentials(api: &Api, me: &Me) -> Check {
    match (&api.credentials, me.anonymous) {
        (_, false) => holds("credentials", format!("signed in as {}", me.name)),
        (None, true) => Check {
            what: "credentials".into(),
            holds: None,
            seen: "none are set: what everybody may do can be done".into(),
            hint: Some(format!("name the variables that hold them: engines.{}: user_env, token_env", api.name)),
        },
        (Some(_), true) => {
            let error = Error::new(Kind::Denied, "Jenkins takes the user and the token for nobody's");
            fails("credentials", &error.hint("check both variables; a new API token is made on your page of Jenkins"))
        }
    }
}

fn holds(what: &str, seen: String) -> Check {
    Check { what: what.into(), holds: Some(true), seen, hint: None }
}

fn fails(what: &str, error: &Error) -> Check {
    let mut seen = vec![error.to_string()];
    seen.extend(error.causes());
    let hint = error.hints().last().cloned().unwrap_or_else(|| "check the address of the engine".into());
    Check { what: what.into(), holds: Some(false), seen: seen.join(": "), hint: Some(hint) }
}
