//! Backfills, and hunts for a failure.

use crate::{
    real::BROKEN,
    shared,
    world::{Desk, builds},
};

pub fn a_backfill_runs_what_is_missing_and_tells_the_first_bad_revision() {
    let bb = shared();
    let desk = Desk::new(&bb, "");
    desk.history("verdict", 2);
    desk.history("verdict", 4);
    desk.history("verdict", 9);
    let told = format!("verdict passed last at {}, and fails since {}", desk.short(BROKEN - 1), desk.short(BROKEN));
    desk.on("backfill @9 --job verdict --slices 2 --wait").code(5).says(&["2 requested, 2 ran"]);
    assert_eq!(desk.requests("verdict", 1..10), [0, 0, 0, 0, 1, 0, 0, 1, 0]);
    // What a backfill triggered starts no other one.
    desk.on("backfill @8 --job verdict --wait").fails(2, &["come from the backfill", &desk.session()]);
    assert_eq!(desk.requests("verdict", 1..10), [0, 0, 0, 0, 1, 0, 0, 1, 0]);
    desk.on("backfill @9 --job verdict --wait").code(5).says(&["2 requested, 2 ran"]).prints(&[&told]);
    assert_eq!(desk.requests("verdict", 1..10), [0, 0, 0, 0, 1, 1, 1, 1, 0]);
    assert_eq!(desk.passed("verdict", 1..10), [0, 1, 0, 1, 1, 0, 0, 0, 0]);
    // There is nothing left to ask for, and the answer stays.
    desk.on("backfill @9 --job verdict --wait").code(5).says(&["nothing is to be triggered"]).prints(&[&told]);
    // From a revision of its own it tells, and starts nothing.
    desk.on("backfill @8 --job verdict --wait").code(5).says(&["nothing is to be triggered"]);
    assert_eq!(desk.requests("verdict", 1..10), [0, 0, 0, 0, 1, 1, 1, 1, 0]);
}

pub fn a_job_that_never_passed_is_not_backfilled() {
    let bb = shared();
    let desk = Desk::new(&bb, "");
    desk.history("fail", 9);
    desk.on("backfill @9 --job fail --wait").code(5).says(&["permanent failure", "10 revisions"]);
    assert_eq!(desk.requests("fail", 4..10), [0; 6]);
}

pub fn a_hunt_ends_at_the_first_failure() {
    let bb = shared();
    let desk = Desk::new(&bb, "");
    let hunt = desk.on("until-failure @5 --job fourth --batch 2 --wait").code(5);
    hunt.says(&["it failed after 3 passes"]).prints(&["this is run 4"]);
    assert_eq!((desk.passed("fourth", [5]), builds(&bb, "fourth").len()), (vec![3], 4));
}

pub fn a_hunt_without_a_failure_says_what_it_proves() {
    let bb = shared();
    let desk = Desk::new(&bb, "");
    let hunt = desk.on("until-failure @5 --job unit --batch 2 --max 4 --wait").ok();
    hunt.says(&["4 passes and no failure", "below 52.7 % at 95 % confidence"]);
    assert_eq!((desk.passed("unit", [5]), desk.requests("unit", [5])), (vec![4], vec![4]));
}
