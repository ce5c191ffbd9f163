//! How a builder is started: the form of its force scheduler.

use super::shapes::{Builder, Field, ForceScheduler};
use crate::{
    engine::Request,
    pipeline::job::{Job, Parameter},
};
use serde_json::{Map, Value, json};

/// The name of the field that carries the key.
const REASON: &str = "reason";

/// What to send to start a builder.
#[derive(Debug, Clone)]
pub(super) struct Form {
    builder: u64,
    /// The force scheduler.
    pub scheduler: String,
    revision: String,
    branch: Option<String>,
    key_max: Option<usize>,
    fields: Vec<(String, Field)>,
}

/// A builder, and its form or why it cannot be started.
#[derive(Debug, Clone)]
pub(super) struct Known {
    /// Its number.
    pub id: u64,
    /// The form, or why there is none.
    pub form: Result<Form, String>,
}

/// The settings that choose among several.
#[derive(Debug, Clone, Default)]
pub(super) struct Choice {
    /// The force scheduler.
    pub scheduler: Option<String>,
    /// The field that carries the revision, where there are several codebases.
    pub revision: Option<String>,
}

impl Known {
    /// What is known of a builder.
    pub fn new(builder: &Builder, schedulers: &[ForceScheduler], choice: &Choice) -> Known {
        Known { id: builder.builderid, form: form(builder, schedulers, choice) }
    }

    /// The builder as a job.
    pub fn job(&self, name: &str, url: String) -> Job {
        Job {
            name: name.to_owned(),
            id: self.id.to_string(),
            parameters: self.form.as_ref().ok().map(Form::parameters),
            takes_env: false,
            blocked: self.form.as_ref().err().cloned(),
            hidden: false,
            url: Some(url),
        }
    }
}

impl Form {
    fn parameters(&self) -> Vec<Parameter> {
        self.fields.iter().map(|(name, field)| field.parameter(name)).collect()
    }

    /// The parameters of the call for a request whose own were checked.
    ///
    /// # Errors
    /// What Buildbot would not take, as a sentence.
    pub fn filled(&self, request: &Request) -> Result<Map<String, Value>, String> {
        if self.key_max.is_some_and(|max| request.key.len() > max) {
            return Err(format!("the force scheduler {} takes no reason as long as our key", self.scheduler));
        }
        let mut filled = Map::from_iter([
            ("builderid".to_owned(), json!(self.builder)),
            (self.revision.clone(), json!(request.revision)),
            (REASON.to_owned(), json!(request.key)),
        ]);
        if let (Some(field), Some(branch)) = (&self.branch, &request.branch) {
            filled.insert(field.clone(), json!(branch));
        }
        for (name, field) in &self.fields {
            let Some(value) = request.parameters.get(name) else { continue };
            filled.insert(name.clone(), typed(name, field, value)?);
        }
        Ok(filled)
    }

    /// The codebase that has the revision, as properties name it: empty for the only one.
    pub fn codebase(&self) -> &str {
        self.revision.strip_suffix("_revision").unwrap_or_default()
    }
}

/// A value in the type that the field wants: Buildbot takes the text `"true"` for false.
fn typed(name: &str, field: &Field, value: &str) -> Result<Value, String> {
    let wrong = |what: &str| Err(format!("the parameter {name} is {what}, not {value:?}"));
    match field.kind.as_str() {
        "bool" => value.parse::<bool>().map(Value::from).or_else(|_| wrong("true or false")),
        "int" => value.trim().parse::<i64>().map(Value::from).or_else(|_| wrong("a number")),
        "username" if !value.contains('@') => wrong("an e-mail address"),
        // Buildbot would put the default in its place, without a word.
        _ if value.trim().is_empty() && !value.is_empty() => wrong("more than white space"),
        _ => Ok(Value::from(value)),
    }
}

fn form(builder: &Builder, schedulers: &[ForceScheduler], choice: &Choice) -> Result<Form, String> {
    if builder.masterids.is_empty() {
        return Err("no master has it in its configuration".into());
    }
    let serving: Vec<&ForceScheduler> =
        schedulers.iter().filter(|scheduler| scheduler.builder_names.contains(&builder.name)).collect();
    let names = || serving.iter().map(|scheduler| scheduler.name.as_str()).collect::<Vec<_>>().join(", ");
    let named = choice.scheduler.as_ref().and_then(|name| serving.iter().find(|scheduler| scheduler.name == *name));
    let scheduler = match (named, &serving[..]) {
        (Some(named), _) => named,
        (None, []) => return Err("no force scheduler serves it".into()),
        (None, [only]) => only,
        (None, _) => return Err(format!("several force schedulers serve it ({}): set `scheduler`", names())),
    };
    if !scheduler.enabled {
        return Err(format!("the force scheduler {} is switched off", scheduler.name));
    }
    let mut leaves = Vec::new();
    flatten(&scheduler.all_fields, &mut leaves);
    let fixed = |what: &str| format!("the force scheduler {} lets nobody say {what}", scheduler.name);
    let reason = leaves.iter().position(|(name, field)| name == REASON && is_text(field));
    let reason = reason.ok_or_else(|| fixed("a reason, which would carry our key"))?;
    let key_max = leaves.remove(reason).1.maxsize;
    let revision = revision(&leaves, choice).map_err(|why| why.unwrap_or_else(|| fixed("the revision")))?;
    let revision = leaves.remove(revision).0;
    let branch = revision.strip_suffix("revision").map(|group| format!("{group}branch"));
    let branch = branch.filter(|branch| leaves.iter().any(|(name, _)| name == branch));
    Ok(Form {
        builder: builder.builderid,
        scheduler: scheduler.name.clone(),
        revision,
        branch,
        key_max,
        fields: leaves,
    })
}

/// Which field carries the revision.
fn revision(leaves: &[(String, Field)], choice: &Choice) -> Result<usize, Option<String>> {
    let is_revision = |(_, field): &&(String, Field)| field.name.as_deref() == Some("revision") && is_text(field);
    if let Some(wanted) = &choice.revision
        && let Some(at) = leaves.iter().position(|(name, field)| name == wanted && is_text(field))
    {
        return Ok(at);
    }
    let found: Vec<&str> = leaves.iter().filter(is_revision).map(|(name, _)| name.as_str()).collect();
    match found[..] {
        [] => Err(None),
        [only] => leaves.iter().position(|(name, _)| name == only).ok_or(None),
        _ => Err(Some(format!("it has several codebases: set `revision_parameter` to one of {}", found.join(", ")))),
    }
}

fn is_text(field: &Field) -> bool {
    matches!(field.kind.as_str(), "text" | "textarea")
}

/// The fields that people fill in, by what they are sent as; those that are fixed are none.
fn flatten(fields: &[Field], into: &mut Vec<(String, Field)>) {
    for field in fields {
        match (field.kind.as_str(), &field.full_name) {
            ("nested", _) => flatten(&field.fields, into),
            ("fixed", _) | (_, None) => {}
            (_, Some(name)) => into.push((name.clone(), field.clone())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scheduler(name: &str, codebases: &[&str], more: Value) -> ForceScheduler {
        let text = |name: &str, full: String| json!({"name": name, "fullName": full, "type": "text", "default": ""});
        let mut fields = vec![json!({"name": "", "fullName": null, "type": "nested", "fields": [
            {"name": "username", "fullName": "username", "type": "username", "default": ""},
            {"name": "reason", "fullName": "reason", "type": "text", "default": "force build", "maxsize": 40},
            {"name": "priority", "fullName": "priority", "type": "int", "default": 0},
        ]})];
        fields.extend(codebases.iter().map(|codebase| {
            let full = |name: &str| if codebase.is_empty() { name.to_owned() } else { format!("{codebase}_{name}") };
            json!({"name": codebase, "fullName": codebase, "type": "nested", "fields": [
                text("branch", full("branch")),
                {"name": "project", "fullName": full("project"), "type": "fixed", "default": "p"},
                text("revision", full("revision")),
            ]})
        }));
        fields.extend(more.as_array().cloned().unwrap_or_default());
        serde_json::from_value(
            json!({"name": name, "builder_names": ["unit"], "enabled": name != "off", "all_fields": fields}),
        )
        .unwrap()
    }

    fn unit() -> Builder {
        Builder { builderid: 9, name: "unit".into(), masterids: vec![1] }
    }

    #[test]
    fn fields_are_sent_by_their_full_names_and_in_their_types() {
        let more = json!([
            {"name": "o", "fullName": "o", "type": "nested", "fields": [
                {"name": "fast", "fullName": "o_fast", "type": "bool", "default": false},
                {"name": "n", "fullName": "o_n", "type": "int", "default": 3}]},
            {"name": "os", "fullName": "os", "type": "list", "strict": true, "choices": ["a", "b"], "default": "a"},
            {"name": "free", "fullName": "free", "type": "list", "strict": false, "choices": ["a"], "default": ""},
            {"name": "must", "fullName": "must", "type": "text", "required": true, "default": "x"},
        ]);
        let form = form(&unit(), &[scheduler("f", &["Main"], more)], &Choice::default()).unwrap();
        let names: Vec<String> = form.parameters().into_iter().map(|parameter| parameter.name).collect();
        assert_eq!(names, ["username", "priority", "Main_branch", "o_fast", "o_n", "os", "free", "must"]);
        let of = |name: &str| form.parameters().into_iter().find(|p| p.name == name).unwrap();
        assert_eq!((of("os").choices, of("free").choices), (vec!["a".into(), "b".into()], Vec::<String>::new()));
        assert_eq!((of("must").default, of("o_n").default), (None, Some("3".into())));
        let mut request =
            Request { revision: "abc".into(), key: "key".into(), branch: Some("main".into()), ..Request::default() };
        request.parameters = [("o_fast", "true"), ("o_n", "7"), ("must", "y")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
        let expected = json!({"builderid": 9, "Main_revision": "abc", "Main_branch": "main", "reason": "key",
            "o_fast": true, "o_n": 7, "must": "y"});
        assert_eq!(Value::from(form.filled(&request).unwrap()), expected);
        for (name, value) in [("o_fast", "yes"), ("o_n", "x"), ("username", "me"), ("free", " ")] {
            let request = Request { parameters: [(name.to_owned(), value.to_owned())].into(), ..request.clone() };
            assert!(form.filled(&request).unwrap_err().contains(name));
        }
        assert!(form.filled(&Request { key: "k".repeat(41), ..request }).is_err());
    }

    #[test]
    fn a_builder_that_cannot_be_started_says_why() {
        let plain = || scheduler("f", &[""], json!([]));
        let fixed = |name: &str| {
            let mut scheduler = plain();
            let group =
                scheduler.all_fields.iter_mut().find(|g| g.fields.iter().any(|f| f.name.as_deref() == Some(name)));
            let field = group.unwrap().fields.iter_mut().find(|f| f.name.as_deref() == Some(name)).unwrap();
            field.kind = "fixed".into();
            scheduler
        };
        let choose = |scheduler: Option<&str>, revision: Option<&str>| Choice {
            scheduler: scheduler.map(str::to_owned),
            revision: revision.map(str::to_owned),
        };
        let two = || vec![plain(), scheduler("g", &["a", "b"], json!([]))];
        for (schedulers, choice, expected) in [
            (vec![plain()], choose(None, None), Ok(("f", "revision", ""))),
            (vec![plain()], choose(Some("elsewhere"), Some("no_revision")), Ok(("f", "revision", ""))),
            (vec![], choose(None, None), Err("no force scheduler")),
            (vec![scheduler("off", &[""], json!([]))], choose(None, None), Err("switched off")),
            (two(), choose(None, None), Err("f, g")),
            (two(), choose(Some("f"), None), Ok(("f", "revision", ""))),
            (two(), choose(Some("g"), None), Err("a_revision, b_revision")),
            (two(), choose(Some("g"), Some("b_revision")), Ok(("g", "b_revision", "b"))),
            (vec![fixed("reason")], choose(None, None), Err("reason")),
            (vec![fixed("revision")], choose(None, None), Err("the revision")),
        ] {
            let made = form(&unit(), &schedulers, &choice);
            match (&made, expected) {
                (Ok(form), Ok(expected)) => {
                    assert_eq!((form.scheduler.as_str(), form.revision.as_str(), form.codebase()), expected);
                }
                (Err(why), Err(part)) => assert!(why.contains(part), "{why}"),
                _ => panic!("{choice:?}: {made:?}"),
            }
        }
        let gone = Builder { masterids: vec![], ..unit() };
        assert!(form(&gone, &[plain()], &Choice::default()).unwrap_err().contains("no master"));
    }
}
