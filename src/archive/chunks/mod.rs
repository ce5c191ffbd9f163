//! The `chunks` format: content in zstd frames, frames in packs, packs straight into the store.
//!
//! Small files are packed together in path order, large ones are cut by their content. What earlier captures of the same
//! job have stored is used again. `docs/chunks.md` specifies the format.

pub mod frame;
mod known;
pub mod packs;
mod read;
mod write;

pub use known::Known;
pub use read::{PackSource, damaged_packs, read};
pub use write::{Options, Written, packs_of, write};
