//! The one error type: a message that names its object, a kind that becomes the exit code, and hints.

use std::{error::Error as StdError, fmt, io, path::Path, time::Duration};

/// What sort of failure an [`Error`] is. The kind decides the exit code and whether a retry can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The caller asked for something that makes no sense: arguments, configuration.
    Usage,
    /// The named thing does not exist.
    NotFound,
    /// The named thing exists and was not to be replaced.
    Exists,
    /// The object changed since it was read (`if-match` failed).
    Precondition,
    /// Credentials are missing, wrong, or lack a permission.
    Denied,
    /// The same call may succeed later: time-outs, resets, throttling, 5xx.
    Transient,
    /// Stored bytes are not what their checksum or format says.
    Corrupt,
    /// A format, feature or platform that this version does not know.
    Unsupported,
    /// The user or the system asked to stop.
    Interrupted,
    /// Everything else, including local I/O failures.
    Internal,
}

impl Kind {
    /// The kind's name in JSON errors, in `snake_case`.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Usage => "usage",
            Kind::NotFound => "not_found",
            Kind::Exists => "exists",
            Kind::Precondition => "precondition_failed",
            Kind::Denied => "denied",
            Kind::Transient => "transient",
            Kind::Corrupt => "corrupt",
            Kind::Unsupported => "unsupported",
            Kind::Interrupted => "interrupted",
            Kind::Internal => "internal",
        }
    }

    /// The process exit code of an error of this kind. Codes 3, 5 and 8 are outcomes, never errors.
    pub fn exit_code(self) -> u8 {
        match self {
            Kind::Usage => 2,
            Kind::Denied => 4,
            Kind::Interrupted => 130,
            _ => 1,
        }
    }
}

/// An error with its kind, its cause and what the user can do next.
#[derive(Debug)]
pub struct Error {
    kind: Kind,
    message: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
    hints: Vec<String>,
}

/// The result of every fallible function of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// Makes an error. `message` is a lower-case fragment that names the object and the action.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Error { kind, message: message.into(), source: None, hints: Vec::new() }
    }

    /// Makes an error from an I/O failure while `action` (for example `reading`) was done to `path`.
    /// A missing file, a refused permission and a full disk keep their meaning.
    pub fn io(action: &str, path: &Path, source: io::Error) -> Self {
        let mut error = Error::new(io_kind(&source), format!("{action} {}", path.display()));
        if matches!(source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) {
            error =
                error.hint(format!("free space on the disk that holds {}, then run the command again", path.display()));
        }
        if error.kind == Kind::Denied {
            error = error.hint(format!(
                "you lack a permission on {}: look at who owns it, or name another place",
                path.display()
            ));
        }
        error.with_source(source)
    }

    /// Adds the cause.
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Adds what to do next: a sentence or a command that can be pasted.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Wraps this error in one that says what was being done; kind and hints stay.
    pub fn context(mut self, message: impl Into<String>) -> Self {
        let hints = std::mem::take(&mut self.hints);
        Error { kind: self.kind, message: message.into(), source: Some(Box::new(self)), hints }
    }

    /// The kind.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The outermost message, without causes.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What the user can do next.
    pub fn hints(&self) -> &[String] {
        &self.hints
    }

    /// The messages of all causes, outermost first.
    pub fn causes(&self) -> Vec<String> {
        self.chain().map(ToString::to_string).collect()
    }

    /// The message and those of all causes, in one line.
    pub fn in_full(&self) -> String {
        std::iter::once(self.message.clone()).chain(self.causes()).collect::<Vec<_>>().join(": ")
    }

    /// The first cause of a type.
    pub fn cause<T: StdError + 'static>(&self) -> Option<&T> {
        self.chain().find_map(|cause| cause.downcast_ref())
    }

    fn chain(&self) -> impl Iterator<Item = &(dyn StdError + 'static)> {
        std::iter::successors(StdError::source(self), |&error| error.source())
    }
}

/// A cause that says when the service wants to be asked again (`Retry-After`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryAfter(pub Duration);

impl fmt::Display for RetryAfter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the service asks to wait {} s", self.0.as_secs())
    }
}

impl StdError for RetryAfter {}

fn io_kind(error: &io::Error) -> Kind {
    match error.kind() {
        io::ErrorKind::NotFound => Kind::NotFound,
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Kind::Denied,
        io::ErrorKind::AlreadyExists => Kind::Exists,
        io::ErrorKind::TimedOut | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => Kind::Transient,
        _ => Kind::Internal,
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|e| e as &(dyn StdError + 'static))
    }
}

/// Adds what was being done to the error of a result.
pub trait Context<T> {
    /// Wraps the error with a message made only when there is one.
    fn context(self, message: impl FnOnce() -> String) -> Result<T>;
}

impl<T> Context<T> for Result<T> {
    fn context(self, message: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|e| e.context(message()))
    }
}
