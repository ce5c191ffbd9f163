//! What the verbs of `route` do: which queue a job runs on, and why.

pub mod acquire;
pub mod audit;
pub mod batch;
pub mod branch;
pub mod cases;
pub mod checklist;
pub mod confirm;
pub mod coverage;
pub mod decide;
pub mod diff;
pub mod job;
pub mod junit;
pub mod lines;
pub mod lint;
pub mod log;
pub mod lookup;
pub mod metric_names;
pub mod queue_id;
pub mod report;
pub mod rules;
pub mod serve;
pub mod submit;
pub mod twins;
pub mod usage;
