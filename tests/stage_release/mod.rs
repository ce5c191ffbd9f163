//! The trials, each in a sandbox and with a store of its own.

mod bench;
mod checking;
mod going_on;
mod publishing;

use crate::support::{self, azurite};
use bench::Bench;
use libtest_mimic::Trial;
use std::process::ExitCode;

type Check = fn(&Bench);

macro_rules! checks {
    ($($module:ident::$name:ident),* $(,)?) => { [$((stringify!($name), $module::$name as Check)),*] };
}

const CHECKS: [(&str, Check); 14] = checks![
    publishing::approved_one_by_one_the_release_comes_to_its_end,
    publishing::publishing_again_uploads_nothing,
    publishing::a_publish_that_failed_is_done_again_by_failed,
    publishing::a_target_of_the_other_profile_is_refused,
    publishing::the_test_profile_publishes_to_the_test_containers_only,
    checking::a_tampered_artifact_is_refused_before_a_run_begins,
    checking::a_handover_of_another_key_is_refused_before_a_run_begins,
    checking::what_is_prepared_again_is_signed_once,
    checking::what_is_signed_again_takes_the_place_of_the_first,
    checking::a_skip_is_free_unless_production_stands_on_it,
    going_on::a_failure_is_passed_over_at_its_gate_and_the_release_rejected,
    going_on::a_substitute_is_marked_and_vouches_for_nothing,
    going_on::a_killed_run_is_resumed_as_a_new_attempt,
    going_on::a_mended_file_is_taken_up_and_both_are_kept,
];

/// Runs all of it.
pub fn main() -> ExitCode {
    support::run(trials("local", Bench::local), trials("azurite", Bench::azure), azurite::stop)
}

fn trials(place: &str, make: fn() -> Bench) -> Vec<Trial> {
    let trial = |(name, check): &'static (&'static str, Check)| {
        Trial::test(format!("{place}::{name}"), move || {
            check(&make());
            Ok(())
        })
    };
    CHECKS.iter().map(trial).collect()
}
