//! `ci-tool config`.

use crate::{
    cli::{
        Session, exit,
        out::{Align, Table},
    },
    error::Result,
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
    let shown = session.config.shown();
    if session.out.is_json() {
        let settings: Vec<Value> =
            shown.iter().map(|s| json!({ "key": s.key, "value": s.value, "origin": s.origin })).collect();
        return session.out.json(&json!({ "schema": 1, "settings": settings }));
    }
    let mut table = Table::new(&[("KEY", Align::Left), ("VALUE", Align::Left), ("ORIGIN", Align::Left)]);
    for setting in shown {
        table.row([setting.key.to_owned(), setting.value.clone(), setting.origin.clone()]);
    }
    session.out.table(&table);
}
