//! What a build left behind: logs and files.

use super::{
    AzureDevops,
    shapes::{BuildArtifact, List, Log},
};
use crate::{
    engine::Artifact,
    error::{Error, Kind, Result},
    http::Url,
};
use std::io::Write;

impl AzureDevops {
    /// Writes every log of a build, in the order in which Azure DevOps numbers them.
    pub(super) async fn write_logs(&self, build: &str, to: &mut (dyn Write + Send)) -> Result<()> {
        let url = self.api.url(&["build", "builds", build, "logs"], &[]);
        let mut logs = self.api.get_if_any::<List<Log>>(&url, "the logs of a build").await?.map_or(vec![], |l| l.value);
        if logs.is_empty() {
            return Err(Error::new(Kind::NotFound, format!("the build {build} has no log"))
                .hint("it has none before it begins, and none when it was deleted"));
        }
        logs.sort_unstable_by_key(|log| log.id);
        for log in logs {
            let url = self.api.url(&["build", "builds", build, "logs", &log.id.to_string()], &[]);
            self.api.download(&url, "text/plain", "a log of a build", to).await?;
        }
        Ok(())
    }

    /// The files of a build: each is one zip.
    pub(super) async fn list_artifacts(&self, build: &str) -> Result<Vec<Artifact>> {
        let url = self.api.url(&["build", "builds", build, "artifacts"], &[]);
        let list: List<BuildArtifact> = self.api.get(&url, "the files of a build").await?;
        let artifact = |artifact: BuildArtifact| Artifact {
            id: artifact.name.clone(),
            run: build.to_owned(),
            name: artifact.name,
            size: artifact.resource.properties.get("artifactsize").and_then(|size| size.parse().ok()),
            url: artifact.resource.download_url,
        };
        Ok(list.value.into_iter().map(artifact).collect())
    }

    pub(super) async fn write_artifact(&self, artifact: &Artifact, to: &mut (dyn Write + Send)) -> Result<()> {
        // Its address is asked for again: it may have been signed for a while only.
        let query = [("artifactName", artifact.id.as_str())];
        let url = self.api.url(&["build", "builds", &artifact.run, "artifacts"], &query);
        let found: BuildArtifact = self.api.get(&url, "a file of a build").await?;
        let place = found.resource.download_url.as_deref().and_then(|place| Url::parse(place).ok());
        let place = place.filter(|url| matches!(url.scheme(), "http" | "https")).ok_or_else(|| {
            let (name, kind) = (&found.name, &found.resource.kind);
            Error::new(Kind::Unsupported, format!("the files {name} are kept as {kind}, which cannot be fetched"))
                .hint("get them from the share that Azure DevOps names")
        })?;
        self.api.download(&place, "application/zip", "the files of a build", to).await
    }
}
