//! One run of the program: its flags, its configuration, its environment, its store.

use crate::{
    cli::{
        global::Global,
        out::{Out, output_from_env},
    },
    config::{Config, Flags},
    error::{Error, Kind, Result},
    pipeline::{ci, env, env::EnvMap, id::LEN},
    process::{Stop, exit_at_once, stop_signals},
    store::{self, Handle},
    world::World,
};
use jiff::Timestamp;
use std::sync::Arc;

/// What a command works with.
pub(crate) struct Session {
    pub out: Out,
    pub env: EnvMap,
    pub config: Config,
    /// Whether the configuration's file was named, and not found.
    pub config_named: bool,
    /// Variables whose values are not Unicode, and so cannot be saved.
    pub not_text: Vec<String>,
}

impl Session {
    /// Reads the environment and the configuration. Opens nothing.
    pub fn new(global: Global, out: Out) -> Result<Session> {
        let (env, not_text) = env::from_os(std::env::vars_os());
        let directory = std::env::current_dir().map_err(|e| {
            Error::new(Kind::Usage, "finding the current directory")
                .with_source(e)
                .hint("change to a directory that exists")
        })?;
        let config =
            Config::load(&Flags { file: global.config.clone(), store: global.store.clone() }, &env, &directory)?;
        if global.output.is_none() {
            output_from_env(&env)?;
        }
        config.warnings.iter().for_each(|warning| out.warn(warning));
        let config_named = global.config.is_some() || env::text(&env, "CI_TOOL_CONFIG").is_some();
        Ok(Session { out, env, config, config_named, not_text })
    }

    /// Opens the store: `--store`, `CI_TOOL_STORE`, the configuration, or the default directory.
    pub fn store(&self) -> Result<Handle> {
        let read = |name: &str| self.env.get(name).cloned();
        match &self.config.store {
            Some(url) => store::open(url, &read),
            None => {
                let dir = store::default_dir(&read)?;
                store::open(&format!("file://{}", dir.display()), &read)
            }
        }
    }

    /// What operations are handed. Listens to signals from now on.
    pub fn world(&self, dry_run: bool) -> Result<World> {
        let stop = stop_signals(exit_at_once)?;
        self.world_with(dry_run, stop)
    }

    /// As [`Session::world`], with signals that are already listened to.
    pub fn world_with(&self, dry_run: bool, stop: Stop) -> Result<World> {
        Ok(World {
            store: self.store()?,
            env: self.env.clone(),
            progress: Arc::new(self.out.progress()),
            now: Timestamp::now,
            random,
            stop,
            dry_run,
        })
    }

    /// Waits for what only reads, or until the user or the system asks to stop.
    ///
    /// # Errors
    /// `Interrupted`; its own.
    pub async fn reading<T>(&self, world: &World, work: impl Future<Output = Result<T>>) -> Result<T> {
        let mut stop = world.stop.clone();
        tokio::select! {
            done = work => done,
            _ = stop.requested() => Err(Error::new(Kind::Interrupted, "the command was interrupted")
                .hint("it changed nothing: run it again")),
        }
    }

    /// The CI that this process runs in.
    pub fn ci(&self) -> ci::CiIdentity {
        ci::detect(&self.env, |path| std::fs::read_to_string(path).ok())
    }
}

/// Random bytes. Without the system's source of randomness, the clock and the process id have to do: an id that is taken is
/// noticed when its record is created.
pub(in crate::cli) fn random() -> [u8; LEN] {
    let mut bytes = [0; LEN];
    if getrandom::fill(&mut bytes).is_err() {
        let seed = format!("{}-{}", Timestamp::now().as_nanosecond(), std::process::id());
        bytes.copy_from_slice(&blake3::hash(seed.as_bytes()).as_bytes()[..LEN]);
    }
    bytes
}
