//! The manual pages, made from the command definitions: one for the tool and one a noun, with all the verbs of the noun.

use crate::error::{Error, Kind, Result};
use clap::Command;
use clap_mangen::{
    Man,
    roff::{Inline, Roff, bold, italic, roman},
};

/// What every page says of exit codes; each of the codes is a constant of [`super::exit`] or of
/// [`Kind::exit_code`].
const EXIT_STATUS: [(&str, &str); 8] = [
    ("0", "Done, also when there was nothing to do."),
    ("1", "Failed."),
    ("2", "The command line or the configuration is wrong; nothing was changed."),
    ("3", "Done in part: something could not be read, saved or restored, and is named."),
    ("4", "Credentials are missing, wrong, or lack a permission."),
    ("5", "A negative verdict: what was examined has problems."),
    ("8", "Still pending."),
    ("130", "Interrupted."),
];

const EXIT_STATUS_OF_JOBS: &str = "A command that is run for a job, as in ci-tool repro save -- COMMAND, gives its own \
exit code; 127 when it was not found, 126 when it may not be run.";

const ENVIRONMENT: [(&str, &str); 16] = [
    ("CI_TOOL_STORE", "The store, as --store."),
    ("CI_TOOL_CONFIG", "The configuration file, as --config."),
    ("CI_TOOL_OUTPUT", "How results are printed, as --output: table or json."),
    (
        "CI_TOOL_REPRO, AutoSaveReproEnv, ReproBuild",
        "Any of them, set to anything but 0, false, no or off, requests a capture of the job if it fails.",
    ),
    (
        "CI_TOOL_REPRO_FORMAT, CI_TOOL_REPRO_RETAIN, CI_TOOL_REPRO_KEEP_PER_SIGNATURE, CI_TOOL_REPRO_WHEN, CI_TOOL_REPRO_OWNER",
        "The settings repro.format, repro.retain, repro.keep_per_signature, repro.when and repro.owner.",
    ),
    (
        "CI_TOOL_MATRIX",
        "NAME=VALUE,…: what tells this job from others of the same definition, where the CI does not say it.",
    ),
    (
        "AZURE_STORAGE_CONNECTION_STRING",
        "The account, key and address for stores at az://, for example those of Azurite.",
    ),
    ("AZURE_STORAGE_SAS_TOKEN", "A shared access signature for stores at az:// and https://."),
    ("AZURE_STORAGE_KEY", "The key of the account for stores at az://."),
    (
        "AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET, AZURE_FEDERATED_TOKEN_FILE",
        "The identity for stores at az:// and https:// when none of the above is set. Without them a managed identity \
         and then the developer's own login are tried.",
    ),
    ("XDG_DATA_HOME", "The default store is ci-tool/store in it; ~/.local/share when unset."),
    ("XDG_CONFIG_HOME", "The user's configuration is ci-tool/config.yaml in it; ~/.config when unset."),
    ("NO_COLOR", "No colours."),
    ("CLICOLOR_FORCE", "Colours also where there is no terminal."),
    ("CI", "Lines instead of bars, as in every CI that is recognised."),
    ("CI_TOOL_FAULTS", "For tests: makes calls of the store fail, for example rate=0.1,seed=7."),
];

const FILES: [(&str, &str); 4] = [
    ("ci-tool.yaml", "The project's configuration, looked for upward to the root of the repository."),
    ("$XDG_CONFIG_HOME/ci-tool/config.yaml", "The user's configuration."),
    ("$XDG_DATA_HOME/ci-tool/store", "The default store."),
    (".ci-tool-ignore", "What of a workspace is not saved, in gitignore syntax."),
];

/// A manual page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The name of its file, for example `ci-tool-repro.1`.
    pub file: String,
    /// Its source, for troff with the man macros.
    pub text: String,
}

/// The pages for `command`: its own first, then one a noun in the order of their definition.
///
/// The same definitions give the same bytes: a page tells the version but no date.
///
/// # Errors
/// `Internal` when a page cannot be rendered.
pub fn pages(mut command: Command) -> Result<Vec<Page>> {
    command.build();
    let nouns: Vec<&Command> = command.get_subcommands().filter(|c| is_ours(c)).collect();
    let mut pages = vec![tool_page(&command, &nouns)?];
    for noun in &nouns {
        pages.push(noun_page(&command, noun)?);
    }
    Ok(pages)
}

fn tool_page(tool: &Command, nouns: &[&Command]) -> Result<Page> {
    let own = tool.clone().mut_args(|arg| if arg.is_global_set() { arg.hide(true) } else { arg });
    let mut page = Writer::new(tool, tool)?;
    page.part(str::to_owned, |w| Man::new(own).render_synopsis_section(w))?;
    page.heading("SH", "DESCRIPTION");
    page.description(tool);
    page.heading("SH", "EXAMPLES");
    page.examples(tool);
    page.heading("SH", "COMMANDS");
    for noun in nouns {
        page.item(&[bold(format!("{}(1)", page_name(tool, noun)))], &about(noun));
    }
    page.global_options(tool)?;
    page.common();
    page.see_also(nouns.iter().map(|noun| page_name(tool, noun)));
    page.done(tool.get_name())
}

fn noun_page(tool: &Command, noun: &Command) -> Result<Page> {
    let verbs = leaves(noun);
    let mut page = Writer::new(tool, noun)?;
    page.heading("SH", "SYNOPSIS");
    for (n, verb) in verbs.iter().enumerate() {
        if n > 0 {
            page.roff.control("br", []);
        }
        page.usage(verb);
    }
    page.heading("SH", "DESCRIPTION");
    page.description(noun);
    let only_itself = !noun.has_subcommands();
    page.heading("SH", "EXAMPLES");
    page.examples(noun);
    for verb in verbs {
        if !only_itself {
            page.heading("SH", &full_name(verb).to_uppercase());
            page.description(verb);
            page.heading("SS", "Examples");
            page.examples(verb);
        }
        page.options(verb)?;
    }
    page.global_options(tool)?;
    page.common();
    page.see_also([tool.get_name().to_owned()]);
    page.done(&page_name(tool, noun))
}

/// Whether a command has a place in the manual: clap's `help` has none.
fn is_ours(command: &Command) -> bool {
    !command.is_hide_set() && command.get_name() != "help"
}

/// The commands that do something: those without commands of their own.
fn leaves(command: &Command) -> Vec<&Command> {
    let visible: Vec<&Command> = command.get_subcommands().filter(|c| is_ours(c)).collect();
    if visible.is_empty() { vec![command] } else { visible.into_iter().flat_map(leaves).collect() }
}

fn full_name(command: &Command) -> String {
    command.get_bin_name().unwrap_or_else(|| command.get_name()).to_owned()
}

fn page_name(tool: &Command, noun: &Command) -> String {
    format!("{}-{}", tool.get_name(), noun.get_name())
}

fn about(command: &Command) -> String {
    command.get_about().map(ToString::to_string).unwrap_or_default()
}

/// A page that grows from the top.
struct Writer {
    text: Vec<u8>,
    roff: Roff,
}

impl Writer {
    fn new(tool: &Command, command: &Command) -> Result<Writer> {
        let version = tool.get_version().unwrap_or_default();
        let name =
            if tool.get_name() == command.get_name() { tool.get_name().into() } else { page_name(tool, command) };
        let mut writer = Writer { text: Vec::new(), roff: Roff::default() };
        let source = format!("{} {version}", tool.get_name());
        // An empty date would be left out, and what follows it taken for the date.
        writer.roff.control("TH", [name.to_uppercase().as_str(), "1", " ", &source, "ci-tool manual"]);
        writer.heading("SH", "NAME");
        writer.roff.text([roman(format!("{name} - {}", about(command)))]);
        Ok(writer)
    }

    fn heading(&mut self, macro_name: &str, text: &str) {
        self.roff.control(macro_name, [text]);
    }

    fn item(&mut self, term: &[Inline], text: &str) {
        self.roff.control("TP", []);
        self.roff.text(term);
        self.roff.text([roman(text)]);
    }

    fn items(&mut self, items: &[(&str, &str)]) {
        for (term, text) in items {
            self.item(&[bold(*term)], text);
        }
    }

    /// What a command's help leads with, as it stands there.
    fn examples(&mut self, command: &Command) {
        let examples = command.get_before_long_help().or(command.get_before_help()).map(ToString::to_string);
        self.roff.control("nf", []);
        // The heading says it already.
        for line in examples.unwrap_or_default().lines().filter(|line| *line != "Examples:") {
            self.roff.text([roman(line.trim())]);
        }
        self.roff.control("fi", []);
    }

    fn usage(&mut self, command: &Command) {
        let usage = command.clone().render_usage().to_string();
        let usage = usage.trim_start_matches("Usage:").split_whitespace().collect::<Vec<_>>().join(" ");
        let name = full_name(command);
        let rest = usage.strip_prefix(&name).unwrap_or(&usage).to_owned();
        self.roff.text([bold(name), italic(rest)]);
    }

    fn description(&mut self, command: &Command) {
        let text = command.get_long_about().or(command.get_about()).map(ToString::to_string).unwrap_or_default();
        let mut paragraphs = text.split("\n\n");
        self.roff.text([roman(format!("{}.", paragraphs.next().unwrap_or_default().trim_end_matches('.')))]);
        for paragraph in paragraphs {
            self.roff.control("PP", []);
            self.roff.text([roman(paragraph)]);
        }
    }

    /// The flags and arguments that are the command's own.
    fn options(&mut self, command: &Command) -> Result<()> {
        let own =
            command.clone().mut_args(|arg| if arg.is_global_set() || is_standing(&arg) { arg.hide(true) } else { arg });
        if own.get_arguments().all(|arg| arg.is_hide_set()) {
            return Ok(());
        }
        let sub = |text: &str| text.replace(".SH OPTIONS", ".SS Options");
        self.part(sub, |w| Man::new(own.clone()).render_options_section(w))
    }

    /// The flags that every command takes.
    fn global_options(&mut self, tool: &Command) -> Result<()> {
        let global = tool.clone().mut_args(|arg| if arg.is_global_set() { arg } else { arg.hide(true) });
        let named = |text: &str| text.replace(".SH GLOBAL", ".SH \"GLOBAL OPTIONS\"");
        self.part(named, |w| Man::new(global.clone()).render_options_section(w))
    }

    /// What is the same on every page.
    fn common(&mut self) {
        self.heading("SH", "EXIT STATUS");
        self.items(&EXIT_STATUS);
        self.roff.control("PP", []);
        self.roff.text([roman(EXIT_STATUS_OF_JOBS)]);
        self.heading("SH", "ENVIRONMENT");
        self.items(&ENVIRONMENT);
        self.heading("SH", "FILES");
        self.items(&FILES);
    }

    fn see_also(&mut self, pages: impl IntoIterator<Item = String>) {
        self.heading("SH", "SEE ALSO");
        let pages: Vec<String> = pages.into_iter().map(|page| format!("{page}(1)")).collect();
        self.roff.text([roman(pages.join(", "))]);
    }

    /// Adds what clap_mangen renders, with its headings changed.
    fn part(
        &mut self,
        change: impl FnOnce(&str) -> String,
        render: impl FnOnce(&mut dyn std::io::Write) -> std::io::Result<()>,
    ) -> Result<()> {
        self.flush()?;
        let mut part = Vec::new();
        render(&mut part).map_err(failed)?;
        let part = String::from_utf8_lossy(&part);
        self.text.extend_from_slice(change(without_preamble(&part)).as_bytes());
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        let mut part = Vec::new();
        std::mem::take(&mut self.roff).to_writer(&mut part).map_err(failed)?;
        let part = String::from_utf8_lossy(&part);
        let part = if self.text.is_empty() { &part } else { without_preamble(&part) };
        self.text.extend_from_slice(part.as_bytes());
        Ok(())
    }

    fn done(mut self, name: &str) -> Result<Page> {
        self.flush()?;
        let text = String::from_utf8_lossy(&self.text);
        let lines: Vec<&str> = text.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
        Ok(Page { file: format!("{name}.1"), text: lines.join("\n") + "\n" })
    }
}

fn is_standing(arg: &clap::Arg) -> bool {
    ["help", "version"].contains(&arg.get_id().as_str())
}

/// Every part that is rendered by itself starts with the definitions of a whole page.
fn without_preamble(part: &str) -> &str {
    const END: &str = ".el .ds Aq '\n";
    part.split_once(END).map_or(part, |(_, rest)| rest)
}

fn failed(cause: std::io::Error) -> Error {
    Error::new(Kind::Internal, "rendering a manual page").with_source(cause)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::exit;
    use std::collections::BTreeSet;

    #[test]
    fn every_exit_code_is_told_and_no_other() {
        let kinds = [
            Kind::Usage,
            Kind::NotFound,
            Kind::Exists,
            Kind::Precondition,
            Kind::Denied,
            Kind::Transient,
            Kind::Corrupt,
            Kind::Unsupported,
            Kind::Interrupted,
            Kind::Internal,
        ];
        let outcomes = [exit::DONE, exit::PARTLY, exit::NEGATIVE, exit::PENDING];
        let codes: BTreeSet<u8> = outcomes.into_iter().chain(kinds.map(Kind::exit_code)).collect();
        let told: BTreeSet<u8> = EXIT_STATUS.iter().map(|(code, _)| code.parse().unwrap()).collect();
        assert_eq!(told, codes);
    }

    #[test]
    fn every_variable_of_a_flag_is_told() {
        let told: Vec<&str> = ENVIRONMENT.iter().flat_map(|(names, _)| names.split(", ")).collect();
        let mut commands = vec![crate::cli::definitions()];
        while let Some(command) = commands.pop() {
            for name in command.get_arguments().filter_map(|arg| arg.get_env()) {
                assert!(told.contains(&name.to_str().unwrap()), "{name:?} is not in the manual");
            }
            commands.extend(command.get_subcommands().cloned());
        }
    }
}
