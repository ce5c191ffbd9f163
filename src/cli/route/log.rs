//! The flag that names the decision log, for every verb that decides.

use crate::{
    cli::{Session, session::random},
    error::{Error, Result},
    ops::route::{
        batch::brief,
        decide::Decision,
        job::Job,
        log::{Appender, Recorder},
        report::Steps,
        rules::Rules,
    },
    pipeline::id::Id,
};
use jiff::Timestamp;
use serde_json::Value;
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
    ///
    /// # Errors
    /// Those of opening it: nothing has been decided yet.
    pub fn open<'a>(&self, session: &'a Session) -> Result<Option<Log<'a>>> {
        let Some(path) = self.path(session) else { return Ok(None) };
        let (recorder, file) = (Recorder::new()?, Appender::open(&path)?);
        Ok(Some(Log { session, recorder, file, lines: Vec::new(), failed: false }))
    }

    /// Records what became of one job, as the answer tells it, and the steps that led there. A log that cannot be written stops
    /// no job: it is a warning.
    pub fn record(&self, session: &Session, rules: &Rules, job: &Job, result: Value, steps: &Steps) {
        let Some(path) = self.path(session) else { return };
        let written = Recorder::new().and_then(|recorder| {
            let line = recorder.line_of(Timestamp::now(), &Id::from_random(random()), rules, job, (result, steps));
            Appender::open(&path)?.append(&line)
        });
        if let Err(error) = written {
            warn(session, &error);
        }
    }

    /// Passes a decision on; where there is none, its error is recorded.
    ///
    /// # Errors
    /// That of the decision.
    pub fn unless_decided<'a>(
        &self,
        session: &Session,
        rules: &Rules,
        job: &Job,
        decided: Result<Decision<'a>>,
        steps: &Steps,
    ) -> Result<Decision<'a>> {
        decided.inspect_err(|error| self.record(session, rules, job, brief(error), steps))
    }
}

fn warn(session: &Session, error: &Error) {
    session.out.warn(&format!("decisions are not logged: {error}: {}", error.causes().join(": ")));
}

/// A log that is open. What it was given last is written by [`Log::finish`]. When it cannot be written, that is said once.
pub(super) struct Log<'a> {
    session: &'a Session,
    recorder: Recorder,
    file: Appender,
    lines: Vec<u8>,
    failed: bool,
}

impl Log<'_> {
    /// Records a decision that rules and job alone tell.
    pub fn record(&mut self, rules: &Rules, job: &Job) {
        let line = self.recorder.line(Timestamp::now(), &Id::from_random(random()), rules, job);
        self.lines.extend_from_slice(&line);
        if self.lines.len() >= PIECE {
            self.write();
        }
    }

    /// Writes the rest.
    pub fn finish(mut self) {
        self.write();
    }

    fn write(&mut self) {
        let written = self.file.append(&self.lines);
        self.lines.clear();
        if let Err(error) = written
            && !std::mem::replace(&mut self.failed, true)
        {
            warn(self.session, &error);
        }
    }
}
