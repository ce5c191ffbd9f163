//! A job's summary, in the form that its CI shows.

use super::{Loud, Out, runner::escaped};
use crate::pipeline::{
    ci::CiSystem,
    env::{EnvMap, text},
};
use std::{
    fs::{self, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

impl Out {
    /// Hands `markdown` to the CI that runs us: GitHub's step summary, an Azure Pipelines summary tab, a Buildkite annotation.
    /// The others have no place for one: there the log has to do. A summary that cannot be handed over is told under `-v`. `loud` says
    /// how it is coloured where it can be; `None` for success.
    pub fn summary(&self, system: CiSystem, env: &EnvMap, loud: Option<Loud>, markdown: &str) {
        let result = match system {
            CiSystem::GitHub => text(env, "GITHUB_STEP_SUMMARY").map(|path| append(Path::new(path), markdown)),
            CiSystem::AzurePipelines => text(env, "AGENT_TEMPDIRECTORY").map(|dir| {
                let path = PathBuf::from(dir).join(format!("ci-tool-{}.md", std::process::id()));
                fs::write(&path, markdown)?;
                self.text(&format!("##vso[task.uploadsummary]{}", escaped(system, &path.display().to_string())));
                Ok(())
            }),
            CiSystem::Buildkite => Some(annotate(loud, markdown)),
            _ => None,
        };
        if let Some(Err(error)) = result {
            tracing::info!("the job's summary could not be written: {error}");
        }
    }
}

fn append(path: &Path, markdown: &str) -> std::io::Result<()> {
    OpenOptions::new().append(true).create(true).open(path)?.write_all(markdown.as_bytes())
}

fn annotate(loud: Option<Loud>, markdown: &str) -> std::io::Result<()> {
    let style = loud.map_or("success", Loud::as_str);
    let mut agent = Command::new("buildkite-agent")
        .args(["annotate", "--style", style, "--context", "ci-tool", "--append"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    if let Some(mut stdin) = agent.stdin.take() {
        stdin.write_all(markdown.as_bytes())?;
    }
    agent.wait().map(drop)
}
