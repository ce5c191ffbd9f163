//! What stages do besides running commands, for real: fingerprints, outputs, handing over, publishing, jobs.

use super::{
    attest::{
        BuildDefinition, Builder, Dependency, Metadata, Predicate, RunDetails, SigningKey, Statement, Subject, sign,
    },
    content,
    execute::{Around, Effects, Fresh},
    fingerprint::{self, Fingerprint, Freshness, Success},
    handover::{self, Handover, Kept, Origin},
    pipeline::{Pipeline, Profile, Stage, Target, Work},
    publish::{Opener, Publication, Publisher, check, destinations, upload},
    run::{HandoverId, Made},
    sbom::{Product, sbom},
    state::State,
};
use crate::{
    engine::{Engine, Found, Request, Submitted},
    error::{Context, Error, Kind, Result},
    pipeline::run::Verdict,
    process::Stop,
    store::{Body, Key, Precondition},
    world::World,
};
use async_trait::async_trait;
use cap_std::{ambient_authority, fs::Dir};
use globset::Glob;
use serde_json::json;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::sync::Mutex;

/// Opens an engine by its name.
pub type Engines = dyn Fn(&str) -> Result<Arc<dyn Engine>> + Send + Sync;
/// Starts a pipeline in the background with a handover, for a profile, and says where it runs.
pub type Starter = dyn Fn(&Path, &HandoverId, Profile) -> Result<String> + Send + Sync;

/// What the effects need.
pub struct Tools {
    /// The world.
    pub world: World,
    /// The pipeline.
    pub pipeline: Pipeline,
    /// The folder for what can be made again.
    pub cache: PathBuf,
    /// Opens targets.
    pub open: Arc<Opener<'static>>,
    /// Opens engines.
    pub engines: Arc<Engines>,
    /// Starts pipelines.
    pub start: Arc<Starter>,
    /// The key that attests.
    pub key: Option<SigningKey>,
    /// Who runs it.
    pub by: Option<String>,
    /// Why something is signed again.
    pub resigned: Option<String>,
}

/// The effects.
pub struct Working {
    tools: Tools,
    freshness: Mutex<Freshness>,
}

impl Working {
    /// The effects of a pipeline.
    pub fn new(tools: Tools) -> Working {
        let freshness = Mutex::new(Freshness::open(&tools.world, &tools.cache, &tools.pipeline));
        Working { tools, freshness }
    }

    /// Keeps a handover of what was made, and attests it where there is a key.
    ///
    /// # Errors
    /// `Exists` for a handover of the same builds with other files; those of the store.
    pub async fn hand_over(&self, around: &Around, made: Vec<Made>) -> Result<Kept> {
        let Some(id) = around.handover.clone() else {
            return Err(
                Error::new(Kind::Usage, "nothing says which build this is").hint("--bar-build-id N --build-id N")
            );
        };
        let world = &self.tools.world;
        let at = (world.now)();
        let origin = Origin { run: around.run.clone(), pipeline: self.tools.pipeline.hash.clone(), at, inputs: None };
        let mut handover = Handover::new(id, origin, made)?;
        if let (Some(reason), Some(by)) = (&self.tools.resigned, &self.tools.by) {
            handover.resigned = Some(handover::Resigned { by: by.clone(), reason: reason.clone() });
        }
        let kept = handover::write(world, handover).await?;
        if let Some(key) = &self.tools.key {
            let envelope = sign(&self.statement(around, &kept), key);
            let bytes = serde_json::to_vec_pretty(&envelope)
                .map_err(|e| Error::new(Kind::Internal, "writing the attestation").with_source(e))?;
            world.store.put(&attestation_key(&kept)?, Body::Bytes(bytes.into()), Precondition::None).await?;
        }
        Ok(kept)
    }

    fn statement(&self, around: &Around, kept: &Kept) -> Statement {
        let Tools { world, pipeline, .. } = &self.tools;
        let subjects = subjects(kept);
        let text = |value: serde_json::Value| match value {
            serde_json::Value::Object(map) => map,
            _ => serde_json::Map::new(),
        };
        let definition = BuildDefinition {
            build_type: super::attest::BUILD_TYPE.into(),
            external_parameters: text(json!({
                "pipeline": pipeline.name,
                "bar_build_id": kept.handover.id.bar_build_id,
                "build_id": kept.handover.id.build_id,
            })),
            internal_parameters: text(json!({ "profile": around.profile })),
            resolved_dependencies: vec![Dependency {
                uri: None,
                name: Some(pipeline.name.clone()),
                digest: BTreeMap::from([("blake3".to_owned(), pipeline.hash.clone())]),
            }],
        };
        let metadata = Metadata {
            invocation_id: Some(around.run.to_string()),
            started_on: None,
            finished_on: Some((world.now)()),
        };
        let builder = Builder { id: self.tools.by.clone().unwrap_or_else(|| "ci-tool".into()) };
        Statement::new(
            subjects,
            Predicate { build_definition: definition, run_details: RunDetails { builder, metadata } },
        )
    }

    fn subject<'a>(
        stage: &'a Stage,
        around: &'a Around,
        needs: &'a [(&'a str, &'a [Made])],
    ) -> fingerprint::Subject<'a> {
        fingerprint::Subject {
            stage,
            command: &around.command,
            directory: &around.directory,
            env: &around.declared,
            secrets: &around.secret_names,
            needs,
        }
    }
}

/// What an attestation of a handover speaks of: each file, and the manifest.
pub fn subjects(kept: &Kept) -> Vec<Subject> {
    let manifest = Made {
        path: "handover.json".into(),
        size: kept.manifest.size,
        sha256: kept.manifest.sha256.clone(),
        container: None,
        shipping: false,
        signed_by: None,
    };
    kept.handover.files.iter().chain([&manifest]).map(Subject::made).collect()
}

/// The key of a handover's attestation.
///
/// # Errors
/// Never: numbers are keys.
pub fn attestation_key(kept: &Kept) -> Result<Key> {
    let HandoverId { bar_build_id, build_id } = kept.handover.id;
    Key::new(format!("stage/attestations/{bar_build_id}-{build_id}.{}.json", kept.number))
}

fn needs(around: &Around) -> Vec<(&str, &[Made])> {
    around.needs_made.iter().map(|(stage, made)| (stage.as_str(), made.as_slice())).collect()
}

#[async_trait]
impl Effects for Working {
    async fn fingerprint(&self, stage: &Stage, around: &Around) -> Result<Fingerprint> {
        let needs = needs(around);
        let print = self.freshness.lock().await.fingerprint(&Working::subject(stage, around, &needs))?;
        for glob in &print.unmatched {
            self.tools.world.progress.warn(&format!("{}: the input {glob} matches nothing", stage.name));
        }
        Ok(print)
    }

    async fn fresh(&self, stage: &Stage, around: &Around, print: &Fingerprint) -> Result<Option<Fresh>> {
        let world = &self.tools.world;
        let mut freshness = self.freshness.lock().await;
        let Some(Success { run, made }) = freshness.lookup(world, &stage.name, print).await? else { return Ok(None) };
        if freshness.missing(&around.directory, &made)?.is_some() {
            let dir = Dir::open_ambient_dir(&around.directory, ambient_authority())
                .map_err(|e| Error::io("opening", &around.directory, e))?;
            let dir = Arc::new(dir);
            for one in &made {
                content::fetch(world, one, &dir).await.context(|| format!("putting back what {} made", stage.name))?;
            }
            freshness.ran();
        }
        Ok(Some(Fresh { run: run.to_string(), made }))
    }

    async fn remember(&self, stage: &Stage, around: &Around, before: &Fingerprint, made: &[Made]) -> Result<()> {
        let needs = needs(around);
        let success = Success { run: around.run.clone(), made: made.to_vec() };
        let mut freshness = self.freshness.lock().await;
        if !freshness.record(&Working::subject(stage, around, &needs), before, success)? {
            let message = format!("{}: its inputs changed while it ran: it will run again next time", stage.name);
            self.tools.world.progress.warn(&message);
        }
        if stage.signs.is_some() {
            // What is signed must not be signed again because a process died before the end of its run.
            freshness.keep(&self.tools.world).await?;
        }
        Ok(())
    }

    async fn ran(&self) {
        self.freshness.lock().await.ran();
    }

    async fn finish(&self) -> Result<()> {
        self.freshness.lock().await.keep(&self.tools.world).await
    }

    async fn keep(&self, stage: &Stage, around: &Around) -> Result<Vec<Made>> {
        let world = &self.tools.world;
        let chosen = outputs(stage, &around.directory)?;
        let paths: Vec<PathBuf> = chosen.iter().map(|(path, _)| around.directory.join(path)).collect();
        let contents = content::keep_all(world, &paths).await?;
        let mut made: Vec<Made> = chosen
            .into_iter()
            .zip(contents)
            .map(|((path, output), content)| Made {
                path,
                size: content.size,
                sha256: content.sha256,
                container: stage.outputs[output].container.clone(),
                shipping: stage.outputs[output].shipping,
                signed_by: stage.signs.clone(),
            })
            .collect();
        if let Some(file) = &stage.sbom {
            let before = around.needs_made.iter().flat_map(|(_, made)| made.clone());
            let all: Vec<Made> = before.chain(made.clone()).collect();
            let build = around.handover.as_ref().map(|handover| handover.build_id.to_string());
            let product = Product { name: &self.tools.pipeline.name, build: build.as_deref() };
            let bytes = sbom(product, &all);
            let path = around.directory.join(file);
            std::fs::write(&path, bytes).map_err(|e| Error::io("writing the SBOM", &path, e))?;
            let content = content::keep(world, &path).await?;
            made.push(Made {
                path: file.clone(),
                size: content.size,
                sha256: content.sha256,
                container: None,
                shipping: false,
                signed_by: None,
            });
        }
        Ok(made)
    }

    async fn publish(&self, stage: &Stage, _: &[Target], around: &Around) -> Result<String> {
        let Tools { world, pipeline, .. } = &self.tools;
        let Some(id) = &around.handover else {
            return Err(Error::new(
                Kind::Usage,
                format!("{} publishes what was handed over, and nothing was", stage.name),
            )
            .hint("name the build: --bar-build-id N or --build-id N"));
        };
        let kept = handover::find(world, Some(id.bar_build_id), Some(id.build_id)).await?;
        let place = pipeline.stage(&stage.name)?;
        let to = destinations(pipeline, place, around.profile)?;
        let publication = Publication { to: &to, profile: around.profile, handover: &kept.handover };
        let plan = check(world, &publication, &*self.tools.open).await?;
        let publisher = Publisher { run: around.run.clone(), stage: stage.name.clone(), by: self.tools.by.clone() };
        let published = upload(world, &plan, &publisher).await?;
        Ok(format!("{} published, {} were there already", published.uploaded, published.same))
    }

    async fn start(&self, _: &Stage, pipeline: &str, around: &Around) -> Result<String> {
        let kept = self.hand_over(around, around.made.clone()).await?;
        let file = self.tools.pipeline.path.parent().unwrap_or(Path::new("")).join(pipeline);
        let started = (self.tools.start)(&file, &kept.handover.id, around.profile)?;
        Ok(format!("{} files handed over; {started}", kept.handover.files.len()))
    }

    async fn job(&self, stage: &Stage, around: &Around, mut stop: Stop) -> Result<(State, String)> {
        let Work::Job { engine, name, revision, parameters } = &stage.work else {
            return Err(Error::new(Kind::Internal, format!("{} is no job", stage.name)));
        };
        let engine = (self.tools.engines)(engine.as_deref().unwrap_or("local"))?;
        let Some(revision) = revision.clone().or_else(|| around.variables.get("CI_TOOL_REVISION").cloned()) else {
            return Err(Error::new(Kind::Usage, format!("nothing says at which revision {name} is to run"))
                .hint("revision: NAME in the stage, or the variable CI_TOOL_REVISION"));
        };
        let request = |attempt: usize| Request {
            job: name.clone(),
            revision: revision.clone(),
            parameters: parameters.clone(),
            key: format!("ci-tool-{}-{}-{attempt}", around.run, stage.name.to_lowercase().replace(['_', '.'], "-")),
            ..Request::default()
        };
        let mut run = match self.asked_before(&*engine, &request(around.attempt - 1), around.attempt).await? {
            Some(run) => run,
            None => match engine.submit(&request(around.attempt)).await? {
                Submitted::Run(run) | Submitted::Folded(run) => run,
                Submitted::Uncertain(why) => match engine.find(&request(around.attempt)).await? {
                    Found::Run(run) => run,
                    Found::Absent | Found::Unknown(_) => {
                        return Err(Error::new(
                            Kind::Transient,
                            format!("nobody knows whether {name} was taken: {why}"),
                        )
                        .hint("look at the engine, then resume or override"));
                    }
                },
            },
        };
        while !run.state.is_over() {
            tokio::select! {
                () = engine.changed(engine.abilities().poll) => {}
                _ = stop.requested() => {
                    engine.cancel(&run).await?;
                    return Ok((State::Cancelled, "it was stopped".into()));
                }
            }
            if let Some(seen) = engine.observe(std::slice::from_ref(&run)).await?.pop() {
                run = seen;
            }
        }
        let url = run.url.as_deref().unwrap_or(&run.id).to_owned();
        let state = match (run.state_at(&revision).evidence(), run.state) {
            (_, crate::pipeline::run::State::SucceededWithIssues) => State::SucceededWithIssues,
            (Some(Verdict::Passed), _) => State::Succeeded,
            (_, crate::pipeline::run::State::TimedOut) => State::TimedOut,
            (_, crate::pipeline::run::State::Cancelled) => State::Cancelled,
            _ => State::Failed,
        };
        Ok((state, format!("{}: {url}", run.state)))
    }
}

impl Working {
    /// The run that an attempt asked for whose process died.
    async fn asked_before(
        &self,
        engine: &dyn Engine,
        request: &Request,
        attempt: usize,
    ) -> Result<Option<crate::pipeline::run::Run>> {
        if attempt < 2 {
            return Ok(None);
        }
        match engine.find(request).await? {
            Found::Run(run) if !run.state.is_over() || run.state.evidence() == Some(Verdict::Passed) => Ok(Some(run)),
            _ => Ok(None),
        }
    }
}

/// The files that match a stage's outputs, by path with `/`, and which output each is of.
fn outputs(stage: &Stage, directory: &Path) -> Result<Vec<(String, usize)>> {
    let mut found = BTreeMap::new();
    if stage.outputs.is_empty() {
        return Ok(Vec::new());
    }
    let globs: Vec<_> = stage
        .outputs
        .iter()
        .map(|output| {
            let glob = globset::GlobBuilder::new(&output.files).literal_separator(true).build();
            glob.map(|glob: Glob| glob.compile_matcher())
                .map_err(|e| Error::new(Kind::Usage, format!("{:?} is no glob", output.files)).with_source(e))
        })
        .collect::<Result<_>>()?;
    let mut matched = vec![false; globs.len()];
    for entry in ignore::WalkBuilder::new(directory).standard_filters(false).follow_links(false).build() {
        let entry =
            entry.map_err(|e| Error::new(Kind::Internal, format!("reading {}", directory.display())).with_source(e))?;
        if !entry.file_type().is_some_and(|kind| kind.is_file()) {
            continue;
        }
        let Ok(below) = entry.path().strip_prefix(directory) else { continue };
        let Some(path) = below.to_str().map(|path| path.replace('\\', "/")) else { continue };
        if let Some(output) = globs.iter().position(|glob| glob.is_match(&path)) {
            matched[output] = true;
            found.insert(path, output);
        }
    }
    match matched.iter().position(|matched| !matched) {
        Some(output) => {
            let message = format!("{} made nothing that matches {}", stage.name, stage.outputs[output].files);
            Err(Error::new(Kind::NotFound, message).hint("look at its log; outputs are relative to its directory"))
        }
        None => Ok(found.into_iter().collect()),
    }
}
