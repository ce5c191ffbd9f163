//! Revisions: the git program.
