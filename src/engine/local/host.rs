//! What tells this machine from others: a result holds for the machine that it was had on.

use crate::pipeline::env::EnvMap;
#[cfg(windows)]
use crate::pipeline::env::text;
use serde::{Deserialize, Serialize};

/// A machine's fingerprint. Results of another one are not remembered as this one's: another system, processor
/// architecture, kernel or name. In a container the name is the container's: a new one remembers nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Host {
    /// The operating system, by Rust's name.
    pub os: String,
    /// The processor architecture, by Rust's name.
    pub arch: String,
    /// The kernel's release, where the system tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kernel: Option<String>,
    /// The machine's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// This machine.
pub fn this(env: &EnvMap) -> Host {
    let (kernel, name) = platform(env);
    Host { os: std::env::consts::OS.into(), arch: std::env::consts::ARCH.into(), kernel, name }
}

#[cfg(unix)]
fn platform(_env: &EnvMap) -> (Option<String>, Option<String>) {
    let uname = rustix::system::uname();
    (Some(uname.release().to_string_lossy().into()), Some(uname.nodename().to_string_lossy().into()))
}

#[cfg(windows)]
fn platform(env: &EnvMap) -> (Option<String>, Option<String>) {
    (None, text(env, "COMPUTERNAME").map(str::to_owned))
}
