//! The `chunks` format: content in zstd frames, frames in packs, packs straight into the store.
//!
//! `docs/chunks.md` specifies it.

pub mod frame;
pub mod packs;
