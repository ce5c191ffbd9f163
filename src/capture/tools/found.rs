//! Where a program is.

use std::{
    env,
    ffi::OsStr,
    path::{Path, PathBuf},
};

/// Finds a program in the directories of `path_var`. Entries that are not absolute are passed over: what a workspace
/// holds must not be run in place of a tool.
pub fn locate(name: &str, path_var: &OsStr) -> Option<PathBuf> {
    env::split_paths(path_var)
        .filter(|dir| dir.is_absolute())
        .flat_map(|dir| endings().iter().map(move |ending| dir.join(format!("{name}{ending}"))))
        .find(|path| is_program(path))
}

#[cfg(unix)]
fn endings() -> &'static [&'static str] {
    &[""]
}

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn endings() -> &'static [&'static str] {
    &[".exe", ".cmd", ".bat"]
}

#[cfg(not(unix))]
fn is_program(path: &Path) -> bool {
    path.is_file()
}
