//! `route lint`.

use crate::{example, file, sandbox::Sandbox};
use ci_tool::ops::route::lint::lint;

const HEAD: &str = "\
standard: HelixProd
exempt: [dotnet/performance, dotnet/arcade-*]
redirections:
  - {name: servicing, kind: servicing, suffix: .svc, subscription: dncenghelix-02}
  - {name: runtime, kind: team, suffix: .runtime, subscription: HelixRuntime, repositories: [dotnet/runtime, net/*]}
queues:
  q: {os: linux, settings: {disk: 100}}
  q.svc: {base: q}
  q.runtime: {base: q}
";

/// What is found in rules on 2026-03-20: `LINE LEVEL CODE`.
fn found(text: &str) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("rules.yaml");
    std::fs::write(&path, text).unwrap();
    let linted = lint(&path, jiff::civil::date(2026, 3, 20)).unwrap();
    let level = |error| if error { "error" } else { "warning" };
    linted.findings.iter().map(|f| format!("{} {} {}", f.place.line, level(f.error), f.code)).collect()
}

#[test]
fn each_fault_of_a_queue_is_found_at_its_line() {
    for (queues, expected) in [
        ("", vec![]),
        ("  x: {base: y}\n  y: {base: x}", vec!["10 error cycle"]),
        ("  q.svc.svc: {base: q.svc}", vec!["10 error doubled_suffix"]),
        ("  q.svc.runtime: {base: q.svc}", vec!["10 error doubled_suffix"]),
        ("  x:\n  x.svc: {base: x, subscription: HelixProd}", vec!["11 error wrong_subscription"]),
        ("  x:\n  x.svc:\n    base: x\n    subscription: HelixRuntime", vec!["13 error wrong_subscription"]),
        ("  x.svc: {os: linux}", vec!["10 error missing_base"]),
        ("  x: {on_premises: true}\n  x.svc: {base: x}", vec!["11 error on_premises_twin"]),
        ("  x:\n  x.svc: {base: x, on_premises: true}", vec!["11 error on_premises_twin"]),
        ("  x:\n  x.svc:", vec!["11 warning no_base"]),
        ("  x:\n  x.svc: {base: q}", vec!["11 error other_base"]),
        ("  x: {os: a}\n  x.svc: {base: x, os: b}", vec!["11 warning diverges"]),
        ("  x:\n  x.svc:\n    base: x\n    settings:\n      disk: 1", vec!["14 warning diverges"]),
        ("  x: {os: a}\n  x.svc: {base: x, os: a}", vec!["11 warning repeats"]),
        ("  x:\n  x.svc: {base: x, scale_set: own}", vec![]),
        ("  x: {scale_set: s}\n  x.svc: {base: x, scale_set: s}", vec!["11 error shared_scale_set"]),
        ("  x:\n    removal: 2026-03-19", vec!["11 error removal_past"]),
        ("  x: {removal: 2026-03-20}", vec!["10 warning removal_soon"]),
        ("  x: {removal: 2026-03-30}", vec!["10 warning removal_soon"]),
        ("  x: {removal: 2026-03-31}", vec![]),
        // A twin goes with its base, which is told once.
        ("  x: {removal: 2026-03-25}\n  x.svc: {base: x}", vec!["10 warning removal_soon"]),
        (
            "  b: {removal: 2026-03-25}\n  a: {removal: 2026-03-01}",
            vec!["10 warning removal_soon", "11 error removal_past"],
        ),
    ] {
        assert_eq!(found(&format!("{HEAD}{queues}\n")), expected, "{queues}");
    }
}

#[test]
fn each_fault_of_a_redirection_is_found_at_its_line() {
    let team = |repositories: &str| {
        format!("  - {{name: xaml, kind: team, suffix: .xaml, subscription: X, repositories: [{repositories}]}}")
    };
    let servicing = |more: &str| format!("  - {{name: more, kind: servicing, suffix: .more, subscription: X{more}}}");
    // After the one for servicing, as line 5, or after the team, as line 6.
    for (line, redirection, expected) in [
        (6, team("m/xaml"), vec![]),
        (6, team("m/xaml, M/Xaml"), vec!["6 warning duplicate_repository"]),
        (6, team("m/xaml, dotnet/runtime"), vec!["6 warning taken_repository"]),
        (6, team("m/xaml, dotnet/performance"), vec!["6 warning exempt_repository"]),
        (6, team("dotnet/runtime"), vec!["6 warning taken_repository", "6 error unreachable"]),
        (
            6,
            team("net/a, net/b*"),
            vec!["6 warning taken_repository", "6 warning taken_repository", "6 error unreachable"],
        ),
        (6, team("net/**, net/a?, '{net,n}/a'"), vec![]),
        (6, team("dotnet/arcade-services"), vec!["6 warning exempt_repository", "6 error unreachable"]),
        (5, servicing(""), vec!["5 error unreachable"]),
        (5, servicing(", repositories: [a/b]"), vec!["5 warning taken_repository", "5 error unreachable"]),
        (5, servicing(", also: [stable/*]"), vec![]),
    ] {
        let mut lines: Vec<&str> = HEAD.lines().collect();
        lines.insert(line - 1, &redirection);
        let twins = "  q.xaml: {base: q}\n  q.more: {base: q}\n";
        let text = lines.join("\n") + "\n" + twins;
        let found: Vec<String> = found(&text).into_iter().filter(|f| !f.ends_with("_base")).collect();
        assert_eq!(found, expected, "{redirection}");
    }
    assert_eq!(found(&HEAD.replace("  q.runtime: {base: q}\n", "")), ["5 error no_twin"]);
}

#[test]
fn errors_are_a_verdict_and_warnings_only_when_they_are_to_be() {
    let sandbox = Sandbox::new();
    let lint = ["route", "lint", "--rules", "rules.yaml"];
    sandbox.write("rules.yaml", HEAD);
    let ran = sandbox.tool(lint).args(["--strict"]).run().ok().says(&["0 errors, 0 warnings"]);
    assert_eq!(ran.text(), "");
    sandbox.write("rules.yaml", format!("{HEAD}  x:\n  x.svc:\n"));
    let line = "rules.yaml:11: warning [no_base]: \"x.svc\" does not follow \"x\": write `base: x`\n";
    assert_eq!(sandbox.tool(lint).run().ok().says(&["0 errors, 1 warning"]).text(), line);
    sandbox.tool(lint).args(["--strict"]).run().code(5);
    sandbox.write("rules.yaml", format!("{HEAD}  q.svc.svc: {{base: q}}\n"));
    let json = sandbox.tool(lint).args(["--output", "json"]).run().code(5).silent().json();
    assert_eq!((&json["passes"], &json["findings"][0]["code"]), (&false.into(), &"doubled_suffix".into()));
    assert_eq!((&json["findings"][0]["level"], &json["findings"][0]["line"]), (&"error".into(), &10.into()));
    // What is no YAML has no findings.
    sandbox.write("rules.yaml", "queues: [");
    sandbox.tool(lint).run().code(2);
}

#[test]
fn an_included_file_is_named_and_files_are_in_order() {
    let sandbox = Sandbox::new();
    sandbox.write("rules.yaml", format!("include: [a.yaml]\n{HEAD}  q.svc.svc: {{base: q}}\n"));
    sandbox.write("a.yaml", "queues:\n  x:\n  x.svc:\n");
    let text = sandbox.tool(["route", "lint", "--rules", "rules.yaml"]).run().code(5).text();
    let places: Vec<&str> = text.lines().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(places, ["a.yaml:3:", "rules.yaml:11:"]);
}

#[test]
fn the_rules_of_the_example_and_of_the_table_pass() {
    let sandbox = Sandbox::new();
    sandbox.tool(["route", "lint"]).dir(example()).run().ok();
    sandbox.tool(["route", "lint", "--rules"]).args([file("rules.yaml")]).run().ok();
}
