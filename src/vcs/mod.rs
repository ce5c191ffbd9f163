//! Revisions: what version control says of them.

pub mod git;
mod remote;
mod revision;

pub use revision::{Revision, Vcs, Walk};
