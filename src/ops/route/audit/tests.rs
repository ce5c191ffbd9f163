use super::*;
use crate::ops::route::{rules::tests::rules, usage::tests::row};

const RULES: &str = "\
standard: s
exempt: [perf]
redirections:
  - {name: servicing, kind: servicing, suffix: .svc, subscription: cogs}
  - {name: team, kind: team, suffix: .t, subscription: t, repositories: [team]}
  - {name: rival, kind: team, suffix: .r, subscription: r, repositories: [rival]}
queues:
  a:
  a.svc: {base: a}
  a.t: {base: a}
  a.r: {base: a}
  b:
  mac: {on_premises: true}
  mac.svc: {base: mac}
";

fn audit(rows: &[Use]) -> Audit {
    let (_dir, rules) = rules(RULES);
    let rules = rules.unwrap();
    let mut auditor = Auditor::new(&rules, Some("2026-10-01T00:00:00Z".parse().unwrap()));
    rows.iter().for_each(|row| auditor.see(row));
    auditor.finish()
}

/// Kind, queue, and where it should have been, of all but unused twins.
fn found(audit: &Audit) -> Vec<(FindingKind, &str, &str)> {
    let findings = audit.findings.iter().filter(|f| f.kind != FindingKind::UnusedTwin);
    findings.map(|f| (f.kind, f.queue.as_str(), f.should.as_deref().unwrap_or("-"))).collect()
}

#[test]
fn a_job_is_a_finding_when_the_rules_would_have_sent_it_elsewhere() {
    use FindingKind::*;
    for (queue, branch, repository, expected) in [
        ("a", "release/5.0", "x", Some((Leak, "a", "a.svc"))),
        ("(Alias)A@image", "refs/heads/internal/release/5.0", "", Some((Leak, "a", "a.svc"))),
        // Servicing wins over team, also where the team's own queue was used.
        ("a.t", "release/5.0", "team", Some((Leak, "a.t", "a.svc"))),
        ("b", "release/5.0", "x", Some((MissingTwin, "b", "b.svc"))),
        ("b", "main", "team", Some((MissingTwin, "b", "b.t"))),
        ("a.r", "main", "team", Some((WrongTeam, "a.r", "a.t"))),
        ("a", "main", "team", Some((WrongTeam, "a", "a.t"))),
        ("a.t", "main", "x", Some((WrongTeam, "a.t", "a"))),
        ("q", "main", "x", Some((UnknownQueue, "q", "a"))),
        ("b.svc", "release/5.0", "x", Some((UnknownQueue, "b.svc", "a.svc"))),
        ("no id@", "main", "x", Some((UnknownQueue, "no id@", "-"))),
        // And these are none.
        ("a", "main", "x", None),
        ("a", "release/10.0-preview1", "x", None),
        ("a.svc", "release/5.0", "x", None),
        ("a.svc", "main", "x", None),
        ("a.t", "main", "team", None),
        ("a.t", "main", "", None),
        ("mac", "release/5.0", "x", None),
        ("mac", "main", "team", None),
        ("a", "release/5.0", "perf", None),
        ("b", "release/5.0", "perf", None),
        ("a", "refs/tags/v5.0", "x", None),
    ] {
        let audit = audit(&[row(queue, branch, repository)]);
        assert_eq!(found(&audit), expected.as_slice(), "{queue} {branch} {repository}");
    }
}

#[test]
fn a_finding_counts_its_jobs_and_shows_the_last() {
    let mut rows = [row("a", "release/5.0", "x"), row("a", "release/6.0", "y"), row("a", "release/5.0", "x")];
    rows[0].count = 10;
    rows[0].id = Some("early".into());
    rows[1].time = "2026-11-05T00:00:00Z".parse().unwrap();
    rows[1].id = Some("late".into());
    rows[2].count = 0;
    let audit = audit(&rows);
    let leak = &audit.findings[0];
    assert_eq!((leak.kind, leak.jobs.jobs, audit.jobs), (FindingKind::Leak, 11, 11));
    assert_eq!(leak.jobs.branches.iter().collect::<Vec<_>>(), ["release/5.0", "release/6.0"]);
    assert_eq!(leak.jobs.repositories.iter().collect::<Vec<_>>(), ["x", "y"]);
    assert_eq!((leak.jobs.last, leak.jobs.example.as_deref()), (Some(rows[1].time), Some("late")));
}

#[test]
fn a_twin_is_unused_when_no_job_ran_on_it_and_none_should_have() {
    let unused = |rows: &[Use]| -> Vec<String> {
        let findings = audit(rows).findings;
        findings.into_iter().filter(|f| f.kind == FindingKind::UnusedTwin).map(|f| f.queue).collect()
    };
    assert_eq!(unused(&[]), ["a.r", "a.svc", "a.t"]);
    assert_eq!(unused(&[row("a.svc", "main", "x"), row("a.t", "main", "team")]), ["a.r"]);
    // A leak needs the twin that it missed.
    assert_eq!(unused(&[row("a", "release/5.0", "x")]), ["a.r", "a.t"]);
}

#[test]
fn jobs_before_the_period_do_not_count() {
    let mut early = row("a", "release/5.0", "x");
    early.time = "2026-09-30T23:59:59Z".parse().unwrap();
    let on_time = Use { time: "2026-10-01T00:00:00Z".parse().unwrap(), ..early.clone() };
    let audit = audit(&[early, on_time]);
    assert_eq!((audit.jobs, audit.earlier, audit.findings[0].jobs.jobs), (1, 1, 1));
}

#[test]
fn what_nobody_knows_is_counted() {
    let mut pull_request = row("a", "refs/pull/7/merge", "x");
    let unknown = row("a", "", "x");
    let on_premises = row("mac", "", "x");
    assert_eq!(audit(&[pull_request.clone(), unknown, on_premises]).unclear, 2);
    pull_request.job.pr_target = Some("release/5.0".into());
    let audit = audit(&[pull_request]);
    assert_eq!((audit.unclear, found(&audit)), (0, vec![(FindingKind::Leak, "a", "a.svc")]));
}

#[test]
fn what_is_kept_does_not_grow_with_the_jobs() {
    let rows: Vec<Use> = (0..2000).map(|n| row(&format!("q{n}"), "main", "x")).collect();
    let audit_of_many = audit(&rows);
    assert_eq!(audit_of_many.count(FindingKind::UnknownQueue), UNKNOWN_MAX);
    assert_eq!(audit_of_many.unlisted, 1000);
    let rows: Vec<Use> = (0..100).map(|n| row("a", &format!("release/5.{n}"), &format!("r{n}"))).collect();
    let leak = &audit(&rows).findings[0].jobs;
    assert_eq!((leak.jobs, leak.branches.len(), leak.repositories.len()), (100, LISTED, LISTED));
}

#[test]
fn the_metrics_have_every_kind_and_replace_the_file() {
    let text = metrics(&audit(&[row("a", "release/5.0", "x"), row("b", "release/5.0", "x")]));
    assert_eq!(
        text,
        "# HELP ci_tool_route_audit_findings What the last audit of queues found, by kind.\n\
         # TYPE ci_tool_route_audit_findings gauge\n\
         ci_tool_route_audit_findings{kind=\"leak\"} 1\n\
         ci_tool_route_audit_findings{kind=\"missing_twin\"} 1\n\
         ci_tool_route_audit_findings{kind=\"wrong_team\"} 0\n\
         ci_tool_route_audit_findings{kind=\"unknown_queue\"} 0\n\
         ci_tool_route_audit_findings{kind=\"unused_twin\"} 2\n"
    );
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("route.prom");
    std::fs::write(&path, "old").unwrap();
    write(&path, &text).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    assert_eq!(std::fs::read_dir(&dir).unwrap().count(), 1);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // Whoever collects them is another user.
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o444, 0o444);
    }
    let error = write(&dir.path().join("no/route.prom"), &text).unwrap_err();
    assert_eq!(error.hints().len(), 1);
}
