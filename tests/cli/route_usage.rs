//! `route audit` and `route queues generate`, on the usage in `examples/route`.

use crate::sandbox::{Call, Sandbox};
use serde_json::json;
use std::{fs, path::PathBuf};

fn example() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples/route")
}

fn route(sandbox: &Sandbox, args: &[&str]) -> Call {
    sandbox.tool(["route"]).args(args).dir(example())
}

/// Puts the example into the workspace.
fn copy(sandbox: &Sandbox) {
    for entry in fs::read_dir(example()).unwrap() {
        let path = entry.unwrap().path();
        sandbox.write(path.file_name().unwrap().to_str().unwrap(), fs::read(&path).unwrap());
    }
}

#[test]
fn the_example_has_one_finding_of_each_kind() {
    let sandbox = Sandbox::new();
    let ran = route(&sandbox, &["audit", "--usage", "usage.csv"]).run().code(5).says(&["4 findings in 1226 jobs"]);
    snapbox::assert_data_eq!(
        ran.text(),
        snapbox::str![[r#"
leak          windows.10.amd64.open         windows.10.amd64.open.svc                    3  release/8.0  dotnet/aspnetcore  2026-11-03  20261103.7
missing_twin  windows.11.amd64.client.open  windows.11.amd64.client.open.svc (missing)  12  release/9.0  dotnet/aspnetcore  2026-11-04  20261104.2
wrong_team    windows.10.amd64.open.xaml    windows.10.amd64.open.runtime                2  main         dotnet/runtime     2026-11-05  20261105.1
unused_twin   sles.12.amd64.open.svc        -                                            0  -            -                  -           -

"#]]
    );
}

#[cfg(unix)]
#[test]
fn the_readmes_commands_work() {
    let sandbox = Sandbox::new();
    copy(&sandbox);
    let mut lines = crate::readme::commands("route");
    // The service has a suite of its own: it does not end.
    lines.retain(|line| !line.starts_with("ci-tool route serve"));
    assert!(lines.len() > 12, "{lines:?}");
    for line in &lines {
        let ran = crate::readme::run(&sandbox, &sandbox.work(), line, "");
        // Good rules have nothing on stdout.
        assert!(!ran.text().is_empty() || line.starts_with("ci-tool route lint"), "{line}");
    }
    assert!(sandbox.work().join("ci_tool_route.prom").exists());
}

#[test]
fn the_findings_are_data_and_metrics_too() {
    let sandbox = Sandbox::new();
    let prom = sandbox.path("route.prom");
    let args = ["audit", "--usage", "usage.csv", "--output", "json", "--metrics"];
    let found = route(&sandbox, &args).args([&prom]).run().code(5).json();
    assert_eq!(
        found["findings"][0],
        json!({
            "kind": "leak",
            "queue": "windows.10.amd64.open",
            "should": "windows.10.amd64.open.svc",
            "jobs": 3,
            "branches": ["release/8.0"],
            "repositories": ["dotnet/aspnetcore"],
            "last": "2026-11-03T14:05:00Z",
            "example": "20261103.7",
        })
    );
    assert_eq!((&found["jobs"], &found["unclear"], &found["since"]), (&json!(1226), &json!(0), &json!(null)));
    let text = fs::read_to_string(prom).unwrap();
    assert!(text.contains("ci_tool_route_audit_findings{kind=\"leak\"} 1\n"), "{text}");
}

#[test]
fn an_audit_of_nothing_is_no_clean_bill() {
    let sandbox = Sandbox::new();
    let prom = sandbox.path("route.prom");
    sandbox.write("usage.csv", "queue,branch,repository,time\nq,main,r,2001-01-01\n");
    let usage = sandbox.path("work/usage.csv");
    let args = ["audit", "--since", "1d", "--metrics", prom.to_str().unwrap(), "--usage"];
    let ran = route(&sandbox, &args).args([&usage]).run();
    ran.fails(1, &["the usage has no job in the period, and 1 before it"]);
    assert!(!prom.exists());
    route(&sandbox, &["audit", "--usage", "none.csv"]).run().fails(1, &["none.csv"]);
    route(&sandbox, &["audit", "--usage", "queues.yaml"]).run().fails(2, &["queues.yaml:1: \"queues:\" is no column"]);
    route(&sandbox, &["audit", "--usage", "usage.csv", "--since", "7x"]).run().code(2).says(&["is not a duration"]);
}

#[test]
fn what_is_generated_mends_the_rules() {
    let sandbox = Sandbox::new();
    copy(&sandbox);
    let generate = ["route", "queues", "generate", "--suffix", ".svc", "--used-by", "usage.csv"];
    let ran = sandbox.tool(generate).run().ok().says(&["4 twins are needed; 3 there already"]);
    assert_eq!(
        ran.text(),
        "  # 12 jobs, the last on 2026-11-04\n  windows.11.amd64.client.open.svc:\n    base: windows.11.amd64.client.open\n"
    );
    let queues = fs::read_to_string(example().join("queues.yaml")).unwrap();
    sandbox.write("queues.yaml", queues + &ran.text());
    let again = sandbox.tool(generate).run().ok().says(&["4 twins are needed; 4 there already"]);
    assert_eq!(again.text(), "");
    let all = sandbox.tool(generate).args(["--all", "--output", "json"]).run().ok().json();
    assert_eq!(all["twins"].as_array().unwrap().len(), 4);
    // The job that had no twin is a leak from now on.
    let audit = sandbox.tool(["route", "audit", "--usage", "usage.csv"]).run().code(5);
    assert!(!audit.text().contains("missing_twin"), "{}", audit.text());
}

#[test]
fn twins_are_not_generated_from_nothing_and_what_was_passed_over_is_said() {
    let sandbox = Sandbox::new();
    let generate = |usage: &str, more: &[&str]| {
        let usage = sandbox.write("some.csv", format!("queue,branch,repository,time,count\n{usage}"));
        route(&sandbox, &["queues", "generate", "--suffix", ".svc", "--used-by"]).args([usage]).args(more).run()
    };
    generate("", &[]).fails(1, &["the usage has no job"]);
    generate("windows.10.amd64.open,main,r,2001-01-01,7\n", &["--since", "1d"])
        .fails(1, &["the usage has no job in the period, and 7 before it"]);
    let some = "nowhere,release/5.0,r,2026-11-01,2\nwindows.10.amd64.open,,r,2026-11-01,1\nsles.12.amd64.open,main,r,2026-11-01,4\n";
    let said = ["passed over: 2 jobs on queues that", "passed over: 1 job without a branch", "0 twins are needed"];
    assert_eq!(generate(some, &[]).ok().says(&said).text(), "");
    let heard = generate(some, &["--output", "json"]).ok().silent().json()["heard"].clone();
    assert_eq!(heard, json!({ "jobs": 7, "earlier": 0, "unknown": 2, "unclear": 1 }));
}

#[test]
fn a_new_branch_gets_a_checklist() {
    let sandbox = Sandbox::new();
    let args = ["queues", "generate", "--suffix", "svc", "--used-by", "usage.csv", "--checklist", "release/10.0"];
    let ran = route(&sandbox, &args).run().ok().silent();
    ran.prints(&[
        "# Queues for `release/10.0`\n",
        "- `windows.11.amd64.client.open`: 119 jobs\n",
        "  windows.11.amd64.client.open.svc:\n    base: windows.11.amd64.client.open\n```\n",
        "- [ ] `ci-tool route lint`",
    ]);
    let args = ["queues", "generate", "--suffix", "svc", "--used-by", "usage.csv", "--checklist", "main"];
    route(&sandbox, &args).run().fails(2, &["\"main\" is no servicing branch"]);
    let args = ["queues", "generate", "--suffix", ".nope", "--used-by", "usage.csv"];
    route(&sandbox, &args).run().fails(2, &["no redirection has the suffix", "--suffix .svc, --suffix .runtime"]);
}
