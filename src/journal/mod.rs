//! Append-only records of what is about to be done.
