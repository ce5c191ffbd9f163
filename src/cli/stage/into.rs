//! A result that goes to standard output, or into a file.

use crate::{
    cli::{Session, global::Change, out},
    error::{Error, Kind, Result},
};
use serde_json::json;
use std::{
    fs::OpenOptions,
    io::{ErrorKind, Write},
    path::PathBuf,
};

/// Where a result goes.
#[derive(Debug, clap::Args)]
pub(super) struct IntoArgs {
    /// Write it into this file, which must not exist; else to standard output
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    #[command(flatten)]
    change: Change,
}

impl IntoArgs {
    /// Puts a text where it belongs.
    ///
    /// # Errors
    /// `Exists` when the file is there; `NotFound`, `Denied`, `Internal` when it cannot be written.
    pub fn put(&self, session: &Session, what: &str, text: &str) -> Result<()> {
        let (screen, dry_run) = (&session.out, self.change.dry_run);
        let Some(to) = &self.to else {
            match screen.is_json() {
                true => screen.json(&json!({ "schema": 1, what: text })),
                false => screen.bytes(text.as_bytes()),
            }
            return Ok(());
        };
        let exists = || {
            Error::new(Kind::Exists, format!("{} is there already", to.display()))
                .hint("name another file, or remove it")
        };
        if dry_run {
            if to.exists() {
                return Err(exists());
            }
        } else {
            let opened = OpenOptions::new().write(true).create_new(true).open(to);
            let written = opened.and_then(|mut file| file.write_all(text.as_bytes()));
            written.map_err(|error| match error.kind() {
                ErrorKind::AlreadyExists => exists(),
                _ => Error::io("writing", to, error),
            })?;
        }
        if screen.is_json() {
            screen.json(&json!({ "schema": 1, "dry_run": dry_run, "to": to, "bytes": text.len() }));
        } else {
            let verb = if dry_run { "would write" } else { "wrote" };
            screen.note(&format!("{verb} {} ({})", to.display(), out::bytes(text.len() as u64)));
        }
        Ok(())
    }
}
