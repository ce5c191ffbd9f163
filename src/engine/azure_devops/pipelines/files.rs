//! The files of a run, each artifact one zip.

use super::Pipelines;
use crate::{
    engine::{Artifact, azure_devops::shapes::RunArtifact},
    error::{Context, Error, Kind, Result},
    http::Url,
};
use std::io::Write;

impl Pipelines {
    /// What a run left behind.
    ///
    /// # Errors
    /// `Denied`, `Transient`, `Corrupt`.
    pub async fn artifacts(&self, run: u64) -> Result<Vec<Artifact>> {
        self.engine.list_artifacts(&run.to_string()).await
    }

    /// Writes the zip of one: by the address that is signed for it where its pipeline is known and gives one, or else from
    /// where it is kept.
    ///
    /// # Errors
    /// `NotFound`, `Denied`; `Unsupported` for files on a share; `Transient` for a download that broke off.
    pub async fn fetch(&self, pipeline: Option<u64>, artifact: &Artifact, to: &mut (dyn Write + Send)) -> Result<()> {
        let what = || format!("fetching the files {} of the build {}", artifact.name, artifact.run);
        match self.signed(pipeline, artifact).await.context(what)? {
            Some(url) => self.engine.api.download_signed(&url, "the files of a run", to).await,
            None => self.engine.write_artifact(artifact, to).await,
        }
        .context(what)
    }

    async fn signed(&self, pipeline: Option<u64>, artifact: &Artifact) -> Result<Option<Url>> {
        let Some(pipeline) = pipeline else { return Ok(None) };
        let query = [("artifactName", artifact.id.as_str()), ("$expand", "signedContent")];
        let api = &self.engine.api;
        let url = api.url(&["pipelines", &pipeline.to_string(), "runs", &artifact.run, "artifacts"], &query);
        let found: RunArtifact = match api.get(&url, "the files of a run").await {
            // Files in a container, and those of a classic build, have no signed address.
            Err(error) if error.kind() == Kind::NotFound => return Ok(None),
            other => other?,
        };
        let Some(signed) = found.signed_content else { return Ok(None) };
        // The address is a secret: an error does not repeat it.
        let url = Url::parse(&signed.url).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        url.map(Some).ok_or_else(|| Error::new(Kind::Corrupt, "the signed address is none: look at signedContent.url"))
    }
}
