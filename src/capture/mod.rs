//! An environment as data: the walk, the environment, scrubbing, the tools, the machine.

pub mod bases;
pub mod catalog;
pub mod collect;
pub mod content;
pub mod details;
pub mod drift;
pub mod history;
pub mod machine;
pub mod objects;
pub mod save;
pub mod secrets;
pub mod tests_found;
pub mod tiles;
pub mod tools;
pub mod upload;
pub mod walk;
