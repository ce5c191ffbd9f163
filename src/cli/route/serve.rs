//! `ci-tool route serve`.

use super::{helix::HelixArgs, job::RulesArgs, log::LogArgs, submit::read};
use crate::{
    cli::{Session, exit, out, session::random},
    error::{Context, Error, Kind, Result},
    http::Client,
    ops::route::{
        acquire,
        serve::{Event, Hear, Ledger, Options, Service, Unfinished, acquirer, may_listen},
        submit::HelixJob,
    },
    pipeline::{duration, env::text},
    process::{exit_at_once, service_signals},
};
use jiff::Timestamp;
use serde_json::json;
use std::{
    net::SocketAddr,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

/// Decide over HTTP: a service for pool providers, with metrics
///
/// POST /v1/decide takes a job as JSON, POST /v1/batch a job a line, POST /acquireagent the call of a pool provider; GET /metrics, /healthz and /readyz tell how it is.
/// Rules are read again when their files change and on SIGHUP; rules that cannot be used are refused, and the old ones stay.
/// The first line of standard output says where it listens.
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Examples:\n  ci-tool route serve --listen 127.0.0.1:8080\n  ci-tool route serve --listen 127.0.0.1:0 --log decisions.jsonl --output json",
    after_help = "SIGTERM and SIGINT end it within ten seconds, when requests under way are answered; with 3 if some had to be cut off, or a job that had been accepted was not sent."
)]
pub(super) struct Args {
    #[command(flatten)]
    rules: RulesArgs,
    /// Where to listen; port 0 is any that is free. Elsewhere than on this machine only with route.token_env and
    /// route.secret_env
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080", value_parser = address)]
    listen: SocketAddr,
    #[command(flatten)]
    log: LogArgs,
    #[command(flatten)]
    helix: HelixArgs,
    /// Send each job that is acquired to Helix: the file of a job that lacks only its queue
    #[arg(long, value_name = "FILE", help_heading = "Helix")]
    helix_job: Option<PathBuf>,
    /// Answer acquire calls first, and look the job up and send it afterwards; needs --helix-job
    #[arg(long)]
    early_accept: bool,
    /// Give up clients that are silent for so long, or take so long to send a request
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = patience)]
    timeout: Duration,
    /// Batches at once, and acquire calls at once. More batches are told to come again, more calls are decided without a
    /// look-up, or told so where a job is to be sent
    #[arg(long, value_name = "N", default_value = "256")]
    concurrency: NonZeroUsize,
    /// Connections at once; a process may often have no more than 1024 files open
    #[arg(long, value_name = "N", default_value = "900")]
    connections: NonZeroUsize,
}

/// Runs the verb.
pub(super) async fn run(session: &Session, args: Args) -> Result<u8> {
    let route = &session.config.route;
    let token = secret(session, "route.token_env", route.token_env.as_deref())?;
    let secret = secret(session, "route.secret_env", route.secret_env.as_deref())?;
    may_listen(args.listen, token.is_some(), secret.is_some())?;
    let hear = hear(session);
    let ledger = Arc::new(Ledger::open(args.log.path(session).as_deref(), Timestamp::now, random, &hear)?);
    let client = Client::new();
    let acquire = acquire::Options {
        secret: secret.as_deref().map(acquire::Secret::new).transpose()?,
        deadline: route.deadline,
        early_accept: args.early_accept,
        helix: args.helix.connect(session, &client)?.map(Arc::new),
        template: args.helix_job.as_deref().map(template).transpose()?,
    };
    may_send(&acquire)?;
    let options = Options {
        listen: args.listen,
        rules: args.rules.path(session)?,
        ledger: Arc::clone(&ledger),
        token,
        helix: acquire.helix.clone(),
        acquire: Some(acquirer(client, acquire, ledger, Arc::clone(&hear))),
        patience: args.timeout,
        concurrency: args.concurrency.get(),
        connections: args.connections.get(),
    };
    let (stop, hangups) = service_signals(exit_at_once)?;
    let service = Service::bind(options, hear).await?;
    let address = format!("http://{}", service.address());
    match session.out.is_json() {
        // One line, so that a script can wait for it.
        true => {
            let listening = json!({ "schema": 1, "listening": address, "rules": service.rules() });
            session.out.text(&listening.to_string());
        }
        false => session.out.text(&format!("listening on {address}")),
    }
    let Unfinished { connections, jobs } = service.run(stop, hangups).await;
    if connections > 0 {
        let connections = out::count(connections as u64, "connection", "connections");
        session.out.warn(&format!("{connections} did not end in time and had to be cut off"));
    }
    if jobs > 0 {
        let jobs = out::count(jobs as u64, "job", "jobs");
        session.out.warn(&format!("{jobs} had been accepted and could not be sent in time"));
    }
    Ok(if connections + jobs > 0 { exit::PARTLY } else { exit::DONE })
}

/// Holds that what is promised can be done, and only for those who may ask for it.
fn may_send(options: &acquire::Options) -> Result<()> {
    let sends = options.template.is_some();
    let (message, hint) = if options.early_accept && !sends {
        ("--early-accept sends the job afterwards, and no job is named", "name it with --helix-job FILE")
    } else if sends && options.helix.is_none() {
        (
            "--helix-job is to be sent, and no Helix is named",
            "--helix URL, CI_TOOL_ROUTE_HELIX, or in ci-tool.yaml: route: {helix: URL}",
        )
    } else if sends && options.secret.is_none() {
        (
            "--helix-job lets whoever calls send jobs, and route.secret_env is not set",
            "name the variable that holds the acquire calls' secret in ci-tool.yaml: route: {secret_env: NAME}",
        )
    } else {
        return Ok(());
    };
    Err(Error::new(Kind::Usage, message).hint(hint))
}

fn hear(session: &Session) -> Hear {
    let out = session.out.clone();
    Arc::new(move |event| match event {
        Event::Reloaded { hash, queues } => {
            out.note(&format!("new rules {hash} with {}", out::count(queues as u64, "queue", "queues")));
        }
        Event::Unchanged => out.note("the rules are as they were"),
        Event::Refused(error) => {
            out.warn("the new rules are refused, and the old ones stay in force");
            out.error(error);
        }
        Event::LogLost(error) => {
            out.warn("decisions are not logged");
            out.error(error);
        }
        Event::FailedLate(failed) => {
            out.warn(&format!("the job of agent {} failed after it had been accepted", failed.id));
            out.error(failed.error);
            if let Some(untold) = failed.untold {
                out.warn("the CI system could not be told, and waits for it");
                out.error(untold);
            }
        }
        Event::Draining(n) => {
            out.note(&format!("stopping: {} to finish", out::count(n as u64, "connection", "connections")));
        }
    })
}

fn template(path: &Path) -> Result<HelixJob> {
    HelixJob::template(&read(path)?).context(|| format!("reading the Helix job {}", path.display()))
}

/// The value of the variable that a setting names.
fn secret(session: &Session, setting: &str, name: Option<&str>) -> Result<Option<String>> {
    let Some(name) = name else { return Ok(None) };
    match text(&session.env, name).filter(|value| !value.is_empty()) {
        Some(value) => Ok(Some(value.to_owned())),
        None => Err(Error::new(Kind::Usage, format!("the variable {name}, which {setting} names, is not set"))
            .hint(format!("set {name}, or take {setting} out of ci-tool.yaml"))),
    }
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "write an address and a port, for example 127.0.0.1:8080 or [::1]:8080".into())
}

fn patience(text: &str) -> Result<Duration, String> {
    match duration::parse(text) {
        Ok(duration) if !duration.is_zero() => Ok(duration),
        Ok(_) => Err("nobody can be that fast".into()),
        Err(error) => Err(error.to_string()),
    }
}
