use super::*;
use proptest::prelude::*;
use std::path::Path;

/// a → b → c → publish, and d beside them.
const TEXT: &str = "stages:\n  a: {run: x}\n  b: {run: x, needs: [a]}\n  c: {run: x, needs: [b]}\n  d: {run: x}\n  \
                    publish: {needs: [c], publish: [{to: {production: ./p, test: ./t}}]}\n";

fn pipeline() -> Pipeline {
    Pipeline::parse(Path::new("p.yaml"), TEXT).unwrap()
}

fn names(list: &str) -> Vec<String> {
    list.split_whitespace().map(str::to_owned).collect()
}

fn done(asked: &Asked, earlier: Option<&Earlier>) -> Result<String> {
    let pipeline = pipeline();
    let left_out = select(&pipeline, asked, earlier)?;
    let done = pipeline.stages.iter().zip(left_out).filter(|(_, reason)| reason.is_none());
    Ok(done.map(|(stage, _)| stage.name.clone()).collect::<Vec<_>>().join(" "))
}

#[test]
fn each_flag_leaves_out_what_it_says() {
    for (skip, only, from, until, expected) in [
        ("", "", "", "", "a b c d publish"),
        ("b", "", "", "", "a c d publish"),
        ("a d", "", "", "", "b c publish"),
        ("", "b d", "", "", "b d"),
        ("", "", "b", "", "b c publish"),
        ("", "", "", "b", "a b"),
        ("", "", "b", "c", "b c"),
        ("c", "", "b", "", "b publish"),
        ("", "b", "b", "b", "b"),
    ] {
        let asked =
            Asked { skip: names(skip), only: names(only), from: names(from), until: names(until), failed: false };
        assert_eq!(done(&asked, None).unwrap(), expected, "{asked:?}");
    }
}

#[test]
fn what_failed_is_done_again_with_what_needs_it() {
    use State::*;
    for (states, expected) in [
        ([Succeeded, Failed, Waiting, Succeeded, Waiting], "b c publish"),
        ([Succeeded, Succeeded, Succeeded, Failed, Succeeded], "d"),
        ([Failed, Succeeded, Succeeded, Succeeded, Succeeded], "a b c publish"),
        ([Skipped, Overridden, UpToDate, SucceededWithIssues, TimedOut], "publish"),
        ([Interrupted, Waiting, Waiting, Cancelled, Waiting], "a b c d publish"),
    ] {
        let states = ["a", "b", "c", "d", "publish"].map(str::to_owned).into_iter().zip(states).collect();
        let earlier = Earlier { run: "k3v9".into(), states };
        let asked = Asked { failed: true, ..Asked::default() };
        assert_eq!(done(&asked, Some(&earlier)).unwrap(), expected, "{earlier:?}");
    }
    let asked = Asked { failed: true, ..Asked::default() };
    assert_eq!(done(&asked, None).unwrap_err().kind(), Kind::Usage);
}

#[test]
fn what_is_not_there_and_what_leaves_nothing_are_mistakes() {
    let unknown = Asked { skip: names("pubish"), ..Asked::default() };
    let error = done(&unknown, None).unwrap_err();
    assert!(error.hints().join(" ").contains("publish"), "{error:?}");
    let nothing = Asked { skip: names("a b c d publish"), ..Asked::default() };
    assert_eq!(done(&nothing, None).unwrap_err().kind(), Kind::Usage);
}

#[test]
fn only_what_production_stands_on_weighs() {
    let pipeline = pipeline();
    for (skip, profile, succeeded, expected) in [
        ("b", Profile::Production, "", "b"),
        ("b", Profile::Production, "b", ""),
        ("b", Profile::Test, "", ""),
        ("d", Profile::Production, "", ""),
        ("a c", Profile::Production, "a", "c"),
        ("b publish", Profile::Production, "", ""),
    ] {
        let asked = Asked { skip: names(skip), ..Asked::default() };
        let left_out = select(&pipeline, &asked, None).unwrap();
        let weighty = weighty(&pipeline, &left_out, profile, &|name| names(succeeded).contains(&name.to_owned()));
        let found: Vec<&str> = weighty.into_iter().map(|stage| pipeline.stages[stage].name.as_str()).collect();
        assert_eq!(found.join(" "), expected, "{skip} {profile:?}");
    }
}

proptest! {
    /// A skip never takes anything else away: what needs it goes on.
    #[test]
    fn a_skip_leaves_out_itself_alone(chosen in proptest::collection::btree_set(0usize..5, 0..4)) {
        let pipeline = pipeline();
        let skip: Vec<String> = chosen.iter().map(|&stage| pipeline.stages[stage].name.clone()).collect();
        let left_out = select(&pipeline, &Asked { skip, ..Asked::default() }, None).unwrap();
        for (stage, reason) in left_out.iter().enumerate() {
            prop_assert_eq!(reason.is_some(), chosen.contains(&stage));
        }
    }
}
