//! Jobs over revisions: ranges, backfills, fills, retriggers.

pub mod backfill;
pub mod begin;
pub mod drive;
pub mod ground;
pub mod jobs;
pub mod plan;
pub mod revisions;
pub mod select;
pub mod session;
pub mod summary;
pub mod until_failure;
