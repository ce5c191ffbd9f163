use super::*;
use std::path::Path;

const OLD: &str = "stages:\n  a: {run: x}\n  b: {run: x, needs: [a]}\n  p: {publish: [{to: {test: ./t}}]}\n";

#[test]
fn each_thing_that_a_file_changes_is_named() {
    let parse = |text: &str| Pipeline::parse(Path::new("p.yaml"), text).unwrap();
    for (from, to, expected) in [
        ("b: {run: x", "b: {run: y", "b: command x → y"),
        ("needs: [a]}", "needs: [a], expect: 1h}", "b: + expect 1h"),
        (", needs: [a]}", "}", "b: - needs a"),
        ("  a: {run: x}\n", "  c: {run: x}\n  a: {run: x}\n", "+ stage c"),
        ("a: {run: x}", "a: {approval: {}}", "a: work run → approval"),
        ("./t", "./u", "./u"),
        ("stages:", "pools: {p: 2}\nstages:", "pools {} → {\"p\": 2}"),
        // Only lines moved.
        ("stages:\n", "# x\n\nstages:\n", ""),
    ] {
        let changes = pipelines(&parse(OLD), &parse(&OLD.replace(from, to)));
        let shown: Vec<String> = changes.iter().map(ToString::to_string).collect();
        let fits =
            if expected.is_empty() { shown.is_empty() } else { shown.iter().any(|line| line.contains(expected)) };
        assert!(fits, "{to}: {shown:?}");
    }
}
