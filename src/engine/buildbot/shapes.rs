//! What Buildbot answers under `/api/v2`, as far as it is used. 3.x and 4.x answer alike.

use crate::{
    error::{Error, Kind, Result},
    pipeline::job::Parameter,
};
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::Value;
use std::collections::BTreeMap;

/// Properties: a value and where it came from.
pub(super) type Properties = BTreeMap<String, (Value, String)>;

/// How a request, a build or a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Success,
    Warnings,
    Failure,
    Skipped,
    Exception,
    Retry,
    Cancelled,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Builder {
    pub builderid: u64,
    pub name: String,
    /// The masters that run it; none for one that was taken out of the configuration.
    pub masterids: Vec<u64>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct BuildRequest {
    pub buildrequestid: u64,
    pub buildsetid: u64,
    pub builderid: u64,
    pub complete: bool,
    #[serde(deserialize_with = "outcome")]
    pub results: Option<Outcome>,
    #[serde(deserialize_with = "time")]
    pub submitted_at: Timestamp,
    #[serde(deserialize_with = "maybe_time")]
    pub complete_at: Option<Timestamp>,
    /// Those of its buildset, where they were asked for. Missing in the first 3.x releases.
    #[serde(default)]
    pub properties: Option<Properties>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Build {
    pub buildid: u64,
    pub number: u64,
    pub builderid: u64,
    pub buildrequestid: u64,
    pub complete: bool,
    #[serde(deserialize_with = "outcome")]
    pub results: Option<Outcome>,
    #[serde(deserialize_with = "time")]
    pub started_at: Timestamp,
    #[serde(deserialize_with = "maybe_time")]
    pub complete_at: Option<Timestamp>,
    pub state_string: String,
    #[serde(default)]
    pub properties: Option<Properties>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Buildset {
    pub bsid: u64,
    pub reason: Option<String>,
    pub sourcestamps: Vec<SourceStamp>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct SourceStamp {
    pub codebase: String,
    pub revision: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Step {
    pub stepid: u64,
    pub name: String,
    #[serde(deserialize_with = "outcome")]
    pub results: Option<Outcome>,
    pub urls: Vec<Link>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Link {
    pub name: String,
    pub url: String,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Log {
    pub logid: u64,
    pub name: String,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct ForceScheduler {
    pub name: String,
    pub builder_names: Vec<String>,
    pub enabled: bool,
    pub all_fields: Vec<Field>,
}

/// A field of a force scheduler's form, or a group of them.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Field {
    /// What it is within its group.
    pub name: Option<String>,
    /// What it is sent as. Buildbot drops in silence what is sent under another name.
    #[serde(rename = "fullName")]
    pub full_name: Option<String>,
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default)]
    pub required: bool,
    #[serde(default)]
    pub default: Value,
    #[serde(default)]
    pub choices: Vec<Value>,
    /// Whether no value but the choices is taken.
    #[serde(default)]
    pub strict: bool,
    #[serde(default)]
    pub maxsize: Option<usize>,
    #[serde(default)]
    pub fields: Vec<Field>,
}

impl Field {
    /// The field as a parameter. A required one is refused without a value even where it has a default.
    pub fn parameter(&self, name: &str) -> Parameter {
        let default = Some(text(&self.default)).filter(|text| !text.is_empty() && !self.required);
        let choices = if self.strict { self.choices.iter().map(text).collect() } else { Vec::new() };
        Parameter { name: name.to_owned(), required: self.required, choices, default }
    }
}

/// A value as people write it.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The list of a name in an answer.
///
/// # Errors
/// `Corrupt`, naming the field that is not as known.
pub(super) fn list<T: DeserializeOwned>(body: &[u8], name: &str) -> Result<Vec<T>> {
    let corrupt = |e: serde_json::Error| {
        Error::new(Kind::Corrupt, format!("reading {name} from what Buildbot answers"))
            .with_source(e)
            .hint("check that the address is that of a Buildbot 3 or 4, without /api/v2")
    };
    let mut answer: BTreeMap<String, Value> = serde_json::from_slice(body).map_err(corrupt)?;
    let list =
        answer.remove(name).ok_or_else(|| corrupt(serde::de::Error::custom(format!("missing field `{name}`"))))?;
    serde_json::from_value(list).map_err(corrupt)
}

fn outcome<'d, D: Deserializer<'d>>(from: D) -> Result<Option<Outcome>, D::Error> {
    // -1 while there is none.
    Ok(Some(match Option::<i64>::deserialize(from)? {
        None | Some(-1) => return Ok(None),
        Some(0) => Outcome::Success,
        Some(1) => Outcome::Warnings,
        Some(2) => Outcome::Failure,
        Some(3) => Outcome::Skipped,
        Some(4) => Outcome::Exception,
        Some(5) => Outcome::Retry,
        Some(6) => Outcome::Cancelled,
        Some(other) => return Err(serde::de::Error::custom(format!("unknown `results`: {other}"))),
    }))
}

fn time<'d, D: Deserializer<'d>>(from: D) -> Result<Timestamp, D::Error> {
    Timestamp::from_second(i64::deserialize(from)?).map_err(serde::de::Error::custom)
}

fn maybe_time<'d, D: Deserializer<'d>>(from: D) -> Result<Option<Timestamp>, D::Error> {
    let seconds = Option::<i64>::deserialize(from)?;
    seconds.map(Timestamp::from_second).transpose().map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_of_another_shape_is_corrupt_and_names_the_field() {
        let build = |results: &str| {
            format!(
                r#"{{"builds": [{{"buildid": 1, "number": 1, "builderid": 1, "buildrequestid": 1, "complete": true,
                    "results": {results}, "started_at": 5, "complete_at": null, "state_string": "", "new": 0}}]}}"#
            )
        };
        assert_eq!(list::<Build>(build("2").as_bytes(), "builds").unwrap()[0].results, Some(Outcome::Failure));
        assert_eq!(list::<Build>(build("-1").as_bytes(), "builds").unwrap()[0].results, None);
        for (body, named) in [
            (build("7"), "results"),
            (build("\"x\""), "invalid type"),
            (build("2").replace("\"number\"", "\"nr\""), "number"),
            (build("2").replace("\"builds\"", "\"build\""), "builds"),
            ("<html>".into(), "expected value"),
        ] {
            let error = list::<Build>(body.as_bytes(), "builds").unwrap_err();
            assert_eq!(error.kind(), Kind::Corrupt);
            assert!(error.causes().join(" ").contains(named), "{named}: {:?}", error.causes());
        }
    }
}
