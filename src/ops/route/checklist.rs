//! What is to be done before the first job of a new servicing branch, as Markdown.

use super::{
    branch::{self, Class},
    decide::{By, decide},
    job::{Branch, Job},
    rules::{RedirectionKind, Rules},
    twins::{Twin, yaml},
    usage::Use,
};
use crate::{
    error::{Error, Kind, Result},
    pipeline::markdown::code,
};
use jiff::Timestamp;
use std::{collections::BTreeMap, fmt::Write as _};

/// Which jobs a new branch will have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The new branch.
    pub branch: String,
    /// The branch whose jobs it will have, by its short name.
    pub like: String,
    /// Only those of this repository.
    pub repository: Option<String>,
    /// Only those since.
    pub since: Option<Timestamp>,
}

/// What becomes of a queue's jobs once they are for the new branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Missing,
    Exists,
    OnPremises,
    Exempt,
    Stays,
}

/// Hears of jobs one after the other, and keeps what becomes of them on the new branch.
#[derive(Debug)]
pub struct Checklist<'a> {
    rules: &'a Rules,
    redirection: u16,
    wanted: Wanted,
    found: BTreeMap<(Outcome, u32), (u64, Timestamp)>,
    unknown: u64,
}

impl<'a> Checklist<'a> {
    /// Begins.
    ///
    /// # Errors
    /// `Usage` when the redirection is a team's, or the branch is no servicing branch.
    pub fn new(rules: &'a Rules, redirection: u16, wanted: Wanted) -> Result<Checklist<'a>> {
        let rule = &rules.redirections[usize::from(redirection)];
        if rule.kind != RedirectionKind::Servicing {
            let what = format!("{} is for a team: a new branch changes nothing there", rule.suffix.value);
            return Err(Error::new(Kind::Usage, what).hint("--suffix: that of the redirection for servicing"));
        }
        let name = branch::short(&wanted.branch).unwrap_or_default().to_owned();
        let class = branch::classify(&name);
        let servicing = rule.also.is_match(&name) || class == Class::Servicing;
        if name.is_empty() || rule.never.is_match(&name) || !servicing {
            return Err(Error::new(Kind::Usage, format!("{:?} is no servicing branch", wanted.branch))
                .hint("a servicing branch is named like release/9.0; `also` and `never` in the rules say of others"));
        }
        let like = branch::short(&wanted.like).unwrap_or(&wanted.like).to_owned();
        let wanted = Wanted { branch: name, like, ..wanted };
        Ok(Checklist { rules, redirection, wanted, found: BTreeMap::new(), unknown: 0 })
    }

    /// Takes a row into account.
    pub fn see(&mut self, row: &Use) {
        let Wanted { branch, like, repository, since } = &self.wanted;
        let job = Job { repository: repository.clone(), ..Job::default() };
        let same = |name: &str| row.job.short_repository().is_some_and(|ours| ours.eq_ignore_ascii_case(name));
        if row.count == 0
            || since.is_some_and(|since| row.time < since)
            || row.job.deciding_branch() != Branch::Known(like)
            || !job.short_repository().is_none_or(same)
        {
            return;
        }
        let job = Job { branch: Some(branch.clone()), reason: None, pr_target: None, ..row.job.clone() };
        let Ok(decision) = decide(self.rules, &job) else {
            self.unknown = self.unknown.saturating_add(row.count);
            return;
        };
        let ours = |rule: &str| self.rules.redirections[usize::from(self.redirection)].name.value == rule;
        let outcome = match decision.by {
            By::Redirection(rule) | By::Already(rule) if ours(rule) => Outcome::Exists,
            By::MissingTwin(rule) if ours(rule) => Outcome::Missing,
            By::OnPremises => Outcome::OnPremises,
            By::Exempt => Outcome::Exempt,
            _ => Outcome::Stays,
        };
        let queue = self.rules.standard_of(decision.queue);
        let (jobs, last) = self.found.entry((outcome, queue)).or_insert((0, row.time));
        *jobs = jobs.saturating_add(row.count);
        *last = row.time.max(*last);
    }

    /// Ends, and writes the list.
    ///
    /// # Errors
    /// `NotFound` when no job was on the branch that it shall be like: a list of nothing would look finished.
    pub fn markdown(&self) -> Result<String> {
        let Wanted { branch, like, repository, .. } = &self.wanted;
        if self.found.is_empty() && self.unknown == 0 {
            let of = repository.as_ref().map(|r| format!(" of {r}")).unwrap_or_default();
            return Err(Error::new(Kind::NotFound, format!("the usage has no job for the branch {like}{of}"))
                .hint("--like BRANCH and --repository NAME say whose jobs the new branch will have; --since how old"));
        }
        let mut text = format!("# Queues for {}\n\nFrom the jobs of {}", code(branch), code(like));
        if let Some(repository) = repository {
            text += &format!(" in {}", code(repository));
        }
        text += ".\n";
        self.section(&mut text, "Twins that are missing", Outcome::Missing);
        let missing = self.missing();
        if !missing.is_empty() {
            text += &format!("\nAdd these below `queues:`.\n\n```yaml\n{}```\n", yaml(&missing));
        }
        self.section(&mut text, "Twins that exist", Outcome::Exists);
        self.section(&mut text, "On premises: never redirected", Outcome::OnPremises);
        self.section(&mut text, "Of exempt repositories: never redirected", Outcome::Exempt);
        self.section(&mut text, "Not redirected by this rule", Outcome::Stays);
        if self.unknown > 0 {
            text += "\n## Unknown\n\n";
            // Writing to a string cannot fail.
            let _ = writeln!(text, "- {} on queues that the rules do not know: see the audit", jobs(self.unknown));
        }
        text += "\n## Steps\n\n";
        text += &self.steps(missing.is_empty());
        Ok(text)
    }

    fn of(&self, outcome: Outcome) -> impl Iterator<Item = (u32, u64, Timestamp)> {
        self.found.iter().filter(move |((o, _), _)| *o == outcome).map(|((_, n), (jobs, last))| (*n, *jobs, *last))
    }

    fn section(&self, text: &mut String, title: &str, outcome: Outcome) {
        let mut lines: Vec<String> = self
            .of(outcome)
            .map(|(number, count, _)| {
                let queue = self.rules.queue(number);
                let twin = queue.twins[usize::from(self.redirection)].filter(|_| outcome == Outcome::Exists);
                let name = twin.map_or(&queue.name, |twin| &self.rules.queue(twin).name);
                format!("- {}: {}\n", code(name), jobs(count))
            })
            .collect();
        lines.sort();
        if !lines.is_empty() {
            *text += &format!("\n## {title}\n\n{}", lines.concat());
        }
    }

    fn missing(&self) -> Vec<Twin> {
        let suffix = &self.rules.redirections[usize::from(self.redirection)].suffix.value;
        let twin = |(number, jobs, last): (u32, u64, Timestamp)| {
            let base = self.rules.queue(number).name.clone();
            Twin { name: format!("{base}{suffix}"), base, exists: false, jobs, last }
        };
        let mut twins: Vec<Twin> = self.of(Outcome::Missing).map(twin).collect();
        twins.sort();
        twins
    }

    fn steps(&self, nothing_missing: bool) -> String {
        let branch = &self.wanted.branch;
        let add = match nothing_missing {
            true => "Nothing to add: every twin is there",
            false => "Add the definitions above, and make the machines of their scale sets",
        };
        [
            add.to_owned(),
            "`ci-tool route lint`: the rules fit together".into(),
            format!("Write a case for {} into the table of cases; `ci-tool route test tests.yaml`", code(branch)),
            "`ci-tool route diff old.yaml new.yaml --jobs last-month.jsonl`: no other job moves".into(),
            "Put the new rules in place; `route serve` reads them anew, and its `/metrics` show their hash".into(),
            format!("Make the branch {}", code(branch)),
            "A week later, `ci-tool route audit --usage usage.csv --since 7d`: no leak, no twin missing".into(),
        ]
        .map(|step| format!("- [ ] {step}\n"))
        .concat()
    }
}

fn jobs(count: u64) -> String {
    format!("{count} {}", if count == 1 { "job" } else { "jobs" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::route::{rules::tests::rules, usage::tests::row};

    const RULES: &str = "\
standard: s
exempt: [perf]
redirections:
  - {name: servicing, kind: servicing, suffix: .svc, subscription: cogs, also: [lts/*], never: [release/1.*]}
  - {name: team, kind: team, suffix: .t, subscription: t, repositories: [team]}
queues:
  a:
  a.svc: {base: a}
  a.t: {base: a}
  b:
  mac: {on_premises: true}
";

    fn checklist(branch: &str, repository: Option<&str>, rows: &[Use]) -> Result<String> {
        let (_dir, rules) = rules(RULES);
        let rules = rules.unwrap();
        let wanted =
            Wanted { branch: branch.into(), like: "main".into(), repository: repository.map(Into::into), since: None };
        let mut checklist = Checklist::new(&rules, 0, wanted)?;
        rows.iter().for_each(|row| checklist.see(row));
        checklist.markdown()
    }

    #[test]
    fn each_queue_that_is_used_today_is_told_with_what_it_needs() {
        let text = checklist(
            "refs/heads/release/9.0",
            None,
            &[
                row("a", "main", "x"),
                row("a.t", "main", "team"),
                row("b", "refs/heads/main", "x"),
                row("mac", "main", "x"),
                row("b", "main", "perf"),
                row("c", "main", "x"),
                row("b", "feature", "x"),
            ],
        );
        let text = text.unwrap();
        let (lists, steps) = text.split_once("\n## Steps\n").unwrap();
        assert_eq!(
            lists,
            "# Queues for `release/9.0`\n\nFrom the jobs of `main`.\n\
             \n## Twins that are missing\n\n- `b`: 1 job\n\
             \nAdd these below `queues:`.\n\n```yaml\n  # 1 job, the last on 2026-11-01\n  b.svc:\n    base: b\n```\n\
             \n## Twins that exist\n\n- `a.svc`: 2 jobs\n\
             \n## On premises: never redirected\n\n- `mac`: 1 job\n\
             \n## Of exempt repositories: never redirected\n\n- `b`: 1 job\n\
             \n## Unknown\n\n- 1 job on queues that the rules do not know: see the audit\n"
        );
        let steps: Vec<&str> = steps.lines().filter(|l| l.starts_with("- [ ] ")).collect();
        assert_eq!(steps.len(), 7);
        for (step, word) in steps.iter().zip(["Add", "lint", "test", "diff", "serve", "`release/9.0`", "audit"]) {
            assert!(step.contains(word), "{step}: {word}");
        }
    }

    #[test]
    fn only_the_jobs_of_the_repository_count() {
        let rows = [row("a", "main", "https://github.com/o/x.git"), row("b", "main", "o/y")];
        let text = checklist("release/9.0", Some("O/X"), &rows).unwrap();
        assert!(text.contains("- `a.svc`: 1 job") && !text.contains("`b`"), "{text}");
        assert!(text.contains("Nothing to add"), "{text}");
        let error = checklist("release/9.0", Some("o/z"), &rows).unwrap_err();
        assert_eq!(
            (error.kind(), error.message()),
            (Kind::NotFound, "the usage has no job for the branch main of o/z")
        );
    }

    #[test]
    fn a_branch_that_is_never_serviced_needs_no_list() {
        for branch in ["main", "release/9.0-rc1", "release/1.0", "refs/tags/v1", ""] {
            assert_eq!(checklist(branch, None, &[row("a", "main", "x")]).unwrap_err().kind(), Kind::Usage, "{branch}");
        }
        assert!(checklist("lts/9", None, &[row("a", "main", "x")]).is_ok());
    }

    #[test]
    fn a_name_cannot_write_markdown() {
        let text = checklist("release/9.0-`x\n# y", None, &[row("a", "main", "x")]).unwrap();
        assert!(!text.contains("\n# y"), "{text}");
    }
}
