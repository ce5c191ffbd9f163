//! The tools of a machine: where they are and which versions they say they have.

mod found;
mod installed;
mod shim;
mod table;
#[cfg(test)]
mod tests;

pub use found::locate;
pub use table::{DEFAULT, ToolSpec};

use futures::{FutureExt, StreamExt, stream};
use process_wrap::tokio::{ChildWrapper, CommandWrap, KillOnDrop};
use serde::{Deserialize, Serialize};
use std::{
    ffi::OsStr,
    io,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use tokio::io::{AsyncRead, AsyncReadExt};

/// How much of what a tool prints is read, in bytes of each stream.
const MAX_OUTPUT: u64 = 16 * 1024;
/// The longest version that is kept, in characters.
const MAX_VERSION: usize = 200;
/// What keeps tools from reaching for the network, or greeting, when asked for their version.
const QUIET: [(&str, &str); 6] = [
    ("COREPACK_ENABLE_NETWORK", "0"),
    ("DOTNET_CLI_TELEMETRY_OPTOUT", "1"),
    ("DOTNET_SKIP_FIRST_TIME_EXPERIENCE", "1"),
    ("GOTOOLCHAIN", "local"),
    ("NO_COLOR", "1"),
    ("RUSTUP_AUTO_INSTALL", "0"),
];

/// A tool that is on the machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// Where it is, absolute.
    pub path: PathBuf,
    /// The first line with a digit that it printed when asked for its version, or what its installation says it would;
    /// None when it failed, hung or said nothing of the kind.
    pub version: Option<String>,
}

/// How tools are asked.
#[derive(Debug, Clone)]
pub struct ProbeOptions {
    /// How long each may take; then it is killed with all it started.
    pub timeout: Duration,
    /// How many are asked at once.
    pub at_once: usize,
    /// The directory they run in: some choose their version by it.
    pub dir: PathBuf,
    /// What `PYENV_VERSION` says, empty where it is not set. None where nobody looked: then pyenv's shims are run.
    pub pyenv: Option<String>,
}

impl ProbeOptions {
    /// Two seconds each, four at once for every processor.
    pub fn in_dir(dir: &Path) -> Self {
        let cpus = std::thread::available_parallelism().map_or(2, usize::from);
        ProbeOptions { timeout: Duration::from_secs(2), at_once: cpus * 4, dir: dir.to_owned(), pyenv: None }
    }
}

/// Looks for the tools of a table in the directories of `path_var` (the value of `PATH`) and asks each for its
/// version, but for those of [`DEFAULT`] whose installation tells it. Tools that are not there are left out; the others come in the table's order.
pub async fn probe(table: &[ToolSpec<'_>], path_var: &OsStr, options: &ProbeOptions) -> Vec<Tool> {
    let found = table.iter().filter_map(|spec| Some((spec, locate(spec.name, path_var)?)));
    // Boxed, so that whoever spawns this is sure that it is `Send`.
    let asked: Vec<_> = found.map(|(spec, path)| look_at(spec, path, options).boxed()).collect();
    stream::iter(asked).buffered(options.at_once.max(1)).collect().await
}

async fn look_at(spec: &ToolSpec<'_>, path: PathBuf, options: &ProbeOptions) -> Tool {
    let program = options.pyenv.as_ref().and_then(|named| shim::target(&path, &options.dir, named));
    let program = program.as_ref().unwrap_or(&path);
    let told = DEFAULT.contains(spec).then(|| installed::version(spec.name, program)).flatten();
    if told.is_some() {
        return Tool { name: spec.name.to_owned(), path, version: told };
    }
    let asked = tokio::time::timeout(options.timeout, ask(program, spec.args, &options.dir)).await;
    let version = asked.ok().and_then(Result::ok).flatten();
    Tool { name: spec.name.to_owned(), path, version }
}

/// Runs a tool and reads its version. When this future is dropped the tool's whole process group is killed.
async fn ask(path: &Path, args: &[&str], dir: &Path) -> io::Result<Option<String>> {
    let mut command = CommandWrap::with_new(path, |command| {
        command.args(args).envs(QUIET).current_dir(dir);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    });
    command.wrap(KillOnDrop);
    #[cfg(unix)]
    command.wrap(process_wrap::tokio::ProcessGroup::leader());
    #[cfg(windows)]
    command.wrap(process_wrap::tokio::JobObject);
    let mut child = Killed(command.spawn()?);
    let (stdout, stderr) = (child.0.stdout().take(), child.0.stderr().take());
    let (stdout, stderr) = tokio::join!(read(stdout), read(stderr));
    // A tool that prints without end is not waited for: dropping it kills it.
    let whole = stdout.len() as u64 != MAX_OUTPUT && stderr.len() as u64 != MAX_OUTPUT;
    let succeeded = !whole || child.0.wait().await?.success();
    Ok(succeeded.then(|| version(&stdout).or_else(|| version(&stderr))).flatten())
}

/// Kills all that a child started: dropping the child itself ends only the one process.
struct Killed(Box<dyn ChildWrapper>);

impl Drop for Killed {
    fn drop(&mut self) {
        // It fails when all have ended, which is as good.
        let _ = self.0.start_kill();
    }
}

async fn read(stream: Option<impl AsyncRead + Unpin>) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(stream) = stream {
        // What was read before an error is still the tool's answer.
        let _ = stream.take(MAX_OUTPUT).read_to_end(&mut bytes).await;
    }
    bytes
}

fn version(output: &[u8]) -> Option<String> {
    let text = uncoloured(&String::from_utf8_lossy(output));
    let line = text.lines().map(str::trim).find(|line| line.bytes().any(|b| b.is_ascii_digit()))?;
    Some(line.chars().filter(|c| !c.is_control()).take(MAX_VERSION).collect())
}

/// The text without terminal sequences (`ESC [ … letter`): Maven colours its answer even when nobody looks.
fn uncoloured(text: &str) -> String {
    let mut pieces = text.split("\x1b[");
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |plain, piece| {
        plain + piece.trim_start_matches(|c: char| !c.is_ascii_alphabetic()).get(1..).unwrap_or_default()
    })
}
