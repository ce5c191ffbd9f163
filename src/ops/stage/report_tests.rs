use super::*;
use crate::ops::stage::{
    run::{Event, Opening, Record},
    select::{Asked, Reason},
};
use std::{collections::BTreeMap, path::Path};

const TEXT: &str = "stages:\n  a: {run: x, expect: 1m}\n  b: {run: x, needs: [a], expect: 30s}\n  c: {run: x, needs: [a]}\n  \
                    gate: {override: b}\n  d: {run: x, needs: [gate, c]}\n";

fn pipeline() -> Pipeline {
    Pipeline::parse(Path::new("p.yaml"), TEXT).unwrap()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

/// A run with these events at these seconds after its beginning.
fn run(skip: &[&str], events: Vec<(i64, Event)>) -> Run {
    let opening = Opening {
        run: Id::try_from("0123456789".to_owned()).unwrap(),
        pipeline: "p".into(),
        file: "p.yaml".into(),
        hash: pipeline().hash,
        profile: Profile::Production,
        asked: Asked::default(),
        left_out: skip.iter().map(|name| ((*name).to_owned(), Reason::Skip)).collect(),
        substituted: BTreeMap::new(),
        handover: None,
        by: None,
        reason: None,
        rerun: false,
        resign: false,
        fail_fast: false,
    };
    let mut records = vec![Record::after("", at(0), Event::Opened(Box::new(opening)))];
    for (second, event) in events {
        let before = records.last().unwrap().chain.clone();
        records.push(Record::after(&before, at(second), event));
    }
    Run::of(&records).unwrap()
}

fn begun(stage: &str) -> Event {
    Event::Begun { stage: stage.into(), attempt: 1, command: "x".into(), mark: "m".into(), host: "h".into() }
}

fn ended(stage: &str, attempt: usize, state: State) -> Event {
    Event::Ended {
        stage: stage.into(),
        attempt,
        state,
        why: (!state.satisfies()).then(|| "exit code 2".into()),
        exit_code: None,
        made: Vec::new(),
        fingerprint: None,
    }
}

fn overridden(stage: &str) -> Event {
    let reason = Some("known flake".into());
    Event::Answered { stage: stage.into(), state: State::Overridden, by: "maria".into(), reason }
}

fn row<'r>(report: &'r Report, name: &str) -> &'r Row {
    report.stages.iter().find(|row| row.name == name).unwrap()
}

#[test]
fn what_happened_is_timed_against_what_was_expected() {
    let events = vec![
        (0, begun("a")),
        (50, ended("a", 1, State::Succeeded)),
        (50, begun("b")),
        (50, begun("c")),
        (60, ended("c", 1, State::Succeeded)),
        (90, ended("b", 1, State::Succeeded)),
        (90, ended("gate", 0, State::Skipped)),
        (95, begun("d")),
        (100, ended("d", 1, State::Succeeded)),
    ];
    let report = Report::of(&pipeline(), &run(&[], events), at(500));
    assert_eq!((report.took.as_secs(), report.expected.as_secs()), (100, 90));
    assert_eq!(report.critical_path, ["a", "b", "gate", "d"]);
    let slack = |name: &str| row(&report, name).slack.unwrap().as_secs();
    // d could have begun when the gate was passed over: the five seconds until then are everybody's.
    assert_eq!(["a", "b", "c", "gate", "d"].map(slack), [5, 5, 35, 5, 0]);
    assert_eq!(row(&report, "a").took, Some(Duration::from_secs(50)));
    assert!(report.is_over() && !report.is_bad());
}

#[test]
fn what_runs_counts_until_now() {
    let report = Report::of(&pipeline(), &run(&[], vec![(10, begun("a"))]), at(40));
    assert_eq!((row(&report, "a").state, row(&report, "a").took), (State::Running, Some(Duration::from_secs(30))));
    assert_eq!(row(&report, "b").state, State::Waiting);
    assert!(!report.is_over());
}

#[test]
fn what_is_blocked_names_what_blocks_it() {
    let events = vec![(0, begun("a")), (5, ended("a", 1, State::Failed))];
    let report = Report::of(&pipeline(), &run(&[], events), at(9));
    assert_eq!(row(&report, "a").why.as_deref(), Some("exit code 2"));
    for blocked in ["b", "c", "gate", "d"] {
        let row = row(&report, blocked);
        assert_eq!((row.state, row.why.as_deref()), (State::Blocked, Some("a failed")), "{blocked}");
    }
    assert!(report.is_over() && report.is_bad());
}

#[test]
fn who_overrode_and_why_is_shown_also_after_the_stage_succeeded() {
    let again = Event::TakenUp { hash: None, differs: Vec::new(), again: vec!["a".into()] };
    let second =
        Event::Begun { stage: "a".into(), attempt: 2, command: "x".into(), mark: "m".into(), host: "h".into() };
    let mut events = vec![(0, begun("a")), (5, ended("a", 1, State::Failed)), (9, overridden("a"))];
    let report = Report::of(&pipeline(), &run(&[], events.clone()), at(10));
    assert_eq!(row(&report, "a").state, State::Overridden);
    events.extend([(20, again), (21, second), (30, ended("a", 2, State::Succeeded))]);
    let later = Report::of(&pipeline(), &run(&[], events), at(40));
    assert_eq!((row(&later, "a").state, row(&later, "a").attempts), (State::Succeeded, 2));
    for report in [report, later] {
        let why = row(&report, "a").why.clone().unwrap();
        assert!(why.contains("overridden by maria: known flake"), "{why}");
    }
}

#[test]
fn a_run_that_was_stopped_is_over_and_bad_once_nothing_runs() {
    let stop = (4, Event::Cancelled { why: "ctrl-c".into() });
    let running = Report::of(&pipeline(), &run(&[], vec![(0, begun("a")), stop.clone()]), at(9));
    assert!(!running.is_over());
    let events = vec![(0, begun("a")), stop, (5, ended("a", 1, State::Cancelled))];
    let stopped = Report::of(&pipeline(), &run(&[], events), at(9));
    assert!(stopped.is_over() && stopped.is_bad());
}

#[test]
fn what_is_done_again_has_not_ended() {
    let again = Event::TakenUp { hash: None, differs: Vec::new(), again: vec!["a".into()] };
    let events = vec![(0, begun("a")), (5, ended("a", 1, State::Failed)), (9, again)];
    let report = Report::of(&pipeline(), &run(&[], events), at(10));
    assert_eq!((row(&report, "a").state, row(&report, "a").ended), (State::Waiting, None));
    assert_eq!(row(&report, "b").state, State::Waiting, "nothing blocks it any more");
}

#[test]
fn what_was_left_out_is_on_no_critical_path() {
    let events = vec![(0, ended("a", 0, State::Skipped)), (0, begun("c")), (9, ended("c", 1, State::Succeeded))];
    assert_eq!(Report::of(&pipeline(), &run(&["a"], events), at(10)).critical_path, ["c"]);
}

#[test]
fn what_was_left_out_is_skipped_and_says_by_what() {
    let report = Report::of(&pipeline(), &run(&["a"], Vec::new()), at(1));
    assert_eq!(
        (row(&report, "a").state, row(&report, "a").why.as_deref()),
        (State::Skipped, Some("skipped by --skip"))
    );
    assert_eq!((row(&report, "b").state, report.expected.as_secs()), (State::Waiting, 30));
}

mod explained {
    use super::*;
    use crate::ops::stage::explain::explain;

    fn reasons(run: &Run, stage: &str) -> String {
        explain(&pipeline(), run, stage, at(99)).unwrap().reasons.join("\n")
    }

    #[test]
    fn every_reason_that_the_records_give_is_told() {
        let failed = vec![(0, begun("a")), (5, ended("a", 1, State::Failed))];
        let waits = vec![(0, begun("a"))];
        let mut overrode = failed.clone();
        overrode.push((7, overridden("a")));
        let mut asked = vec![(0, begun("b")), (5, ended("b", 1, State::Failed))];
        asked.push((6, Event::Asked { stage: "gate".into(), until: Some(at(50)) }));
        for (skip, events, stage, expected) in [
            (&[][..], failed.clone(), "d", "it cannot begin: a failed"),
            (&[], waits, "b", "it waits: a is running"),
            (&[], Vec::new(), "a", "it begins when the run is driven on"),
            (&["a"], Vec::new(), "a", "it was left out: skipped by --skip; what needs it goes on"),
            (&[], overrode, "a", "overridden by maria: known flake at "),
            (&["a"], asked, "gate", "a person is asked, until 2023-"),
            (&[], failed, "a", "it declares no inputs"),
        ] {
            let told = reasons(&run(skip, events), stage);
            assert!(told.contains(expected), "{stage}: {told}");
        }
    }

    #[test]
    fn each_attempt_has_its_log() {
        let told = run(&[], vec![(0, begun("a")), (5, ended("a", 1, State::Failed))]);
        let explained = explain(&pipeline(), &told, "a", at(9)).unwrap();
        assert_eq!(explained.attempts[0].log, "stage/logs/0123456789/a.1.zst");
        let unknown = explain(&pipeline(), &told, "aa", at(9)).unwrap_err();
        assert!(unknown.hints()[0].contains("did you mean a"), "{unknown:?}");
    }
}

mod compared {
    use super::*;
    use crate::ops::stage::diff::runs;

    #[test]
    fn runs_differ_by_state_time_command_and_file() {
        let one = run(&[], vec![(0, begun("a")), (50, ended("a", 1, State::Failed))]);
        let other = run(&["b"], vec![(0, begun("a")), (99, ended("a", 1, State::Succeeded))]);
        let mended = TEXT.replace("a: {run: x,", "a: {run: y,");
        let mended = Pipeline::parse(Path::new("p.yaml"), &mended).unwrap();
        let changes = runs((&pipeline(), &one), (&mended, &other), at(100));
        let shown: Vec<String> = changes.iter().map(ToString::to_string).collect();
        for line in [
            "a: command x → y",
            "a: state failed → succeeded",
            "a: took 50s → 1m 39s",
            "b: + left out skipped by --skip",
        ] {
            assert!(shown.iter().any(|found| found == line), "{line}\n{shown:#?}");
        }
        assert_eq!(runs((&pipeline(), &one), (&pipeline(), &one), at(100)), []);
    }
}
