//! Revisions: what version control says of them.

mod date;
pub mod git;
pub mod history;
pub mod pushlog;
mod remote;
mod revision;

pub use revision::{Revision, Vcs, Walk};
