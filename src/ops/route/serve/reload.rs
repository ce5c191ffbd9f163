//! Taking new rules while requests go on.

use super::{Event, Hear, shared::Shared, snapshot::Snapshot};
use crate::{
    error::{Error, Kind, Result},
    ops::route::{lint::look, rules::Rules},
};
use jiff::civil::Date;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};
use tokio::{
    sync::watch::Receiver,
    time::{MissedTickBehavior, interval},
};

/// How often the files are looked at.
const TICK: Duration = Duration::from_millis(250);
/// How often files are read anew that change while they are read.
const TRIES: usize = 10;

/// What tells a file from what it was; none of one that is not there.
pub(super) type Stamp = Option<(Option<SystemTime>, u64, u64)>;

/// Takes new rules when a file of them changed, and when told to. Those that cannot be used are refused, and the rules in
/// force stay. `taken` is how the files were when the rules in force were read.
pub(super) async fn follow(
    shared: Arc<Shared>,
    path: PathBuf,
    taken: Vec<Stamp>,
    hear: Hear,
    mut hangups: Receiver<u64>,
) {
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let files = shared.snapshot().rules.files.clone();
    let mut follower = Follower { shared, path, hear, taken, files, changing: None, refused: None };
    let mut heard = true;
    loop {
        tokio::select! {
            told = hangups.changed(), if heard => match told {
                Ok(()) => follower.told().await,
                // Nobody is left to tell.
                Err(_) => heard = false,
            },
            _ = ticks.tick() => follower.look().await,
        }
    }
}

struct Follower {
    shared: Arc<Shared>,
    path: PathBuf,
    hear: Hear,
    files: Vec<Arc<Path>>,
    /// The files as they were when the rules in force were read.
    taken: Vec<Stamp>,
    /// The files as they were at the last look, when that was no longer so.
    changing: Option<Vec<Stamp>>,
    /// Why the files as they are were refused.
    refused: Option<String>,
}

impl Follower {
    async fn told(&mut self) {
        self.shared.ledger.reopen();
        self.refused = None;
        if !self.read().await {
            (self.hear)(Event::Unchanged);
        }
    }

    async fn look(&mut self) {
        let files = self.files.clone();
        // A file may lie on a network that hangs. A look that panicked is done again at the next tick.
        let Ok(now) = tokio::task::spawn_blocking(move || stamps(&files)).await else { return };
        // A file that was refused may be mended in one that only it includes, which nobody looks at.
        if now == self.taken && self.refused.is_none() {
            self.changing = None;
            return;
        }
        // Somebody may be writing: only what stays the same from one look to the next is read.
        if self.changing.as_ref() != Some(&now) {
            self.changing = Some(now);
            return;
        }
        self.read().await;
    }

    /// Reads the files. Returns whether there is anything new to say of them.
    async fn read(&mut self) -> bool {
        let path = self.path.clone();
        let today = self.shared.ledger.today();
        let read = tokio::task::spawn_blocking(move || {
            let read = settled(&path)?;
            linted(&read.0, &path, today)?;
            Ok(read)
        });
        let read = read.await;
        let read = read.unwrap_or_else(|e| Err(Error::new(Kind::Internal, "reading the rules").with_source(e)));
        let (rules, taken) = match read {
            Ok(read) => read,
            Err(error) => return self.refuse(&error),
        };
        self.files = rules.files.clone();
        self.taken = taken;
        self.changing = None;
        let was_refused = self.refused.take().is_some();
        // Two sets of rules with one hash have the same bytes.
        let old = self.shared.snapshot();
        if rules.hash == old.rules.hash {
            if was_refused {
                (self.hear)(Event::Unchanged);
            }
            return was_refused;
        }
        let (hash, queues) = (rules.hash.clone(), rules.queues.len());
        self.shared.current.set(Snapshot::new(rules, &self.shared.ledger.metrics));
        self.shared.ledger.metrics.forget(&old.rules.hash);
        self.shared.ledger.metrics.reloaded("loaded");
        (self.hear)(Event::Reloaded { hash: &hash, queues });
        true
    }

    /// Says once why files are refused.
    fn refuse(&mut self, error: &Error) -> bool {
        let why = format!("{error}: {}", error.causes().join(": "));
        if self.refused.as_ref() != Some(&why) {
            self.shared.ledger.metrics.reloaded("refused");
            (self.hear)(Event::Refused(error));
            self.refused = Some(why);
        }
        true
    }
}

/// Reads rules whose files are all of one time: what is read twice is the same. Also returns how the files were then.
///
/// # Errors
/// Those of [`Rules::load`]; `Transient` when they change all the time.
pub(super) fn settled(path: &Path) -> Result<(Rules, Vec<Stamp>)> {
    let mut first = Rules::load(path)?;
    for _ in 0..TRIES {
        let stamps = stamps(&first.files);
        let second = Rules::load(path)?;
        if second.hash == first.hash {
            return Ok((second, stamps));
        }
        first = second;
    }
    Err(Error::new(Kind::Transient, format!("the rules {} change while they are read", path.display()))
        .hint("write a new file beside the old one and rename it"))
}

/// Holds that nobody would want to be told of a mistake in the rules first. Rules that a service starts with need only be
/// ones: a removal date that has passed must not keep it from starting again.
fn linted(rules: &Rules, path: &Path, today: Date) -> Result<()> {
    match look(rules, today).into_iter().find(|finding| finding.error) {
        None => Ok(()),
        Some(first) => Err(Error::new(Kind::Usage, format!("{}: {}", first.place, first.message))
            .hint(format!("ci-tool route lint --rules {} tells all", path.display()))),
    }
}

fn stamps(files: &[Arc<Path>]) -> Vec<Stamp> {
    files.iter().map(|file| stamp(file)).collect()
}

fn stamp(file: &Path) -> Stamp {
    let found = std::fs::metadata(file).ok()?;
    #[cfg(unix)]
    let number = std::os::unix::fs::MetadataExt::ino(&found);
    // Windows tells no number of a file without opening it: time and size must do.
    #[cfg(not(unix))]
    let number = 0;
    Some((found.modified().ok(), found.len(), number))
}
