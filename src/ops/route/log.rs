//! The decision log: what was asked and what was answered, under which rules, as JSON lines without secrets.
//!
//! A decision is a pure function of the rules and the job, so a record is made from these two afterwards: what is answered
//! waits for nothing.

mod writer;

pub use writer::{Entry, Writer};

use super::{
    batch::brief,
    decide::attempt,
    job::Job,
    report::{Report, Steps},
    rules::Rules,
};
use crate::{
    capture::secrets::{self, Options, Scrubber},
    error::{Error, Result},
    pipeline::id::Id,
};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::{
    fs::{File, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
};

/// Makes records.
pub struct Recorder {
    names: secrets::Rules,
    /// Knows credentials by their looks.
    looks: Scrubber,
}

impl Recorder {
    /// Prepares the search for secrets.
    ///
    /// # Errors
    /// None that input could cause.
    pub fn new() -> Result<Recorder> {
        let names = secrets::Rules::new(&[], &[])?;
        Ok(Recorder { names, looks: Scrubber::new(&[], &Options::default()) })
    }

    /// The line of one decision, its line break included: `time`, `id`, the hash of the rules, the job as `input`, the
    /// `result` (or its `error`) and the `trace`. Variables that hold secrets are left out; secrets anywhere else are masked.
    pub fn line(&self, at: Timestamp, id: &Id, rules: &Rules, job: &Job) -> Vec<u8> {
        let mut steps = Steps::default();
        let result = match attempt(rules, job, &mut steps) {
            Ok(decision) => json!(Report::new(rules, &decision)),
            Err(error) => brief(&error),
        };
        self.line_of(at, id, rules, job, (result, &steps))
    }

    /// As [`Recorder::line`], with a result that rules and job alone do not tell, and the steps that led to it.
    pub fn line_of(
        &self,
        at: Timestamp,
        id: &Id,
        rules: &Rules,
        job: &Job,
        (result, steps): (Value, &Steps),
    ) -> Vec<u8> {
        let mut input = job.clone();
        // Most jobs have none, and the search for secrets in variables has much to prepare.
        let secrets = match job.variables.is_empty() {
            true => Vec::new(),
            false => {
                let scrubbed = secrets::environment(&job.variables, &self.names, &Options::default());
                input.variables = scrubbed.kept;
                scrubbed.values
            }
        };
        let mut told = json!([input, result, steps.0]);
        match secrets.is_empty() {
            true => mask(&self.looks, &mut told),
            false => mask(&Scrubber::new(&secrets, &Options::default()), &mut told),
        }
        let [input, result, trace] = [0, 1, 2].map(|n| told[n].take());
        let record = json!({
            "schema": 1,
            "time": at.to_string(),
            "id": id,
            "rules": rules.hash,
            "input": input,
            "result": result,
            "trace": trace,
        });
        format!("{record}\n").into_bytes()
    }
}

/// Masks what is secret in every text of a value; what is left is still JSON of the same shape.
fn mask(scrubber: &Scrubber, value: &mut Value) {
    match value {
        Value::String(text) => {
            let mut bytes = std::mem::take(text).into_bytes();
            scrubber.scrub_whole(&mut bytes);
            *text = String::from_utf8_lossy(&bytes).into_owned();
        }
        Value::Array(values) => values.iter_mut().for_each(|value| mask(scrubber, value)),
        Value::Object(fields) => fields.values_mut().for_each(|value| mask(scrubber, value)),
        _ => {}
    }
}

/// The file of the log. Several processes may append to one.
#[derive(Debug)]
pub struct Appender {
    path: PathBuf,
    file: File,
    torn: bool,
}

impl Appender {
    /// Opens the file, and makes it where there is none.
    ///
    /// # Errors
    /// Those of opening it, with its path.
    pub fn open(path: &Path) -> Result<Appender> {
        Ok(Appender { file: open(path)?, path: path.to_owned(), torn: false })
    }

    /// Appends whole lines in one write, so that those of several processes do not mix. They are not synced to the disk: a
    /// log that is lost with the machine does no harm.
    ///
    /// # Errors
    /// Those of writing. What may have been written of a line is ended before the next.
    pub fn append(&mut self, lines: &[u8]) -> Result<()> {
        let end = if std::mem::take(&mut self.torn) { self.file.write_all(b"\n") } else { Ok(()) };
        end.and_then(|()| self.file.write_all(lines)).map_err(|e| {
            self.torn = true;
            Error::io("writing the decision log", &self.path, e)
        })
    }

    /// Opens the path again: the file there before may have been renamed.
    ///
    /// # Errors
    /// Those of opening it; the file open before stays in use.
    pub fn reopen(&mut self) -> Result<()> {
        self.file = open(&self.path)?;
        self.torn = false;
        Ok(())
    }
}

fn open(path: &Path) -> Result<File> {
    let opened = OpenOptions::new().create(true).append(true).open(path);
    opened.map_err(|e| {
        Error::io("opening the decision log", path, e).hint("--log FILE or `route.log` in ci-tool.yaml names it")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::route::rules::tests::rules;

    const RULES: &str = "standard: A\nqueues:\n  q: {}\n";

    fn line(job: &Job) -> Value {
        let (_dir, rules) = rules(RULES);
        let line =
            Recorder::new().unwrap().line(Timestamp::UNIX_EPOCH, &Id::from_random([1; 10]), &rules.unwrap(), job);
        assert_eq!(line.iter().filter(|b| **b == b'\n').count(), 1);
        serde_json::from_slice(&line).unwrap()
    }

    #[test]
    fn a_record_has_what_was_asked_and_answered() {
        let record = line(&Job { queue: "(a)Q@i".into(), branch: Some("main".into()), ..Job::default() });
        assert_eq!(record["time"], "1970-01-01T00:00:00Z");
        assert_eq!(record["id"], "1111111111");
        assert_eq!(record["input"], json!({ "queue": "(a)Q@i", "branch": "main" }));
        assert_eq!((&record["result"]["queue"], &record["result"]["rule"]), (&json!("(a)Q@i"), &json!("(standard)")));
        assert_eq!(record["result"]["rules"], record["rules"]);
        assert!(record["trace"].as_array().is_some_and(|steps| steps.len() == 2), "{record}");
    }

    #[test]
    fn what_could_not_be_decided_is_recorded_with_its_error() {
        let record = line(&Job { queue: "other".into(), ..Job::default() });
        assert_eq!(record["result"]["error"]["kind"], "not_found");
    }

    #[test]
    fn secrets_are_in_no_record() {
        let secret = format!("{}{}", "hunter", "2-and-more-of-it");
        let token = format!("gh{}_{}", 'p', "x".repeat(36));
        let job = Job {
            queue: "q".into(),
            repository: Some(format!("https://me:{secret}@example.org/a/b")),
            branch: Some(format!("main-{token}")),
            variables: [("DEPLOY_PASSWORD", &*secret), ("note", &*format!("it is {secret}")), ("colour", "red")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            ..Job::default()
        };
        let record = line(&job);
        let text = record.to_string();
        assert!(!text.contains(&secret) && !text.contains(&token), "{text}");
        assert_eq!(record["input"]["variables"]["colour"], "red");
        assert_eq!(record["input"]["variables"].get("DEPLOY_PASSWORD"), None);
    }

    #[test]
    fn a_renamed_file_is_left_when_the_path_is_opened_again() {
        let dir = tempfile::tempdir().unwrap();
        let (path, old) = (dir.path().join("log"), dir.path().join("log.1"));
        let mut log = Appender::open(&path).unwrap();
        log.append(b"1\n").unwrap();
        std::fs::rename(&path, &old).unwrap();
        log.append(b"2\n").unwrap();
        log.reopen().unwrap();
        log.append(b"3\n").unwrap();
        let read = |path| std::fs::read_to_string(path).unwrap();
        assert_eq!((read(&old), read(&path)), ("1\n2\n".to_owned(), "3\n".to_owned()));
    }
}
