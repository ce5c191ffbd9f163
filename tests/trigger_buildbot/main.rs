//! Sessions of `trigger` on a real Buildbot, by the real program: what the master has in the end is what counts.

#[allow(dead_code, reason = "each suite uses its part")]
#[path = "../support/mod.rs"]
mod support;

#[allow(dead_code, reason = "each suite uses its part")]
#[path = "../support/buildbot/mod.rs"]
mod real;

#[allow(dead_code, reason = "each suite uses its part")]
#[path = "../support/sandbox.rs"]
mod sandbox;

mod asking;
mod cut_off;
mod searching;
mod world;

use libtest_mimic::Trial;
use real::{Buildbot, Options};
use std::{
    process::ExitCode,
    sync::{Arc, Mutex, PoisonError},
};

/// The master of the cases that do not disturb each other: each has jobs or revisions of its own.
static SHARED: Mutex<Option<Arc<Buildbot>>> = Mutex::new(None);

macro_rules! trials {
    ($($module:ident::$name:ident),* $(,)?) => {
        vec![$(Trial::test(stringify!($name), || { $module::$name(); Ok(()) })),*]
    };
}

fn main() -> ExitCode {
    let trials = trials![
        asking::each_revision_gets_as_many_runs_as_it_should_have_and_no_more,
        asking::a_request_that_was_folded_into_somebody_elses_is_issued_again,
        asking::what_waits_for_somebody_else_is_not_folded_away,
        asking::without_waiting_the_rest_is_left_to_watch,
        asking::a_revision_is_filled_with_what_it_lacks,
        asking::a_job_waits_for_what_it_needs,
        asking::only_who_has_the_password_triggers,
        asking::parameters_reach_the_build_and_mistakes_reach_nothing,
        searching::a_backfill_runs_what_is_missing_and_tells_the_first_bad_revision,
        searching::a_job_that_never_passed_is_not_backfilled,
        searching::a_hunt_ends_at_the_first_failure,
        searching::a_hunt_without_a_failure_says_what_it_proves,
        cut_off::a_cancelled_session_leaves_nothing_on_the_master,
        cut_off::a_session_outlives_its_master,
        cut_off::a_killed_process_is_gone_on_with,
    ];
    support::run(Vec::new(), trials, || drop(SHARED.lock().unwrap_or_else(PoisonError::into_inner).take()))
}

/// The master that cases share, started by the first.
fn shared() -> Arc<Buildbot> {
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    shared.get_or_insert_with(|| Arc::new(Buildbot::start(Options::default()))).clone()
}
