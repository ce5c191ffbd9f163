//! `route queues generate`: the twins that jobs need, as definitions.

use super::{
    decide::{By, decide},
    job::Branch,
    rules::Rules,
    usage::Use,
};
use crate::error::{Error, Kind, Result};
use jiff::Timestamp;
use serde::Serialize;
use std::{collections::BTreeMap, fmt::Write as _};

/// A twin that jobs need.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Twin {
    /// Its name.
    pub name: String,
    /// The queue that it inherits from.
    pub base: String,
    /// Whether the rules have it.
    pub exists: bool,
    /// The jobs that it is for.
    pub jobs: u64,
    /// When the last of them ran.
    pub last: Timestamp,
}

/// How many jobs were heard of, and of how many no twin follows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Heard {
    /// Jobs in the period.
    pub jobs: u64,
    /// Jobs before it, which do not count.
    pub earlier: u64,
    /// Jobs on queues that the rules do not know.
    pub unknown: u64,
    /// Jobs without a branch, and pull requests without a target: nobody knows whether they need a twin.
    pub unclear: u64,
}

/// Hears of jobs one after the other, and keeps what twins they need under one redirection.
#[derive(Debug)]
pub struct Needs<'a> {
    rules: &'a Rules,
    redirection: u16,
    since: Option<Timestamp>,
    /// By the number of the base: jobs, and when the last one ran.
    found: BTreeMap<u32, (u64, Timestamp)>,
    heard: Heard,
}

/// The number of the redirection with a suffix, which may be written without its dot.
///
/// # Errors
/// `Usage`, naming the suffixes that there are.
pub fn redirection(rules: &Rules, suffix: &str) -> Result<u16> {
    let plain = |suffix: &str| suffix.trim_start_matches('.').to_ascii_lowercase();
    let found = rules.redirections.iter().position(|r| plain(&r.suffix.value) == plain(suffix));
    found.map(|n| n as u16).ok_or_else(|| {
        let all: Vec<&str> = rules.redirections.iter().map(|r| &*r.suffix.value).collect();
        Error::new(Kind::Usage, format!("no redirection has the suffix {suffix:?}"))
            .hint(format!("the rules have --suffix {}", all.join(", --suffix ")))
    })
}

impl<'a> Needs<'a> {
    /// Begins. Jobs before `since` do not count.
    pub fn new(rules: &'a Rules, redirection: u16, since: Option<Timestamp>) -> Needs<'a> {
        Needs { rules, redirection, since, found: BTreeMap::new(), heard: Heard::default() }
    }

    /// Takes a row into account. What the rules do not know needs no twin: an audit tells of it.
    pub fn see(&mut self, row: &Use) {
        if row.count == 0 {
            return;
        }
        let add = |to: &mut u64| *to = to.saturating_add(row.count);
        if self.since.is_some_and(|since| row.time < since) {
            return add(&mut self.heard.earlier);
        }
        add(&mut self.heard.jobs);
        let Ok(decision) = decide(self.rules, &row.job) else { return add(&mut self.heard.unknown) };
        let unclear = matches!(row.job.deciding_branch(), Branch::NoTarget | Branch::Unknown);
        if unclear && !matches!(decision.by, By::OnPremises | By::Exempt | By::Already(_)) {
            add(&mut self.heard.unclear);
        }
        let (By::Redirection(rule) | By::Already(rule) | By::MissingTwin(rule)) = decision.by else { return };
        let base = self.rules.standard_of(decision.queue);
        // A twin whose base is gone cannot be made again from it.
        let is_base = self.rules.queue(base).twin_of.is_none();
        if is_base && self.rules.redirections[usize::from(self.redirection)].name.value == rule {
            let (jobs, last) = self.found.entry(base).or_insert((0, row.time));
            *jobs = jobs.saturating_add(row.count);
            *last = row.time.max(*last);
        }
    }

    /// What was heard of by now.
    pub fn heard(&self) -> Heard {
        self.heard
    }

    /// Ends: the twins needed, by name.
    pub fn finish(self) -> Vec<Twin> {
        let redirection = &self.rules.redirections[usize::from(self.redirection)];
        let twin = |(number, (jobs, last)): (u32, (u64, Timestamp))| {
            let base = self.rules.queue(number);
            let exists = base.twins[usize::from(self.redirection)].is_some();
            let name = format!("{}{}", base.name, redirection.suffix.value);
            Twin { name, base: base.name.clone(), exists, jobs, last }
        };
        let mut twins: Vec<Twin> = self.found.into_iter().map(twin).collect();
        twins.sort();
        twins
    }
}

/// Definitions to append below `queues:`, indented by two spaces. Each inherits everything: subscription and scale set
/// follow from its name.
pub fn yaml<'a>(twins: impl IntoIterator<Item = &'a Twin>) -> String {
    let mut text = String::new();
    for Twin { name, base, jobs, last, .. } in twins {
        let day = last.strftime("%Y-%m-%d");
        let what = if *jobs == 1 { "job" } else { "jobs" };
        // Writing to a string cannot fail.
        let _ = write!(text, "  # {jobs} {what}, the last on {day}\n  {}:\n    base: {}\n", scalar(name), scalar(base));
    }
    text
}

/// A queue's name in YAML: in quotes where it could be read as something else than text.
fn scalar(name: &str) -> String {
    let word = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"];
    let plain =
        name.starts_with(|c: char| c.is_ascii_alphabetic()) && !word.iter().any(|w| w.eq_ignore_ascii_case(name));
    if plain { name.to_owned() } else { format!("\"{name}\"") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::route::{rules::tests::rules, usage::tests::row};

    const RULES: &str = "\
standard: s
exempt: [perf]
redirections:
  - {name: servicing, kind: servicing, suffix: .svc, subscription: cogs}
  - {name: team, kind: team, suffix: .t, subscription: t, repositories: [team]}
queues:
  a:
  a.svc: {base: a}
  b:
  \"1.0\":
  on:
  unused:
  mac: {on_premises: true}
";

    fn needs(suffix: &str, rows: &[(&str, &str, &str)]) -> Vec<Twin> {
        let (_dir, rules) = rules(RULES);
        let rules = rules.unwrap();
        let mut needs = Needs::new(&rules, redirection(&rules, suffix).unwrap(), None);
        rows.iter().for_each(|(queue, branch, repository)| needs.see(&row(queue, branch, repository)));
        needs.finish()
    }

    fn names(twins: &[Twin]) -> Vec<&str> {
        twins.iter().map(|t| t.name.as_str()).collect()
    }

    const USED: [(&str, &str, &str); 12] = [
        ("b", "release/5.0", "r"),
        ("(Alias)B@image", "release/6.0", "r"),
        ("a", "release/5.0", "r"),
        ("1.0", "internal/release/5.0", "team"),
        ("on.svc", "main", "r"),
        ("unused", "main", "r"),
        ("unused", "release/5.0", "perf"),
        ("mac", "release/5.0", "r"),
        ("nobody-knows", "release/5.0", "r"),
        ("b", "main", "team"),
        ("a.t", "main", "team"),
        ("unused", "release/10.0-preview1", "r"),
    ];

    #[test]
    fn only_what_jobs_need_is_made() {
        let twins = needs(".svc", &USED);
        assert_eq!(names(&twins), ["1.0.svc", "a.svc", "b.svc", "on.svc"]);
        assert_eq!(
            twins.iter().map(|t| (t.exists, t.jobs)).collect::<Vec<_>>(),
            [(false, 1), (true, 1), (false, 2), (false, 1)]
        );
        assert_eq!(names(&needs("t", &USED)), ["a.t", "b.t"]);
    }

    #[test]
    fn what_is_made_reads_back_as_rules_that_need_nothing_more() {
        let twins = needs(".svc", &USED);
        let (_dir, again) = rules(&(RULES.to_owned() + &yaml(twins.iter().filter(|t| !t.exists))));
        let again = again.unwrap();
        let mut needs = Needs::new(&again, redirection(&again, "svc").unwrap(), None);
        USED.iter().for_each(|(queue, branch, repository)| needs.see(&row(queue, branch, repository)));
        let found = needs.finish();
        assert_eq!(names(&found), names(&twins));
        assert!(found.iter().all(|t| t.exists), "{found:?}");
        let twin = again.queue(again.find("b.svc").unwrap());
        assert_eq!((&*twin.subscription, twin.scale_set.as_deref()), ("cogs", Some("b.svc-a-scaleset")));
    }

    #[test]
    fn a_definition_says_what_it_is_for() {
        let twins = needs("svc", &[("on", "release/5.0", "r")]);
        assert_eq!(yaml(&twins), "  # 1 job, the last on 2026-11-01\n  on.svc:\n    base: \"on\"\n");
    }

    #[test]
    fn a_suffix_of_no_redirection_is_refused_with_those_there_are() {
        let (_dir, rules) = rules(RULES);
        let error = redirection(&rules.unwrap(), ".svx").unwrap_err();
        assert_eq!(
            (error.kind(), error.hints()),
            (Kind::Usage, &["the rules have --suffix .svc, --suffix .t".into()][..])
        );
    }
}
