//! What to do about a command line that was nearly right.

use crate::process::quote_sh;
use clap::{
    Command,
    error::{ContextKind, ContextValue, ErrorKind},
};
use std::ffi::OsString;

/// A command line that was probably meant, for the mistakes that clap does not know: a noun left out, a job's command
/// without `--` before it.
pub(super) fn advice(error: &clap::Error, args: &[OsString], tool: &Command) -> Option<String> {
    let named = |kind| match error.get(kind)? {
        ContextValue::String(name) => Some(name.as_str()),
        _ => None,
    };
    let meant = |at: usize, missing: &str| {
        let (before, after) = args.split_at(at);
        let before = before.iter().skip(1).map(OsString::as_os_str);
        let words = [tool.get_name().as_ref()].into_iter().chain(before).chain([missing.as_ref()]);
        quote_sh(words.chain(after.iter().map(OsString::as_os_str)))
    };
    let position = |name: &str| args.iter().position(|arg| arg.as_os_str() == name);
    match error.kind() {
        ErrorKind::InvalidSubcommand => {
            let verb = named(ContextKind::InvalidSubcommand)?;
            let noun = tool.get_subcommands().find(|noun| noun.find_subcommand(verb).is_some())?;
            Some(format!("a verb comes after its noun: {}", meant(position(verb)?, noun.get_name())))
        }
        ErrorKind::UnknownArgument => {
            let word = named(ContextKind::InvalidArg)?;
            let at = position(word)?;
            let saves = args[..at].iter().any(|arg| arg == "save");
            (saves && !word.starts_with('-')).then(|| format!("put -- before the job's command: {}", meant(at, "--")))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_meant_is_told() {
        for (line, expected) in [
            ("ci-tool list --expired", Some("ci-tool repro list --expired")),
            ("ci-tool rm k3v9", Some("ci-tool repro rm k3v9")),
            ("ci-tool show", Some("ci-tool repro show")),
            ("ci-tool repro save make -j4 test", Some("ci-tool repro save -- make -j4 test")),
            ("ci-tool repro save --job unit ./it.sh", Some("ci-tool repro save --job unit -- ./it.sh")),
            ("ci-tool repro save --jbo unit", None),
            ("ci-tool repro list make", None),
            ("ci-tool nonsense", None),
        ] {
            let args: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            let tool = crate::cli::definitions();
            let error = tool.clone().try_get_matches_from(&args).unwrap_err();
            let found = advice(&error, &args, &tool);
            let command = found.as_deref().and_then(|found| found.split_once(": ")).map(|(_, command)| command);
            assert_eq!(command, expected, "{line}");
        }
    }
}
