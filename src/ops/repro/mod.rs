//! Saving a job's environment and giving it back.

pub mod save;
