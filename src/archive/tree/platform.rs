//! What differs between systems when a tree is written.

#[cfg(not(windows))]
pub use unix::*;
#[cfg(windows)]
pub use windows::*;

#[cfg(not(windows))]
mod unix {
    use crate::error::Result;
    use cap_std::fs::{Dir, Metadata, OpenOptions, OpenOptionsExt, PermissionsExt};
    use rustix::fs::{AtFlags, OFlags, Timespec, Timestamps, utimensat};
    use std::{
        ffi::OsStr,
        fs::{File, Permissions},
        io,
        os::unix::{ffi::OsStrExt, fs::PermissionsExt as _},
        path::{Path, PathBuf},
    };

    /// An entry's path as this system writes paths.
    ///
    /// # Errors
    /// Never here.
    pub fn os_path(path: &[u8]) -> Result<PathBuf> {
        Ok(PathBuf::from(OsStr::from_bytes(path)))
    }

    /// Asks for a mode where a file is made; what the umask or an access control list takes of it is put right by
    /// [`set_mode`].
    pub fn with_mode(options: &mut OpenOptions, mode: u32) {
        options.mode(mode & 0o777);
    }

    /// Asks for a file itself, not what a link of its name leads to, and not to wait for who writes into a FIFO.
    pub fn without_waiting(options: &mut OpenOptions) {
        options.custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits() as i32);
    }

    /// The permission bits.
    pub fn mode_of(found: &Metadata) -> u32 {
        found.permissions().mode() & 0o777
    }

    /// Whether a file that was made [`with_mode`] where only the bits `kept` are given has this mode.
    pub fn made_with(mode: u32, kept: u32) -> bool {
        mode & 0o7777 == mode & 0o777 & kept
    }

    pub fn set_mode(file: &File, mode: u32) -> io::Result<()> {
        file.set_permissions(Permissions::from_mode(mode & 0o7777))
    }

    pub fn make_writable(root: &Dir, path: &Path) {
        let Ok(found) = root.symlink_metadata(path) else { return };
        let mode = found.permissions().mode();
        if found.is_dir() && mode & 0o700 != 0o700 {
            // Where this fails, writing below fails next, and says so.
            let _ = root.set_permissions(path, cap_std::fs::Permissions::from_mode((mode & 0o7777) | 0o700));
        }
    }

    pub fn finish_directory(root: &Dir, path: &Path, mode: u32, mtime: i64) -> io::Result<()> {
        root.set_permissions(path, cap_std::fs::Permissions::from_mode(mode & 0o7777))?;
        set_time(root, path, mtime)
    }

    pub fn symlink(root: &Dir, target: &[u8], path: &Path, mtime: i64) -> io::Result<()> {
        root.symlink_contents(OsStr::from_bytes(target), path)?;
        set_time(root, path, mtime)
    }

    /// Sets the time of what has this name, without following it if it is a link.
    fn set_time(root: &Dir, path: &Path, mtime: i64) -> io::Result<()> {
        let at = Timespec { tv_sec: mtime.div_euclid(1_000_000_000), tv_nsec: mtime.rem_euclid(1_000_000_000) as _ };
        let parent = match path.parent().filter(|p| !p.as_os_str().is_empty()) {
            Some(parent) => root.open_dir(parent)?,
            None => root.try_clone()?,
        };
        let Some(name) = path.file_name() else { return Ok(()) };
        let times = Timestamps { last_access: at, last_modification: at };
        Ok(utimensat(&parent, name, &times, AtFlags::SYMLINK_NOFOLLOW)?)
    }

    pub fn links_need_a_privilege(_: &io::Error) -> bool {
        false
    }

    #[cfg(test)]
    mod tests {
        use super::made_with;

        #[test]
        fn a_mode_is_set_where_a_new_file_has_another() {
            for (mode, kept, made) in [
                (0o644, 0o755, true),
                (0o755, 0o755, true),
                (0, 0o755, true),
                (0o664, 0o755, false),
                (0o100_644, 0o755, true),
                (0o4755, 0o755, false),
                (0o1777, 0o777, false),
                (0o644, 0, false),
            ] {
                assert_eq!(made_with(mode, kept), made, "{mode:o} {kept:o}");
            }
        }
    }
}

#[cfg(windows)]
mod windows {
    use crate::{
        error::{Error, Kind, Result},
        pipeline::entry::display,
    };
    use cap_std::fs::{Dir, Metadata, OpenOptions};
    use std::{
        fs::File,
        io,
        path::{Path, PathBuf},
    };

    /// An entry's path as this system writes paths.
    ///
    /// # Errors
    /// `Unsupported` when it is not Unicode.
    pub fn os_path(path: &[u8]) -> Result<PathBuf> {
        let text = std::str::from_utf8(path).map_err(|_| {
            Error::new(Kind::Unsupported, format!("the name {} cannot exist on Windows", display(path)))
        })?;
        Ok(text.split('/').collect())
    }

    pub fn with_mode(_: &mut OpenOptions, _: u32) {}

    pub fn without_waiting(_: &mut OpenOptions) {}

    pub fn mode_of(_: &Metadata) -> u32 {
        0
    }

    /// Whether a new file, which is never read-only, has this mode.
    pub fn made_with(mode: u32, _: u32) -> bool {
        mode & 0o200 != 0
    }

    pub fn set_mode(file: &File, mode: u32) -> io::Result<()> {
        let mut permissions = file.metadata()?.permissions();
        permissions.set_readonly(mode & 0o200 == 0);
        file.set_permissions(permissions)
    }

    pub fn make_writable(_: &Dir, _: &Path) {}

    /// Directories keep the times of their making: Windows wants a handle for that which std does not open.
    pub fn finish_directory(_: &Dir, _: &Path, _: u32, _: i64) -> io::Result<()> {
        Ok(())
    }

    pub fn symlink(root: &Dir, target: &[u8], path: &Path, _: i64) -> io::Result<()> {
        let target = std::str::from_utf8(target).map_err(io::Error::other)?.replace('/', "\\");
        let points_at = path.parent().unwrap_or(Path::new("")).join(&target);
        if root.is_dir(&points_at) { root.symlink_dir(&target, path) } else { root.symlink_file(&target, path) }
    }

    /// ERROR_PRIVILEGE_NOT_HELD: links need developer mode or an administrator.
    pub fn links_need_a_privilege(error: &io::Error) -> bool {
        error.raw_os_error() == Some(1314)
    }
}
