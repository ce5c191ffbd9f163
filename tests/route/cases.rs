//! `route test`.

use crate::{example, sandbox::Sandbox};

const RULES: &str = "\
standard: HelixProd
exempt: [dotnet/performance]
redirections:
  - {name: servicing, kind: servicing, suffix: .svc, subscription: dncenghelix-02}
queues:
  q:
  q.svc: {base: q}
  bare:
  mac: {on_premises: true}
";

fn sandbox(cases: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("rules.yaml", RULES);
    sandbox.write("tests.yaml", cases);
    sandbox
}

const TEST: [&str; 5] = ["route", "test", "tests.yaml", "--rules", "rules.yaml"];

#[test]
fn a_case_that_fails_is_shown_with_what_was_expected_and_why() {
    let sandbox = sandbox(
        "cases:\n- {name: good, job: {queue: q, branch: release/5.0}, expect: {queue: Q.SVC, rule: servicing}}\n\
         - name: bad\n  job: {queue: \"q@i\", branch: release/5.0-rc1}\n  expect: {queue: \"q.svc@i\", reason: redirected}\n",
    );
    let ran = sandbox.tool(TEST).run().code(5).silent();
    ran.prints(&[
        "FAILED tests.yaml:3: bad\n  queue: expected q.svc@i, got q@i\n  reason: expected redirected, got standard\n",
        "· servicing: release/5.0-rc1 is the branch of a pre-release",
        "1 case passed, 1 failed; ",
    ]);
    let json = sandbox.tool(TEST).args(["--output", "json"]).run().code(5).silent().json();
    assert_eq!((&json["passes"], &json["cases"][0]["passed"]), (&false.into(), &true.into()));
    assert_eq!(json["cases"][1]["differences"][0]["got"], "q@i");
    assert_eq!(json["cases"][1]["at"], "tests.yaml:3");
}

#[test]
fn all_of_what_is_expected_is_looked_at() {
    let servicing = "queue: q, branch: release/5.0";
    let bare = "queue: bare, branch: release/5.0";
    for (job, expect, passes) in [
        (servicing, "queue: q.svc, subscription: dncenghelix-02, rule: servicing, reason: redirected", true),
        (servicing, "queue: q.svc, event: none", true),
        (servicing, "queue: q", false),
        (servicing, "queue: (a)q.svc", false),
        (servicing, "queue: q.svc@i", false),
        (servicing, "queue: q.svc, subscription: HelixProd", false),
        (servicing, "queue: q.svc, rule: runtime", false),
        (servicing, "queue: q.svc, reason: already", false),
        (servicing, "queue: q.svc, event: missing_twin", false),
        (servicing, "error: not_found", false),
        (bare, "queue: bare, event: missing_twin", true),
        // A twin that goes missing is noticed although the queue is the one expected.
        (bare, "queue: bare", false),
        ("queue: nope", "error: not_found", true),
        ("queue: nope", "error: usage", false),
        ("queue: nope", "queue: nope", false),
        ("queue: q, variables: {BUILD_SOURCEBRANCH: release/5.0}", "queue: q.svc", true),
    ] {
        let text = format!("cases: [{{name: a, job: {{{job}}}, expect: {{{expect}}}}}]");
        sandbox(&text).tool(TEST).run().code(if passes { 0 } else { 5 });
    }
}

#[test]
fn a_file_that_tests_nothing_or_makes_no_sense_is_refused() {
    let case = |expect: &str| format!("cases:\n- {{name: a, job: {{queue: q}}, expect: {{{expect}}}}}\n");
    let twice = case("queue: q") + "- {name: a, job: {queue: q}, expect: {queue: q}}\n";
    for (text, fault) in [
        ("", "tests.yaml has no case"),
        ("# nothing yet\n", "tests.yaml has no case"),
        ("cases: []", "tests.yaml has no case"),
        ("schema: 1\n", "tests.yaml has no case"),
        (&case(""), "it expects no queue"),
        (&case("queue: q, error: usage"), "it expects an error and a decision"),
        (&case("error: oops"), "\"oops\" is no error of a decision"),
        (&case("queu: q"), "queu"),
        (&twice, "tests.yaml:3: the case \"a\" is at line 2 already"),
    ] {
        let ran = sandbox(text).tool(TEST).run().code(2).says(&[fault]);
        assert_eq!(ran.text(), "");
    }
    sandbox("schema: 2\ncases: []").tool(TEST).run().fails(1, &["tests.yaml:1: schema 2 is not known"]);
    sandbox("").tool(["route", "test", "nope.yaml", "--rules", "rules.yaml"]).run().fails(1, &["nope.yaml"]);
}

#[test]
fn what_no_case_covers_is_named_and_can_be_too_much() {
    let one = "cases: [{name: a, job: {queue: q, branch: release/5.0}, expect: {queue: q.svc}}]";
    let names = |sandbox: &Sandbox, covered: bool| {
        let json = sandbox.tool(TEST).args(["--output", "json"]).run().ok().json();
        let items = json["coverage"]["items"].as_array().unwrap().clone();
        let named = |i: &serde_json::Value| format!("{} {}", i["kind"].as_str().unwrap(), i["name"].as_str().unwrap());
        items.iter().filter(|item| item["covered"] == covered).map(named).collect::<Vec<_>>()
    };
    let first = sandbox(one);
    assert_eq!(names(&first, true), ["redirection servicing", "twin q.svc"]);
    let built_in = ["(standard)", "(on-premises)", "(exempt)", "(lookup-failed)", "(unknown queue)"];
    let left: Vec<String> = built_in.iter().map(|name| format!("built_in {name}")).collect();
    assert_eq!(names(&first, false)[0], "missing_twin servicing");
    assert_eq!(names(&first, false)[1..], left);
    // 2 of 8.
    first.tool(TEST).args(["--coverage", "25"]).run().ok().silent();
    let ran =
        first.tool(TEST).args(["--coverage", "26"]).run().code(5).says(&["25 % is covered, which is less than 26 %"]);
    ran.prints(&["not covered: missing twin servicing at rules.yaml:4", "not covered: built in (exempt)"]);
    first.tool(TEST).args(["--coverage", "101"]).run().code(2);
    // Who asks for the twin by its name shows nothing of the redirection.
    let named = sandbox("cases: [{name: a, job: {queue: q.svc}, expect: {queue: q.svc, reason: already}}]");
    assert_eq!(names(&named, true), ["twin q.svc"]);
}

#[test]
fn the_report_is_one_that_others_read() {
    let sandbox = sandbox(
        "cases:\n- {name: good, job: {queue: q}, expect: {queue: q}}\n\
         - {name: \"<bad> & \\x01\", job: {queue: q}, expect: {queue: q.svc}}\n",
    );
    sandbox.tool(TEST).args(["--junit", "report.xml"]).run().code(5);
    let xml = std::fs::read_to_string(sandbox.work().join("report.xml")).unwrap();
    let mut reader = quick_xml::Reader::from_str(&xml);
    let mut found = Vec::new();
    loop {
        use quick_xml::events::Event;
        match reader.read_event().unwrap() {
            Event::Eof => break,
            Event::Start(tag) | Event::Empty(tag) => {
                let value = |a: quick_xml::events::attributes::Attribute<'_>| {
                    (String::from_utf8(a.key.0.to_vec()).unwrap(), String::from_utf8(a.value.to_vec()).unwrap())
                };
                let attributes: Vec<_> = tag.attributes().map(|a| value(a.unwrap())).collect();
                found.push((String::from_utf8(tag.name().0.to_vec()).unwrap(), attributes));
            }
            _ => {}
        }
    }
    let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["testsuites", "testsuite", "testcase", "testcase", "failure"]);
    let has = |n: usize, key: &str, value: &str| {
        assert!(found[n].1.contains(&(key.into(), value.into())), "{:?}", found[n]);
    };
    has(1, "tests", "2");
    has(1, "failures", "1");
    has(3, "name", "&lt;bad&gt; &amp; \u{fffd}");
    has(3, "line", "3");
    has(4, "message", "queue: expected q.svc, got q");
}

#[test]
fn the_examples_cases_pass_bare_and_cover_all() {
    let sandbox = Sandbox::new();
    sandbox.tool(["route", "test", "tests.yaml", "--coverage", "90"]).dir(example()).run().ok().silent();
}
