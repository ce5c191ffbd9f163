//! Settings and where each comes from: flag, `CI_TOOL_*`, `ci-tool.yaml` found upward, the user's own file, default.

mod file;
mod route;
mod stage;
mod trigger;
mod variables;

pub use file::{Environment, FileConfig, ReproFile};
pub use route::{Route, RouteFile, parse_deadline};
pub use stage::{Stage, StageFile};
pub use trigger::{LOCAL, Trigger, TriggerFile, check_jobs};

use crate::{
    capture::save::When,
    capture::{history::Keep, secrets::Rules},
    error::{Context, Error, Kind, Result},
    pipeline::{
        details::Ready,
        duration,
        env::{EnvMap, text},
        record::Format,
    },
};
use globset::{Glob, GlobSet, GlobSetBuilder};
use serde::Serialize;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

/// The project's file.
pub const FILE: &str = "ci-tool.yaml";
/// How long a capture is kept unless told otherwise.
pub const RETAIN: &str = "14d";
/// How many captures of one failure are kept with their files unless told otherwise.
pub const KEEP_PER_SIGNATURE: &str = "3";

/// What the command line says of the configuration.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// `--config`.
    pub file: Option<PathBuf>,
    /// `--store`.
    pub store: Option<String>,
}

/// One setting as `config show` prints it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The key, dotted.
    pub key: &'static str,
    /// The value; null where there is none.
    pub value: Value,
    /// Where it comes from: a flag, a variable, a file, `default`.
    pub origin: String,
}

/// The configuration in force.
#[derive(Debug, Clone)]
pub struct Config {
    /// The store's URL; `None` is the default directory.
    pub store: Option<String>,
    /// The settings of `repro`.
    pub repro: Repro,
    /// The settings of `route`.
    pub route: Route,
    /// The settings of `stage`.
    pub stage: Stage,
    /// The settings of `trigger`, the engines and the jobs.
    pub trigger: Trigger,
    /// What looks like a setting and is none.
    pub warnings: Vec<String>,
    shown: Vec<Shown>,
}

/// The settings of `repro`.
#[derive(Debug, Clone)]
pub struct Repro {
    /// How trees are stored.
    pub format: Format,
    /// How long captures are kept.
    pub retain: Duration,
    /// How many captures of one failure are kept with their files.
    pub keep_per_signature: Keep,
    /// When to save; `None` leaves it to the verb.
    pub when: Option<When>,
    /// Who is to be asked about captures.
    pub owner: Option<String>,
    /// Jobs that are saved when `when` is `requested`.
    pub jobs: GlobSet,
    /// What is not saved.
    pub exclude: Vec<String>,
    /// Files that are saved as they are, secrets and all.
    pub exact: GlobSet,
    /// Commands whose output is saved.
    pub dump: Vec<String>,
    /// Further tools, and the arguments that make them tell their version.
    pub tools: Vec<(String, Vec<String>)>,
    /// Which variables are dropped and kept.
    pub rules: Rules,
    /// How to work on a job, by globs on its name.
    pub ready: Vec<(GlobSet, Ready)>,
}

impl Config {
    /// Reads the files and lays the layers over one another.
    ///
    /// # Errors
    /// `Usage` for a file that is missing, no YAML, or has a key or value that is none, with the place and a suggestion.
    pub fn load(flags: &Flags, env: &EnvMap, directory: &Path) -> Result<Config> {
        let store = FileConfig { store: text(env, "CI_TOOL_STORE").map(str::to_owned), ..FileConfig::default() };
        let mut layers = vec![("CI_TOOL_STORE".to_owned(), store), variables(env)];
        for path in files(flags, env, directory) {
            layers.push((path.display().to_string(), FileConfig::read(&path)?));
        }
        if let Some(store) = &flags.store {
            layers.insert(0, ("--store".into(), FileConfig { store: Some(store.clone()), ..FileConfig::default() }));
        }
        let mut config = Layers { layers, shown: Vec::new() }.merge()?;
        config.warnings = variables::unknown(env);
        config.warnings.extend(misnamed(directory));
        Ok(config)
    }

    /// Every setting and its origin.
    pub fn shown(&self) -> &[Shown] {
        &self.shown
    }
}

/// The files that apply, the strongest first.
fn files(flags: &Flags, env: &EnvMap, directory: &Path) -> Vec<PathBuf> {
    let named = flags.file.clone().or_else(|| text(env, "CI_TOOL_CONFIG").map(PathBuf::from));
    let mut files: Vec<PathBuf> = named.or_else(|| upward(directory)).into_iter().collect();
    let home = text(env, "XDG_CONFIG_HOME").map(PathBuf::from).filter(|p| p.is_absolute());
    let home = home.or_else(|| {
        text(env, if cfg!(windows) { "APPDATA" } else { "HOME" }).map(|h| match cfg!(windows) {
            true => PathBuf::from(h),
            false => Path::new(h).join(".config"),
        })
    });
    files.extend(home.map(|h| h.join("ci-tool").join("config.yaml")).filter(|p| p.is_file()));
    files
}

/// Warns of a `ci-tool.yml` beside which no `ci-tool.yaml` is.
fn misnamed(directory: &Path) -> Option<String> {
    let file = directory.join("ci-tool.yml");
    let alone = file.is_file() && !directory.join(FILE).is_file();
    alone.then(|| format!("{} is not read: the configuration is called {FILE}", file.display()))
}

/// `ci-tool.yaml` here or above, no further up than the repository's root.
fn upward(directory: &Path) -> Option<PathBuf> {
    for dir in directory.ancestors() {
        let file = dir.join(FILE);
        if file.is_file() {
            return Some(file);
        }
        if dir.join(".git").exists() {
            break;
        }
    }
    None
}

fn variables(env: &EnvMap) -> (String, FileConfig) {
    let get = |name: &str| text(env, name).map(str::to_owned);
    let repro = ReproFile {
        format: get("CI_TOOL_REPRO_FORMAT"),
        retain: get("CI_TOOL_REPRO_RETAIN"),
        keep_per_signature: get("CI_TOOL_REPRO_KEEP_PER_SIGNATURE"),
        when: get("CI_TOOL_REPRO_WHEN"),
        owner: get("CI_TOOL_REPRO_OWNER"),
        ..ReproFile::default()
    };
    let route = RouteFile {
        rules: get("CI_TOOL_ROUTE_RULES"),
        queue: get("CI_TOOL_ROUTE_QUEUE"),
        helix: get("CI_TOOL_ROUTE_HELIX"),
        ..RouteFile::default()
    };
    let trigger = TriggerFile { engine: get("CI_TOOL_TRIGGER_ENGINE"), ..TriggerFile::default() };
    let file = FileConfig { repro: Some(repro), route: Some(route), trigger: Some(trigger), ..FileConfig::default() };
    ("the environment".into(), file)
}

/// The layers, the strongest first, and what was taken from them so far.
struct Layers {
    layers: Vec<(String, FileConfig)>,
    shown: Vec<Shown>,
}

impl Layers {
    fn merge(mut self) -> Result<Config> {
        let store = self.pick("store", |f| f.store.clone(), |v| v.as_deref().map(crate::store::redact).into());
        let (format, origin) = self.text("repro.format", "chunks", |r| r.format.clone());
        let format = parse_format(&format).context(|| format!("reading repro.format from {origin}"))?;
        let (retain, origin) = self.text("repro.retain", RETAIN, |r| r.retain.clone());
        let retain = duration::parse(&retain).context(|| format!("reading repro.retain from {origin}"))?;
        let (keep, origin) =
            self.text("repro.keep_per_signature", KEEP_PER_SIGNATURE, |r| r.keep_per_signature.clone());
        let keep_per_signature = keep.parse().context(|| format!("reading repro.keep_per_signature from {origin}"))?;
        let (when, origin) = self.text("repro.when", "", |r| r.when.clone());
        let when = parse_when(&when).context(|| format!("reading repro.when from {origin}"))?;
        let (owner, _) = self.text("repro.owner", "", |r| r.owner.clone());
        let jobs = self.list("repro.jobs", |r| r.jobs.clone());
        let exclude = self.list("repro.exclude", |r| r.exclude.clone());
        let exact = self.list("repro.exact", |r| r.exact.clone());
        let dump = self.list("repro.dump", |r| r.dump.clone());
        let tools = self.repro("repro.tools", |r| r.tools.clone());
        let environment = self.repro("repro.environment", |r| r.environment.clone());
        let ready = self.repro("repro.ready", |r| r.ready.clone());
        let ready = ready.unwrap_or_default().0.into_iter();
        let ready = ready
            .map(|(glob, ready)| {
                check_run_test(&glob, &ready)?;
                Ok((globs("repro.ready", &[glob])?, ready))
            })
            .collect::<Result<_>>()?;
        let environment = environment.unwrap_or_default();
        let route = self.route()?;
        let stage = self.stage();
        let trigger = self.trigger()?;
        Ok(Config {
            store,
            route,
            stage,
            trigger,
            repro: Repro {
                format,
                retain,
                keep_per_signature,
                when,
                owner: Some(owner).filter(|o| !o.is_empty()),
                jobs: globs("repro.jobs", &jobs)?,
                exclude,
                exact: globs("repro.exact", &exact)?,
                dump,
                tools: tools.unwrap_or_default().into_iter().collect(),
                rules: Rules::new(&environment.drop, &environment.keep)?,
                ready,
            },
            warnings: Vec::new(),
            shown: self.shown,
        })
    }

    fn pick<T>(
        &mut self,
        key: &'static str,
        get: impl Fn(&FileConfig) -> Option<T>,
        show: impl Fn(&Option<T>) -> Value,
    ) -> Option<T> {
        let found = self.layers.iter().find_map(|(origin, file)| Some((origin.clone(), get(file)?)));
        let (origin, value) = match found {
            Some((origin, value)) => (origin, Some(value)),
            None => ("default".into(), None),
        };
        self.shown.push(Shown { key, value: show(&value), origin });
        value
    }

    fn repro<T: Serialize>(&mut self, key: &'static str, get: impl Fn(&ReproFile) -> Option<T>) -> Option<T> {
        self.pick(
            key,
            |f| f.repro.as_ref().and_then(&get),
            // Only a mapping whose keys are no text has no form in JSON.
            |v| serde_json::to_value(v).unwrap_or_default(),
        )
    }

    fn text(
        &mut self,
        key: &'static str,
        default: &str,
        get: impl Fn(&ReproFile) -> Option<String>,
    ) -> (String, String) {
        let default_value = Some(default).filter(|d| !d.is_empty());
        let show = |v: &Option<String>| v.as_deref().or(default_value).into();
        let value = self.pick(key, |f| f.repro.as_ref().and_then(&get), show);
        let origin = self.shown.last().map(|s| s.origin.clone()).unwrap_or_default();
        (value.unwrap_or_else(|| default.into()), origin)
    }

    fn list(&mut self, key: &'static str, get: impl Fn(&ReproFile) -> Option<Vec<String>>) -> Vec<String> {
        let show = |v: &Option<Vec<String>>| v.clone().unwrap_or_default().into();
        self.pick(key, |f| f.repro.as_ref().and_then(&get), show).unwrap_or_default()
    }
}

/// Reads the name of a format.
///
/// # Errors
/// `Usage`.
pub fn parse_format(text: &str) -> Result<Format> {
    match text {
        "chunks" => Ok(Format::Chunks),
        "zip" => Ok(Format::Zip),
        "7z" => Ok(Format::SevenZ),
        _ => {
            Err(Error::new(Kind::Usage, format!("{text:?} is not a format")).hint("the formats are chunks, zip and 7z"))
        }
    }
}

/// Checks that `run_test` has no `{placeholder}` but the two that are replaced. `${NAME}` is the shell's.
fn check_run_test(job: &str, ready: &Ready) -> Result<()> {
    let text = ready.run_test.as_deref().unwrap_or_default();
    for (at, _) in text.match_indices('{').filter(|(at, _)| !text[..*at].ends_with('$')) {
        let Some((name, _)) = text[at + 1..].split_once('}') else { continue };
        let word = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if word && !["suite", "name"].contains(&name) {
            let text = format!("repro.ready.{job}.run_test: nothing is known to put in for {{{name}}}");
            return Err(
                Error::new(Kind::Usage, text).hint("{suite} and {name} are replaced by those of the failed test")
            );
        }
    }
    Ok(())
}

fn parse_when(text: &str) -> Result<Option<When>> {
    match text {
        "" => Ok(None),
        "failure" => Ok(Some(When::Failure)),
        "always" => Ok(Some(When::Always)),
        "requested" => Ok(Some(When::Requested)),
        _ => Err(Error::new(Kind::Usage, format!("{text:?} says no time to save"))
            .hint("write failure, always or requested")),
    }
}

/// A set of globs; `what` is where they were written.
///
/// # Errors
/// `Usage`, naming the glob.
pub fn globs(what: &str, patterns: &[String]) -> Result<GlobSet> {
    let bad = |e: globset::Error| {
        Error::new(Kind::Usage, format!("{what} holds a glob that is none"))
            .with_source(e)
            .hint("globs have *, ?, [a-z] and {one,other}; a backslash before one of these takes it as it is")
    };
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        set.add(Glob::new(pattern).map_err(bad)?);
    }
    set.build().map_err(bad)
}

/// Tools by name with their arguments.
pub(crate) type Tools = BTreeMap<String, Vec<String>>;

#[cfg(test)]
mod tests;
