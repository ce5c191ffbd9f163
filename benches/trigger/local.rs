//! What the local engine adds to a run: `cargo bench --bench local -- [RUNS]`.
//!
//! Runs `true` 2,000 times at one revision, one at a time, and next to it a plain shell loop of what each run cannot do
//! without: `git checkout --force --detach`, `git clean -ffdx`, `sh -c true`. They take turns in rounds, with a session of
//! the program that does the same: `trigger range REV --run true --times N`.
#![allow(clippy::print_stdout, reason = "the numbers are the result")]

#[path = "../../tests/support/ground.rs"]
#[allow(dead_code, reason = "the tests use the rest")]
mod ground;

use ci_tool::engine::{Engine, Request, Submitted, local::Local};
use ground::Ground;
use std::{
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

const ROUNDS: usize = 4;

fn main() {
    let count = std::env::args().skip(1).find_map(|arg| arg.parse().ok()).unwrap_or(2000_usize);
    let each = count.div_ceil(ROUNDS);
    let mut ground = Ground::new();
    let files: Vec<String> = (0..200).map(|n| format!("src/{}/{n}.c", n % 10)).collect();
    let revision = ground.commit(&files.iter().map(|name| (name.as_str(), "int x;\n")).collect::<Vec<_>>());
    ground.job("true", "true");
    let tree = ground.path("tree");
    ground.git(&["worktree", "add", "--quiet", "--detach", &tree.to_string_lossy()]);

    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (mut shell, mut engine, mut whole) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
    let one = ground.engine(1);
    // The clones and the trees are made once.
    runtime.block_on(runs(&one, &revision, "warm", 1));
    session(&ground, 1);
    for round in 0..ROUNDS {
        shell += plain(&ground, &tree, &revision, each);
        engine += runtime.block_on(runs(&one, &revision, &format!("one-{round}"), each));
        // Those of the rounds before count.
        whole += session(&ground, 1 + each * (round + 1));
    }
    let total = each * ROUNDS;
    let per = |time: Duration| time.as_secs_f64() * 1e3 / total as f64;
    println!("{total} runs of `true` on a tree of {} files, one at a time", files.len());
    println!("  shell loop: {:.1} s, {:.2} ms a run", shell.as_secs_f64(), per(shell));
    println!("  engine:     {:.1} s, {:.2} ms a run", engine.as_secs_f64(), per(engine));
    println!("  session:    {:.1} s, {:.2} ms a run", whole.as_secs_f64(), per(whole));
    println!(
        "  the session adds {:.2} ms a run, {:.2} times the loop",
        per(whole) - per(shell),
        per(whole) / per(shell)
    );
    println!(
        "  the engine adds {:.2} ms a run, {:.2} times the loop",
        per(engine) - per(shell),
        per(engine) / per(shell)
    );

    let all = std::thread::available_parallelism().map_or(1, |n| n.get());
    let many = ground.engine(all);
    let time = runtime.block_on(runs(&many, &revision, "many", total));
    println!("  {all} at once: {:.1} s, {:.0} runs a second", time.as_secs_f64(), total as f64 / time.as_secs_f64());
}

async fn runs(engine: &Local, revision: &str, name: &str, count: usize) -> Duration {
    let start = Instant::now();
    let (mut number, mut open) = (0, Vec::new());
    while number < count || !open.is_empty() {
        // Enough that none ever waits for us.
        while number < count && open.len() < 4 * engine.abilities().submissions {
            let key = format!("ci-tool-bench-{name}-{number}");
            let request = Request { job: "true".into(), revision: revision.into(), key, ..Request::default() };
            match engine.submit(&request).await.unwrap() {
                Submitted::Run(run) => open.push(run),
                other => panic!("{other:?}"),
            }
            number += 1;
        }
        engine.changed(Duration::from_secs(1)).await;
        open = engine.observe(&open).await.unwrap();
        assert!(open.iter().all(|run| !run.state.is_over() || run.exit_code == Some(0)));
        open.retain(|run| !run.state.is_over());
    }
    start.elapsed()
}

/// The program, until the revision has so many runs.
fn session(ground: &Ground, times: usize) -> Duration {
    let config = ground.path("home/ci-tool");
    std::fs::create_dir_all(&config).unwrap();
    std::fs::write(config.join("config.yaml"), "engines: {local: {kind: local, at_once: 1}}\n").unwrap();
    let start = Instant::now();
    let output = Command::new(env!("CARGO_BIN_EXE_ci-tool"))
        .args(["trigger", "range", "main", "--run", "true", "--quiet"])
        .args(["--times", &times.to_string(), "--budget", &times.to_string()])
        .current_dir(ground.repo())
        .env_clear()
        .envs(ground.env().into_iter().filter(|(name, _)| !name.starts_with("CI_TOOL_")))
        .envs(["HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"].map(|name| (name, ground.path("home"))))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    start.elapsed()
}

fn plain(ground: &Ground, tree: &Path, revision: &str, count: usize) -> Duration {
    let script = "n=0; while [ $n -lt $1 ]; do n=$((n+1)); \
                  git checkout --quiet --force --detach \"$2\" && git clean --quiet -ffdx && sh -c true || exit 1; done";
    let start = Instant::now();
    let mut command = Command::new("sh");
    command.args(["-c", script, "sh", &count.to_string(), revision]).current_dir(tree).env_clear().envs(ground.env());
    assert!(command.status().unwrap().success());
    start.elapsed()
}
