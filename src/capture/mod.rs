//! An environment as data: the walk, the environment, scrubbing, the tools, the machine.

pub mod catalog;
pub mod content;
pub mod objects;
pub mod secrets;
pub mod walk;
