//! The screen: results on stdout, everything else on stderr. The only place that prints.

mod live;
mod progress;
mod runner;
mod streams;
mod summary;
mod table;

pub use live::Live;
pub use progress::Reporter;
pub use runner::{Loud, has_groups};
pub use streams::tee;
pub use table::{Align, Table};

use super::{
    exit,
    global::{Color, Global, Output},
};
use crate::{
    error::{Error, Kind, Result},
    pipeline::{
        ci,
        env::{EnvMap, from_os, text},
    },
};
use clap::ValueEnum;
use serde::Serialize;
use serde_json::json;
use std::{
    borrow::Cow,
    ffi::OsString,
    io::{self, BufWriter, IsTerminal, Write},
    process::ExitCode,
};

/// How and where to print.
#[derive(Debug, Clone)]
pub struct Out {
    json: bool,
    quiet: bool,
    colored: bool,
    stdout_is_terminal: bool,
    stderr_is_terminal: bool,
    in_ci: bool,
}

impl Out {
    /// Decides from the flags, `NO_COLOR`, `CLICOLOR_FORCE` and what the streams are, and turns on logging for `-v`.
    pub fn new(global: &Global) -> Out {
        let set = |name: &str| std::env::var_os(name).is_some_and(|v| !v.is_empty() && v != "0");
        let stderr_is_terminal = io::stderr().is_terminal();
        let colored = match global.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => !set("NO_COLOR") && (set("CLICOLOR_FORCE") || stderr_is_terminal),
        };
        log_to_stderr(global.verbose, colored);
        let (env, _) = from_os(std::env::vars_os());
        // What is none is told when the command starts; until then it is as good as unset.
        let output = global.output.or_else(|| output_from_env(&env).ok().flatten());
        let in_ci = set("CI") || ci::detect(&env, |_| None).system != ci::CiSystem::None;
        Out {
            json: output == Some(Output::Json),
            quiet: global.quiet,
            colored,
            stdout_is_terminal: io::stdout().is_terminal(),
            stderr_is_terminal,
            in_ci,
        }
    }

    /// Whether the result is to be one JSON document.
    pub fn is_json(&self) -> bool {
        self.json
    }

    /// Whether a person sits at the terminal and can be asked.
    pub fn can_ask(&self) -> bool {
        self.stderr_is_terminal && io::stdin().is_terminal()
    }

    /// Prints a result as text. A reader that went away ends nothing.
    pub fn text(&self, text: &str) {
        let mut out = io::stdout().lock();
        let text = printable(text);
        let newline = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
        finish(write!(out, "{text}{newline}").and_then(|()| out.flush()));
    }

    /// Prints bytes as they are.
    pub fn bytes(&self, bytes: &[u8]) {
        let mut out = io::stdout().lock();
        finish(out.write_all(bytes).and_then(|()| out.flush()));
    }

    /// Standard output as a stream, for a result that is one file. A reader that went away ends the program quietly.
    pub fn stream(&self) -> Box<dyn Write + Send> {
        Box::new(Stream(io::stdout()))
    }

    /// Prints a result as one JSON document.
    pub fn json(&self, value: &impl Serialize) {
        let mut out = BufWriter::new(io::stdout().lock());
        let written = serde_json::to_writer_pretty(&mut out, value).map_err(io::Error::from);
        finish(written.and_then(|()| writeln!(out)).and_then(|()| out.flush()));
    }

    /// Prints a table; the header only on a terminal.
    pub fn table(&self, table: &Table) {
        self.text(&table.render(self.stdout_is_terminal));
    }

    /// Prints a result as text in which signs have a colour (an SGR code) on a terminal.
    pub fn signs(&self, text: &str, colors: &[(&str, &str)]) {
        if !(self.colored && self.stdout_is_terminal) {
            return self.text(text);
        }
        let text = colors
            .iter()
            .fold(printable(text).into_owned(), |text, (sign, color)| text.replace(sign, &self.paint(sign, color)));
        self.bytes(text.as_bytes());
    }

    /// Says something about what is being done. Nothing under `--quiet`.
    pub fn note(&self, message: &str) {
        if !self.quiet && !self.json {
            self.stderr(&printable(message));
        }
    }

    /// Warns.
    pub fn warn(&self, message: &str) {
        if self.quiet {
            return;
        }
        match self.json {
            true => self.stderr(&json!({ "kind": "warning", "message": message }).to_string()),
            false => self.stderr(&format!("{} {}", self.paint("warning:", "33"), printable(message))),
        }
    }

    /// Prints an error with its causes and hints, and returns its exit code.
    pub fn failed(&self, error: &Error) -> ExitCode {
        self.error(error);
        ExitCode::from(error.kind().exit_code())
    }

    /// Prints an error with its causes and hints.
    pub fn error(&self, error: &Error) {
        if self.json {
            let value = json!({
                "kind": error.kind().as_str(),
                "message": error.message(),
                "causes": error.causes(),
                "hints": error.hints(),
            });
            return self.stderr(&value.to_string());
        }
        let mut text = format!("{} {}", self.paint("error:", "31;1"), printable(error.message()));
        for cause in error.causes() {
            text.push_str(&format!("\n  caused by: {}", printable(&cause)));
        }
        for hint in error.hints() {
            text.push_str(&format!("\n{} {}", self.paint("hint:", "36"), printable(hint)));
        }
        self.stderr(&text);
    }

    /// A listener for operations: bars on a terminal, a line a phase elsewhere.
    pub fn progress(&self) -> Reporter {
        Reporter::new(self.clone())
    }

    /// Asks on the terminal; `None` when nobody answers.
    pub fn ask(&self, question: &str) -> Option<String> {
        let mut err = io::stderr().lock();
        write!(err, "{question} ").and_then(|()| err.flush()).ok()?;
        let mut answer = String::new();
        match io::stdin().read_line(&mut answer) {
            Ok(n) if n > 0 => Some(answer.trim().to_owned()),
            _ => None,
        }
    }

    fn bars(&self) -> bool {
        self.stderr_is_terminal && !self.in_ci && !self.quiet && !self.json
    }

    /// Prints to standard error whatever the flags say.
    pub fn stderr(&self, text: &str) {
        // Nobody is left to be told that stderr is gone.
        let _ = writeln!(io::stderr().lock(), "{text}");
    }

    fn paint(&self, text: &str, code: &str) -> String {
        if self.colored { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// What `CI_TOOL_OUTPUT` asks for.
///
/// # Errors
/// `Usage` for a form that is none.
pub fn output_from_env(env: &EnvMap) -> Result<Option<Output>> {
    let Some(text) = text(env, "CI_TOOL_OUTPUT") else { return Ok(None) };
    Output::from_str(text, true).map(Some).map_err(|_| {
        Error::new(Kind::Usage, format!("CI_TOOL_OUTPUT={text:?} is no form of output")).hint("set it to table or json")
    })
}

struct Stream(io::Stdout);

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes).inspect_err(end_quietly)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush().inspect_err(end_quietly)
    }
}

fn end_quietly(error: &io::Error) {
    if error.kind() == io::ErrorKind::BrokenPipe {
        std::process::exit(i32::from(exit::DONE));
    }
}

/// Text from somebody else (a job's name, a test's message) must not move the cursor or repaint the terminal.
fn printable(text: &str) -> Cow<'_, str> {
    let drives = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    if text.contains(drives) { text.replace(drives, " ").into() } else { text.into() }
}

/// Ends quietly when the reader of a pipe went away; any other failure to print a result is a failure.
fn finish(result: io::Result<()>) {
    match result {
        Ok(()) => {}
        Err(e) => {
            end_quietly(&e);
            let _ = writeln!(io::stderr(), "error: writing the result to standard output\n  caused by: {e}");
            std::process::exit(1);
        }
    }
}

/// Prints what clap says of the command line: help and version on stdout, mistakes on stderr, as JSON where JSON is asked for.
/// `advice` is a hint that clap has not.
pub fn usage_error(error: &clap::Error, args: &[OsString], advice: Option<&str>) -> ExitCode {
    let asked =
        args.iter().any(|a| a == "--output=json") || args.windows(2).any(|w| w[0] == "--output" && w[1] == "json");
    if error.use_stderr() && asked {
        let text = error.to_string();
        // What is missing stands below the first line, a line each.
        let whole: Vec<&str> = text.lines().map(str::trim).take_while(|l| !l.is_empty()).collect();
        let message = whole.join(" ");
        let message = message.trim_start_matches("error: ");
        let lines = text.lines().map(str::trim).filter(|l| !l.is_empty()).skip(whole.len());
        let told = lines.filter_map(|l| l.strip_prefix("tip: ").or(l.starts_with("For more").then_some(l)));
        let hints: Vec<&str> = advice.into_iter().chain(told).collect();
        let value = json!({ "kind": "usage", "message": message, "causes": [], "hints": hints });
        let _ = writeln!(io::stderr(), "{value}");
        return ExitCode::from(2);
    }
    let result = error.print();
    if let Some(advice) = advice {
        let _ = writeln!(io::stderr(), "hint: {advice}");
    }
    if error.use_stderr() {
        return ExitCode::from(2);
    }
    finish(result);
    ExitCode::from(exit::DONE)
}

/// Prints the short help for a call that lacks its verb: a mistake, so on standard error.
pub fn help(text: &str) -> ExitCode {
    let _ = writeln!(io::stderr(), "{text}");
    ExitCode::from(2)
}

fn log_to_stderr(verbose: u8, colored: bool) {
    let level = match verbose {
        0 => return,
        1 => "ci_tool=info",
        2 => "ci_tool=debug,azure_core=info",
        _ => "debug",
    };
    let filter = tracing_subscriber::EnvFilter::new(level);
    // A second start in one process (a test) keeps the first one's.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(colored)
        .with_target(false)
        .without_time()
        .try_init();
}

/// Bytes for people: `4.2 MiB`.
pub fn bytes(count: u64) -> String {
    indicatif::HumanBytes(count).to_string()
}

/// A number of things for people: `1 secret was`, `2 secrets were`.
pub fn count(count: impl TryInto<u64>, one: &str, many: &str) -> String {
    // What does not fit is many.
    let count = count.try_into().unwrap_or(u64::MAX);
    format!("{count} {}", if count == 1 { one } else { many })
}
