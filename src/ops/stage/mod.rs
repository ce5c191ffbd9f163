//! Release pipelines: stages that can be skipped, rerun, resumed, overridden and explained.

pub mod adopt;
pub mod advance;
pub mod answer;
pub mod attest;
pub mod content;
pub mod covers;
pub mod diff;
pub mod draw;
pub mod execute;
pub mod explain;
pub mod fingerprint;
pub mod graph;
pub mod handover;
pub mod import;
mod numbered;
pub mod pipeline;
pub mod plan;
#[cfg(test)]
mod properties;
pub mod publish;
pub mod remote;
pub mod report;
pub mod run;
pub mod sbom;
pub mod select;
pub mod state;
pub mod working;
