//! What runs leave behind: logs and artifacts.

use super::{
    Github,
    api::refusal,
    shapes::{Artifacts, RunArtifact},
};
use crate::{
    engine::Artifact,
    error::{Error, Kind, Result},
    pipeline::run::Run,
};
use std::io::Write;

impl Github {
    /// Writes the logs of a run's jobs, one after the other, each under its name.
    pub(super) async fn write_log(&self, run: &Run, to: &mut (dyn Write + Send)) -> Result<()> {
        let none = || {
            Error::new(Kind::NotFound, format!("the run {} has no log", run.id))
                .hint("a job has its log when it is over, and GitHub keeps it for 90 days unless told otherwise")
        };
        let id = self.number_of(run).await?.ok_or_else(none)?;
        let mut any = false;
        for job in self.jobs_of(id).await? {
            let url = self.api.url(&["actions", "jobs", &job.id.to_string(), "logs"], &[]);
            let mut heading = Heading { text: Some(format!("==> {} <==\n", job.name)), to };
            match self.api.download(&url, &format!("reading the log of the job {}", job.name), &mut heading).await {
                Ok(()) => any = true,
                // A job that was skipped, that runs, or whose log was deleted.
                Err(error) if matches!(refusal(&error), Some((404 | 410, _))) => {}
                Err(error) => return Err(error),
            }
        }
        if any { Ok(()) } else { Err(none()) }
    }

    /// The artifacts that have not been deleted; each is a zip.
    pub(super) async fn artifacts_of(&self, run: &Run) -> Result<Vec<Artifact>> {
        let Some(id) = self.number_of(run).await? else { return Ok(Vec::new()) };
        let (path, doing) = (id.to_string(), format!("listing the artifacts of the run {id}"));
        let path = ["actions", "runs", &path, "artifacts"];
        let all = self.api.list(&path, &[], &doing, |page: Artifacts| page.artifacts, |_| false).await?;
        let artifact = |found: RunArtifact| Artifact {
            id: found.id.to_string(),
            run: run.id.clone(),
            name: format!("{}.zip", found.name),
            size: Some(found.size_in_bytes),
            url: run.url.as_ref().map(|url| format!("{url}/artifacts/{}", found.id)),
        };
        Ok(all.into_iter().filter(|found| !found.expired).map(artifact).collect())
    }
}

/// Writes a heading before the first byte, so that what is not there has none.
struct Heading<'a> {
    text: Option<String>,
    to: &'a mut (dyn Write + Send),
}

impl Write for Heading<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if let Some(text) = self.text.take() {
            self.to.write_all(text.as_bytes())?;
        }
        self.to.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.to.flush()
    }
}
