//! Revisions: what version control says of them.

mod date;
pub mod git;
pub mod history;
pub mod pushlog;
mod remote;
mod revision;

pub use revision::{Revision, Vcs, Walk};

/// Whether a text is a path of a file from the top of a tree: what is empty, or goes up or nowhere, is none.
fn is_path(text: &str) -> bool {
    text.split('/').all(|part| !matches!(part, "" | "." | ".."))
}
