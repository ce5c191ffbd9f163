//! From what is written to a pipeline, or to the line of the mistake.

use super::{
    Half, OnTimeout, Output, Pipeline, Profile, RemotePipeline, Stage, Target, Work,
    file::{PipelineFile, StageFile, TargetFile},
    suggestion,
};
use crate::{
    error::{Error, Kind, Result},
    ops::stage::graph::Graph,
    pipeline::{
        duration,
        yaml::{self, Named},
    },
};
use globset::Glob;
use serde_saphyr::Spanned;
use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
    time::Duration,
};

/// The characters of a stage's name besides letters and digits.
const IN_NAMES: [char; 3] = ['_', '-', '.'];

/// Reads a pipeline.
///
/// # Errors
/// As [`Pipeline::read`].
pub fn compile(path: &Path, text: &str) -> Result<Pipeline> {
    let whole = |error: Error| {
        let hints = error.hints().join("; ");
        let error = Error::new(Kind::Usage, format!("reading the pipeline {}", path.display())).with_source(error);
        if hints.is_empty() { error } else { error.hint(hints) }
    };
    let file: PipelineFile = yaml::parse(text, "pipeline", "docs/stage.md lists every key", form).map_err(whole)?;
    let compiler = Compiler { path };
    compiler.pipeline(file, text)
}

fn form(key: &str) -> Option<String> {
    Some(match key {
        "stages" => "write the settings of each: stages: {sign: {run: ./sign.sh}}".into(),
        "publish" => {
            "write where to: publish: [{container: packages, to: {test: ./test, production: az://ACCOUNT/C}}]".into()
        }
        "approval" => "write who and how long: approval: {by: [NAME], timeout: 3d, on_timeout: reject}".into(),
        "outputs" => "write what it makes: outputs: [{files: 'out/**', container: packages}]".into(),
        "job" => "write which: job: {engine: NAME, name: JOB}".into(),
        "to" => "write a store for each profile: to: {test: ./test, production: az://ACCOUNT/CONTAINER}".into(),
        "pools" => "write how many at once: pools: {publish: 2}".into(),
        "env" => "write the variables: env: {NAME: VALUE}".into(),
        "remote" => "write which pipeline of the engine: remote: {pipeline: NAME}".into(),
        _ => return None,
    })
}

struct Compiler<'a> {
    path: &'a Path,
}

impl Compiler<'_> {
    /// A mistake with its line.
    fn wrong(&self, line: u64, message: impl std::fmt::Display) -> Error {
        Error::new(Kind::Usage, format!("{}:{line}: {message}", self.path.display()))
    }

    fn pipeline(&self, file: PipelineFile, text: &str) -> Result<Pipeline> {
        let stem =
            || self.path.file_stem().map_or_else(|| "pipeline".into(), |stem| stem.to_string_lossy().into_owned());
        let half = match file.kind.as_ref().map(|kind| (kind.value.as_str(), line(kind))) {
            None | Some(("validate", _)) => Half::Validate,
            Some(("prepare", _)) => Half::Prepare,
            Some((other, at)) => {
                return Err(self.wrong(at, format!("there is no kind {other:?}")).hint("kind: prepare or validate"));
            }
        };
        let profile = match file.profile.as_ref().map(|profile| (profile.value.as_str(), line(profile))) {
            None | Some(("production", _)) => Profile::Production,
            Some(("test", _)) => Profile::Test,
            Some((other, at)) => {
                return Err(self
                    .wrong(at, format!("there is no profile {other:?}"))
                    .hint("profile: test or production"));
            }
        };
        if let (Some(remote), None) = (&file.remote, &file.engine) {
            let message = "remote says which pipeline, and nothing says of which engine";
            return Err(self.wrong(line(remote), message).hint("engine: NAME, one of kind azure_devops"));
        }
        let Named(pools) = file.pools;
        for (name, size) in &pools {
            if size.value == 0 {
                let message = format!("the pool {} has room for nothing", name.value);
                return Err(self.wrong(line(size), message).hint("write 1 or more"));
            }
        }
        let pools: BTreeMap<String, usize> = pools.into_iter().map(|(name, size)| (name.value, size.value)).collect();
        let Named(stages) = file.stages;
        if stages.is_empty() {
            return Err(self.wrong(1, "there are no stages").hint("stages: {sign: {run: ./sign.sh}}"));
        }
        let mut places: HashMap<String, usize> = HashMap::new();
        for (at, (name, _)) in stages.iter().enumerate() {
            let fine = name.value.chars().all(|c| c.is_ascii_alphanumeric() || IN_NAMES.contains(&c));
            if name.value.is_empty() || !fine || name.value.starts_with(['.', '-']) {
                let message = format!("{:?} is no name for a stage", name.value);
                return Err(self.wrong(line(name), message).hint("use letters, digits, _, - and ."));
            }
            // The file's reader refuses a name that comes twice.
            places.insert(name.value.clone(), at);
        }
        let names: Vec<&str> = stages.iter().map(|(name, _)| name.value.as_str()).collect();
        let stages = stages
            .iter()
            .map(|(name, stage)| self.stage(name, stage, &places, &names, &pools))
            .collect::<Result<Vec<_>>>()?;
        if let Some(circle) = Graph::new(&stages).circle() {
            let way: Vec<&str> = circle.iter().map(|&at| stages[at].name.as_str()).collect();
            let message = format!("these stages need each other in a circle: {}", way.join(" → "));
            return Err(self.wrong(stages[circle[0]].line, message).hint("take one of these needs away"));
        }
        Ok(Pipeline {
            name: file.pipeline.unwrap_or_else(stem),
            path: self.path.to_path_buf(),
            text: text.to_owned(),
            hash: blake3::hash(text.as_bytes()).to_hex().to_string(),
            half,
            profile,
            pools,
            env: file.env,
            secrets: file.secrets,
            engine: file.engine.map(|engine| engine.value),
            remote: file.remote.map(|Spanned { value, .. }| RemotePipeline {
                pipeline: value.pipeline,
                branch: value.branch,
                resource: value.resource,
                parameters: value.parameters,
            }),
            stages,
        })
    }

    fn stage(
        &self,
        name: &Spanned<String>,
        stage: &StageFile,
        places: &HashMap<String, usize>,
        names: &[&str],
        pools: &BTreeMap<String, usize>,
    ) -> Result<Stage> {
        let find = |other: &Spanned<String>| {
            places.get(&other.value).copied().ok_or_else(|| {
                let message = format!("{} needs {:?}, which is no stage", name.value, other.value);
                self.wrong(line(other), message).hint(suggestion(&other.value, names.iter().copied()))
            })
        };
        let mut needs = stage.needs.iter().map(find).collect::<Result<Vec<_>>>()?;
        let work = self.work(name, stage, &find)?;
        if let Work::Gate { of } = &work
            && !needs.contains(of)
        {
            needs.push(*of);
        }
        needs.sort_unstable();
        needs.dedup();
        if let Some(pool) = &stage.pool
            && !pools.contains_key(&pool.value)
        {
            let message = format!("{} belongs to the pool {:?}, which is not there", name.value, pool.value);
            let known = pools.keys().map(String::as_str);
            return Err(self.wrong(line(pool), message).hint(format!(
                "pools: {{{}: 1}} at the top; {}",
                pool.value,
                suggestion(&pool.value, known)
            )));
        }
        let rerun = match stage.rerun.as_ref().map(|rerun| (rerun.value.as_str(), line(rerun))) {
            None | Some(("always", _)) => true,
            Some(("never", _)) => false,
            Some((other, at)) => {
                return Err(self.wrong(at, format!("{other:?} says not when to rerun")).hint("rerun: always or never"));
            }
        };
        stage.inputs.iter().try_for_each(|glob| self.glob(glob))?;
        let outputs = stage.outputs.iter().map(|output| {
            let glob = &output.value.files;
            Glob::new(glob).map_err(|e| self.wrong(line(output), format!("{glob:?} is no glob")).with_source(e))?;
            Ok(Output {
                files: glob.clone(),
                container: output.value.container.clone(),
                shipping: output.value.shipping.unwrap_or(true),
            })
        });
        Ok(Stage {
            name: name.value.clone(),
            title: stage.title.clone(),
            line: line(name),
            needs,
            work,
            directory: stage.directory.clone(),
            env: stage.env.clone(),
            pool: stage.pool.as_ref().map(|pool| pool.value.clone()),
            expect: self.duration(&stage.expect)?,
            timeout: self.duration(&stage.timeout)?,
            retries: stage.retries.unwrap_or(0),
            rerun,
            inputs: stage.inputs.iter().map(|glob| glob.value.clone()).collect(),
            outputs: outputs.collect::<Result<Vec<_>>>()?,
            sbom: stage.sbom.as_ref().map(|sbom| sbom.value.clone()),
            signs: stage.signs.clone(),
            issues: stage.issues.clone(),
        })
    }

    fn work(
        &self,
        name: &Spanned<String>,
        stage: &StageFile,
        find: &impl Fn(&Spanned<String>) -> Result<usize>,
    ) -> Result<Work> {
        let mut works: Vec<(&str, Work)> = Vec::new();
        if let Some(run) = &stage.run {
            works.push(("run", Work::Command(run.value.clone())));
        }
        if let Some(of) = &stage.gate {
            works.push(("override", Work::Gate { of: find(of)? }));
        }
        if let Some(start) = &stage.start {
            works.push(("start", Work::Start(start.value.clone())));
        }
        if let Some(job) = &stage.job {
            let job = &job.value;
            works.push((
                "job",
                Work::Job {
                    engine: job.engine.clone(),
                    name: job.name.clone(),
                    revision: job.revision.clone(),
                    parameters: job.parameters.clone(),
                },
            ));
        }
        if let Some(approval) = &stage.approval {
            let file = &approval.value;
            let on_timeout = match file.on_timeout.as_ref().map(|answer| (answer.value.as_str(), line(answer))) {
                None | Some(("reject", _)) => OnTimeout::Reject,
                Some(("resume", _)) => OnTimeout::Resume,
                Some((other, at)) => {
                    let message = format!("{other:?} says not what happens when nobody answers");
                    return Err(self.wrong(at, message).hint("on_timeout: reject or resume"));
                }
            };
            let timeout = self.duration(&file.timeout)?;
            works.push(("approval", Work::Approval { by: file.by.clone(), timeout, on_timeout }));
        }
        if !stage.publish.is_empty() {
            let targets = stage.publish.iter().map(|target| self.target(target)).collect::<Result<Vec<_>>>()?;
            works.push(("publish", Work::Publish(targets)));
        }
        if let [(first, _), (second, _), ..] = works.as_slice() {
            let message = format!("{} does two things: {first} and {second}", name.value);
            return Err(self.wrong(line(name), message).hint("make two stages of it"));
        }
        Ok(works.pop().map_or(Work::Nothing, |(_, work)| work))
    }

    fn target(&self, target: &Spanned<TargetFile>) -> Result<Target> {
        let file = &target.value;
        file.files.iter().try_for_each(|glob| self.glob(glob))?;
        let mut to = BTreeMap::new();
        for (profile, url) in &file.to {
            let profile = match profile.as_str() {
                "test" => Profile::Test,
                "production" => Profile::Production,
                other => {
                    let message = format!("there is no profile {other:?}");
                    return Err(self.wrong(line(url), message).hint("to: {test: URL, production: URL}"));
                }
            };
            to.insert(profile, url.value.clone());
        }
        if to.is_empty() {
            return Err(self
                .wrong(line(target), "nothing says where this is published")
                .hint("to: {test: URL, production: URL}"));
        }
        let under = file.under.clone().unwrap_or_default();
        let under = under.trim_matches('/').to_owned();
        Ok(Target {
            files: file.files.iter().map(|glob| glob.value.clone()).collect(),
            container: file.container.clone(),
            to,
            under,
            line: line(target),
        })
    }

    fn glob(&self, glob: &Spanned<String>) -> Result<()> {
        let checked = Glob::new(&glob.value).map(drop);
        checked.map_err(|e| self.wrong(line(glob), format!("{:?} is no glob", glob.value)).with_source(e))
    }

    fn duration(&self, text: &Option<Spanned<String>>) -> Result<Option<Duration>> {
        let Some(text) = text else { return Ok(None) };
        let parsed = duration::parse(&text.value);
        parsed
            .map(Some)
            .map_err(|e| self.wrong(line(text), "this is no duration").with_source(e).hint("write 90m, 36h, 14d"))
    }
}

fn line<T>(value: &Spanned<T>) -> u64 {
    value.referenced.line()
}
