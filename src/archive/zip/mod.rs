//! The `zip` format, written and read in parallel.
//!
//! Written here rather than by the `zip` crate, which keeps every entry's headers in memory until the end: half a million
//! entries must fit 256 MiB beside everything else, so the central directory grows in a temporary file instead. The crate
//! reads our archives in the tests, as unzip and 7-Zip do. Layout: PKWARE APPNOTE 6.3.10, extended timestamps and Unix
//! modes as Info-ZIP writes them.

pub mod foreign;
mod headers;
mod read;
mod write;

pub use read::read;
pub use write::write;

/// Compression method: none.
const STORED: u8 = 0;
/// Compression method: Deflate.
const DEFLATED: u8 = 8;
