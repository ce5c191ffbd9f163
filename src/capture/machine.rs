//! The machine a job ran on.

mod container;
mod platform;

pub use container::{Container, container, docker_run};

use crate::pipeline::env::EnvMap;
use serde::{Deserialize, Serialize};

/// A machine, as far as it tells. What is not known is None.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Machine {
    /// The operating system: `linux`, `macos`, `windows`.
    pub os: String,
    /// The distribution or product with its version: `Debian GNU/Linux 12 (bookworm)`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distribution: Option<String>,
    /// The kernel's release.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kernel: Option<String>,
    /// The processor's architecture: `x86_64`, `aarch64`.
    pub architecture: String,
    /// The processor's model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_model: Option<String>,
    /// How many processors the process may use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpus: Option<usize>,
    /// The memory, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<u64>,
    /// How much of it the process may use, in bytes, where a control group limits it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_limit: Option<u64>,
    /// The machine's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// The container that the process is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container: Option<Container>,
}

/// Describes the machine that this process runs on. `env` is the job's environment: some CI systems name the
/// container's image there.
pub fn describe(env: &EnvMap) -> Machine {
    Machine {
        os: std::env::consts::OS.to_owned(),
        architecture: std::env::consts::ARCH.to_owned(),
        cpus: std::thread::available_parallelism().ok().map(usize::from),
        container: container(env, &|path| std::fs::read_to_string(path).ok()),
        ..platform::describe(env)
    }
}

/// The value of a key in lines of `key: value` or `key=value`, without quotes.
fn field(text: &str, key: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let rest = line.strip_prefix(key)?.trim_start();
        let value = rest.strip_prefix([':', '='])?.trim().trim_matches('"');
        (!value.is_empty()).then(|| value.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_from_the_system_s_files() {
        let release = "NAME=\"Debian GNU/Linux\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nVERSION_ID=12\n";
        assert_eq!(field(release, "PRETTY_NAME").as_deref(), Some("Debian GNU/Linux 12 (bookworm)"));
        assert_eq!(field(release, "VERSION").as_deref(), None);
        assert_eq!(field("model name\t: Fast CPU\n", "model name").as_deref(), Some("Fast CPU"));
        assert_eq!(field("image=\"\"\n", "image"), None);
    }

    #[test]
    fn this_machine_tells_what_it_is() {
        let machine = describe(&EnvMap::new());
        assert_eq!(machine.os, std::env::consts::OS);
        assert!(machine.cpus.is_some_and(|n| n > 0) && machine.hostname.is_some());
        #[cfg(target_os = "linux")]
        assert!(machine.memory.is_some_and(|m| m > 1 << 20) && machine.kernel.is_some());
        let json = serde_json::to_string(&machine).unwrap();
        assert_eq!(serde_json::from_str::<Machine>(&json).unwrap(), machine);
    }
}
