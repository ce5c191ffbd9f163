use super::*;
use std::fs;

pub(crate) fn rules(text: &str) -> (tempfile::TempDir, Result<Rules>) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("rules.yaml");
    fs::write(&path, text).unwrap();
    let rules = Rules::load(&path);
    (dir, rules)
}

const GOOD: &str = "\
standard: HelixProd
redirections:
  - {name: servicing, kind: servicing, suffix: .svc, subscription: dncenghelix-02}
  - name: runtime
    kind: team
    suffix: .runtime
    subscription: HelixRuntime
    repositories: [dotnet/runtime]
queues:
  windows.10.amd64:
    os: windows
    settings:
      disk: 100
  Windows.10.amd64.svc:
    base: windows.10.amd64
    settings: {disk: 200}
  mac:
    on_premises: true
  empty:
";

#[test]
fn a_twin_inherits_all_but_where_it_lives() {
    let (_dir, rules) = rules(GOOD);
    let rules = rules.unwrap();
    let twin = rules.queue(rules.find("WINDOWS.10.AMD64.SVC").unwrap());
    assert_eq!(
        (&*twin.subscription, twin.scale_set.as_deref()),
        ("dncenghelix-02", Some("Windows.10.amd64.svc-a-scaleset"))
    );
    let os = twin.field("os").unwrap();
    assert_eq!(os.value, "windows");
    let Origin::Inherited { from, place } = &os.origin else { panic!("{os:?}") };
    assert_eq!((&**from, place.line), ("windows.10.amd64", 11));
    let disk = twin.field("settings.disk").unwrap();
    assert_eq!((&disk.value, disk.origin.place().line), (&200.into(), 16));
    let set = twin.field("scale_set").unwrap();
    assert_eq!((&set.origin, twin.place.line), (&Origin::Name(twin.place.clone()), 14));
    assert_eq!(twin.base.as_ref().map(|base| (base.value, base.place.line)), Some((0, 15)));
    let base = rules.queue(rules.find("windows.10.amd64").unwrap());
    assert_eq!(base.twins, [Some(1), None]);
    assert_eq!(base.place.line, 10);
    let mac = rules.queue(rules.find("mac").unwrap());
    assert_eq!((mac.on_premises, &mac.scale_set), (true, &None));
    assert_eq!(rules.queue(rules.find("empty").unwrap()).subscription, "HelixProd");
}

#[test]
fn what_cannot_be_used_is_named_with_its_line() {
    let cases = [
        ("queues: {a: {subscription: s, base: b}, b: {base: a}}", "rules.yaml:1: a cycle: a → b → a"),
        ("queues:\n  a: {base: nope, subscription: s}", "rules.yaml:2: the base \"nope\" of \"a\" is no queue"),
        ("queues:\n  a: {subscription: s}\n  A: {subscription: s}", "rules.yaml:3: the queue \"A\" is at"),
        ("queues:\n  a:", "rules.yaml:2: the queue \"a\" has no subscription"),
        ("standard: s\nqueues:\n  a/b:", "no queue's name"),
        ("standard: s\nqueues:\n  a: {removal: soon}", "rules.yaml:3: \"soon\" is no day"),
        ("standard: s\nsubscriptions: [t]", "rules.yaml:1: \"s\" is not among `subscriptions`; is it \"t\"?"),
        ("redirections: [{name: a, kind: b, suffix: .c, subscription: s}]", "\"b\" is no kind"),
        ("redirections: [{name: a, kind: servicing, suffix: c, subscription: s}]", "\"c\" is no suffix"),
        ("redirections: [{name: a, kind: team, suffix: .c, subscription: s}]", "has no repository"),
        (
            "redirections:\n- {name: a, kind: team, suffix: .c, subscription: s, repositories: [r]}\n- {name: b, kind: servicing, suffix: .d, subscription: s}",
            "rules.yaml:3: \"b\" is for servicing and comes after the team \"a\"",
        ),
        (
            "redirections:\n- {name: a, kind: servicing, suffix: .c, subscription: s}\n- {name: b, kind: servicing, suffix: .C, subscription: s}",
            "would be the twin of both",
        ),
        ("schema: 2", "schema 2 is not known"),
        ("requires: [magic]", "\"magic\""),
        ("quues: {}", "quues"),
        ("queues: [a]", "mapping"),
    ];
    for (text, expected) in cases {
        let (_dir, rules) = rules(text);
        let error = rules.expect_err(text);
        let all = format!("{error} {} {}", error.causes().join(" "), error.hints().join(" "));
        assert!(all.contains(expected), "{text}: {all}");
    }
}

#[test]
fn a_long_chain_of_bases_is_followed() {
    let mut text = String::from("standard: s\nqueues:\n");
    for n in (0..2000).rev() {
        text += &match n {
            0 => "  q0: {os: linux}\n".to_owned(),
            n => format!("  q{n}: {{base: q{}}}\n", n - 1),
        };
    }
    let (_dir, rules) = rules(&text);
    let rules = rules.unwrap();
    assert_eq!(rules.queue(rules.find("q1999").unwrap()).field("os").unwrap().value, "linux");
}
