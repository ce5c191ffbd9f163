//! Being told to stop: a flag that is raised once and that many can wait for.

use tokio::sync::watch;

/// Why a command was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopReason {
    /// SIGINT, Ctrl-C.
    Interrupt,
    /// SIGTERM; Ctrl-Break on Windows.
    Terminate,
    /// SIGHUP, or the console window was closed.
    Hangup,
    /// Its time was up.
    Timeout,
    /// Its result is no longer wanted.
    Cancelled,
}

/// Raises the flag. Dropping it without raising it means that nobody will ever ask to stop.
#[derive(Debug, Clone)]
pub struct Stopper(watch::Sender<Option<StopReason>>);

impl Stopper {
    /// Asks to stop. The first reason stays.
    pub fn stop(&self, reason: StopReason) {
        self.0.send_if_modified(|now| {
            let first = now.is_none();
            now.get_or_insert(reason);
            first
        });
    }
}

/// Sees the flag. Clones see the same one.
#[derive(Debug, Clone)]
pub struct Stop(watch::Receiver<Option<StopReason>>);

impl Stop {
    /// A flag and the means to raise it.
    pub fn channel() -> (Stopper, Stop) {
        let (sender, receiver) = watch::channel(None);
        (Stopper(sender), Stop(receiver))
    }

    /// A flag that is never raised.
    pub fn never() -> Stop {
        Stop::channel().1
    }

    /// The reason, when it was raised already.
    pub fn reason(&self) -> Option<StopReason> {
        *self.0.borrow()
    }

    /// Waits until it is raised; for ever when it never is. May be dropped and called again.
    pub async fn requested(&mut self) -> StopReason {
        let reason = self.0.wait_for(Option::is_some).await.ok().and_then(|reason| *reason);
        match reason {
            Some(reason) => reason,
            None => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_first_reason_stays() {
        let (stopper, mut stop) = Stop::channel();
        assert_eq!(stop.reason(), None);
        stopper.stop(StopReason::Interrupt);
        stopper.stop(StopReason::Terminate);
        drop(stopper);
        assert_eq!(stop.requested().await, StopReason::Interrupt);
    }
}
