//! What `json-pushes` answers, in its version 2.

use crate::{
    error::{Error, Kind, Result},
    vcs::Revision,
};
use jiff::Timestamp;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// A push whose changesets are there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Push {
    /// The push as a revision: its tip's hash, its number, who pushed, when, the first line of the tip's message, and every
    /// path that one of its changesets changed.
    pub revision: Revision,
    /// Mercurial's branch of the tip.
    pub branch: String,
}

/// An answer.
#[derive(Debug)]
pub(super) struct Pushes {
    /// The number of the latest push there is; `None` before the first.
    pub last: Option<u64>,
    /// By number, rising: the keys arrive as text, in any order.
    pushes: Vec<(u64, Value)>,
}

impl Pushes {
    /// Reads an answer.
    ///
    /// # Errors
    /// `Corrupt`, naming the field.
    pub fn read(body: &[u8]) -> Result<Pushes> {
        let answer: Value = serde_json::from_slice(body)
            .map_err(|e| Error::new(Kind::Corrupt, "the pushlog's answer is no JSON").with_source(e).hint(SHAPE))?;
        let answer = object(&answer, "the answer")?;
        let last = match get(answer, "", "lastpushid")? {
            Value::Null => None,
            last => Some(last.as_u64().ok_or_else(|| wrong("lastpushid", "a number", last))?),
        };
        let mut pushes = Vec::new();
        for (key, push) in object(get(answer, "", "pushes")?, "pushes")? {
            let number = key.parse().map_err(|_| wrong("a key of pushes", "a number", &key.as_str().into()))?;
            pushes.push((number, push.clone()));
        }
        pushes.sort_by_key(|(number, _)| *number);
        Ok(Pushes { last, pushes })
    }

    /// The number and time of each, by number.
    ///
    /// # Errors
    /// `Corrupt`, naming the field.
    pub fn dates(&self) -> Result<Vec<(u64, Timestamp)>> {
        self.pushes.iter().map(|(number, push)| Ok((*number, date(push, &format!("pushes.{number}"))?))).collect()
    }

    /// The pushes in full, by number. A push of which every changeset is hidden now (obsolete) is none.
    ///
    /// # Errors
    /// `Corrupt`, naming the field.
    pub fn full(&self) -> Result<Vec<Push>> {
        let full = self.pushes.iter().map(|(number, push)| read_push(*number, push));
        full.filter_map(Result::transpose).collect()
    }
}

fn read_push(number: u64, push: &Value) -> Result<Option<Push>> {
    let place = format!("pushes.{number}");
    let date = date(push, &place)?;
    let push = object(push, &place)?;
    let author = text(push, &place, "user")?.to_owned();
    let changesets = array(push, &place, "changesets")?;
    let Some(tip) = changesets.last() else { return Ok(None) };
    let mut paths = BTreeSet::new();
    for (at, changeset) in changesets.iter().enumerate() {
        let place = format!("{place}.changesets.{at}");
        for file in array(object(changeset, &place)?, &place, "files")? {
            let file = file.as_str().ok_or_else(|| wrong(&format!("{place}.files"), "a list of texts", file))?;
            paths.insert(file.to_owned());
        }
    }
    let place = format!("{place}.changesets.{}", changesets.len() - 1);
    let tip = object(tip, &place)?;
    let id = text(tip, &place, "node")?;
    if id.len() != 40 || !id.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(wrong(&format!("{place}.node"), "a hash", &id.into()));
    }
    let subject = text(tip, &place, "desc")?.lines().next().unwrap_or_default().to_owned();
    let branch = text(tip, &place, "branch")?.to_owned();
    let paths = paths.into_iter().collect();
    Ok(Some(Push { revision: Revision { id: id.into(), number: Some(number), author, date, subject, paths }, branch }))
}

fn date(push: &Value, place: &str) -> Result<Timestamp> {
    let date = get(object(push, place)?, place, "date")?;
    let seconds = date.as_i64().and_then(|seconds| Timestamp::from_second(seconds).ok());
    seconds.ok_or_else(|| wrong(&format!("{place}.date"), "a time in seconds", date))
}

fn object<'v>(value: &'v Value, place: &str) -> Result<&'v Map<String, Value>> {
    value.as_object().ok_or_else(|| wrong(place, "an object", value))
}

fn array<'v>(map: &'v Map<String, Value>, place: &str, name: &str) -> Result<&'v Vec<Value>> {
    let value = get(map, place, name)?;
    value.as_array().ok_or_else(|| wrong(&format!("{place}.{name}"), "a list", value))
}

fn text<'v>(map: &'v Map<String, Value>, place: &str, name: &str) -> Result<&'v str> {
    let value = get(map, place, name)?;
    value.as_str().ok_or_else(|| wrong(&format!("{place}.{name}"), "a text", value))
}

fn get<'v>(map: &'v Map<String, Value>, place: &str, name: &str) -> Result<&'v Value> {
    let dot = if place.is_empty() { "" } else { "." };
    map.get(name)
        .ok_or_else(|| Error::new(Kind::Corrupt, format!("the pushlog's answer has no {place}{dot}{name}")).hint(SHAPE))
}

const SHAPE: &str =
    "check that trigger.pushlog is the address of a repository whose server has json-pushes in version 2";

fn wrong(place: &str, expected: &str, found: &Value) -> Error {
    let found: String = found.to_string().chars().take(60).collect();
    Error::new(Kind::Corrupt, format!("the pushlog's answer: {place} is not {expected}: {found}")).hint(SHAPE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn good() -> Value {
        let changeset = |node: char, files: &[&str]| json!({ "node": node.to_string().repeat(40), "desc": "why\n\nmore", "branch": "default", "files": files });
        json!({ "lastpushid": 100_000, "pushes": {
            "100000": { "user": "u", "date": 1_700_000_000, "changesets": [changeset('a', &["z", "b"]), changeset('c', &["b"])] },
            "99999": { "user": "u", "date": 1_600_000_000, "changesets": [changeset('d', &[])] },
            "7": { "user": "u", "date": 1_500_000_000, "changesets": [] },
        } })
    }

    #[test]
    fn pushes_come_by_number_with_their_tips() {
        let pushes = Pushes::read(good().to_string().as_bytes()).unwrap();
        assert_eq!(pushes.last, Some(100_000));
        let full = pushes.full().unwrap();
        let numbers: Vec<_> = full.iter().map(|push| push.revision.number.unwrap()).collect();
        assert_eq!(numbers, [99_999, 100_000]);
        let Push { revision, branch } = &full[1];
        assert_eq!((&revision.id[..1], revision.subject.as_str(), branch.as_str()), ("c", "why", "default"));
        assert_eq!(revision.paths, ["b", "z"]);
        assert_eq!(pushes.dates().unwrap().len(), 3);
    }

    #[test]
    fn a_field_of_another_shape_is_named() {
        let push = "/pushes/99999";
        for (pointer, value, expected) in [
            ("/lastpushid", json!("5"), "lastpushid is not a number: \"5\""),
            ("/pushes", json!([]), "pushes is not an object"),
            (push, json!(3), "pushes.99999 is not an object"),
            ("/pushes/99999/date", json!("now"), "pushes.99999.date is not a time"),
            ("/pushes/99999/date", json!(1.5), "pushes.99999.date is not a time"),
            ("/pushes/99999/user", json!(null), "pushes.99999.user is not a text"),
            ("/pushes/99999/changesets", json!({}), "pushes.99999.changesets is not a list"),
            ("/pushes/99999/changesets/0", json!("abc"), "pushes.99999.changesets.0 is not an object"),
            ("/pushes/99999/changesets/0/node", json!("abc"), "pushes.99999.changesets.0.node is not a hash"),
            (
                "/pushes/100000/changesets/1/files",
                json!([1]),
                "pushes.100000.changesets.1.files is not a list of texts",
            ),
            (push, json!({ "user": "u", "date": 1 }), "has no pushes.99999.changesets"),
            ("/pushes", json!({ "x": {} }), "a key of pushes is not a number"),
            ("", json!({ "pushes": {} }), "has no lastpushid"),
            ("", json!([]), "the answer is not an object"),
        ] {
            let mut answer = good();
            *answer.pointer_mut(pointer).unwrap() = value;
            let read = Pushes::read(answer.to_string().as_bytes()).and_then(|pushes| pushes.full());
            let error = read.unwrap_err();
            assert_eq!(error.kind(), Kind::Corrupt);
            assert!(error.message().contains(expected), "{pointer}: {error}");
        }
        assert_eq!(Pushes::read(b"<html>").unwrap_err().kind(), Kind::Corrupt);
    }
}
