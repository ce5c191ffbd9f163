//! The settings of an engine.

use crate::{
    error::{Error, Kind as Failure, Result},
    http::{self, Token, Url},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The most that `at_once` may say.
const AT_ONCE_MAX: usize = 1024;

/// Which system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// This machine.
    Local,
    /// Buildbot 3 and 4.
    Buildbot,
    /// Jenkins.
    Jenkins,
    /// Azure DevOps: pipelines and builds.
    AzureDevops,
    /// GitHub Actions.
    Github,
    /// Treeherder, which only tells.
    Treeherder,
}

/// The settings of an engine, as written under `engines:`. Each system knows its own part, and refuses the rest.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// Which system.
    pub kind: Option<Kind>,
    /// Its address.
    pub url: Option<String>,
    /// The variable that holds the user's name.
    pub user_env: Option<String>,
    /// The variable that holds the token or password.
    pub token_env: Option<String>,
    /// Buildbot: the force scheduler, where several serve a builder.
    pub scheduler: Option<String>,
    /// Azure DevOps and Treeherder: the project.
    pub project: Option<String>,
    /// GitHub: `OWNER/NAME`.
    pub repository: Option<String>,
    /// Jenkins: the parameter that carries the key.
    pub key_parameter: Option<String>,
    /// Jenkins, GitHub: the parameter or input that carries the revision.
    pub revision_parameter: Option<String>,
    /// How many submissions may be under way at once; local: how many runs.
    pub at_once: Option<usize>,
}

impl Spec {
    /// The address.
    ///
    /// # Errors
    /// `Usage` where there is none, it is none, or it holds a secret.
    pub fn address(&self, engine: &str) -> Result<Url> {
        let Some(text) = &self.url else {
            return Err(Error::new(Failure::Usage, format!("the engine {engine} has no address"))
                .hint(format!("in ci-tool.yaml: engines: {{{engine}: {{url: https://HOST}}}}")));
        };
        let mut url =
            http::address(text).map_err(|e| e.context(format!("reading the address of the engine {engine}")))?;
        if url.password().is_some() || !url.username().is_empty() || url.query().is_some() {
            return Err(Error::new(
                Failure::Usage,
                format!("the address of the engine {engine} holds a secret or options"),
            )
            .hint("name the variables that hold them: user_env, token_env"));
        }
        url.set_fragment(None);
        Ok(url)
    }

    /// The user and the token, from the variables that the settings name; `None` where they name no token.
    ///
    /// # Errors
    /// `Denied` for a variable that is not set, `Usage` for a token that is none.
    pub fn credentials(&self, engine: &str, env: &BTreeMap<String, String>) -> Result<Option<(String, Token)>> {
        let read = |name: &String| {
            env.get(name).filter(|value| !value.trim().is_empty()).ok_or_else(|| {
                Error::new(Failure::Denied, format!("the variable {name}, which the engine {engine} needs, is not set"))
                    .hint(format!("export {name}=…"))
            })
        };
        let Some(token) = &self.token_env else { return Ok(None) };
        let secret = Token::new(read(token)?).map_err(|e| e.context(format!("reading the variable {token}")))?;
        let user = self.user_env.as_ref().map(read).transpose()?;
        Ok(Some((user.cloned().unwrap_or_default(), secret)))
    }

    /// Refuses room for nothing, or for more than any system takes.
    ///
    /// # Errors
    /// `Usage`.
    pub fn check_room(&self, engine: &str) -> Result<()> {
        match self.at_once {
            Some(at_once) if !(1..=AT_ONCE_MAX).contains(&at_once) => {
                let message = format!("the engine {engine} cannot have at_once: {at_once}");
                Err(Error::new(Failure::Usage, message).hint(format!("write a number from 1 to {AT_ONCE_MAX}")))
            }
            _ => Ok(()),
        }
    }

    /// Refuses settings that another system has.
    ///
    /// # Errors
    /// `Usage`, naming the setting.
    pub fn only(&self, engine: &str, known: &[&str]) -> Result<()> {
        let written = serde_json::to_value(self).unwrap_or_default();
        let written = written.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
        let always = ["kind", "url", "at_once"];
        let strange = written
            .map(|(name, _)| name)
            .find(|name| !always.contains(&name.as_str()) && !known.contains(&name.as_str()));
        match strange {
            Some(name) => Err(Error::new(Failure::Usage, format!("the engine {engine} has no setting {name}"))
                .hint(format!("it knows url, at_once, {}", known.join(", ")))),
            None => Ok(()),
        }
    }
}
