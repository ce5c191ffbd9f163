//! How an operation tells its caller where it stands.

/// What a phase counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Bytes.
    Bytes,
    /// Files, objects, captures.
    Items,
}

/// Listens to an operation. Every method may be called from any thread.
pub trait Progress: Send + Sync {
    /// A phase begins; the one before it is over. `total` is unknown when `None`.
    fn phase(&self, name: &str, total: Option<u64>, unit: Unit);
    /// `amount` more of the phase's unit is done.
    fn advance(&self, amount: u64);
    /// Something the user should know that stops nothing.
    fn warn(&self, message: &str);
    /// The last phase is over: from now on others may write to the terminal.
    fn finish(&self);
}

/// Finishes when it is dropped: at the end of an operation, at its failure, and when nobody waits for it any more.
pub struct Until<'a>(pub &'a dyn Progress);

impl Drop for Until<'_> {
    fn drop(&mut self) {
        self.0.finish();
    }
}

/// Hears nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn phase(&self, _: &str, _: Option<u64>, _: Unit) {}
    fn advance(&self, _: u64) {}
    fn warn(&self, _: &str) {}
    fn finish(&self) {}
}
