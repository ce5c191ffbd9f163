//! `route serve`: decisions over HTTP/1.1.
//!
//! Built on hyper itself: there are six paths, and what matters (bounds, draining, one snapshot a request) lies below what
//! a framework would route.

mod acquire;
mod answer;
mod body;
mod ledger;
mod lines;
mod metrics;
mod one;
mod patient;
mod reload;
mod routes;
mod shared;
mod snapshot;

pub use acquire::acquirer;
pub use ledger::Ledger;
pub use metrics::Metrics;

use super::{acquire::FailedLate, rules::Rules};
use crate::{
    engine::helix::Helix,
    error::{Context, Error, Kind, Result},
    process::Stop,
};
use answer::Answer;
use hyper::{Response, body::Bytes, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use patient::Patient;
use serde_json::Value;
use shared::Shared;
use snapshot::{Current, Snapshot};
use std::{
    convert::Infallible,
    net::SocketAddr,
    path::PathBuf,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch::Receiver},
    task::JoinSet,
    time::{sleep, timeout},
};

/// How long requests under way may take after the service was asked to stop.
const DRAIN: Duration = Duration::from_secs(10);
/// How long writing what is left of the decision log may take after that.
const LOGGING: Duration = Duration::from_secs(3);
/// Connections beyond those that are told so. Any more are closed at once.
const TURNED_AWAY: usize = 32;
/// Bytes that the bodies of requests may take in all.
const MEMORY: usize = 256 << 20;
/// How long to wait when the system has no connection to give: it may be out of files.
const PAUSE: Duration = Duration::from_millis(50);
/// Bytes of a request's head.
const HEAD_MAX: usize = 64 * 1024;

/// How a service runs.
pub struct Options {
    /// Where it listens; port 0 is any that is free.
    pub listen: SocketAddr,
    /// The file of rules.
    pub rules: PathBuf,
    /// Where decisions are counted and logged.
    pub ledger: Arc<Ledger>,
    /// What callers of `/v1/` must show.
    pub token: Option<String>,
    /// Answers `/acquireagent`.
    pub acquire: Option<Arc<dyn Acquire>>,
    /// Asked whether twins exist, for `/v1/decide`.
    pub helix: Option<Arc<Helix>>,
    /// How long a client may be silent, or take to send a request.
    pub patience: Duration,
    /// Batches at once; likewise acquire calls, and decisions that wait for Helix.
    pub concurrency: usize,
    /// Connections at once.
    pub connections: usize,
}

/// Something that happened, for people to read.
pub enum Event<'a> {
    /// New rules are in force.
    Reloaded {
        /// Their hash.
        hash: &'a str,
        /// How many queues they have.
        queues: usize,
    },
    /// The files were read again and say what is in force.
    Unchanged,
    /// New rules cannot be used, and the old ones stay in force.
    Refused(&'a Error),
    /// The decision log cannot be written.
    LogLost(&'a Error),
    /// An acquire call that had been accepted failed.
    FailedLate(FailedLate<'a>),
    /// The service was asked to stop and finishes so many connections.
    Draining(usize),
}

/// Hears of events.
pub type Hear = Arc<dyn Fn(Event<'_>) + Send + Sync>;

/// An acquire call of a pool provider.
pub struct Call {
    /// The rules to decide by.
    pub rules: Arc<Rules>,
    /// The body as it was sent, which is what the signature is of.
    pub body: Bytes,
    /// `X-Azure-Signature`.
    pub signature: Option<String>,
    /// When it arrived.
    pub arrived: Instant,
    /// As many as may be are under way already.
    pub busy: bool,
}

/// The answer to a [`Call`].
pub struct Acquired {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Value,
    /// How it ended, for the metrics: few different ones.
    pub outcome: &'static str,
}

/// Answers acquire calls, and tells the [`Ledger`] of the decisions that it makes.
#[async_trait::async_trait]
pub trait Acquire: Send + Sync {
    /// Answers one. Checks the signature itself.
    async fn acquire(&self, call: Call) -> Acquired;

    /// Finishes what goes on in the background, or gives it up within `limit`. Returns how many jobs were given up.
    async fn drain(&self, limit: Duration) -> usize;
}

/// Holds that a service which others than this machine can reach asks who they are.
///
/// # Errors
/// `Usage`, naming the setting that is missing.
pub fn may_listen(listen: SocketAddr, token: bool, secret: bool) -> Result<()> {
    if listen.ip().is_loopback() {
        return Ok(());
    }
    let missing = match (token, secret) {
        (true, true) => return Ok(()),
        (false, true) => "route.token_env is",
        (true, false) => "route.secret_env is",
        (false, false) => "route.token_env and route.secret_env are",
    };
    Err(Error::new(Kind::Usage, format!("{listen} can be reached from other machines, and {missing} not set")).hint(
        "name the variables that hold the callers' token and the acquire calls' secret in ci-tool.yaml: route: {token_env: NAME, secret_env: NAME}; or listen on 127.0.0.1",
    ))
}

/// A service that listens.
pub struct Service {
    listener: TcpListener,
    address: SocketAddr,
    connections: usize,
    shared: Arc<Shared>,
    rules: PathBuf,
    taken: Vec<reload::Stamp>,
    hear: Hear,
}

impl Service {
    /// Reads the rules and listens.
    ///
    /// # Errors
    /// Those of [`Rules::load`]; `Usage` when the address is taken or not this machine's.
    pub async fn bind(options: Options, hear: Hear) -> Result<Service> {
        let (rules, taken) = reload::settled(&options.rules)?;
        let listening = || format!("listening on {}", options.listen);
        let failed = |e| Error::new(Kind::Usage, "opening the port").with_source(e).hint("name another with --listen");
        let listener = TcpListener::bind(options.listen).await.map_err(failed).context(listening)?;
        let address = listener.local_addr().map_err(failed).context(listening)?;
        let shared = Shared {
            current: Current::new(Snapshot::new(rules, &options.ledger.metrics)),
            ledger: options.ledger,
            token: options.token.map(|token| blake3::hash(token.as_bytes())),
            acquire: options.acquire,
            memory: Arc::new(Semaphore::new(MEMORY)),
            batches: Arc::new(Semaphore::new(options.concurrency)),
            calls: Semaphore::new(options.concurrency),
            helix: options.helix,
            asking: Semaphore::new(options.concurrency),
            patience: options.patience,
            draining: AtomicBool::new(false),
        };
        Ok(Service {
            listener,
            address,
            connections: options.connections,
            shared: Arc::new(shared),
            rules: options.rules,
            taken,
            hear,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The hash of the rules in force.
    pub fn rules(&self) -> String {
        self.shared.snapshot().rules.hash.clone()
    }

    /// Serves until it is asked to stop, then finishes what is under way, for at most ten seconds. Rules are read again when
    /// their files change and whenever `hangups` does. Returns what could not be finished.
    pub async fn run(self, mut stop: Stop, hangups: Receiver<u64>) -> Unfinished {
        let Service { listener, connections, shared, rules, taken, hear, .. } = self;
        let follower = tokio::spawn(reload::follow(Arc::clone(&shared), rules, taken, Arc::clone(&hear), hangups));
        let mut connections = Connections {
            tasks: JoinSet::new(),
            free: Arc::new(Semaphore::new(connections)),
            free_beyond: Arc::new(Semaphore::new(TURNED_AWAY)),
            shared: Arc::clone(&shared),
            stop: stop.clone(),
        };
        loop {
            tokio::select! {
                _ = stop.requested() => break,
                accepted = listener.accept() => connections.add(accepted).await,
                Some(_) = connections.tasks.join_next() => {}
            }
        }
        shared.draining.store(true, Relaxed);
        if !connections.tasks.is_empty() {
            hear(Event::Draining(connections.tasks.len()));
        }
        let unfinished = connections.finish(&listener).await;
        connections.tasks.shutdown().await;
        drop(connections);
        follower.abort();
        let _ = follower.await;
        // Nobody cancels it, and a panic in there has been reported by itself.
        let finished = tokio::task::spawn_blocking(move || shared.ledger.finish());
        if timeout(LOGGING, finished).await.is_err() {
            let error = Error::new(Kind::Transient, format!("what was left of it was not written within {LOGGING:?}"));
            hear(Event::LogLost(&error));
        }
        unfinished
    }
}

/// What a service did not finish before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unfinished {
    /// Connections that were cut off.
    pub connections: usize,
    /// Jobs that had been accepted early and were given up.
    pub jobs: usize,
}

/// The connections that are open.
struct Connections {
    tasks: JoinSet<()>,
    free: Arc<Semaphore>,
    free_beyond: Arc<Semaphore>,
    shared: Arc<Shared>,
    stop: Stop,
}

impl Connections {
    async fn add(&mut self, accepted: std::io::Result<(TcpStream, SocketAddr)>) {
        let Ok((stream, _)) = accepted else { return sleep(PAUSE).await };
        let (permit, served) = match Arc::clone(&self.free).try_acquire_owned() {
            Ok(permit) => (permit, true),
            Err(_) => match Arc::clone(&self.free_beyond).try_acquire_owned() {
                Ok(permit) => (permit, false),
                Err(_) => return,
            },
        };
        // Without it answers are late, but right.
        let _ = stream.set_nodelay(true);
        self.tasks.spawn(connection(stream, permit, served, Arc::clone(&self.shared), self.stop.clone()));
    }

    /// Finishes what is under way within the time to drain. Who calls meanwhile is told that it ends.
    async fn finish(&mut self, listener: &TcpListener) -> Unfinished {
        let shared = Arc::clone(&self.shared);
        let mut late = pin!(async {
            match &shared.acquire {
                Some(acquire) => acquire.drain(DRAIN).await,
                None => 0,
            }
        });
        let mut jobs = None;
        let finished = async {
            while jobs.is_none() || !self.tasks.is_empty() {
                tokio::select! {
                    left = &mut late, if jobs.is_none() => jobs = Some(left),
                    accepted = listener.accept() => self.add(accepted).await,
                    Some(_) = self.tasks.join_next() => {}
                }
            }
        };
        let _ = timeout(DRAIN, finished).await;
        let jobs = match jobs {
            Some(jobs) => jobs,
            // Its own time ends in the same moment.
            None => late.await,
        };
        Unfinished { connections: self.tasks.len(), jobs }
    }
}

/// Serves one connection to its end; one that is too many is told so and closed.
async fn connection(
    stream: TcpStream,
    permit: OwnedSemaphorePermit,
    served: bool,
    shared: Arc<Shared>,
    mut stop: Stop,
) {
    let draining = shared.is_draining();
    let patience = shared.patience;
    let service = service_fn(|request| {
        let shared = &shared;
        async move {
            let answer: Response<Answer> = match served {
                true => routes::route(shared, request).await,
                false => routes::turn_away(shared, &request),
            };
            Ok::<_, Infallible>(answer)
        }
    });
    let mut protocol = http1::Builder::new();
    protocol.timer(TokioTimer::new()).header_read_timeout(patience).max_buf_size(HEAD_MAX);
    protocol.keep_alive(served && !draining);
    let mut connection = pin!(protocol.serve_connection(TokioIo::new(Patient::new(stream, patience)), service));
    // How it ended is the client's business: it was cut, or too slow, or spoke no HTTP.
    tokio::select! {
        biased;
        _ = connection.as_mut() => {}
        _ = stop.requested(), if !draining => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
    drop(permit);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_are_let_in_only_where_they_must_say_who_they_are() {
        for (listen, token, secret, missing) in [
            ("127.0.0.1:0", false, false, None),
            ("[::1]:80", false, false, None),
            ("0.0.0.0:80", true, true, None),
            ("0.0.0.0:80", false, true, Some("route.token_env is not set")),
            ("10.0.0.1:80", true, false, Some("and route.secret_env is not set")),
            ("[::]:80", false, false, Some("route.token_env and route.secret_env")),
        ] {
            let error = may_listen(listen.parse().unwrap(), token, secret).err().map(|e| e.to_string());
            assert_eq!(error.is_some(), missing.is_some(), "{listen}: {error:?}");
            assert!(error.unwrap_or_default().contains(missing.unwrap_or_default()), "{listen}");
        }
    }
}
