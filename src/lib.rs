//! The library behind the `ci-tool` binary. ARCHITECTURE.md has the map of its rooms.

pub mod archive;
pub mod capture;
pub mod cli;
pub mod config;
pub mod engine;
pub mod error;
pub mod http;
pub mod journal;
pub mod ops;
pub mod pipeline;
pub mod process;
pub mod store;
pub mod vcs;
pub mod world;
