//! What a workflow file says of how it is started by hand.

use crate::pipeline::job::Parameter;
use serde_json::Value;

/// What a file says.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Dispatch {
    /// It takes these inputs.
    Takes(Vec<Parameter>),
    /// It has no `workflow_dispatch`.
    Absent,
    /// It could not be read here; GitHub may still read it.
    Unread,
}

/// Reads the `on:` of a workflow file. Where the file cannot be read nothing is claimed.
pub(super) fn dispatch(text: &str) -> Dispatch {
    let Ok(Value::Object(file)) = serde_saphyr::from_str::<Value>(text) else { return Dispatch::Unread };
    // YAML 1.1 takes the bare word for a boolean.
    let Some(on) = file.get("on").or_else(|| file.get("true")) else { return Dispatch::Unread };
    const NAME: &str = "workflow_dispatch";
    match on {
        Value::String(event) if event == NAME => Dispatch::Takes(Vec::new()),
        Value::Array(events) if events.iter().any(|event| event == NAME) => Dispatch::Takes(Vec::new()),
        Value::Object(events) if events.contains_key(NAME) => {
            let inputs = events[NAME].get("inputs").and_then(Value::as_object);
            Dispatch::Takes(inputs.into_iter().flatten().map(|(name, input)| parameter(name, input)).collect())
        }
        _ => Dispatch::Absent,
    }
}

fn parameter(name: &str, input: &Value) -> Parameter {
    let choices = match input.get("type").and_then(Value::as_str) {
        Some("boolean") => vec!["true".to_owned(), "false".to_owned()],
        Some("choice") => {
            input.get("options").and_then(Value::as_array).into_iter().flatten().filter_map(text).collect()
        }
        _ => Vec::new(),
    };
    Parameter {
        name: name.to_owned(),
        required: input.get("required").is_some_and(|required| text(required).as_deref() == Some("true")),
        choices,
        default: input.get("default").and_then(text),
    }
}

/// A scalar as it is written.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_are_read_from_every_form_of_on() {
        let none = || Dispatch::Takes(Vec::new());
        for (text, expected) in [
            ("on: workflow_dispatch", none()),
            ("on: [push, workflow_dispatch]", none()),
            ("on:\n  push:\n  workflow_dispatch:\n", none()),
            ("\"on\":\n  workflow_dispatch: {}\n", none()),
            ("true:\n  workflow_dispatch:\n", none()),
            ("on: push", Dispatch::Absent),
            ("on:\n  push:\n    branches: [workflow_dispatch]\n", Dispatch::Absent),
            ("name: x", Dispatch::Unread),
            ("on: [", Dispatch::Unread),
            ("", Dispatch::Unread),
        ] {
            assert_eq!(dispatch(text), expected, "{text}");
        }
    }

    #[test]
    fn an_input_keeps_its_choices_default_and_duty() {
        let text = "on:\n  workflow_dispatch:\n    inputs:\n      kind: {type: choice, options: [a, 1], required: true}\n      \
                    dry: {type: boolean, default: false}\n      word:\n        description: any\n";
        let parameter = |name: &str, required, choices: &[&str], default: Option<&str>| Parameter {
            name: name.into(),
            required,
            choices: choices.iter().map(|c| (*c).to_owned()).collect(),
            default: default.map(str::to_owned),
        };
        let mut expected = vec![
            parameter("kind", true, &["a", "1"], None),
            parameter("dry", false, &["true", "false"], Some("false")),
            parameter("word", false, &[], None),
        ];
        expected.sort_by(|a, b| a.name.cmp(&b.name));
        assert_eq!(dispatch(text), Dispatch::Takes(expected));
    }
}
