//! The metadata every noun speaks. No I/O.

pub mod id;
