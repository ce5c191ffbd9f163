//! Whether what the job needs is here, in the version it needs.

use crate::capture::{
    drift::{Row, State},
    tools::{self, ProbeOptions, ToolSpec},
};
use std::{collections::BTreeMap, ffi::OsStr, path::Path};

/// How the rows of prerequisites begin.
pub const NEEDS: &str = "needs ";

/// Looks for every prerequisite on the path `path_var` and asks it for its version.
pub async fn check(prerequisites: &BTreeMap<String, Option<String>>, path_var: &OsStr, dir: &Path) -> Vec<Row> {
    let known =
        |name: &str| tools::DEFAULT.iter().find(|spec| spec.name == name).map_or(&["--version"][..], |spec| spec.args);
    let table: Vec<ToolSpec<'_>> = prerequisites.keys().map(|name| ToolSpec { name, args: known(name) }).collect();
    let found = tools::probe(&table, path_var, &ProbeOptions::in_dir(dir)).await;
    let row = |(name, wanted): (&String, &Option<String>)| {
        let tool = found.iter().find(|tool| tool.name == *name);
        let said = tool.map(|tool| tool.version.clone().unwrap_or_else(|| tool.path.display().to_string()));
        let state = match (&said, wanted) {
            (None, _) => State::Missing,
            (Some(_), None) => State::Same,
            (Some(said), Some(wanted)) if is_version(said, wanted) => State::Same,
            (Some(_), Some(_)) => State::Different,
        };
        Row {
            what: format!("{NEEDS}{name}"),
            saved: wanted.clone().unwrap_or_else(|| "any".into()),
            present: said,
            state,
        }
    };
    prerequisites.iter().map(row).collect()
}

/// Whether a line that a tool says of itself holds a version that is `wanted` or a part of it: `3.2` is `3.2.1`, not `3.20`.
fn is_version(said: &str, wanted: &str) -> bool {
    let numbers = said.split(|c: char| !(c.is_ascii_alphanumeric() || c == '.' || c == '-' || c == '+'));
    numbers
        .map(|n| n.trim_start_matches('v'))
        .any(|number| number.strip_prefix(wanted).is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_matched_part_by_part() {
        for (said, wanted, expected) in [
            ("cmake version 3.25.1", "3.25", true),
            ("cmake version 3.25.1", "3.2", false),
            ("cmake version 3.25.1", "3", true),
            ("v20.20.2", "20", true),
            ("gcc (Debian 12.2.0-14+deb12u1) 12.2.0", "12.2.0", true),
            ("gcc (Debian 12.2.0-14+deb12u1) 12.2.0", "2", false),
            ("/usr/bin/x", "1", false),
        ] {
            assert_eq!(is_version(said, wanted), expected, "{said} {wanted}");
        }
    }

    #[tokio::test]
    async fn what_is_not_there_is_missing() {
        let wanted = BTreeMap::from([("no-such-program-here".to_owned(), None)]);
        let rows = check(&wanted, OsStr::new("/nowhere"), Path::new("/")).await;
        assert_eq!((rows[0].state, rows[0].what.as_str()), (State::Missing, "needs no-such-program-here"));
    }
}
