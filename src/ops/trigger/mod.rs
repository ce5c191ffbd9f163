//! What the verbs of `trigger` do: jobs over revisions.

pub mod revisions;
pub mod select;
