//! Running a stage's command.

use super::{
    MARK, Outcome,
    effects::Doing,
    mask::{Lines, Masked},
};
use crate::{
    error::{Error, Result},
    ops::stage::state::State,
    process::{self, Command, Stdin, StopReason, Tee},
};
use std::{collections::BTreeMap, ffi::OsString, fs::File, path::Path, time::Duration};

/// How long a stopped stage may take to end in good order.
const GRACE: Duration = Duration::from_secs(10);

/// Runs the command to its end, its output to whoever watches and to the file `log`, without secrets.
///
/// # Errors
/// When the log cannot be made or the command cannot be started.
pub async fn run(doing: &Doing, directory: &Path, log: &Path) -> Result<Outcome> {
    if let Some(parent) = log.parent() {
        std::fs::create_dir_all(parent).map_err(|e| Error::io("creating", parent, e))?;
    }
    let file = File::create(log).map_err(|e| Error::io("creating the log", log, e))?;
    let mut env: BTreeMap<OsString, OsString> =
        doing.around.variables.iter().map(|(name, value)| (name.into(), value.into())).collect();
    env.insert(MARK.into(), doing.mark.clone().into());
    env.insert("CI_TOOL_ATTEMPT".into(), doing.attempt.to_string().into());
    // A name without a path, in an environment of its own, is looked up after a fork, which copies this process's memory map.
    let shell: (&str, &str) = if cfg!(windows) { ("cmd", "/C") } else { ("/bin/sh", "-c") };
    let command = Command {
        program: shell.0.into(),
        args: vec![shell.1.into(), doing.command.clone().into()],
        dir: directory.to_path_buf(),
        env: Some(env),
        timeout: doing.stage.timeout,
        grace: GRACE,
        stdin: Stdin::Null,
    };
    let lines = Lines::new(doing.watcher.clone(), doing.stage.name.clone());
    let tee = Tee {
        stdout: Box::new(Masked::new(lines, &doing.around.secrets)),
        stderr: None,
        log: Some(Box::new(Masked::new(file, &doing.around.secrets))),
    };
    let exit = process::run_whole(&command, tee, doing.stop.clone()).await?;
    let code = exit.code();
    let (state, why) = match (exit.stopped, code) {
        (Some(StopReason::Timeout), _) => {
            let limit = doing.stage.timeout.map(crate::pipeline::duration::show).unwrap_or_default();
            (State::TimedOut, Some(format!("it took longer than {limit}")))
        }
        (Some(_), _) => (State::Cancelled, Some("it was stopped".into())),
        (None, 0) => (State::Succeeded, None),
        (None, code) if doing.stage.issues.contains(&code) => {
            (State::SucceededWithIssues, Some(format!("it ended with {code}, which means issues")))
        }
        (None, code) => (State::Failed, Some(format!("it ended with {code}"))),
    };
    Ok(Outcome { state, why, exit_code: Some(code), made: Vec::new(), fingerprint: None })
}
