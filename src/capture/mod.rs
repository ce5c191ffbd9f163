//! An environment as data: the walk, the environment, scrubbing, the tools, the machine.

pub mod drift;
pub mod machine;
pub mod secrets;
pub mod tests_found;
pub mod tools;
