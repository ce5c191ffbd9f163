//! How the present machine differs from the one a capture was made on.

use super::{machine::Machine, tools::Tool};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Stands for the version of a tool that did not tell it.
const UNKNOWN: &str = "unknown version";

/// How a saved thing compares with the present one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// They are equal.
    Same,
    /// Both are there and differ.
    Different,
    /// What was saved is not here.
    Missing,
}

/// One thing that was saved and what is here in its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// What is compared: `kernel`, `tool gcc`, `commit`.
    pub what: String,
    /// The value at the time of the capture.
    pub saved: String,
    /// The value now.
    pub present: Option<String>,
    /// How they compare.
    pub state: State,
}

/// What is compared, of one time.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    /// The machine.
    pub machine: &'a Machine,
    /// Its tools.
    pub tools: &'a [Tool],
    /// The commit that is checked out.
    pub commit: Option<&'a str>,
}

/// Compares everything that was saved with what is here; what is only here is no drift. The machine's name is not
/// compared: it differs by intent. A tool whose version one side does not know, because it did not answer in time, is left
/// out.
pub fn compare(saved: Side<'_>, present: Side<'_>) -> Vec<Row> {
    let now: BTreeMap<String, String> = facts(present).into_iter().collect();
    facts(saved)
        .into_iter()
        .filter(|(what, saved)| now.get(what).is_none_or(|now| (saved == UNKNOWN) == (now == UNKNOWN)))
        .map(|(what, saved)| {
            let present = now.get(&what).cloned();
            let state = match &present {
                None => State::Missing,
                Some(present) if *present == saved => State::Same,
                Some(_) => State::Different,
            };
            Row { what, saved, present, state }
        })
        .collect()
}

fn facts(side: Side<'_>) -> Vec<(String, String)> {
    let Machine {
        os,
        distribution,
        kernel,
        architecture,
        cpu_model,
        cpus,
        memory,
        memory_limit,
        hostname: _,
        container,
    } = side.machine;
    let image = container.as_ref().map(|c| c.image.clone().unwrap_or_else(|| c.kind.clone()));
    let machine = [
        ("os", Some(os.clone())),
        ("architecture", Some(architecture.clone())),
        ("distribution", distribution.clone()),
        ("kernel", kernel.clone()),
        ("container", image),
        ("cpu model", cpu_model.clone()),
        ("cpus", cpus.map(|n| n.to_string())),
        ("memory", memory_limit.or(*memory).map(|n| n.to_string())),
        ("commit", side.commit.map(str::to_owned)),
    ];
    let tools = side.tools.iter().map(|tool| {
        let version = tool.version.clone().unwrap_or_else(|| UNKNOWN.to_owned());
        (format!("tool {}", tool.name), version)
    });
    machine.into_iter().filter_map(|(what, value)| Some((what.to_owned(), value?))).chain(tools).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_saved_fact_is_same_different_or_missing() {
        let tool = |name: &str, version: Option<&str>| Tool {
            name: name.into(),
            path: format!("/usr/bin/{name}").into(),
            version: version.map(Into::into),
        };
        let saved = Machine {
            os: "linux".into(),
            architecture: "x86_64".into(),
            kernel: Some("6.1".into()),
            cpus: Some(4),
            hostname: Some("agent-1".into()),
            ..Machine::default()
        };
        let present =
            Machine { kernel: Some("6.8".into()), cpus: None, hostname: Some("laptop".into()), ..saved.clone() };
        let rows = compare(
            Side {
                machine: &saved,
                tools: &[
                    tool("gcc", Some("12")),
                    tool("go", None),
                    tool("mvn", Some("3")),
                    tool("npm", None),
                    tool("pip", Some("24")),
                ],
                commit: Some("a"),
            },
            Side {
                machine: &present,
                tools: &[
                    tool("gcc", Some("13")),
                    tool("go", None),
                    tool("node", Some("20")),
                    tool("npm", Some("9")),
                    tool("pip", None),
                ],
                commit: Some("a"),
            },
        );
        let states: Vec<(&str, State)> = rows.iter().map(|row| (&*row.what, row.state)).collect();
        assert_eq!(
            states,
            [
                ("os", State::Same),
                ("architecture", State::Same),
                ("kernel", State::Different),
                ("cpus", State::Missing),
                ("commit", State::Same),
                ("tool gcc", State::Different),
                ("tool go", State::Same),
                ("tool mvn", State::Missing),
            ]
        );
        assert_eq!((&*rows[2].saved, rows[2].present.as_deref()), ("6.1", Some("6.8")));
    }
}
