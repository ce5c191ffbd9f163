//! CI systems that run jobs.

pub mod helix;
