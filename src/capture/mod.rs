//! An environment as data: the walk, the environment, scrubbing, the tools, the machine.

pub mod catalog;
pub mod content;
pub mod details;
pub mod objects;
pub mod secrets;
pub mod upload;
pub mod walk;
