use super::*;
use crate::ops::stage::{
    draw::{Drawing, mermaid},
    pipeline::{Profile, Work},
    plan::{Wish, plan},
    select::Asked,
};
use proptest::prelude::*;
use std::{collections::BTreeMap, path::PathBuf};

/// What a drawing tells of a stage: name, title, needs, time, and what it is.
type Told = (String, Option<String>, Vec<usize>, Option<Duration>, Option<usize>, bool);

fn told(pipeline: &Pipeline) -> Vec<Told> {
    let stages = pipeline.stages.iter().map(|stage| {
        let of = match stage.work {
            Work::Gate { of } => Some(of),
            _ => None,
        };
        let approval = matches!(stage.work, Work::Approval { .. });
        (stage.name.clone(), stage.title.clone(), stage.needs.clone(), stage.expect, of, approval)
    });
    stages.collect()
}

/// The same without a title, with the names of needs instead of their places.
type Named = (Vec<String>, Option<Duration>, Option<String>, bool);

/// The stages in the order of names: what does not depend on the order of a file.
fn by_name(pipeline: &Pipeline) -> BTreeMap<String, Named> {
    let name = |at: usize| pipeline.stages[at].name.clone();
    let stages = told(pipeline).into_iter().map(|(own, _, needs, expect, of, approval)| {
        let mut needs: Vec<String> = needs.into_iter().map(name).collect();
        needs.sort();
        (own, (needs, expect, of.map(name), approval))
    });
    stages.collect()
}

fn drawn(pipeline: &Pipeline) -> String {
    let wish = Wish {
        asked: Asked::default(),
        earlier: None,
        profile: Profile::Test,
        substitutes: BTreeMap::new(),
        what_if: Vec::new(),
    };
    mermaid(&Drawing::planned(pipeline, &plan(pipeline, &wish).unwrap()))
}

fn imported(text: &str) -> Pipeline {
    let path = Path::new("p.mmd");
    Pipeline::parse(path, &import(path, text).unwrap()).unwrap()
}

#[test]
fn the_drawings_of_the_examples_are_the_examples() {
    let directory = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples/release");
    for name in ["prepare-artifacts", "validate-publish"] {
        let path = directory.join(name).with_extension("mmd");
        let text = import(&path, &std::fs::read_to_string(&path).unwrap()).unwrap();
        let imported = Pipeline::parse(&path, &text).unwrap();
        let written = Pipeline::read(&path.with_extension("yaml")).unwrap();
        assert_eq!(by_name(&imported), by_name(&written), "{name}");
        assert_eq!(imported.name, name);
    }
}

#[test]
fn what_people_draw_is_read() {
    for (text, expected) in [
        ("graph TD\n a[Build (30m)] --> b(Sign 50m)", "build[]30m sign[build]50m"),
        (
            "---\ntitle: x\n---\nflowchart LR\nA[\"Build; (1 hour, 20 min)\"]-->B;B-->C[[VS Insertion]]",
            "build[]1h20m B[build] vs_insertion[B]",
        ),
        ("%%{init: {}}%%\nflowchart LR\n one & two --> three & four\n", "one[] two[] three[one,two] four[one,two]"),
        (
            "flowchart LR\n one -- when it is done --> two ==> three -.-> four\n one -. x .-> five\n",
            "one[] two[one] three[two] four[three] five[one]",
        ),
        (
            "flowchart LR\n subgraph x [All]\n direction TB\n one:::big --> two\n end\n class one big\n style two fill:#fff",
            "one[] two[one]",
        ),
        ("flowchart LR\n build-it --> a.b\n", "build-it[] a.b[build-it]"),
        ("flowchart LR\n one --> one_override --> two", "one[] one_override[one]!one two[one_override]"),
        ("flowchart LR\n one --> ok1{Did it work?} --> go1[Sign off by the team]", "one[] ok1[one]!one go1[ok1]?"),
        ("flowchart LR\n one & two -->|yes| gate{Go}\n two -->|override| gate", "one[] two[] gate[one,two]!two"),
    ] {
        let pipeline = imported(text);
        let shown = told(&pipeline).into_iter().map(|(name, _, needs, expect, of, approval)| {
            let names = |at: usize| pipeline.stages[at].name.as_str();
            let needs: Vec<&str> = needs.into_iter().map(names).collect();
            let of = of.map(|of| format!("!{}", names(of))).unwrap_or_default();
            let (expect, asks) = (expect.map(exact).unwrap_or_default(), if approval { "?" } else { "" });
            format!("{name}[{}]{expect}{of}{asks}", needs.join(","))
        });
        assert_eq!(shown.collect::<Vec<_>>().join(" "), expected, "{text}");
    }
}

#[test]
fn what_cannot_be_read_is_told_with_its_line() {
    for (text, said, hint) in [
        ("", "draws no stages", "flowchart LR"),
        ("sequenceDiagram\n a->>b: x", "p.mmd:1: \"sequenceDiagram\" begins no flowchart", "flowchart LR"),
        ("flowchart LR\n one --- two", "p.mmd:2: this says not what needs what", "-->"),
        ("flowchart LR\n one --o two", "p.mmd:2: this says not", "-->"),
        ("flowchart LR\n one <--> two", "p.mmd:2: this says not", "-->"),
        ("flowchart LR\n one -->\n", "p.mmd:2: here a stage should stand", "-->"),
        ("flowchart LR\n one[Build", "p.mmd:2: the label of one does not end", "one["),
        ("flowchart LR\n a[Build]\n b[Build]", "p.mmd:3: this would be the stage build as the one in line 2", "ids"),
        ("flowchart LR\n one --> two\n two --> one", "p.mmd:2: these stages need each other in a circle", "edges"),
        ("flowchart LR\n one & two --> gate{Go}", "p.mmd:2: the gate gate comes after several", "override| gate"),
        ("flowchart LR\n gate{Go}", "p.mmd:2: the gate gate comes after nothing", "override"),
    ] {
        let error = import(Path::new("p.mmd"), text).unwrap_err();
        assert!(error.message().contains(said), "{text}: {error:?}");
        assert!(error.hints().join(" ").contains(hint), "{text}: {error:?}");
        assert_eq!(error.kind(), Kind::Usage);
    }
}

/// Pipelines whose names and titles are as awkward as they may be.
fn pipelines() -> impl Strategy<Value = Pipeline> {
    let names = proptest::sample::subsequence(
        vec![
            "end",
            "s3",
            "s0",
            "a.b",
            "x-y",
            "true",
            "12",
            "sign_off",
            "a_override",
            "b",
            "Build",
            "class",
            "_x",
            "a--b",
        ],
        1..12,
    );
    let title = proptest::option::of(proptest::string::string_regex("[ -~é]{0,12}|x \\(30m\\)| a  b ").unwrap());
    let stage =
        (title, proptest::option::of(0u64..100_000), 0usize..3, proptest::collection::vec(any::<usize>(), 0..3));
    (names.prop_shuffle(), proptest::collection::vec(stage, 12)).prop_map(|(names, stages)| {
        let drawn: Vec<Stage> = names
            .iter()
            .zip(stages)
            .enumerate()
            .map(|(at, (name, (title, expect, what, needs)))| {
                let mut needs: Vec<usize> = needs.into_iter().filter(|_| at > 0).map(|need| need % at.max(1)).collect();
                needs.sort_unstable();
                needs.dedup();
                let what = match (what, needs.first()) {
                    (1, Some(&of)) => What::Gate(of),
                    (2, _) => What::Approval,
                    _ => What::Work,
                };
                Stage { name: (*name).into(), title, expect: expect.map(Duration::from_secs), needs, what }
            })
            .collect();
        Pipeline::parse(Path::new("p.yaml"), &write("p", &drawn)).unwrap()
    })
}

proptest! {
    #[test]
    fn a_drawing_of_ours_is_read_back_as_what_was_drawn(pipeline in pipelines()) {
        let drawing = drawn(&pipeline);
        let again = imported(&drawing);
        prop_assert_eq!(told(&again), told(&pipeline), "{}", drawing);
        let third = drawn(&again);
        prop_assert_eq!(third, drawing);
    }

    #[test]
    fn nothing_that_is_read_makes_it_panic(text in "(flowchart LR\n)?[ -~\n]{0,80}") {
        drop(import(Path::new("p.mmd"), &text));
    }
}
