//! A Helix job on its way to the queue decided.

use super::{
    decide::Decision,
    job::{HANDED_OVER, Job, canonical},
    rules::Rules,
};
use crate::error::{Error, Kind, Result};
use serde_json::{Map, Value};

/// What the properties that tell of the decision begin with.
pub const PREFIX: &str = "ci-tool.route.";
const KEY_MAX: usize = 128;

/// A Helix job as somebody wrote it. What is not known here travels on untouched.
#[derive(Debug, Clone, PartialEq)]
pub struct HelixJob(Map<String, Value>);

impl HelixJob {
    /// Reads a job: `Type`, `ListUri`, `QueueId`, `Source` or all of `SourcePrefix`, `TeamProject`, `Repository` and
    /// `Branch`, and perhaps `Creator` and `Properties`.
    ///
    /// # Errors
    /// `Usage` that names the field.
    pub fn parse(bytes: &[u8]) -> Result<HelixJob> {
        let job = HelixJob::template(bytes)?;
        job.required("QueueId")?;
        Ok(job)
    }

    /// Reads a job that gets its queue later.
    ///
    /// # Errors
    /// As [`HelixJob::parse`].
    pub fn template(bytes: &[u8]) -> Result<HelixJob> {
        let fields = serde_json::from_slice(bytes).map_err(|e| {
            Error::new(Kind::Usage, "the Helix job is no JSON object")
                .with_source(e)
                .hint("write {\"Type\": …, \"ListUri\": …, \"QueueId\": …, \"Source\": …, \"Properties\": {…}}")
        })?;
        let job = HelixJob(fields);
        for name in ["Type", "ListUri"] {
            job.required(name)?;
        }
        if job.text("Source").is_none() {
            for name in ["SourcePrefix", "TeamProject", "Repository", "Branch"] {
                job.required(name).map_err(|e| {
                    e.hint("a job has `Source`, or all of SourcePrefix, TeamProject, Repository and Branch")
                })?;
            }
        }
        let properties = match job.0.get("Properties") {
            None | Some(Value::Null) => return Ok(job),
            Some(Value::Object(properties)) => properties,
            Some(_) => return Err(Error::new(Kind::Usage, "Properties of the Helix job is no object")),
        };
        if let Some((name, _)) = properties.iter().find(|(_, value)| !value.is_string()) {
            return Err(Error::new(Kind::Usage, format!("the property {name:?} of the Helix job is no text"))
                .hint("put it into quotes"));
        }
        Ok(job)
    }

    /// The id of the queue asked for; empty in a template.
    pub fn queue(&self) -> &str {
        self.text("QueueId").unwrap_or_default()
    }

    /// Tells `job` what the properties say, and then what the job's own fields say of its source. What is known stays.
    /// Returns whether any of them told something.
    pub fn tell(&self, job: &mut Job) -> bool {
        let before = job.clone();
        if let Some(Value::Object(properties)) = self.0.get("Properties") {
            job.learn(properties.iter().filter_map(|(name, value)| Some((name.as_str(), value.as_str()?))));
        }
        let pull_request = self.text("SourcePrefix").filter(|prefix| *prefix == "pr").map(|_| "PullRequest");
        let own = [
            ("build.sourceBranch", self.text("Branch")),
            ("build.repository.name", self.text("Repository")),
            ("build.reason", pull_request),
        ];
        job.learn(own.into_iter().filter_map(|(name, value)| Some((name, value?))));
        *job != before
    }

    /// The job on the queue decided, with properties for what the decision used, for what a look-up handed over, for the rule
    /// and for the rules.
    pub fn routed(&self, rules: &Rules, job: &Job, decision: &Decision<'_>) -> Map<String, Value> {
        let mut sent = self.0.clone();
        sent.insert("QueueId".into(), decision.id().to_string().into());
        let mut properties = match sent.remove("Properties") {
            Some(Value::Object(properties)) => properties,
            _ => Map::new(),
        };
        for (name, value) in job.variables() {
            let key = same(&properties, name).unwrap_or_else(|| name.to_owned());
            properties.insert(key, value.into());
        }
        for name in HANDED_OVER {
            // Nothing was decided by these: what the sender wrote stays.
            if let Some(value) = job.variables.get(name).filter(|_| same(&properties, name).is_none()) {
                properties.insert(name.to_owned(), value.as_str().into());
            }
        }
        for (name, value) in [
            ("asked", decision.asked.to_string().as_str()),
            ("rule", decision.by.rule()),
            ("reason", decision.by.reason()),
            ("rules", &rules.hash),
        ] {
            properties.insert(format!("{PREFIX}{name}"), value.into());
        }
        sent.insert("Properties".into(), properties.into());
        sent
    }

    /// An idempotency key made from the job as it was written and from what else tells two runs of it apart.
    pub fn key<'a>(&self, apart: impl IntoIterator<Item = &'a str>) -> String {
        let mut hasher = blake3::Hasher::new();
        // Fields are in the order of their names: how the file is laid out plays no part.
        hasher.update(Value::Object(self.0.clone()).to_string().as_bytes());
        for part in apart {
            hasher.update(&[0]).update(part.as_bytes());
        }
        hasher.finalize().to_hex()[..32].to_owned()
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str().map(str::trim).filter(|text| !text.is_empty())
    }

    fn required(&self, name: &str) -> Result<()> {
        if self.text(name).is_some() {
            return Ok(());
        }
        let what = if self.0.contains_key(name) { "is no text, or empty" } else { "is missing" };
        let error = Error::new(Kind::Usage, format!("{name} of the Helix job {what}"));
        let like = self.0.keys().find(|key| key.eq_ignore_ascii_case(name) && *key != name);
        Err(match like {
            Some(like) => error.hint(format!("write {name} instead of {like}")),
            None => error,
        })
    }
}

/// Checks an idempotency key that somebody chose.
///
/// # Errors
/// `Usage` for one that is empty, too long, or cannot stand in a header.
pub fn check_key(key: &str) -> Result<()> {
    if (1..=KEY_MAX).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic()) {
        return Ok(());
    }
    Err(Error::new(Kind::Usage, "this is no idempotency key")
        .hint(format!("1 to {KEY_MAX} letters, digits and signs, without spaces")))
}

/// The property that is there under some form of a name. Two forms side by side would be two answers to one question.
fn same(properties: &Map<String, Value>, name: &str) -> Option<String> {
    let name = canonical(name);
    properties.keys().find(|key| canonical(key) == name).cloned()
}
