//! The metadata every noun speaks. No I/O.

pub mod ci;
pub mod env;
pub mod id;
pub mod url;
