use super::*;

fn parse(text: &str) -> Result<Pipeline> {
    Pipeline::parse(Path::new("p.yaml"), text)
}

#[test]
fn stages_keep_their_order_and_their_lines() {
    let text = "pipeline: v\nstages:\n  b: {needs: [a], run: 'true', expect: 90m}\n  a: {run: 'true'}\n  gate:\n    override: b\n";
    let pipeline = parse(text).unwrap();
    let names: Vec<(&str, u64)> = pipeline.stages.iter().map(|stage| (stage.name.as_str(), stage.line)).collect();
    assert_eq!(names, [("b", 3), ("a", 4), ("gate", 5)]);
    assert_eq!(pipeline.stages[0].needs, [1]);
    assert_eq!((pipeline.stages[2].work.clone(), pipeline.stages[2].needs.clone()), (Work::Gate { of: 0 }, vec![0]));
    assert_eq!(pipeline.stages[0].expect, Some(Duration::from_secs(5400)));
}

#[test]
fn each_mistake_has_its_line_and_the_right_form() {
    for (text, said, hint) in [
        ("stages:\n  a: {run: x}\n  b: {needs: [aa], run: x}", "p.yaml:3: b needs \"aa\"", "did you mean a"),
        ("stages:\n  a: {needs: [b]}\n  b: {needs: [c]}\n  c: {needs: [a]}", "circle: a → b → c → a", "take one"),
        ("stages:\n  a: {needs: [a]}", "circle: a → a", "take one"),
        ("stages:\n  a: {run: x, start: y}", "p.yaml:2: a does two things: run and start", "two stages"),
        ("stages:\n  a: {run: x, pool: p}", "the pool \"p\"", "pools: {p: 1}"),
        ("stages:\n  a: {run: x, timeout: soon}", "p.yaml:2: this is no duration", "90m"),
        ("stages:\n  a: {run: x, inputs: ['a[']}", "p.yaml:2: \"a[\" is no glob", ""),
        ("stages:\n  a: {run: x, rerun: maybe}", "says not when to rerun", "always or never"),
        ("stages:\n  a: {runs: x}", "unknown field", "did you mean `run`?"),
        ("stages:\n  a: {run: x}\n  a: {run: y}", "duplicate", ""),
        ("stages:\n  'a b': {run: x}", "p.yaml:2: \"a b\" is no name", "letters"),
        ("stages:\n  a: {publish: [{to: {live: x}}]}", "no profile \"live\"", "production"),
        ("stages:\n  a: {publish: [{files: [x]}]}", "nothing says where", "to:"),
        ("stages:\n  a: {approval: {on_timeout: perhaps}}", "\"perhaps\"", "reject or resume"),
        ("kind: both\nstages: {a: {run: x}}", "p.yaml:1: there is no kind", "prepare or validate"),
        ("pools: {p: 0}\nstages: {a: {run: x}}", "p.yaml:1: the pool p", "1 or more"),
        ("remote: {pipeline: 7}\nstages: {a: {}}", "p.yaml:1: remote says which pipeline", "engine: NAME"),
        ("engine: e\nremote: {pipelines: r}\nstages: {a: {}}", "unknown field", "did you mean `pipeline`?"),
        ("pipeline: x", "there are no stages", "stages:"),
        ("", "there are no stages", "stages:"),
    ] {
        let error = parse(text).unwrap_err();
        let whole = format!("{}: {}", error.message(), error.causes().join(": "));
        assert!(whole.contains(said), "{text}: {whole}");
        assert!(error.hints().join("; ").contains(hint), "{text}: {:?}", error.hints());
        assert_eq!(error.kind(), Kind::Usage);
    }
}
