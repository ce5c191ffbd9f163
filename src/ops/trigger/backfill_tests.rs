use super::*;
use crate::pipeline::run::State;
use jiff::Timestamp;

fn revisions(count: usize) -> Vec<Revision> {
    (0..count)
        .map(|n| Revision {
            id: format!("r{n}"),
            number: None,
            author: String::new(),
            date: Timestamp::UNIX_EPOCH,
            subject: String::new(),
            paths: Vec::new(),
        })
        .collect()
}

/// A history told by letters, the newest first: `p`ass, `f`ail, `.` nothing, `c`oalesced, `i`nfra, `t`imed out.
fn told(text: &str) -> History {
    History::new(text.chars().enumerate().filter_map(|(at, letter)| {
        let state = match letter {
            'p' => State::Succeeded,
            'f' => State::Failed,
            'c' => State::Coalesced,
            'i' => State::Infra,
            't' => State::TimedOut,
            _ => return None,
        };
        Some(Run { revision: Some(format!("r{at}")), ..Run::new(at.to_string(), "unit", state) })
    }))
}

#[test]
fn the_walk_ends_at_the_last_good_revision_and_wants_what_says_nothing() {
    type Expected = Result<(&'static str, &'static [&'static str]), Nowhere>;
    let cases: [(&str, Expected); 10] = [
        ("f...p", Ok(("r4", &["r1", "r2", "r3"]))),
        ("....p", Ok(("r4", &["r0", "r1", "r2", "r3"]))),
        ("f.f.p.p", Ok(("r4", &["r1", "r3"]))),
        ("fp", Ok(("r1", &[]))),
        ("fcip", Ok(("r3", &["r1", "r2"]))),
        ("t.p", Ok(("r2", &["r1"]))),
        ("p..f", Err(Nowhere::Passes)),
        ("f....", Err(Nowhere::NeverPassed)),
        ("fffff", Err(Nowhere::NeverPassed)),
        ("", Err(Nowhere::HistoryEnds)),
    ];
    for (text, expected) in cases {
        let revisions = revisions(text.len());
        let found = walk(&revisions, &told(text), false);
        let found = found.map(|w| (w.good.id.clone(), w.missing.iter().map(|r| r.id.clone()).collect::<Vec<_>>()));
        let expected = expected
            .map(|(good, missing)| (good.to_owned(), missing.iter().map(|&m| m.to_owned()).collect::<Vec<_>>()));
        assert_eq!(found, expected, "{text}");
    }
    assert_eq!(walk(&revisions(2), &told("f."), true).err(), Some(Nowhere::HistoryEnds));
}

#[test]
fn the_depth_follows_the_jobs_own_interval() {
    for (asked, interval, expected) in
        [(None, None, 20), (Some(7), Some(10), 7), (None, Some(5), 9), (None, Some(40), 61), (Some(0), None, 1)]
    {
        assert_eq!(Depth::new(asked, interval).revisions, expected, "{asked:?} {interval:?}");
    }
}

#[test]
fn the_usual_interval_is_that_of_scheduled_runs() {
    let revisions = revisions(40);
    let order: HashMap<&str, usize> = revisions.iter().enumerate().map(|(at, r)| (r.id.as_str(), at)).collect();
    let at = |place: usize, key: Option<&str>| Run {
        revision: Some(format!("r{place}")),
        key: key.map(str::to_owned),
        ..Run::new(place.to_string(), "unit", State::Succeeded)
    };
    let scheduled = [0, 5, 10, 10, 15, 35].map(|place| at(place, None));
    assert_eq!(usual_interval(&scheduled, &order), Some(5));
    let mut with_ours = scheduled.to_vec();
    with_ours.extend((16..30).map(|place| at(place, Some("ci-tool-backfill-x-0001-1"))));
    assert_eq!(usual_interval(&with_ours, &order), Some(5));
    assert_eq!(usual_interval(&scheduled[..2], &order), None);
}

#[test]
fn measurements_are_taken_back_to_the_last_that_there_are_and_one_more() {
    let revisions = revisions(6);
    let mut runs: Vec<Run> = Vec::new();
    for at in [0, 3] {
        runs.push(Run {
            revision: Some(format!("r{at}")),
            data: [("score".to_owned(), 1.0)].into(),
            ..Run::new(at.to_string(), "perf", State::Succeeded)
        });
    }
    let history = History::new(runs);
    for (plus, expected) in [(0, 4), (1, 5), (9, 6)] {
        assert_eq!(until_data(&revisions, &history, plus).map(<[_]>::len), Some(expected), "{plus}");
    }
    assert_eq!(until_data(&revisions, &told("fp"), 1), None);
}

#[test]
fn what_a_backfill_triggered_is_not_backfilled() {
    let revision = &revisions(1)[0];
    let run = |key: Option<&str>| Run {
        revision: Some("r0".into()),
        key: key.map(str::to_owned),
        ..Run::new("1", "unit", State::Failed)
    };
    let own = run(Some("ci-tool-backfill-k3v9k3v9k3-0003-1"));
    for (runs, refused) in [
        (vec![], false),
        (vec![run(None)], false),
        (vec![run(Some("ci-tool-k3v9k3v9k3-0003-1"))], false),
        (vec![own.clone()], true),
        (vec![own.clone(), own.clone()], true),
        (vec![own, run(None)], false),
    ] {
        let found = refuse_its_own(revision, &History::new(runs.clone()));
        assert_eq!(found.is_err(), refused, "{runs:?}");
        if let Err(error) = found {
            assert!(error.message().contains("k3v9k3v9k3"), "{error:?}");
        }
    }
}

#[test]
fn the_first_bad_revision_is_told_as_narrowly_as_the_runs_allow() {
    for (text, expected) in [
        ("ffp", Some((1, 2, 0))),
        ("f.fp", Some((2, 3, 0))),
        ("f..p", Some((0, 3, 2))),
        ("fif.p", Some((2, 4, 1))),
        ("f..", None),
        ("pfp", None),
    ] {
        let revisions = revisions(text.len());
        let found = narrowest(&revisions, &told(text));
        let expected = expected.map(|(bad, good, unknown): (usize, usize, usize)| Span {
            good: revisions[good].clone(),
            bad: revisions[bad].clone(),
            unknown,
        });
        assert_eq!(found, expected, "{text}");
    }
}
