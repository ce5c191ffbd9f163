//! A directory tree as bytes: `zip` and `7z`, the manifest beside them, and putting entries back on disk.
