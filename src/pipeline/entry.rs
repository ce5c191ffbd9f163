//! One entry of a saved tree, and the rules its path must keep.

use crate::error::{Error, Kind, Result};
use std::borrow::Cow;

/// Where an entry's content lies in the capture's archive. What the numbers mean is the format's own affair:
/// `zip`: `offset` of the first byte of data, `stored` its length, `method` 0 stored or 8 deflated;
/// `7z`: `part` the block, `offset` inside the unpacked block, `stored` the unpacked length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Location {
    /// Which part of the archive.
    pub part: u32,
    /// Offset in bytes.
    pub offset: u64,
    /// Length in bytes as stored.
    pub stored: u64,
    /// How it is encoded.
    pub method: u8,
}

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// A directory.
    Directory,
    /// A regular file.
    File {
        /// BLAKE3 of the saved content.
        hash: [u8; 32],
        /// Whether runs of zeros are to become holes again.
        sparse: bool,
        /// The first entry that is the same file (hard link), by path.
        link: Option<Box<[u8]>>,
        /// Where the content is.
        location: Location,
    },
    /// A symbolic link, its target as it was: relative, absolute or dangling.
    Symlink {
        /// The target's bytes.
        target: Box<[u8]>,
    },
}

/// One entry of a saved tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Relative path, segments joined by `/`. On Unix the file name's own bytes, elsewhere UTF-8.
    pub path: Box<[u8]>,
    /// Content size in bytes; 0 for anything but a file.
    pub size: u64,
    /// Unix permission bits (`0o7777`); on Windows `0o644`, `0o444` or `0o755`.
    pub mode: u32,
    /// Last modification, nanoseconds since 1970-01-01 UTC.
    pub mtime: i64,
    /// What it is.
    pub content: Content,
}

impl Entry {
    /// The path for people: UTF-8, every other byte and every control character escaped.
    pub fn display(&self) -> Cow<'_, str> {
        display(&self.path)
    }

    /// Whether it is a regular file.
    pub fn is_file(&self) -> bool {
        matches!(self.content, Content::File { .. })
    }
}

/// Bytes of content altogether; a manifest that lies cannot make the sum wrap.
pub fn total_size<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> u64 {
    entries.into_iter().fold(0, |sum, entry| sum.saturating_add(entry.size))
}

/// A path's bytes for people: as they are where they can be printed, `\xNN` and `\n` where not.
pub fn display(path: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(path) {
        Ok(text) if !text.chars().any(char::is_control) => Cow::Borrowed(text),
        _ => {
            let mut out = String::new();
            for chunk in path.utf8_chunks() {
                for c in chunk.valid().chars() {
                    if c.is_control() { out.extend(c.escape_default()) } else { out.push(c) }
                }
                for byte in chunk.invalid() {
                    out.push_str(&format!("\\x{byte:02x}"));
                }
            }
            Cow::Owned(out)
        }
    }
}

/// Checks that a path can only name something below the directory it is joined to.
///
/// # Errors
/// `Corrupt`, naming the entry: absolute, a `.`, `..` or empty segment, or a NUL.
pub fn check_path(path: &[u8]) -> Result<()> {
    let refuse = |why: &str| Err(unsafe_path(path, why));
    if path.is_empty() {
        return refuse("is empty");
    }
    if path.contains(&0) {
        return refuse("holds a NUL");
    }
    for segment in path.split(|b| *b == b'/') {
        match segment {
            b"" => return refuse("is absolute or has an empty segment"),
            b"." | b".." => return refuse("has a `.` or `..` segment"),
            _ => {}
        }
    }
    Ok(())
}

/// Checks what only Windows would misread: backslashes, drive letters and streams, device names, trailing dots and spaces.
///
/// # Errors
/// `Corrupt`, naming the entry.
pub fn check_windows_path(path: &[u8]) -> Result<()> {
    const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "conin$", "conout$"];
    for segment in path.split(|b| *b == b'/') {
        let text = String::from_utf8_lossy(segment).to_lowercase();
        let stem = text.split('.').next().unwrap_or_default().trim_end();
        let numbered = (stem.starts_with("com") || stem.starts_with("lpt")) && stem.chars().count() == 4;
        if text.contains(['\\', ':', '<', '>', '"', '|', '?', '*'])
            || text.ends_with(['.', ' '])
            || DEVICES.contains(&stem)
            || numbered
        {
            return Err(unsafe_path(path, "is a name that Windows cannot hold"));
        }
    }
    Ok(())
}

/// The error for an entry that must not be restored.
pub fn unsafe_path(path: &[u8], why: &str) -> Error {
    Error::new(Kind::Corrupt, format!("refusing to restore the entry {:?}: its path {why}", display(path)))
        .hint("the capture was not written by ci-tool or was tampered with; nothing of it was restored")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_below() {
        for good in ["a", "a/b", "...", "a/..b", ".git/config", "a b/\nc", "C:", "a\\..\\b"] {
            check_path(good.as_bytes()).unwrap();
        }
        for bad in ["", "/a", "a//b", "a/", ".", "..", "a/../b", "../a", "a/..", "a\0b"] {
            assert_eq!(check_path(bad.as_bytes()).unwrap_err().kind(), Kind::Corrupt, "{bad:?}");
        }
    }

    #[test]
    fn windows_names_are_refused_on_windows_only() {
        for bad in ["..\\x", "C:x", "a/nul", "a/NUL.txt", "com1", "x.", "x ", "a:stream", "lpt9.log"] {
            assert!(check_windows_path(bad.as_bytes()).is_err(), "{bad:?}");
        }
        for good in ["a", "console", "com", "comic", "a.b/c"] {
            check_windows_path(good.as_bytes()).unwrap();
        }
    }

    #[test]
    fn odd_names_are_escaped() {
        assert_eq!(display(b"a/\xff\n\xc3\xa9"), "a/\\xff\\n\u{e9}");
        assert_eq!(display("plain/é".as_bytes()), "plain/é");
    }
}
