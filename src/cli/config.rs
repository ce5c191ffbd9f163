//! `ci-tool config`.

use crate::{
    cli::{
        Session, exit,
        out::{Align, Table},
    },
    error::Result,
    store,
};
use clap::Subcommand;
use serde_json::{Value, json};

/// The verbs of `config`.
#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Print every setting and where it comes from
    ///
    /// A flag wins over a CI_TOOL_ variable, that over the ci-tool.yaml found upward to the repository's root, that over
    /// ci-tool/config.yaml in $XDG_CONFIG_HOME, that over the default.
    #[command(
        before_help = "  ci-tool config show\n  ci-tool config show --output json | jq '.settings[] | select(.origin != \"default\")'"
    )]
    Show,
}

/// Runs a verb and returns the exit code.
pub(super) fn run(session: &Session, verb: &Verb) -> Result<u8> {
    match verb {
        Verb::Show => show(session),
    }
    Ok(exit::DONE)
}

fn show(session: &Session) {
    let mut shown = session.config.shown().to_vec();
    let read = |name: &str| session.env.get(name).cloned();
    for setting in shown.iter_mut().filter(|setting| setting.key == "store" && setting.value.is_null()) {
        setting.value = store::default_dir(&read).ok().map(|dir| dir.display().to_string()).into();
    }
    if session.out.is_json() {
        let settings: Vec<Value> =
            shown.iter().map(|s| json!({ "key": s.key, "value": s.value, "origin": s.origin })).collect();
        return session.out.json(&json!({ "schema": 1, "settings": settings }));
    }
    let mut table = Table::new(&[("KEY", Align::Left), ("ORIGIN", Align::Left), ("VALUE", Align::Left)]);
    for setting in shown {
        table.row([setting.key.to_owned(), setting.origin.clone(), yaml(&setting.value)]);
    }
    session.out.table(&table);
}

/// A value as a person would write it in a configuration, on one line; `-` for none.
fn yaml(value: &Value) -> String {
    match value {
        Value::Null => "-".into(),
        Value::String(text) => text.clone(),
        Value::Array(list) if list.is_empty() => "-".into(),
        other => inner(other),
    }
}

/// A value within others.
fn inner(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => {
            let plain = |c: char| c.is_alphanumeric() || "_-./ =+".contains(c);
            let word = !text.is_empty() && text.chars().all(plain) && text.trim() == text && !text.starts_with('-');
            // What looks like a number would be one.
            let word = word && text.parse::<f64>().is_err();
            if word { text.clone() } else { format!("'{}'", text.replace('\'', "''")) }
        }
        Value::Array(list) => format!("[{}]", list.iter().map(inner).collect::<Vec<_>>().join(", ")),
        Value::Object(map) => {
            let pairs = map.iter().map(|(key, v)| format!("{}: {}", inner(&Value::from(key.as_str())), inner(v)));
            format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_in_a_configuration() {
        for (value, expected) in [
            (json!(null), "-"),
            (json!("14d"), "14d"),
            (json!([]), "-"),
            (json!(["node_modules/", "*.o"]), "[node_modules/, '*.o']"),
            (json!({"bazel": ["--version"]}), "{bazel: ['--version']}"),
            (json!({"drop": ["A_*"], "keep": []}), "{drop: ['A_*'], keep: []}"),
            (
                json!({"unit-*": {"build": "make", "prerequisites": {"cmake": "3", "ninja": null}}}),
                "{'unit-*': {build: make, prerequisites: {cmake: '3', ninja: }}}",
            ),
        ] {
            assert_eq!(yaml(&value), expected);
        }
    }
}
