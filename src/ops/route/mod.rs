//! What the verbs of `route` do: which queue a job runs on, and why.

pub mod acquire;
pub mod batch;
pub mod branch;
pub mod confirm;
pub mod decide;
pub mod job;
pub mod lookup;
pub mod queue_id;
pub mod report;
pub mod rules;
pub mod submit;
