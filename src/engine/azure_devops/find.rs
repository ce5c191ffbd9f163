//! Finding what became of a request whose answer was lost.

use super::{
    AzureDevops, PAGE,
    shapes::{Build, Definition, KEY_VARIABLE, PipelineRun},
};
use crate::{
    engine::{Found, Request},
    error::Result,
    pipeline::run::Run,
};

/// What the builds of a pipeline say of a key.
#[allow(clippy::large_enum_variant, reason = "there is one a lost answer")]
pub(super) enum Sought {
    /// One has it.
    Found(Build),
    /// None has it.
    Absent,
    /// These may be it: they do not tell.
    Unknown(Vec<Build>),
}

/// How far back it is looked for, in pages of builds.
const PAGES: usize = 20;
/// Of how many builds whose list says nothing of variables the run is asked.
const ASKED: usize = 50;

impl AzureDevops {
    /// Looks for the key through the builds of the job, the latest first. It is absent only when the list was read to its end
    /// and either the pipeline declares the key's variable, so that the request carried it for sure, or no build at the
    /// revision could be the one.
    pub(super) async fn look_for(&self, request: &Request) -> Result<Found> {
        let definition = self.definition(&request.job).await?;
        let could_be = |build: &Build| could_be(build, request);
        Ok(match self.seek(definition, (KEY_VARIABLE, &request.key), could_be).await? {
            Sought::Found(build) => Found::Run(self.found(build, request).await?),
            Sought::Absent => Found::Absent,
            Sought::Unknown(candidates) => {
                let mut unknown = Vec::new();
                for build in candidates {
                    unknown.push(self.found(build, request).await?);
                }
                Found::Unknown(unknown)
            }
        })
    }

    /// Looks for the build of a pipeline whose variable has a value, among those that could be it.
    pub(super) async fn seek(
        &self,
        definition: &Definition,
        (variable, value): (&str, &str),
        could_be: impl Fn(&Build) -> bool,
    ) -> Result<Sought> {
        let mut pages = self.api.pages::<Build>(self.list(definition, PAGE, None), "the builds of a pipeline");
        let mut candidates: Vec<Build> = Vec::new();
        let (mut read, mut whole) = (0, false);
        while read < PAGES {
            let Some(page) = pages.next().await? else {
                whole = true;
                break;
            };
            read += 1;
            for build in page {
                let could_be = could_be(&build);
                let key = match build.variables() {
                    Some(variables) => variables.get(variable).and_then(|key| Some(key.as_str()?.to_owned())),
                    None if could_be && candidates.len() < ASKED => self.key_of(definition, variable, &build).await?,
                    None => None,
                };
                match key {
                    Some(key) if key == value => return Ok(Sought::Found(build)),
                    None if could_be => candidates.push(build),
                    _ => {}
                }
            }
        }
        let carried = definition.may_set(variable) && candidates.len() < ASKED;
        Ok(if whole && (carried || candidates.is_empty()) { Sought::Absent } else { Sought::Unknown(candidates) })
    }

    /// The key that a pipeline's run has; a classic build has told all.
    async fn key_of(&self, definition: &Definition, variable: &str, build: &Build) -> Result<Option<String>> {
        if !definition.is_yaml() {
            return Ok(None);
        }
        let url = self.api.url(&["pipelines", &definition.id.to_string(), "runs", &build.id.to_string()], &[]);
        let mut run: PipelineRun = self.api.get(&url, "a run of a pipeline").await?;
        Ok(run.variables.remove(variable).and_then(|set| set.value))
    }

    async fn found(&self, build: Build, request: &Request) -> Result<Run> {
        let run = self.run(build, &request.job).await?;
        Ok(Run { revision: Some(request.revision.clone()), ..run })
    }
}

/// Whether a build may be of the request, as far as its revision says.
fn could_be(build: &Build, request: &Request) -> bool {
    build.source_version.as_ref().is_none_or(|version| version.is_empty() || *version == request.revision)
}
