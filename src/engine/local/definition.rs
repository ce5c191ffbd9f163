//! What a job is: two runs of one definition say something of the same thing.

use super::{
    files::{Globs, globs},
    measure,
};
use crate::{
    engine::{Request, check_parameters, no_such_job},
    error::{Context, Error, Kind, Result},
    pipeline::{
        duration,
        job::{Job, JobSpec, Parameter},
    },
};
use regex::bytes::Regex;
use serde::Serialize;
use std::{collections::BTreeMap, time::Duration};

/// The jobs of the configuration by name.
pub type Jobs = BTreeMap<String, JobSpec>;

/// A job with everything that was given for it.
#[derive(Debug, Clone)]
pub struct Definition {
    /// The command.
    pub command: String,
    /// Its job.
    pub spec: JobSpec,
    /// The job's variables, the parameters and the variables that were given; a later one of these wins.
    pub variables: BTreeMap<String, String>,
    /// The files that it makes for others.
    pub artifacts: Globs,
    /// The pattern of its measurements.
    pub measure: Option<Regex>,
    /// The longest that the command may take.
    pub limit: Option<Duration>,
    /// The definition's name: 16 hexadecimal digits of a hash over the job's name, its settings, what was given, and the
    /// definitions of the jobs that it needs. Not over how long it may take, how often it is run, who hears of it, or what
    /// other engines call it.
    pub id: String,
}

/// The job as everybody sees it; `None` for one that another engine runs.
pub fn listed(jobs: &Jobs, name: &str) -> Option<Job> {
    let spec = jobs.get(name).filter(|spec| spec.run.is_some())?;
    let parameter = |(name, default): (&String, &Option<String>)| Parameter {
        name: name.clone(),
        required: default.is_none(),
        choices: Vec::new(),
        default: default.clone(),
    };
    Some(Job {
        name: name.to_owned(),
        id: id(jobs, name, &defaults(spec), &BTreeMap::new()),
        parameters: Some(spec.parameters.iter().map(parameter).collect()),
        takes_env: true,
        blocked: None,
        hidden: spec.hidden,
        url: None,
    })
}

/// Defines what a request asks for.
///
/// # Errors
/// `NotFound` for a job that is not there; `Usage` for parameters that it does not take, or settings that make no sense.
pub fn define(engine: &str, jobs: &Jobs, request: &Request) -> Result<Definition> {
    let Some((job, spec)) = listed(jobs, &request.job).zip(jobs.get(&request.job)) else {
        let names = jobs.iter().filter(|(_, spec)| spec.run.is_some()).map(|(name, _)| name.as_str());
        return Err(no_such_job(engine, &request.job, names));
    };
    check_parameters(&job, request)?;
    let mut parameters = defaults(spec);
    parameters.extend(request.parameters.clone());
    let id = id(jobs, &request.job, &parameters, &request.env);
    let wrong = || format!("reading the settings of the job {}", request.job);
    let limit = limit(spec).context(wrong)?;
    keepable(&spec.keep).context(wrong)?;
    let artifacts = globs(&spec.artifacts).context(wrong)?;
    let measure = spec.measure.as_deref().map(measure::pattern).transpose().context(wrong)?;
    let mut variables = spec.env.clone();
    variables.extend(parameters);
    variables.extend(request.env.clone());
    let command = spec.run.clone().unwrap_or_default();
    Ok(Definition { command, spec: spec.clone(), variables, artifacts, measure, limit, id })
}

/// Git reads what is to be kept, by its rules for `.gitignore`: what means something else there is refused.
fn keepable(globs: &[String]) -> Result<()> {
    match globs.iter().find(|glob| glob.starts_with(['!', '#']) || glob.contains(['{', '}'])) {
        Some(glob) => Err(Error::new(Kind::Usage, format!("{glob:?} cannot be kept: git reads it otherwise"))
            .hint("write a glob of keep without {…}, and without ! or # at its beginning")),
        None => Ok(()),
    }
}

/// The longest that a job's command may take.
///
/// # Errors
/// `Usage` for what is no duration.
pub fn limit(spec: &JobSpec) -> Result<Option<Duration>> {
    spec.timeout.as_deref().map(duration::parse).transpose()
}

fn defaults(spec: &JobSpec) -> BTreeMap<String, String> {
    spec.parameters.iter().filter_map(|(name, value)| Some((name.clone(), value.clone()?))).collect()
}

/// The name of the definition of a job with what was given for it, whether or not it takes that.
pub fn given(jobs: &Jobs, name: &str, parameters: &BTreeMap<String, String>, env: &BTreeMap<String, String>) -> String {
    let mut all = jobs.get(name).map(defaults).unwrap_or_default();
    all.extend(parameters.clone());
    id(jobs, name, &all, env)
}

#[derive(Serialize)]
struct Hashed<'a> {
    format: u32,
    name: &'a str,
    spec: JobSpec,
    parameters: &'a BTreeMap<String, String>,
    env: &'a BTreeMap<String, String>,
    needs: Vec<String>,
}

fn id(jobs: &Jobs, name: &str, parameters: &BTreeMap<String, String>, env: &BTreeMap<String, String>) -> String {
    id_among(jobs, name, parameters, env, &mut BTreeMap::new())
}

/// As [`id`]; `known` are those of needed jobs, which many ways may lead to.
fn id_among<'a>(
    jobs: &'a Jobs,
    name: &str,
    parameters: &BTreeMap<String, String>,
    env: &BTreeMap<String, String>,
    known: &mut BTreeMap<&'a str, String>,
) -> String {
    let needed = jobs.get(name).map(|spec| spec.needs.as_slice()).unwrap_or_default();
    let mut needs = Vec::with_capacity(needed.len());
    // The configuration refuses jobs that need themselves.
    for need in needed {
        if !known.contains_key(need.as_str()) {
            let defaults = jobs.get(need).map(defaults).unwrap_or_default();
            let id = id_among(jobs, need, &defaults, &BTreeMap::new(), known);
            known.insert(need, id);
        }
        needs.extend(known.get(need.as_str()).cloned());
    }
    let spec = jobs.get(name).cloned().unwrap_or_default();
    let parts = JobSpec { timeout: None, interval: None, names: BTreeMap::new(), hidden: false, ..spec };
    let hashed = Hashed { format: 1, name, spec: parts, parameters, env, needs };
    // Strings, lists and maps with text for keys are always JSON.
    let text = serde_json::to_vec(&hashed).unwrap_or_default();
    blake3::hash(&text).to_hex()[..16].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jobs() -> Jobs {
        let build = JobSpec { run: Some("make".into()), ..JobSpec::default() };
        let parameters = BTreeMap::from([("word".to_owned(), Some("a".to_owned())), ("must".to_owned(), None)]);
        let unit = JobSpec { run: Some("test".into()), needs: vec!["build".into()], parameters, ..JobSpec::default() };
        Jobs::from([("build".into(), build), ("unit".into(), unit), ("other".into(), JobSpec::default())])
    }

    fn request(parameters: &[(&str, &str)]) -> Request {
        let parameters = parameters.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        Request { job: "unit".into(), parameters, ..Request::default() }
    }

    fn id_with(change: impl Fn(&mut Jobs, &mut Request)) -> String {
        let (mut jobs, mut request) = (jobs(), request(&[("must", "x")]));
        change(&mut jobs, &mut request);
        define("local", &jobs, &request).unwrap().id
    }

    fn unit(jobs: &mut Jobs) -> &mut JobSpec {
        jobs.get_mut("unit").unwrap()
    }

    #[test]
    fn what_changes_the_meaning_of_a_run_changes_the_definition() {
        type Change = fn(&mut Jobs, &mut Request);
        let same: [(&str, Change); 4] = [
            ("time", |jobs, _| unit(jobs).timeout = Some("3m".into())),
            ("name elsewhere", |jobs, _| drop(unit(jobs).names.insert("ci".into(), "unit-1".into()))),
            ("the default, said", |_, request| drop(request.parameters.insert("word".into(), "a".into()))),
            ("revision and key", |_, request| request.key = "k".into()),
        ];
        let other: [(&str, Change); 6] = [
            ("command", |jobs, _| unit(jobs).run = Some("test -v".into())),
            ("a job it needs", |jobs, _| jobs.get_mut("build").unwrap().run = Some("make all".into())),
            ("a parameter", |_, request| drop(request.parameters.insert("word".into(), "b".into()))),
            ("a variable", |_, request| drop(request.env.insert("V".into(), "1".into()))),
            ("a variable of the job", |jobs, _| drop(unit(jobs).env.insert("V".into(), "1".into()))),
            ("what it keeps", |jobs, _| unit(jobs).keep.push("target".into())),
        ];
        let plain = id_with(|_, _| ());
        assert_eq!(given(&jobs(), "unit", &request(&[("must", "x")]).parameters, &BTreeMap::new()), plain);
        for (what, change) in same {
            assert_eq!(id_with(change), plain, "{what}");
        }
        for (what, change) in other {
            assert_ne!(id_with(change), plain, "{what}");
        }
    }

    #[test]
    fn jobs_that_many_ways_lead_to_are_looked_at_once() {
        let needs = |number: usize| (0..2 * number.min(1)).map(|_| format!("j{}", number - 1)).collect();
        let job = |number| {
            (format!("j{number}"), JobSpec { run: Some("x".into()), needs: needs(number), ..JobSpec::default() })
        };
        let mut jobs: Jobs = (0..64).map(job).collect();
        let before = given(&jobs, "j63", &BTreeMap::new(), &BTreeMap::new());
        jobs.get_mut("j0").unwrap().run = Some("y".into());
        assert_ne!(given(&jobs, "j63", &BTreeMap::new(), &BTreeMap::new()), before);
    }

    #[test]
    fn a_later_variable_wins_and_what_makes_no_sense_is_refused() {
        let mut asked = request(&[("must", "1")]);
        asked.env.insert("must".into(), "2".into());
        let variables = define("local", &jobs(), &asked).unwrap().variables;
        assert_eq!((variables["must"].as_str(), variables["word"].as_str()), ("2", "a"));
        assert_eq!(define("local", &jobs(), &request(&[])).unwrap_err().kind(), Kind::Usage);
        for glob in ["target/{a,b}", "!x", "#x"] {
            let mut jobs = jobs();
            unit(&mut jobs).keep = vec![glob.into()];
            assert_eq!(define("local", &jobs, &request(&[("must", "x")])).unwrap_err().kind(), Kind::Usage, "{glob}");
        }
        let elsewhere = Request { job: "other".into(), ..Request::default() };
        assert_eq!(define("local", &jobs(), &elsewhere).unwrap_err().kind(), Kind::NotFound);
    }
}
