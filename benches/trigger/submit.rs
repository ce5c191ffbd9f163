//! How fast a session asks for its runs: `cargo bench --bench submit -- [REVISIONS [TIMES]]`.
//!
//! The real program asks a CI on the loopback interface, whose answers take 20 ms, for 3 runs at each of 500 revisions, 16
//! requests at a time. It cannot be faster than ⌈1500 / 16⌉ × 20 ms.
#![allow(clippy::print_stdout, reason = "the numbers are the result")]

#[path = "../../tests/support/http.rs"]
#[allow(dead_code, reason = "the tests use the rest")]
mod http;
#[path = "../../tests/support/loopback.rs"]
#[allow(dead_code, reason = "the tests use the rest")]
mod loopback;
#[path = "../../tests/support/repository.rs"]
#[allow(dead_code, reason = "the tests use the rest")]
mod repository;

use loopback::Loopback;
use repository::Repository;
use std::{
    collections::BTreeMap,
    fs,
    process::Command,
    time::{Duration, Instant},
};

const LATENCY: Duration = Duration::from_millis(20);
const AT_ONCE: usize = 16;
const ROUNDS: usize = 5;
/// How much longer than the limit the submissions may take.
const ALLOWED: f64 = 1.2;

fn main() {
    let mut numbers = std::env::args().skip(1).filter_map(|arg| arg.parse().ok());
    let (revisions, times) = (numbers.next().unwrap_or(500), numbers.next().unwrap_or(3));
    let runs: usize = revisions * times;
    let limit = LATENCY * u32::try_from(runs.div_ceil(AT_ONCE)).unwrap();
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("repo")).unwrap();
    let (repository, _) = Repository::with(&dir.path().join("repo"), &Repository::linear(revisions + 1));
    println!(
        "{runs} submissions, {AT_ONCE} at a time, {} ms each: at least {:.2} s",
        LATENCY.as_millis(),
        limit.as_secs_f64()
    );
    println!("| round | submissions s | × the limit | whole command s | other requests |\n|---:|---:|---:|---:|---:|");
    let mut worst: f64 = 0.0;
    for round in 1..=ROUNDS {
        let ci = Loopback::start(LATENCY);
        let home = dir.path().join(round.to_string());
        fs::create_dir_all(home.join("ci-tool")).unwrap();
        fs::write(home.join("ci-tool/config.yaml"), ci.config(AT_ONCE)).unwrap();
        let range = format!("c0..c{revisions}");
        let (times, budget) = (times.to_string(), runs.to_string());
        let start = Instant::now();
        let output = Command::new(env!("CARGO_BIN_EXE_ci-tool"))
            .args(["trigger", "range", &range, "--job", loopback::JOB, "--times", &times, "--budget", &budget])
            .args(["--engine", "loopback", "--quiet"])
            .current_dir(&repository.dir)
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .envs(["HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"].map(|name| (name, home.as_os_str())))
            .output()
            .unwrap();
        let whole = start.elapsed();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        ci.runs().into_iter().for_each(|(revision, _)| *counts.entry(revision).or_default() += 1);
        assert!(counts.len() == revisions && counts.values().all(|count| count.to_string() == times), "{counts:?}");
        let took = ci.took().unwrap_or_default();
        let ratio = took.as_secs_f64() / limit.as_secs_f64();
        worst = worst.max(ratio);
        let others = ci.asked() - runs;
        println!("| {round} | {:.2} | {ratio:.2} | {:.2} | {others} |", took.as_secs_f64(), whole.as_secs_f64());
    }
    assert!(worst <= ALLOWED, "{worst:.2} times the limit, and {ALLOWED} is allowed");
}
