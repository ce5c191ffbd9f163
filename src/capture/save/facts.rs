//! What is to be known about the job, the sources and the machine.

use super::Request;
use crate::{
    capture::{
        details::Details,
        machine::{self, Machine},
        tools::{self, ProbeOptions, Tool, ToolSpec},
    },
    error::Result,
    pipeline::{
        ci::{self, CiIdentity, CiSystem},
        details::Dump,
        env::text,
    },
    process::{Command, Stdin, Stop, Tee, run},
    vcs::git::{self, Checkout},
    world::World,
};
use futures::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use jiff::Timestamp;
use std::{
    ffi::OsString,
    io::{self, Write},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// How long a tool may take to tell its version: the machine is busy saving meanwhile.
const PROBE_TIMEOUT: Duration = Duration::from_secs(6);
/// The longest a command of `repro.dump` may take.
const DUMP_TIMEOUT: Duration = Duration::from_secs(30);
/// What is kept of its output, in bytes.
const DUMP_MAX: usize = 1 << 20;

/// What was found out before anything is saved.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The CI and what it says of the job.
    pub ci: CiIdentity,
    /// Since when the command may have written files, where that is known.
    pub(super) began: Option<Timestamp>,
    machine: Machine,
    tools: Shared<BoxFuture<'static, Vec<Tool>>>,
    checkout: Option<Checkout>,
    dumps: Vec<Dump>,
}

impl Facts {
    /// Asks the environment, git, the machine and the configured commands, and begins to ask the tools.
    pub(super) async fn gather(world: &World, request: &Request, workspace: &Path) -> Result<Facts> {
        let began = request.happened.began((world.now)());
        let ci = ci::detect(&world.env, |path| std::fs::read_to_string(path).ok());
        // Who was told to stop has seconds left: what takes long and says little is passed over.
        let hurried = world.stop.reason().is_some();
        let commands: &[String] = if hurried { &[] } else { &request.dump };
        let (checkout, dumps) = futures::join!(git::describe(workspace), dumps(commands, workspace, &world.stop));
        let machine = machine::describe(&world.env);
        let tools = if hurried { futures::future::ready(Vec::new()).boxed() } else { probe(world, request, workspace) };
        Ok(Facts { ci, began, machine, tools: tools.shared(), checkout: checkout.unwrap_or_default(), dumps })
    }

    /// This machine's name.
    pub(super) fn hostname(&self) -> &str {
        self.machine.hostname.as_deref().unwrap_or("localhost")
    }

    pub(super) fn fill(&self, details: &mut Details) {
        details.machine = self.machine.clone();
        details.dumps.clone_from(&self.dumps);
    }

    /// The tools and their versions, once all have told them. None when it is time to stop before: what is saved is worth
    /// more.
    pub(super) async fn tools(&self, mut stop: Stop) -> Vec<Tool> {
        tokio::select! {
            biased;
            tools = self.tools.clone() => tools,
            _ = stop.requested() => Vec::new(),
        }
    }

    pub(super) fn owner(&self, request: &Request) -> Option<String> {
        let author = || self.checkout.as_ref().and_then(|c| c.author_email.clone());
        let ci = || self.ci.requester.clone();
        request.owner.clone().or_else(ci).or_else(author)
    }

    pub(super) fn repository(&self) -> Option<String> {
        self.ci.repository.clone().or_else(|| self.checkout.as_ref()?.remote.clone())
    }

    /// The commit that is checked out; what the CI says where there is no checkout.
    pub(super) fn commit(&self) -> Option<String> {
        self.checkout.as_ref().and_then(|c| c.commit.clone()).or_else(|| self.ci.commit.clone())
    }

    pub(super) fn branch(&self) -> Option<String> {
        self.ci.branch.clone().or_else(|| self.checkout.as_ref()?.branch.clone())
    }

    pub(super) fn dirty(&self) -> Option<bool> {
        Some(self.checkout.as_ref()?.changes?.dirty)
    }

    /// Whether the job runs in a CI, whose agent may be gone in a minute.
    pub fn in_ci(&self) -> bool {
        self.ci.system != CiSystem::None
    }
}

/// Begins to ask the tools for their versions. Some take half a second to say a line: they do while the tree is saved.
fn probe(world: &World, request: &Request, workspace: &Path) -> BoxFuture<'static, Vec<Tool>> {
    let path = OsString::from(text(&world.env, "PATH").unwrap_or_default());
    let pyenv = Some(text(&world.env, "PYENV_VERSION").unwrap_or_default().to_owned());
    let options = ProbeOptions { timeout: PROBE_TIMEOUT, pyenv, ..ProbeOptions::in_dir(workspace) };
    let own = request.tools.clone();
    let probing = tokio::spawn(async move {
        let args: Vec<Vec<&str>> = own.iter().map(|(_, args)| args.iter().map(String::as_str).collect()).collect();
        let own = own.iter().zip(&args).map(|((name, _), args)| ToolSpec { name, args });
        let table: Vec<ToolSpec<'_>> = own.chain(tools::DEFAULT.iter().copied()).collect();
        tools::probe(&table, &path, &options).await
    });
    probing.map(Result::unwrap_or_default).boxed()
}

/// Runs the configured commands, one after another: they look at the same machine.
async fn dumps(commands: &[String], dir: &Path, stop: &Stop) -> Vec<Dump> {
    let mut done = Vec::new();
    for command in commands {
        // Who is told to stop now has seconds left.
        if stop.reason().is_some() {
            break;
        }
        let kept = Kept::default();
        let (program, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
        let spawned = Command {
            program: program.into(),
            args: vec![flag.into(), command.into()],
            dir: dir.to_owned(),
            env: None,
            timeout: Some(DUMP_TIMEOUT),
            grace: Duration::from_secs(1),
            stdin: Stdin::Null,
        };
        let tee = Tee { stdout: Box::new(kept.clone()), stderr: None, log: None };
        let exit = run(&spawned, tee, stop.clone()).await;
        let exit_code = exit.ok().filter(|e| e.stopped.is_none()).map(|e| e.code());
        done.push(Dump { command: command.clone(), exit_code, output: kept.text() });
    }
    done
}

/// The beginning of an output.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Kept {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let room = DUMP_MAX.saturating_sub(kept.len());
        kept.extend_from_slice(&bytes[..bytes.len().min(room)]);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::StopReason;
    use futures::future::{pending, ready};

    #[tokio::test]
    async fn who_is_to_stop_takes_the_tools_that_have_answered_and_waits_for_none() {
        let tool = Tool { name: "cc".into(), path: "/bin/cc".into(), version: None };
        for (tools, expected) in [(ready(vec![tool.clone()]).boxed(), vec![tool]), (pending().boxed(), Vec::new())] {
            let facts = Facts {
                ci: CiIdentity::default(),
                began: None,
                machine: Machine::default(),
                tools: tools.shared(),
                checkout: None,
                dumps: Vec::new(),
            };
            let (stopper, stop) = Stop::channel();
            stopper.stop(StopReason::Interrupt);
            let told = tokio::time::timeout(Duration::from_secs(30), facts.tools(stop)).await;
            assert_eq!(told.expect("it waits for a tool"), expected);
        }
    }
}
