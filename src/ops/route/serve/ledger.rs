//! What a service remembers of its decisions: numbers and, where there is to be one, a log.

use super::{Event, Hear, metrics::Metrics};
use crate::{
    error::Result,
    ops::route::{
        decide::Decision,
        job::Job,
        log::{Appender, Entry, Recorder, Writer},
        report::{Report, Steps},
        rules::Rules,
    },
    pipeline::id::{Id, LEN},
};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde_json::json;
use std::{path::Path, sync::Arc};

/// Metrics and the log.
pub struct Ledger {
    /// The metrics.
    pub metrics: Metrics,
    log: Option<(Writer, Recorder)>,
    now: fn() -> Timestamp,
    random: fn() -> [u8; LEN],
}

impl Ledger {
    /// Opens the log, where one is named. `hear` hears when it cannot be written any more.
    ///
    /// # Errors
    /// Those of opening the log.
    pub fn open(log: Option<&Path>, now: fn() -> Timestamp, random: fn() -> [u8; LEN], hear: &Hear) -> Result<Ledger> {
        let open = |path| {
            let hear = Arc::clone(hear);
            let lost = Box::new(move |error: &_| hear(Event::LogLost(error)));
            Ok((Writer::start(Appender::open(path)?, lost)?, Recorder::new()?))
        };
        let log = log.map(open).transpose()?;
        Ok(Ledger { metrics: Metrics::default(), log, now, random })
    }

    /// Counts and logs a decision that rules and job alone do not tell, because others were asked, and its steps.
    pub fn decided(&self, rules: &Rules, job: &Job, decision: &Decision<'_>, steps: &Steps) {
        self.metrics.decided_anywhere(decision);
        if let Some((writer, recorder)) = &self.log {
            let id = Id::from_random((self.random)());
            let result = json!(Report::new(rules, decision));
            writer.record_line(recorder.line_of((self.now)(), &id, rules, job, (result, steps)));
        }
    }

    /// The day, in UTC.
    pub(super) fn today(&self) -> Date {
        (self.now)().to_zoned(TimeZone::UTC).date()
    }

    /// Logs what was asked. `size` is about how many bytes the job holds.
    pub(super) fn record(&self, rules: &Arc<Rules>, job: Job, size: usize) {
        if let Some((writer, _)) = &self.log {
            let rules = Arc::clone(rules);
            writer.record(Entry { at: (self.now)(), random: (self.random)(), rules, job, size });
        }
    }

    /// Has the log opened again, because its file may have been renamed.
    pub(super) fn reopen(&self) {
        if let Some((writer, _)) = &self.log {
            writer.reopen();
        }
    }

    /// Writes what is left of the log. Blocks.
    pub(super) fn finish(&self) {
        if let Some((writer, _)) = &self.log {
            writer.finish();
        }
    }

    /// The metrics as text, with what the log lost by now.
    pub(super) fn text(&self) -> String {
        if let Some((writer, _)) = &self.log {
            self.metrics.log_dropped(writer.take_dropped());
        }
        self.metrics.text()
    }
}
