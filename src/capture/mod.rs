//! An environment as data: the walk, the environment, scrubbing, the tools, the machine.

pub mod secrets;
