//! What Helix said of queues, for a while.

use super::Presence;
use std::{collections::HashMap, time::Duration};
use tokio::time::Instant;

const PRESENT: Duration = Duration::from_secs(60);
const OTHERWISE: Duration = Duration::from_secs(10);
/// How many queues are remembered.
const MAX: usize = 4096;

/// What is known of queues, by their names in lower case.
#[derive(Debug, Default)]
pub struct Known(HashMap<String, (Presence, Instant)>);

impl Known {
    /// What was said of a queue, while it holds.
    pub fn get(&self, queue: &str, now: Instant) -> Option<Presence> {
        let (presence, until) = self.0.get(&queue.to_ascii_lowercase())?;
        (now < *until).then_some(*presence)
    }

    /// Remembers what was said at `now`. When it is full, what no longer holds goes; else all of it.
    pub fn put(&mut self, queue: &str, presence: Presence, now: Instant) {
        if self.0.len() >= MAX {
            self.0.retain(|_, (_, until)| now < *until);
        }
        if self.0.len() >= MAX {
            self.0.clear();
        }
        let holds = if presence == Presence::Present { PRESENT } else { OTHERWISE };
        self.0.insert(queue.to_ascii_lowercase(), (presence, now + holds));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_news_holds_longer_than_bad() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut known = Known::default();
        for (name, presence, holds, gone) in
            [("a", Presence::Present, 59, 60), ("b", Presence::Missing, 9, 10), ("c", Presence::Unknown, 9, 10)]
        {
            known.put(name, presence, start);
            assert_eq!(known.get(&name.to_uppercase(), at(holds)), Some(presence));
            assert_eq!(known.get(name, at(gone)), None);
        }
    }

    #[test]
    fn it_does_not_grow_without_end() {
        let start = Instant::now();
        let mut known = Known::default();
        for n in 0..3 * MAX {
            known.put(&n.to_string(), Presence::Present, start);
            assert!(known.0.len() <= MAX);
        }
        assert_eq!(known.get(&(3 * MAX - 1).to_string(), start), Some(Presence::Present));
    }
}
