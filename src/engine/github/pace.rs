//! How fast GitHub lets itself be written to: 80 requests a minute and 500 an hour that make something, after "Rate limits for
//! the REST API". Who goes on beyond is shut out for longer.

use crate::error::{Error, Kind, Result, RetryAfter};
use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// How many in how long.
const LIMITS: [(usize, Duration); 2] = [(80, Duration::from_secs(60)), (500, Duration::from_secs(3600))];
/// What is waited for here. Whoever calls has to know of a longer pause.
const WAITED: Duration = Duration::from_secs(60);

/// When the latest requests went or will go, the earliest first.
#[derive(Debug, Default)]
pub(super) struct Pace(Mutex<VecDeque<Instant>>);

impl Pace {
    /// Waits until another request may go.
    ///
    /// # Errors
    /// `Transient`, with the time as [`RetryAfter`], where that is later than in a minute; then it has not been counted.
    pub async fn turn(&self, engine: &str) -> Result<()> {
        let turn = {
            // Every state that a panic could leave behind is a valid one.
            let mut sent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let (now, turn) = (Instant::now(), next(&sent, Instant::now()));
            if turn > now + WAITED {
                let text = format!("the engine {engine} has had all the requests that GitHub takes in an hour");
                return Err(Error::new(Kind::Transient, text).with_source(RetryAfter(turn - now)));
            }
            sent.push_back(turn);
            let most = LIMITS.iter().map(|(count, _)| *count).max().unwrap_or_default();
            let surplus = sent.len().saturating_sub(most);
            sent.drain(..surplus);
            turn
        };
        tokio::time::sleep_until(turn).await;
        Ok(())
    }
}

/// When the next request may go.
fn next(sent: &VecDeque<Instant>, now: Instant) -> Instant {
    let free = |(count, window): &(usize, Duration)| Some(*sent.get(sent.len().checked_sub(*count)?)? + *window);
    LIMITS.iter().filter_map(free).fold(now, Instant::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn no_minute_has_more_than_eighty_and_no_hour_more_than_five_hundred() {
        let pace = Pace::default();
        let start = Instant::now();
        let mut turns = Vec::new();
        for _ in 0..500 {
            pace.turn("gh").await.unwrap();
            turns.push(Instant::now());
        }
        assert_eq!(turns[79], start, "the first ones need not wait");
        assert!(turns.windows(81).all(|w| w[80] - w[0] >= Duration::from_secs(60)));
        let error = pace.turn("gh").await.unwrap_err();
        let RetryAfter(after) = *error.cause().unwrap();
        assert_eq!((error.kind(), start + Duration::from_secs(3600)), (Kind::Transient, Instant::now() + after));
        tokio::time::advance(after).await;
        pace.turn("gh").await.unwrap();
    }
}
