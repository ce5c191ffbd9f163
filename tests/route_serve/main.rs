//! `route serve` as a process, by whoever talks to it: well, badly, slowly, and while its rules change.

mod acquire;
mod client;
mod decisions;
mod limits;
mod log;
#[cfg(unix)]
mod reload;
mod service;
#[cfg(unix)]
mod stop;
