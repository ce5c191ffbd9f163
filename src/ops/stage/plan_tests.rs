use super::*;
use std::path::{Path, PathBuf};

fn wish(skip: &[&str]) -> Wish {
    Wish {
        asked: Asked { skip: skip.iter().map(|name| (*name).to_owned()).collect(), ..Asked::default() },
        earlier: None,
        profile: Profile::Production,
        substitutes: BTreeMap::new(),
        what_if: Vec::new(),
    }
}

fn example(name: &str) -> Pipeline {
    Pipeline::read(&PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples/release").join(name)).unwrap()
}

fn minutes(plan: &Plan) -> u64 {
    plan.expected.as_secs() / 60
}

#[test]
fn the_example_takes_as_long_as_its_designers_say() {
    let validations = ["validation", "source_code_validation", "required_validation"];
    for (file, skip, expected) in [
        ("prepare-artifacts.yaml", &[][..], 120),
        ("validate-publish.yaml", &[], 300),
        ("validate-publish.yaml", &["validation"], 260),
        ("validate-publish.yaml", &validations, 200),
        ("old.yaml", &[], 380),
    ] {
        let plan = plan(&example(file), &wish(skip)).unwrap();
        assert_eq!((minutes(&plan), plan.findings), (expected, vec![]), "{file} without {skip:?}");
    }
}

#[test]
fn what_if_tells_the_time_without_each_set() {
    let without = [vec!["validation".to_owned()], vec!["validation".to_owned(), "required_validation".to_owned()]];
    let plan = plan(&example("validate-publish.yaml"), &Wish { what_if: without.to_vec(), ..wish(&[]) }).unwrap();
    let told: Vec<u64> = plan.what_if.iter().map(|what_if| what_if.expected.as_secs() / 60).collect();
    assert_eq!((minutes(&plan), told), (300, vec![260, 200]));
    let unknown = Wish { what_if: vec![vec!["validatoin".into()]], ..wish(&[]) };
    let error = super::plan(&example("validate-publish.yaml"), &unknown).unwrap_err();
    assert!(error.hints()[0].contains("did you mean validation"), "{error:?}");
}

#[test]
fn the_critical_path_is_named_and_the_rest_has_slack() {
    let plan = plan(&example("prepare-artifacts.yaml"), &wish(&[])).unwrap();
    let path = ["prep", "prep_override", "signing", "sbom_generation", "start_validate_publish"];
    assert_eq!(plan.critical_path, path);
    for stage in &plan.stages {
        assert_eq!(stage.critical, path.contains(&stage.name.as_str()), "{}", stage.name);
        assert_eq!(stage.slack.is_zero(), stage.critical, "{}", stage.name);
    }
    assert_eq!(plan.stages[2].begins, Duration::from_secs(1800));
}

#[test]
fn leaving_out_what_production_stands_on_is_told() {
    let pipeline = example("validate-publish.yaml");
    let production = plan(&pipeline, &wish(&["required_validation"])).unwrap();
    assert_eq!(production.weighty, ["required_validation"]);
    let test = plan(&pipeline, &Wish { profile: Profile::Test, ..wish(&["required_validation"]) }).unwrap();
    assert_eq!(test.weighty, Vec::<String>::new());
}

#[test]
fn what_can_never_run_is_found_with_its_line() {
    const PUBLISH: &str =
        "stages:\n  p: {publish: [{to: {test: ./t}}]}\n  gate: {override: p}\n  q: {run: x, needs: [p]}\n";
    for (text, expected) in [
        ("stages:\n  a: {}\n  gate: {override: a}\n", "gate:3 never-offered"),
        ("stages:\n  a: {run: x}\n  g: {override: a}\n  h: {override: g}\n", "h:4 never-offered"),
        ("stages:\n  a: {run: x}\n  g: {override: a}\n", ""),
        // Its gate is offered; what needs it without the gate never begins.
        (PUBLISH, "p:2 no-target, q:4 unreachable"),
        (
            "stages:\n  a: {approval: {by: ['']}}\n  b: {run: x, needs: [a]}\n  g: {override: b}\n",
            "a:2 never-approved, b:3 unreachable, g:4 unreachable",
        ),
        ("stages:\n  a: {approval: {timeout: 0s}}\n", "a:2 never-approved"),
        ("stages:\n  a: {approval: {timeout: 0s, on_timeout: resume}}\n", ""),
        ("stages:\n  p: {publish: [{to: {test: ./t, production: ./t}}]}\n", "p:2 same-target"),
        ("stages:\n  a: {run: x, expect: 2h, timeout: 1h}\n", "a:2 times-out"),
    ] {
        let pipeline = Pipeline::parse(Path::new("p.yaml"), text).unwrap();
        let found = plan(&pipeline, &wish(&[])).unwrap().findings;
        let found: Vec<String> = found.iter().map(|f| format!("{}:{} {}", f.stage, f.line, f.code)).collect();
        assert_eq!(found.join(", "), expected, "{text}");
    }
    let pipeline = Pipeline::parse(Path::new("p.yaml"), PUBLISH).unwrap();
    let skipped = plan(&pipeline, &wish(&["p"])).unwrap();
    assert_eq!(skipped.findings, [], "what is left out keeps nobody waiting");
    let substitutes = substitutes(&pipeline, &["p=true".into()]).unwrap();
    let substituted = plan(&pipeline, &Wish { substitutes, ..wish(&[]) }).unwrap();
    assert_eq!(substituted.findings, [], "its targets are not looked at");
}

#[test]
fn a_substitute_needs_a_stage_that_works_and_a_command() {
    let pipeline = example("prepare-artifacts.yaml");
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let fine = substitutes(&pipeline, &texts(&["prep=A=b make"])).unwrap();
    assert_eq!(fine["prep"], "A=b make");
    for (wrong, said) in [
        (&["prep"][..], "substitutes nothing"),
        (&["prep= "], "substitutes nothing"),
        (&["pre=x"], "no stage"),
        (&["prep=x", "prep=y"], "twice"),
        (&["prep_override=x"], "waits for a person"),
    ] {
        let error = substitutes(&pipeline, &texts(wrong)).unwrap_err();
        assert!(error.message().contains(said) && error.kind() == Kind::Usage, "{error:?}");
    }
}
