//! The flag that names the decision log, for every verb that decides.

use crate::{
    cli::{Session, session::random},
    error::Result,
    ops::route::{
        job::Job,
        log::{Appender, Recorder},
        rules::Rules,
    },
    pipeline::id::Id,
};
use jiff::Timestamp;
use std::path::PathBuf;

/// Lines are written in pieces of about so many bytes.
const PIECE: usize = 64 * 1024;

/// Where decisions are written to.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct LogArgs {
    /// Append each decision to a file, as a line of JSON without secrets, instead of to `route.log` of ci-tool.yaml
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
}

impl LogArgs {
    /// The file's path.
    pub fn path(&self, session: &Session) -> Option<PathBuf> {
        self.log.clone().or_else(|| session.config.route.log.clone())
    }

    /// Opens the log, where there is to be one.
    pub fn open(&self, session: &Session) -> Result<Option<Log>> {
        let Some(path) = self.path(session) else { return Ok(None) };
        Ok(Some(Log { recorder: Recorder::new()?, file: Appender::open(&path)?, lines: Vec::new() }))
    }

    /// Records one decision. A log that cannot be written stops no job: it is a warning.
    pub fn record(&self, session: &Session, rules: &Rules, job: &Job) {
        let written = self.open(session).and_then(|log| match log {
            Some(mut log) => log.record(rules, job).and_then(|()| log.finish()),
            None => Ok(()),
        });
        if let Err(error) = written {
            session.out.warn(&format!("the decision is not logged: {error}: {}", error.causes().join(": ")));
        }
    }
}

/// A log that is open. What it was given last is written by [`Log::finish`].
pub(super) struct Log {
    recorder: Recorder,
    file: Appender,
    lines: Vec<u8>,
}

impl Log {
    /// Records a decision.
    pub fn record(&mut self, rules: &Rules, job: &Job) -> Result<()> {
        let line = self.recorder.line(Timestamp::now(), &Id::from_random(random()), rules, job);
        self.lines.extend_from_slice(&line);
        if self.lines.len() < PIECE {
            return Ok(());
        }
        self.file.append(&self.lines)?;
        self.lines.clear();
        Ok(())
    }

    /// Writes the rest.
    pub fn finish(mut self) -> Result<()> {
        self.file.append(&self.lines)
    }
}
