//! Where an operation stands: bars on a terminal, a line a phase elsewhere, and every 30 s in a long one.

use super::Out;
use crate::pipeline::progress::{Progress, Unit};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// How often a long phase says that it goes on, where there is no bar.
const EVERY: Duration = Duration::from_secs(30);

/// Tells a person.
pub struct Reporter {
    out: Out,
    phase: Mutex<Option<Phase>>,
}

struct Phase {
    name: String,
    bar: Option<ProgressBar>,
    unit: Unit,
    total: Option<u64>,
    done: u64,
    told: Instant,
}

impl Reporter {
    pub(super) fn new(out: Out) -> Reporter {
        Reporter { out, phase: Mutex::new(None) }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Phase>> {
        self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Reporter {
    fn drop(&mut self) {
        self.finish();
    }
}

impl Progress for Reporter {
    fn phase(&self, name: &str, total: Option<u64>, unit: Unit) {
        self.finish();
        let mut phase = self.lock();
        let bar = self.out.bars().then(|| bar(name, total, unit));
        if bar.is_none() {
            let size = total.map(|t| format!(" {}", amount(t, unit))).unwrap_or_default();
            self.out.note(&format!("{name}{size}"));
        }
        *phase = Some(Phase { name: name.into(), bar, unit, total, done: 0, told: Instant::now() });
    }

    fn advance(&self, count: u64) {
        let mut phase = self.lock();
        let Some(phase) = phase.as_mut() else { return };
        phase.done += count;
        match &phase.bar {
            Some(bar) => bar.inc(count),
            None if phase.told.elapsed() >= EVERY => {
                phase.told = Instant::now();
                let of = phase.total.map(|t| format!(" of {}", amount(t, phase.unit))).unwrap_or_default();
                self.out.note(&format!("{} {}{of}", phase.name, amount(phase.done, phase.unit)));
            }
            None => {}
        }
    }

    fn warn(&self, message: &str) {
        match self.lock().as_ref().and_then(|p| p.bar.clone()) {
            Some(bar) => bar.suspend(|| self.out.warn(message)),
            None => self.out.warn(message),
        }
    }

    fn finish(&self) {
        if let Some(Phase { bar: Some(bar), .. }) = self.lock().take() {
            bar.finish_and_clear();
        }
    }
}

fn amount(count: u64, unit: Unit) -> String {
    match unit {
        Unit::Bytes => super::bytes(count),
        Unit::Items => count.to_string(),
    }
}

fn bar(name: &str, total: Option<u64>, unit: Unit) -> ProgressBar {
    let template = match (total, unit) {
        (Some(_), Unit::Bytes) => "{msg:10} {bar:30} {bytes}/{total_bytes} {bytes_per_sec} eta {eta}",
        (Some(_), Unit::Items) => "{msg:10} {bar:30} {pos}/{len} eta {eta}",
        (None, _) => "{msg:10} {spinner} {elapsed}",
    };
    let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.set_message(name.to_owned());
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}
