//! What the verbs do: typed in, typed out, never printing.

pub mod repro;
pub mod route;
pub mod stage;
pub mod trigger;
