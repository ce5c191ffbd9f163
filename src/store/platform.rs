//! What differs between operating systems in the store room.

use std::{
    fs::{File, Metadata},
    io,
    path::Path,
};

/// A number that tells a file from every other one that exists at the same time on its disk, as well as the system
/// allows.
#[cfg(unix)]
pub fn identity(meta: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(meta)
}

/// A number that tells a file from another one at the same path: Windows gives the time of creation without a handle.
#[cfg(windows)]
pub fn identity(meta: &Metadata) -> u64 {
    std::os::windows::fs::MetadataExt::creation_time(meta)
}

/// Whether `path` still names the open file: between an open and a lock another process may have unlinked it.
///
/// # Errors
/// I/O other than a missing path.
pub fn names(path: &Path, file: &File) -> io::Result<bool> {
    match std::fs::symlink_metadata(path) {
        Ok(meta) => Ok(identity(&meta) == identity(&file.metadata()?)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(e) => Err(e),
    }
}

/// Creates a directory that only this user can enter, and its parents; one that exists stays as it is.
///
/// # Errors
/// I/O.
pub fn create_private_dir(path: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(path)
}

/// What tells this user from the others of the machine in the name of a file in a shared directory.
pub fn user_tag() -> String {
    #[cfg(unix)]
    return rustix::process::getuid().as_raw().to_string();
    #[cfg(windows)]
    return "user".into();
}

/// Ends this process at once, without destructors, as `kill -9` would.
pub fn kill_self() -> ! {
    #[cfg(unix)]
    // A refused signal leaves the abort below.
    let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    std::process::abort()
}
