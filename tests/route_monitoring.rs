//! The alerts and the dashboard in `examples/route` are ones that Prometheus accepts, on metrics that there are, and every
//! alert fires when it has to.

#[path = "support/promtool.rs"]
mod promtool;
#[allow(dead_code, reason = "this suite needs no proxy")]
mod support;

use ci_tool::ops::route::metric_names::{ACQUIRE_SECONDS, ALL, REQUEST_SECONDS};
use libtest_mimic::Trial;
use promtool::promtool;
use regex::Regex;
use serde_json::Value;
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// What others export: the node exporter tells how old the audit's file is.
const OF_OTHERS: [&str; 1] = ["node_textfile_mtime_seconds"];
/// What a runbook may begin with.
const COMMANDS: [&str; 6] =
    ["route audit", "route explain", "route lint", "route queues", "route serve", "config show"];

fn main() -> ExitCode {
    let plain: [(&str, fn()); 5] = [
        ("every_alert_is_shown_to_fire_and_to_be_silent", every_alert_is_shown_to_fire_and_to_be_silent),
        ("every_alert_says_what_happened_and_which_command_helps", every_alert_says_which_command_helps),
        ("every_metric_is_exported_and_every_exported_one_is_used", metrics_are_exported_and_used),
        ("metrics_are_found_in_expressions", metrics_are_found_in_expressions),
        ("panels_are_apart_and_have_expressions", panels_are_apart_and_have_expressions),
    ];
    let with_promtool: [(&str, fn()); 3] = [
        ("prometheus_accepts_the_alerts", prometheus_accepts_the_alerts),
        ("every_alert_fires_when_it_has_to", every_alert_fires_when_it_has_to),
        ("prometheus_accepts_the_dashboards_expressions", prometheus_accepts_the_dashboards_expressions),
    ];
    support::run(plain.map(trial).into(), with_promtool.map(trial).into(), || {})
}

fn trial((name, test): (&str, fn())) -> Trial {
    Trial::test(name, move || {
        test();
        Ok(())
    })
}

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/route")
}

fn yaml(name: &str) -> Value {
    serde_saphyr::from_str(&fs::read_to_string(examples().join(name)).unwrap()).unwrap()
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}"))
}

fn alerts() -> Vec<Value> {
    list(&yaml("alerts.yaml"), "groups").iter().flat_map(|group| list(group, "rules").to_vec()).collect()
}

fn dashboard() -> Value {
    serde_json::from_str(&fs::read_to_string(examples().join("grafana-dashboard.json")).unwrap()).unwrap()
}

/// The expressions of the dashboard, with a value for each of Grafana's variables.
fn drawn() -> Vec<String> {
    let dashboard = dashboard();
    let of_panels = list(&dashboard, "panels").iter().flat_map(|panel| list(panel, "targets"));
    let of_annotations = list(&dashboard["annotations"], "list").iter();
    let all = of_panels.chain(of_annotations).map(|target| text(target, "expr"));
    all.map(|expr| expr.replace("$__rate_interval", "5m").replace("$instance", ".*")).collect()
}

/// The metrics that an expression reads.
fn metrics(expr: &str) -> BTreeSet<String> {
    let mut rest = expr.to_owned();
    // Strings, labels in braces, ranges, and lists of labels.
    for pattern in [
        r#""(\\.|[^"\\])*""#,
        r"\{[^}]*\}",
        r"\[[^\]]*\]",
        r"\b(by|without|ignoring|on|group_left|group_right)\s*\([^)]*\)",
        r"\boffset\s+\w+",
    ] {
        rest = Regex::new(pattern).unwrap().replace_all(&rest, " ").into_owned();
    }
    let word = Regex::new(r"[A-Za-z_:][A-Za-z0-9_:]*(\s*\()?").unwrap();
    let words = word.find_iter(&rest).map(|found| found.as_str());
    let names = words.filter(|w| !w.ends_with('(') && !["and", "or", "unless", "bool"].contains(w));
    names.map(str::to_owned).collect()
}

/// The names under which Prometheus knows a metric.
fn exported(name: &str) -> Vec<String> {
    match [ACQUIRE_SECONDS, REQUEST_SECONDS].contains(&name) {
        true => ["_bucket", "_count", "_sum"].iter().map(|part| format!("{name}{part}")).collect(),
        false => vec![name.to_owned()],
    }
}

fn metrics_are_found_in_expressions() {
    let expr = "sum by (a, b) (rate(x_total{c=\"d(e\"}[5m])) > 0 or on () (y unless y offset 15m) - ignoring (le) z{f=~\"\\\"g\"}";
    assert_eq!(metrics(expr).into_iter().collect::<Vec<_>>(), ["x_total", "y", "z"]);
}

fn metrics_are_exported_and_used() {
    let alerts = alerts();
    let all = alerts.iter().map(|alert| text(alert, "expr").to_owned()).chain(drawn());
    let used: BTreeSet<String> = all.flat_map(|expr| metrics(&expr)).collect();
    for name in &used {
        let known = ALL.iter().any(|metric| exported(metric).contains(name)) || OF_OTHERS.contains(&name.as_str());
        assert!(known, "nobody exports {name}");
    }
    for metric in ALL {
        assert!(exported(metric).iter().any(|name| used.contains(name)), "nobody looks at {metric}");
    }
}

fn every_alert_is_shown_to_fire_and_to_be_silent() {
    let tests = yaml("alerts.test.yaml");
    let shown: Vec<(String, bool)> = list(&tests, "tests")
        .iter()
        .flat_map(|test| list(test, "promql_expr_test"))
        .map(|test| (text(test, "expr").to_owned(), !list(test, "exp_samples").is_empty()))
        .collect();
    for alert in alerts() {
        let expr = format!("count(ALERTS{{alertname=\"{}\",alertstate=\"firing\"}})", text(&alert, "alert"));
        for fires in [true, false] {
            assert!(shown.contains(&(expr.clone(), fires)), "no test shows {expr} with {fires}");
        }
    }
}

fn every_alert_says_which_command_helps() {
    for alert in alerts() {
        let (name, notes) = (text(&alert, "alert"), &alert["annotations"]);
        assert!(!text(notes, "summary").is_empty() && !text(&alert["labels"], "severity").is_empty(), "{name}");
        let command = text(notes, "runbook").strip_prefix("ci-tool ");
        let known = command.is_some_and(|command| COMMANDS.iter().any(|known| command.starts_with(known)));
        assert!(known, "{name}: {command:?}");
    }
}

fn panels_are_apart_and_have_expressions() {
    let dashboard = dashboard();
    let mut taken = BTreeSet::new();
    let mut ids = BTreeSet::new();
    for panel in list(&dashboard, "panels") {
        let title = text(panel, "title");
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{title}: its id is taken");
        assert!(text(panel, "type") == "row" || !list(panel, "targets").is_empty(), "{title}: nothing is drawn");
        let [x, y, w, h] = ["x", "y", "w", "h"].map(|side| panel["gridPos"][side].as_u64().unwrap());
        assert!(x + w <= 24, "{title}: beyond the right edge");
        for cell in (x..x + w).flat_map(|x| (y..y + h).map(move |y| (x, y))) {
            assert!(taken.insert(cell), "{title}: over another");
        }
    }
}

fn prometheus_accepts_the_alerts() {
    let said = promtool(&examples(), &["check", "rules", "alerts.yaml"]);
    assert!(said.contains(&format!("{} rules found", alerts().len())), "{said}");
}

fn every_alert_fires_when_it_has_to() {
    let said = promtool(&examples(), &["test", "rules", "alerts.test.yaml"]);
    assert!(said.contains("SUCCESS"), "{said}");
}

/// `promtool` takes expressions in rules only: each becomes a rule of its own.
fn prometheus_accepts_the_dashboards_expressions() {
    let drawn = drawn();
    let rules: Vec<Value> = drawn
        .iter()
        .enumerate()
        .map(|(n, expr)| serde_json::json!({ "record": format!("panel:{n}"), "expr": expr }))
        .collect();
    let file = serde_json::json!({ "groups": [{ "name": "dashboard", "rules": rules }] });
    let dir = tempfile::tempdir().unwrap();
    // JSON is YAML.
    fs::write(dir.path().join("dashboard.yaml"), file.to_string()).unwrap();
    let said = promtool(dir.path(), &["check", "rules", "dashboard.yaml"]);
    assert!(said.contains(&format!("{} rules found", drawn.len())), "{said}");
}
