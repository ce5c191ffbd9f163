//! Saving a job's environment and giving it back.

pub mod decommission;
pub mod diff;
pub mod export;
pub mod extend;
pub mod files;
pub mod gc;
pub mod get;
pub mod links;
pub mod list;
pub mod restore;
pub mod show;
pub mod stats;
pub mod verify;
