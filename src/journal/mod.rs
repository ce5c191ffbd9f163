//! Append-only records of what is about to be done, so that after a kill the same command can finish the work.
//!
//! A record is one line of JSON. [`FileJournal`] keeps them in a local file that one process at a time owns;
//! [`StoreJournal`] keeps them in an object store, where whoever appends first owns the session. [`Journal`] is the one of
//! the two that suits a store.

mod file;
mod lines;
mod shared;
mod store;

pub use file::FileJournal;
pub use shared::{Journal, Lasting};
pub use store::StoreJournal;
