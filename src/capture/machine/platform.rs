//! What differs between operating systems.

use super::Machine;
#[cfg(not(windows))]
use super::field;
use crate::pipeline::env::EnvMap;

#[cfg(target_os = "linux")]
pub(super) fn describe(_env: &EnvMap) -> Machine {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let number = |text: &str| text.trim().parse::<u64>().ok();
    let release =
        Some(read("/etc/os-release")).filter(|r| !r.is_empty()).unwrap_or_else(|| read("/usr/lib/os-release"));
    let memory = field(&read("/proc/meminfo"), "MemTotal").and_then(|m| number(m.trim_end_matches(" kB")));
    // The second is where control groups of version 1 keep it; no limit is a number beyond all memory.
    let limit = number(&read("/sys/fs/cgroup/memory.max"))
        .or_else(|| number(&read("/sys/fs/cgroup/memory/memory.limit_in_bytes")))
        .filter(|limit| memory.is_none_or(|kib| *limit < kib * 1024));
    Machine {
        distribution: field(&release, "PRETTY_NAME"),
        cpu_model: field(&read("/proc/cpuinfo"), "model name"),
        memory: memory.map(|kib| kib * 1024),
        memory_limit: limit,
        ..unix()
    }
}

#[cfg(all(unix, not(target_os = "linux")))]
pub(super) fn describe(_env: &EnvMap) -> Machine {
    let ask = |program: &str, args: &[&str]| {
        let output = std::process::Command::new(program).args(args).stdin(std::process::Stdio::null()).output().ok()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        (output.status.success() && !text.trim().is_empty()).then_some(text)
    };
    let product = ask("/usr/bin/sw_vers", &[]).unwrap_or_default();
    let sysctl = |key: &str| ask("/usr/sbin/sysctl", &["-n", key]).map(|text| text.trim().to_owned());
    Machine {
        distribution: field(&product, "ProductName")
            .zip(field(&product, "ProductVersion"))
            .map(|(n, v)| format!("{n} {v}")),
        cpu_model: sysctl("machdep.cpu.brand_string"),
        memory: sysctl("hw.memsize").and_then(|m| m.parse().ok()),
        ..unix()
    }
}

#[cfg(unix)]
fn unix() -> Machine {
    let name = rustix::system::uname();
    Machine {
        kernel: Some(name.release().to_string_lossy().into_owned()),
        hostname: Some(name.nodename().to_string_lossy().into_owned()),
        ..Machine::default()
    }
}

/// The memory stays unknown: asking for it takes a call that Rust counts as unsafe.
#[cfg(windows)]
pub(super) fn describe(env: &EnvMap) -> Machine {
    use crate::pipeline::env::text;
    let version = std::process::Command::new("cmd").args(["/c", "ver"]).output().ok();
    let version = version.map(|o| String::from_utf8_lossy(&o.stdout).trim().to_owned()).filter(|v| !v.is_empty());
    Machine {
        distribution: text(env, "OS").map(str::to_owned),
        kernel: version,
        cpu_model: text(env, "PROCESSOR_IDENTIFIER").map(str::to_owned),
        hostname: std::env::var("COMPUTERNAME").ok(),
        ..Machine::default()
    }
}
