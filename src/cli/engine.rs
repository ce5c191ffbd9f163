//! `ci-tool engine`.

mod check;

use crate::{
    cli::{
        Session, exit,
        out::{Align, Table},
    },
    engine::Spec,
    error::Result,
    pipeline::url::without_credentials,
};
use clap::Subcommand;
use serde::Serialize;

/// The verbs of `engine`.
#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    Check(check::Args),
    /// List the CI systems of the configuration
    #[command(alias = "ls", before_help = "Examples:\n  ci-tool engine list\n  ci-tool engine list --output json")]
    List,
}

/// Runs a verb and returns the exit code.
pub(super) async fn run(session: &Session, verb: Verb) -> Result<u8> {
    match verb {
        Verb::Check(args) => check::run(session, args).await,
        Verb::List => {
            list(session);
            Ok(exit::DONE)
        }
    }
}

#[derive(Debug, Serialize)]
struct Listing<'a> {
    schema: u32,
    engines: Vec<Row<'a>>,
}

#[derive(Debug, Serialize)]
struct Row<'a> {
    name: &'a str,
    kind: String,
    address: Option<String>,
    /// Whether it is meant where no flag names one.
    default: bool,
}

fn list(session: &Session) {
    let settings = &session.config.trigger;
    let row = |(name, spec): (&'_ String, &Spec)| (name.clone(), kind(spec), address(spec), *name == settings.engine);
    let rows: Vec<_> = settings.engines.iter().map(row).collect();
    if session.out.is_json() {
        let engines = rows.iter().map(|(name, kind, address, default)| Row {
            name,
            kind: kind.clone(),
            address: address.clone(),
            default: *default,
        });
        return session.out.json(&Listing { schema: 1, engines: engines.collect() });
    }
    let mut table =
        Table::new(&[("NAME", Align::Left), ("KIND", Align::Left), ("ADDRESS", Align::Left), ("", Align::Left)]);
    for (name, kind, address, default) in rows {
        let default = if default { "default" } else { "" };
        table.row([name, kind, address.unwrap_or_else(|| "-".into()), default.into()]);
    }
    session.out.table(&table);
}

/// The kind, as it is written in the configuration, which refuses an engine without one.
fn kind(spec: &Spec) -> String {
    let kind = serde_json::to_value(spec.kind).unwrap_or_default();
    kind.as_str().unwrap_or("-").to_owned()
}

/// The address without what may be secret in it: user, password, everything behind the path.
fn address(spec: &Spec) -> Option<String> {
    let url = spec.url.as_deref().or(spec.repository.as_deref())?;
    let path = url.split(['?', '#']).next().unwrap_or_default();
    Some(without_credentials(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_secrets() {
        for (url, shown) in [
            ("https://ci.example.org/", "https://ci.example.org/"),
            ("https://ada:word@ci.example.org/x", "https://ci.example.org/x"),
            ("https://ci.example.org/x?token=abc#d", "https://ci.example.org/x"),
        ] {
            let spec = Spec { url: Some(url.into()), ..Spec::default() };
            assert_eq!(address(&spec).as_deref(), Some(shown));
        }
        assert_eq!(address(&Spec::default()), None);
    }
}
