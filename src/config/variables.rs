//! Variables that look like settings of ours and are none.

use crate::pipeline::env::EnvMap;

/// Every `CI_TOOL_` variable that a setting is read from.
const SETTINGS: [&str; 12] = [
    "CI_TOOL_STORE",
    "CI_TOOL_CONFIG",
    "CI_TOOL_OUTPUT",
    "CI_TOOL_REPRO_FORMAT",
    "CI_TOOL_REPRO_RETAIN",
    "CI_TOOL_REPRO_KEEP_PER_SIGNATURE",
    "CI_TOOL_REPRO_WHEN",
    "CI_TOOL_REPRO_OWNER",
    "CI_TOOL_ROUTE_RULES",
    "CI_TOOL_ROUTE_QUEUE",
    "CI_TOOL_ROUTE_HELIX",
    "CI_TOOL_TRIGGER_ENGINE",
];

/// A warning for each variable that was probably meant as a setting: all others that begin with a noun's
/// `CI_TOOL_NOUN_`, and what is two letters at most from a setting.
pub(super) fn unknown(env: &EnvMap) -> Vec<String> {
    let names = env.keys().filter(|name| name.starts_with("CI_TOOL_") && !SETTINGS.contains(&name.as_str()));
    names
        .filter_map(|name| {
            let near = SETTINGS.iter().map(|known| (strsim::damerau_levenshtein(name, known), known)).min()?;
            match near.0 {
                0..=2 => Some(format!("{name} is no setting: did you mean {}?", near.1)),
                _ => {
                    let noun = ["CI_TOOL_REPRO_", "CI_TOOL_ROUTE_", "CI_TOOL_TRIGGER_"]
                        .into_iter()
                        .find(|noun| name.starts_with(noun))?;
                    let known = SETTINGS.iter().filter(|known| known.starts_with(noun)).copied();
                    Some(format!("{name} is no setting: there are {}", known.collect::<Vec<_>>().join(", ")))
                }
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_meant_as_a_setting_is_warned_of() {
        for (name, expected) in [
            ("CI_TOOL_REPRO_RETIAN", Some("did you mean CI_TOOL_REPRO_RETAIN?")),
            ("CI_TOOL_REPRO_COLOUR", Some("there are CI_TOOL_REPRO_FORMAT, ")),
            ("CI_TOOL_STROE", Some("did you mean CI_TOOL_STORE?")),
            ("CI_TOOL_REPRO", None),
            ("CI_TOOL_MATRIX", None),
            ("CI_TOOL_FAULTS", None),
            ("CI_TOOL_PROCESS_TREE", None),
            ("CI_TOOL_SAME_PATH", None),
            ("CI_TOOL_STORE", None),
            ("PATH", None),
        ] {
            let warnings = unknown(&EnvMap::from([(name.to_owned(), String::new())]));
            let told = warnings.first().zip(expected).is_some_and(|(warning, expected)| warning.contains(expected));
            assert!(told || expected.is_none() && warnings.is_empty(), "{name}: {warnings:?}");
        }
    }
}
