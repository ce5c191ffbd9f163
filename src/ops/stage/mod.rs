//! Release pipelines: stages that can be skipped, rerun, resumed, overridden and explained.

pub mod advance;
pub mod answer;
pub mod execute;
pub mod graph;
pub mod pipeline;
pub mod plan;
pub mod run;
pub mod select;
pub mod state;
