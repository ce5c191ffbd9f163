//! The metadata every noun speaks. No I/O.

pub mod ci;
pub mod details;
pub mod duration;
pub mod entry;
pub mod env;
pub mod frames;
pub mod id;
pub mod job;
pub mod manifest;
pub mod markdown;
pub mod progress;
pub mod record;
pub mod run;
pub mod url;
pub mod yaml;
