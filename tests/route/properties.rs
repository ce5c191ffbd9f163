//! What holds for every job under any rules.

use ci_tool::ops::route::{
    decide::{Decision, decide},
    job::Job,
    queue_id::QueueId,
    rules::{Queue, Rules},
};
use proptest::{prelude::*, sample::select};
use std::fmt::Write;

const SUFFIXES: [&str; 3] = [".svc", ".runtime", ".xaml"];
const SERVICING: [&str; 4] =
    ["release/5.0", "refs/heads/internal/release/9.0", "release/7.0.1xx", "release/3.0-stabilized"];
const OTHER: [&str; 6] = ["main", "release/10.0-rc1", "refs/heads/release", "feature/release/5.0", "refs/tags/v1", ""];
const TEAMS: [&str; 2] = ["dotnet/runtime", "microsoft/xaml"];

/// A queue and which twins there are of it, doubled ones among them.
#[derive(Debug, Clone)]
struct Base {
    on_premises: bool,
    twins: [bool; 3],
    doubled: Vec<(usize, usize)>,
}

fn bases() -> impl Strategy<Value = Vec<Base>> {
    let doubled = prop::collection::vec((0..3usize, 0..3usize), 0..2);
    let base = (prop::bool::weighted(0.2), any::<[bool; 3]>(), doubled);
    let base = base.prop_map(|(on_premises, twins, doubled)| Base { on_premises, twins, doubled });
    prop::collection::vec(base, 1..5)
}

fn rules(bases: &[Base]) -> Rules {
    let mut text = String::from(
        "standard: HelixProd\nexempt: [dotnet/performance]\nredirections:\n\
         - {name: servicing, kind: servicing, suffix: .svc, subscription: dncenghelix-02}\n\
         - {name: runtime, kind: team, suffix: .runtime, subscription: HelixRuntime, repositories: [dotnet/runtime]}\n\
         - {name: xaml, kind: team, suffix: .xaml, subscription: HelixXaml, repositories: [microsoft/xaml]}\nqueues:\n",
    );
    for (n, base) in bases.iter().enumerate() {
        let mut names = vec![String::new()];
        names.extend((0..3).filter(|s| base.twins[*s]).map(|s| SUFFIXES[s].to_owned()));
        let doubled = base.doubled.iter().filter(|(a, _)| base.twins[*a]);
        names.extend(doubled.map(|(a, b)| format!("{}{}", SUFFIXES[*a], SUFFIXES[*b])));
        for suffix in &names {
            writeln!(text, "  q{n}.Amd64.open{suffix}: {{on_premises: {}}}", base.on_premises && suffix.is_empty())
                .unwrap();
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("rules.yaml");
    std::fs::write(&path, text).unwrap();
    Rules::load(&path).unwrap()
}

fn jobs() -> impl Strategy<Value = Vec<Job>> {
    let suffix = prop_oneof![
        3 => Just(String::new()),
        2 => select(&SUFFIXES[..]).prop_map(str::to_owned),
        1 => (select(&SUFFIXES[..]), select(&SUFFIXES[..])).prop_map(|(a, b)| format!("{a}{b}")),
    ];
    let name = (0..5usize, suffix, any::<bool>()).prop_map(|(n, suffix, capitals)| {
        let name = format!("q{n}.amd64.open{suffix}");
        if capitals { name.to_uppercase() } else { name }
    });
    let around = (select(vec!["", "(An.Alias)", "(x.svc)"]), select(vec!["", "@image/name:tag", "@i.svc"]));
    let queue = (name, around).prop_map(|(name, (alias, image))| format!("{alias}{name}{image}"));
    let branch = prop::option::of(prop_oneof![select(&SERVICING[..]), select(&OTHER[..]), Just("refs/pull/1/merge")]);
    let target = prop::option::of(prop_oneof![select(&SERVICING[..]), select(&OTHER[..])]);
    let reason = prop::option::of(select(vec!["PullRequest", "IndividualCI", "Schedule", "Manual"]));
    let repository = prop::option::of(select(vec![TEAMS[0], TEAMS[1], "dotnet/performance", "dotnet/sdk"]));
    let failed = prop::option::weighted(0.1, Just("it timed out"));
    let job = (queue, branch, target, reason, repository, failed);
    let job = job.prop_map(|(queue, branch, pr_target, reason, repository, lookup_failed)| Job {
        queue,
        branch: branch.map(Into::into),
        pr_target: pr_target.map(Into::into),
        reason: reason.map(Into::into),
        repository: repository.map(Into::into),
        lookup_failed: lookup_failed.map(Into::into),
        ..Job::default()
    });
    prop::collection::vec(job, 1..24)
}

/// Calls `check` with each decision. A job is decided whenever the queue without any suffix is in the rules.
fn each(
    bases: &[Base],
    jobs: &[Job],
    check: impl Fn(&Rules, &Job, &Decision<'_>) -> Result<(), TestCaseError>,
) -> Result<(), TestCaseError> {
    let rules = rules(bases);
    for job in jobs {
        match decide(&rules, job) {
            Ok(decision) => check(&rules, job, &decision)?,
            Err(error) => {
                let asked = QueueId::parse(&job.queue).unwrap();
                prop_assert!(root(&rules, asked.name).is_none(), "{job:?}: {error}");
            }
        }
    }
    Ok(())
}

fn suffix(name: &str) -> Option<(&str, &str)> {
    SUFFIXES.iter().find_map(|suffix| Some((name.strip_suffix(suffix)?, *suffix)))
}

/// The queue without any suffix, as the rules have it.
fn root<'a>(rules: &'a Rules, name: &str) -> Option<&'a Queue> {
    let lower = name.to_lowercase();
    let mut name = lower.as_str();
    while let Some((head, _)) = suffix(name) {
        name = head;
    }
    rules.find(name).map(|number| rules.queue(number))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_suffix_is_never_doubled(bases in bases(), jobs in jobs()) {
        each(&bases, &jobs, |rules, job, decision| {
            let name = decision.name.to_lowercase();
            let doubled = suffix(&name).is_some_and(|(head, _)| suffix(head).is_some());
            // Only who asks for such a queue by its name, where there is one, gets it.
            let asked = decision.asked.name.eq_ignore_ascii_case(&name) && rules.find(&name).is_some();
            prop_assert!(!doubled || asked, "{job:?} → {name}");
            Ok(())
        })?;
    }

    #[test]
    fn servicing_beats_the_team(
        bases in bases(), jobs in jobs(), branch in select(&SERVICING[..]), repository in select(&TEAMS[..]),
    ) {
        let servicing = |job: Job| Job {
            branch: Some(branch.into()), reason: Some("Schedule".into()), repository: Some(repository.into()), ..job
        };
        let jobs: Vec<Job> = jobs.into_iter().map(servicing).filter(|job| job.lookup_failed.is_none()).collect();
        each(&bases, &jobs, |rules, job, decision| {
            let Some(root) = root(rules, decision.asked.name).filter(|root| !root.on_premises) else { return Ok(()) };
            let name = decision.name.to_lowercase();
            match rules.find(&format!("{}.svc", root.name)) {
                Some(_) => prop_assert!(name.ends_with(".svc"), "{job:?} → {name}"),
                None if name.ends_with(".svc") => {}
                None => {
                    prop_assert_eq!(&name, &root.name.to_lowercase());
                    prop_assert_eq!(decision.event.map(|event| event.code()), Some("missing_twin"));
                }
            }
            Ok(())
        })?;
    }

    #[test]
    fn nothing_on_premises_ever_moves(bases in bases(), jobs in jobs()) {
        each(&bases, &jobs, |rules, job, decision| {
            let asked = rules.find(decision.asked.name).map(|number| rules.queue(number));
            if asked.is_some_and(|queue| queue.on_premises) {
                prop_assert_eq!(decision.id(), decision.asked, "{:?}", job);
            }
            prop_assert!(asked.is_none_or(|queue| queue.on_premises) || !rules.queue(decision.queue).on_premises);
            Ok(())
        })?;
    }

    #[test]
    fn a_decision_never_fails_because_a_lookup_did(bases in bases(), jobs in jobs()) {
        let rules = rules(&bases);
        for job in jobs {
            let failed = Job { lookup_failed: Some("it was reset".into()), ..job.clone() };
            let known = Job { lookup_failed: None, ..job };
            let (decided, with) = (decide(&rules, &failed), decide(&rules, &known));
            prop_assert_eq!(decided.is_ok(), with.is_ok(), "{:?}", failed);
            if let Ok(decision) = decided {
                prop_assert!(!decision.redirected(), "{:?} → {}", failed, decision.name);
                let told = decision.event.is_some_and(|event| event.code() == "lookup_failed");
                prop_assert!(told || decision.by.reason() == "on_premises", "{:?}", failed);
            }
        }
    }

    #[test]
    fn the_queue_decided_is_decided_again(bases in bases(), jobs in jobs()) {
        each(&bases, &jobs, |rules, job, decision| {
            // Of a missing twin that was asked for by its name, the standard queue no longer tells.
            if rules.find(decision.asked.name).is_none() && decision.by.reason() == "missing_twin" {
                return Ok(());
            }
            let again = Job { queue: decision.id().to_string(), ..job.clone() };
            let second = decide(rules, &again).map(|second| second.id().to_string());
            prop_assert_eq!(second.map_err(|e| e.to_string()), Ok(again.queue.clone()), "{:?}", job);
            Ok(())
        })?;
    }

    #[test]
    fn the_case_of_a_name_does_not_matter(bases in bases(), jobs in jobs()) {
        let rules = rules(&bases);
        for job in jobs {
            let Ok(asked) = QueueId::parse(&job.queue) else { continue };
            let name = asked.name.to_ascii_lowercase();
            let lower = Job { queue: asked.with_name(&name).to_string(), ..job.clone() };
            let same = |job: &Job| decide(&rules, job).ok().map(|d| (d.queue, d.by.rule().to_owned(), d.by.reason()));
            prop_assert_eq!(same(&job), same(&lower), "{:?}", job);
        }
    }

    #[test]
    fn alias_and_image_stay(bases in bases(), jobs in jobs()) {
        each(&bases, &jobs, |_, job, decision| {
            let asked = QueueId::parse(&job.queue).unwrap();
            prop_assert_eq!((decision.id().alias, decision.id().image), (asked.alias, asked.image), "{:?}", job);
            Ok(())
        })?;
    }

    #[test]
    fn the_queue_decided_is_in_the_rules(bases in bases(), jobs in jobs()) {
        each(&bases, &jobs, |rules, job, decision| {
            prop_assert_eq!(rules.find(decision.name), Some(decision.queue), "{:?}", job);
            Ok(())
        })?;
    }
}
