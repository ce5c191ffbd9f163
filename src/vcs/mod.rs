//! Revisions: the git program.

pub mod git;
mod remote;
