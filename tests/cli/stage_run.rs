//! Mistakes with the verbs of `stage` that run something: each is told before anything is begun.

use crate::sandbox::Sandbox;

const CHECKS: &str = "pipeline: checks\nstages:\n  check: {run: 'exit 1'}\n  look: {run: 'exit 0'}\n  sign_off: {approval: {}, needs: [look]}\n";
const PUBLISHES: &str = "pipeline: out\nstages:\n  check: {run: 'exit 0'}\n  put: {needs: [check], publish: [{to: {production: ./out, test: ./try}}]}\n";
const CIRCLE: &str = "stages:\n  a: {run: x, needs: [b]}\n  b: {run: x, needs: [a]}\n";
const PREPARES: &str = "pipeline: makes\nkind: prepare\nstages:\n  make: {run: 'exit 0'}\n";

#[test]
fn nothing_is_begun_by_mistake() {
    let sandbox = Sandbox::new();
    let files = [("checks", CHECKS), ("out", PUBLISHES), ("circle", CIRCLE), ("makes", PREPARES)];
    files.iter().for_each(|(name, text)| drop(sandbox.write(&format!("{name}.yaml"), text)));
    let ids = "--bar-build-id 1 --build-id 2";
    for (args, code, says) in [
        ("validate checks.yaml --skip chekc", 2, &["no stage \"chekc\"", "did you mean check"][..]),
        ("validate checks.yaml --substitute chekc=true", 2, &["did you mean check"]),
        ("validate checks.yaml --skip check,look,sign_off", 2, &["nothing of checks is left to do"]),
        ("validate checks.yaml --failed", 2, &["no earlier run of checks"]),
        ("validate circle.yaml", 2, &["circle.yaml:2: these stages need each other in a circle"]),
        (&format!("prepare circle.yaml {ids}"), 2, &["circle.yaml:2: these stages need each other in a circle"]),
        ("validate out.yaml", 2, &["put publishes what was handed over, and no build says which", "--build-id"]),
        (&format!("validate out.yaml {ids}"), 1, &["there is no handover BAR build 1, build 2"]),
        ("validate makes.yaml", 2, &["makes prepares", "ci-tool stage prepare"]),
        (&format!("prepare checks.yaml {ids}"), 2, &["checks validates", "ci-tool stage validate"]),
        ("prepare makes.yaml --build-id 2", 2, &["a handover is known by its two builds"]),
        ("resume zzzz", 1, &["there is no run zzzz"]),
        ("approve zzzz sign_off --by maria", 1, &["there is no run zzzz"]),
        ("status latest", 1, &["there is no run latest"]),
    ] {
        sandbox.tool(["stage"]).args(args.split(' ')).run().fails(code, says);
    }
    sandbox.tool(["stage", "status"]).run().ok().says(&["there are no runs"]);
}

#[test]
fn a_stage_that_publishes_needs_no_build_where_it_is_left_out() {
    let sandbox = Sandbox::new();
    sandbox.write("out.yaml", PUBLISHES);
    sandbox.tool(["stage", "validate", "out.yaml", "--until", "check"]).run().ok();
    sandbox.tool(["stage", "validate", "out.yaml", "--substitute", "put=exit 0"]).run().ok();
}

#[test]
fn answers_that_nobody_asked_for_are_refused() {
    let sandbox = Sandbox::new();
    sandbox.write("checks.yaml", CHECKS);
    sandbox.tool(["stage", "validate", "checks.yaml"]).run().code(8);
    let before = sandbox.tool(["stage", "explain", "latest", "check", "--output", "json"]).run().ok().json();
    for (args, says) in [
        ("approve latest look --by maria", &["look asks nobody"][..]),
        ("approve latest sign_of --by maria", &["did you mean sign_off"]),
        ("approve latest sign_off", &["nobody is named who says so", "--by NAME"]),
        ("reject latest check --by maria", &["check asks nobody"]),
        ("override latest look --by maria --reason x", &["look is succeeded: there is nothing to override"]),
    ] {
        sandbox.tool(["stage"]).args(args.split(' ')).run().fails(2, says);
    }
    for args in ["override latest check --reason x", "override latest check --by maria"] {
        sandbox.tool(["stage"]).args(args.split(' ')).run().code(2).says(&["required"]);
    }
    let after = sandbox.tool(["stage", "explain", "latest", "check", "--output", "json"]).run().ok().json();
    assert_eq!(before, after);
    // Who is asked may answer; a failure without a gate is passed over itself.
    let over = ["stage", "override", "latest", "check", "--by", "maria", "--reason", "known"];
    sandbox.tool(over).run().code(8).says(&["recorded for check, by maria"]);
    sandbox.tool(["stage", "approve", "latest", "sign_off", "--by", "maria"]).run().ok();
    sandbox.tool(["stage", "approve", "latest", "sign_off", "--by", "maria"]).run().fails(2, &["does not wait"]);
}
