//! An environment as a value, so that decisions about it need no process to run in.

use std::{collections::BTreeMap, ffi::OsString};

/// An environment's variables by name, in byte order.
pub type EnvMap = BTreeMap<String, String>;

/// Variables that belong to the person and the terminal, not to the job.
const OWN: [&str; 26] = [
    "HOME",
    "USER",
    "LOGNAME",
    "USERNAME",
    "USERPROFILE",
    "SHELL",
    "TERM",
    "COLORTERM",
    "PWD",
    "OLDPWD",
    "SHLVL",
    "_",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "XAUTHORITY",
    "SSH_AUTH_SOCK",
    "SSH_CONNECTION",
    "SSH_CLIENT",
    "SSH_TTY",
    "XDG_RUNTIME_DIR",
    "DBUS_SESSION_BUS_ADDRESS",
    "TMPDIR",
    "TMP",
    "TEMP",
    "CI_TOOL_STORE",
    "CI_TOOL_PROCESS_TREE",
];

/// Turns what the system hands out (`std::env::vars_os`) into an [`EnvMap`], and lists the names, made printable, of
/// the variables that are not UTF-8: they cannot be saved as text without changing them.
pub fn from_os(variables: impl IntoIterator<Item = (OsString, OsString)>) -> (EnvMap, Vec<String>) {
    let mut env = EnvMap::new();
    let mut not_text = Vec::new();
    for (name, value) in variables {
        match (name.into_string(), value.into_string()) {
            (Ok(name), Ok(value)) => drop(env.insert(name, value)),
            (Ok(name), Err(_)) => not_text.push(name),
            (Err(name), _) => not_text.push(name.to_string_lossy().into_owned()),
        }
    }
    (env, not_text)
}

/// A variable's value, unless it is unset or empty: CI systems use the two alike.
pub fn text<'a>(env: &'a EnvMap, name: &str) -> Option<&'a str> {
    env.get(name).map(|v| v.trim()).filter(|v| !v.is_empty())
}

/// Whether a variable belongs to the person and the terminal, not to the job: it is not set where a job is given back, and
/// tells no two jobs apart.
pub fn is_own(name: &str) -> bool {
    OWN.contains(&name.to_uppercase().as_str())
}
