//! `route serve` as a process, by whoever talks to it: well, badly, slowly, and while its rules change.

mod acquire;
mod client;
mod decisions;
#[path = "../support/helix.rs"]
#[allow(dead_code, reason = "other suites use the rest")]
mod helix;
#[path = "../support/http.rs"]
#[allow(dead_code, reason = "other suites use the rest")]
mod http;
mod limits;
mod log;
mod pool;
#[cfg(unix)]
mod reload;
mod service;
#[cfg(unix)]
mod stop;
