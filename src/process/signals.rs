//! From the system's signals to a [`Stop`].

use super::{Stop, StopReason, tree};
use crate::error::{Error, Kind, Result};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// The exit code after an interrupt: 128 + SIGINT.
const INTERRUPTED: i32 = 130;

/// How long after the first interrupt another one is still the same: shells and `timeout(1)` signal the process and its
/// group one after the other.
const SAME: Duration = Duration::from_secs(1);

/// Listens to SIGINT, SIGTERM and SIGHUP (Ctrl-C, Ctrl-Break and the closing of the console on Windows) from now until
/// the process ends. The first raises the flag. A second interrupt, at least a second after the first, calls `second`,
/// normally [`exit_at_once`]; nothing else does, because CI systems send SIGTERM a few seconds after SIGINT while the work
/// is still being put in order.
/// Must be called inside a tokio runtime.
///
/// # Errors
/// `Internal` when the system refuses the handlers.
pub fn stop_signals(second: impl FnOnce() + Send + 'static) -> Result<Stop> {
    listen(second, None)
}

/// As [`stop_signals`] for a service: SIGHUP asks to read its files again, and is counted instead. Windows has no such
/// signal.
///
/// # Errors
/// As [`stop_signals`].
pub fn service_signals(second: impl FnOnce() + Send + 'static) -> Result<(Stop, watch::Receiver<u64>)> {
    let (hangups, heard) = watch::channel(0);
    Ok((listen(second, Some(hangups))?, heard))
}

fn listen(second: impl FnOnce() + Send + 'static, hangups: Option<watch::Sender<u64>>) -> Result<Stop> {
    let mut source =
        sys::Source::new().map_err(|e| Error::new(Kind::Internal, "listening to signals").with_source(e))?;
    let (stopper, stop) = Stop::channel();
    tokio::spawn(async move {
        let mut second = Some(second);
        let mut first: Option<Instant> = None;
        loop {
            let reason = source.next().await;
            if let (Some(hangups), StopReason::Hangup, true) = (&hangups, reason, cfg!(unix)) {
                hangups.send_modify(|count| *count += 1);
                continue;
            }
            stopper.stop(reason);
            if reason == StopReason::Interrupt
                && first.get_or_insert_with(Instant::now).elapsed() >= SAME
                && let Some(second) = second.take()
            {
                second();
            }
        }
    });
    Ok(stop)
}

/// Kills the tree of every running command and ends this process with code 130, without any cleaning up.
pub fn exit_at_once() {
    tree::kill_all();
    std::process::exit(INTERRUPTED);
}

#[cfg(unix)]
mod sys {
    use super::StopReason;
    use std::io;
    use tokio::signal::unix::{Signal, SignalKind, signal};

    pub struct Source {
        interrupt: Signal,
        terminate: Signal,
        hangup: Signal,
    }

    impl Source {
        pub fn new() -> io::Result<Self> {
            Ok(Source {
                interrupt: signal(SignalKind::interrupt())?,
                terminate: signal(SignalKind::terminate())?,
                hangup: signal(SignalKind::hangup())?,
            })
        }

        pub async fn next(&mut self) -> StopReason {
            tokio::select! {
                _ = self.interrupt.recv() => StopReason::Interrupt,
                _ = self.terminate.recv() => StopReason::Terminate,
                _ = self.hangup.recv() => StopReason::Hangup,
            }
        }
    }
}

#[cfg(windows)]
mod sys {
    use super::StopReason;
    use std::io;
    use tokio::signal::windows::{CtrlBreak, CtrlC, CtrlClose, ctrl_break, ctrl_c, ctrl_close};

    pub struct Source {
        interrupt: CtrlC,
        terminate: CtrlBreak,
        close: CtrlClose,
    }

    impl Source {
        pub fn new() -> io::Result<Self> {
            Ok(Source { interrupt: ctrl_c()?, terminate: ctrl_break()?, close: ctrl_close()? })
        }

        pub async fn next(&mut self) -> StopReason {
            tokio::select! {
                _ = self.interrupt.recv() => StopReason::Interrupt,
                _ = self.terminate.recv() => StopReason::Terminate,
                _ = self.close.recv() => StopReason::Hangup,
            }
        }
    }
}
