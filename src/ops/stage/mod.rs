//! Release pipelines: stages that can be skipped, rerun, resumed, overridden and explained.

pub mod advance;
pub mod covers;
pub mod diff;
pub mod draw;
pub mod explain;
pub mod graph;
pub mod import;
pub mod pipeline;
pub mod plan;
pub mod report;
pub mod run;
pub mod select;
pub mod state;
