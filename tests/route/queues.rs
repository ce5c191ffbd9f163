//! `route queues show`.

use crate::sandbox::Sandbox;

const RULES: &str = "\
standard: HelixProd
redirections:
  - {name: servicing, kind: servicing, suffix: .svc, subscription: dncenghelix-02}
queues:
  q:
    os: linux
  q.svc:
    purpose: servicing
    base: q
";

#[test]
fn each_field_has_the_line_that_it_comes_from() {
    let sandbox = Sandbox::new();
    sandbox.write("rules.yaml", RULES);
    let show = ["route", "queues", "show", "q.svc", "--why", "--rules", "rules.yaml"];
    let text = sandbox.tool(show).run().ok().text();
    let rows: Vec<String> = text.lines().map(|l| l.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(
        rows,
        [
            "name q.svc its own rules.yaml:7",
            "base q its own rules.yaml:9",
            "os linux q rules.yaml:6",
            "purpose servicing its own rules.yaml:8",
            "scale_set q.svc-a-scaleset its name rules.yaml:7",
            "subscription dncenghelix-02 the redirection rules.yaml:3",
        ]
    );
    let json = sandbox.tool(show).args(["--output", "json"]).run().ok().json();
    assert_eq!((&json["base"], &json["base_at"]), (&"q".into(), &"rules.yaml:9".into()));
    let fields = json["fields"].as_object().unwrap();
    assert!(fields.values().all(|field| field["at"].is_string()), "{json}");
    assert_eq!(fields["scale_set"]["at"], "rules.yaml:7");
}
