//! Release pipelines: stages that can be skipped, rerun, resumed, overridden and explained.

pub mod advance;
pub mod attest;
pub mod fingerprint;
pub mod graph;
pub mod pipeline;
pub mod run;
pub mod sbom;
pub mod select;
pub mod state;
