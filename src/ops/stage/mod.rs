//! Release pipelines: stages that can be skipped, rerun, resumed, overridden and explained.

pub mod advance;
pub mod fingerprint;
pub mod graph;
pub mod pipeline;
pub mod run;
pub mod select;
pub mod state;
