//! Decisions a second on one core: ci-tool beside Cedar and regorus, on the same rules, queues and jobs.
//!
//! All three name the queue and the rule, and must agree on every job before anything is timed. See benches/README.md.

mod cedar;
mod rego;
mod subject;

use ci_tool::ops::route::{decide::decide, job::Job, rules::Rules};
use std::{
    hint::black_box,
    path::Path,
    time::{Duration, Instant},
};
use subject::{Case, Subject};

const ROUNDS: usize = 7;
const SIZES: [usize; 3] = [10, 100, 1000];

/// Decides a job: the queue and the rule.
trait Engine {
    fn name(&self) -> &'static str;
    fn decide(&self, case: &Case) -> (String, String);
    /// Without making texts of the answer, where the engine can.
    fn bare(&self, case: &Case) {
        black_box(self.decide(case));
    }
}

struct Ours {
    rules: Rules,
}

impl Ours {
    fn load(subject: &Subject) -> Ours {
        let path = std::env::temp_dir().join(format!("ci-tool-route-bench-{}.yaml", std::process::id()));
        std::fs::write(&path, subject.yaml()).expect("the rules are written");
        let rules = Rules::load(Path::new(&path)).expect("the rules are read");
        drop(std::fs::remove_file(&path));
        Ours { rules }
    }
}

impl Engine for Ours {
    fn name(&self) -> &'static str {
        "ci-tool"
    }

    fn decide(&self, case: &Case) -> (String, String) {
        let decision = decide(&self.rules, &case.job).expect("every queue is in the rules");
        let rule = if decision.redirected() { decision.by.rule() } else { "standard" };
        (decision.name.to_owned(), rule.to_owned())
    }

    fn bare(&self, case: &Case) {
        let job: &Job = black_box(&case.job);
        black_box(decide(&self.rules, job).expect("every queue is in the rules"));
    }
}

/// Decisions a second: the median of the rounds. Each lasts about `slice`.
fn rate(engine: &dyn Engine, cases: &[Case], slice: Duration) -> f64 {
    let mut done = 0u64;
    let start = Instant::now();
    while start.elapsed() < slice {
        for case in cases.iter().take(256) {
            engine.bare(case);
            done += 1;
            if done % 16 == 0 && start.elapsed() >= slice {
                break;
            }
        }
    }
    done as f64 / start.elapsed().as_secs_f64()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[allow(clippy::print_stdout)]
fn main() {
    println!("| queues | tool | decisions/s, one core | ns each | ci-tool is faster by |\n|---:|---|---:|---:|---:|");
    for size in SIZES {
        let subject = Subject::new(size);
        let engines: [Box<dyn Engine>; 3] = [
            Box::new(Ours::load(&subject)),
            Box::new(cedar::Cedar::load(&subject)),
            Box::new(rego::Rego::load(&subject)),
        ];
        for case in &subject.cases {
            let answers: Vec<_> = engines.iter().map(|e| e.decide(case)).collect();
            assert!(answers.iter().all(|a| *a == answers[0]), "{:?}: {answers:?}", case.job);
        }
        let mut rates = vec![Vec::new(); engines.len()];
        for round in 0..ROUNDS {
            // Another one begins each round.
            for n in 0..engines.len() {
                let n = (n + round) % engines.len();
                rates[n].push(rate(&*engines[n], &subject.cases, Duration::from_millis(300)));
            }
        }
        let rates: Vec<f64> = rates.into_iter().map(median).collect();
        for (engine, rate) in engines.iter().zip(&rates) {
            let name = engine.name();
            println!("| {size} | {name} | {rate:.0} | {:.0} | {:.1} × |", 1e9 / rate, rates[0] / rate);
        }
    }
}
