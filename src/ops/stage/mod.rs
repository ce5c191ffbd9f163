//! Release pipelines: stages that can be skipped, rerun, resumed, overridden and explained.

pub mod adopt;
pub mod advance;
pub mod graph;
pub mod pipeline;
pub mod remote;
pub mod run;
pub mod select;
pub mod state;
