//! Jobs over revisions: ranges, backfills, fills, retriggers.

pub mod artifacts;
pub mod backfill;
pub mod begin;
pub mod changes;
pub mod drive;
pub mod ground;
pub mod hidden;
pub mod jobs;
pub mod plan;
pub mod revisions;
pub mod select;
pub mod session;
pub mod status;
pub mod summary;
pub mod until_failure;
