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
mod patient;
mod reload;
mod routes;
mod shared;
mod snapshot;

pub use acquire::acquirer;
pub use ledger::Ledger;
pub use metrics::Metrics;

use super::rules::Rules;
use crate::{
    error::{Context, Error, Kind, Result},
    process::Stop,
};
use answer::{Answer, busy};
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
    /// How long a client may be silent, or take to send a request.
    pub patience: Duration,
    /// Batches and acquire calls at once.
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
    FailedLate {
        /// The id of its agent.
        id: &'a str,
        /// Why.
        error: &'a Error,
    },
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

    /// Finishes what goes on in the background. The service waits for it when it stops, for at most its time to drain.
    async fn drain(&self);
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
        (false, true) => "route.token_env",
        (true, false) => "route.secret_env",
        (false, false) => "route.token_env and route.secret_env",
    };
    Err(Error::new(Kind::Usage, format!("{listen} can be reached from other machines, and {missing} is not set")).hint(
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
            work: Arc::new(Semaphore::new(options.concurrency)),
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
    /// their files change and whenever `hangups` does. Returns the number of connections that had to be cut off.
    pub async fn run(self, mut stop: Stop, hangups: Receiver<u64>) -> usize {
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
        let drained = async {
            while !connections.tasks.is_empty() {
                tokio::select! {
                    accepted = listener.accept() => connections.add(accepted).await,
                    Some(_) = connections.tasks.join_next() => {}
                }
            }
            if let Some(acquire) = &shared.acquire {
                acquire.drain().await;
            }
        };
        let _ = timeout(DRAIN, drained).await;
        let cut = connections.tasks.len();
        connections.tasks.shutdown().await;
        drop(connections);
        follower.abort();
        let _ = follower.await;
        // Nobody cancels it, and a panic in there has been reported by itself.
        let _ = tokio::task::spawn_blocking(move || shared.ledger.finish()).await;
        cut
    }
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
            let answer: Response<Answer> = if served { routes::route(shared, request).await } else { busy() };
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
