//! Content that is there already: a checkout, or what was restored of another capture.

use crate::{
    archive::tree::{Seed, Tree},
    error::{Error, Kind, Result},
    pipeline::{
        entry::{Entry, total_size},
        progress::Progress,
    },
};
use rayon::prelude::*;
use serde::Serialize;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// What needed not be fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Seeded {
    /// How many files.
    pub files: u64,
    /// Their size in bytes.
    pub bytes: u64,
}

/// Directories that are looked into before the store is asked, and the part of a capture's paths that each stands for.
pub(super) struct Seeds(Vec<(&'static [u8], Seed)>);

impl Seeds {
    /// Opens directories that are laid out as a checkout or as a restored capture.
    ///
    /// # Errors
    /// `Usage` when one is no directory, or is or lies in `into`: what is written there would be read as if it had been
    /// there before. I/O.
    pub(super) fn open(directories: &[PathBuf], into: &Path) -> Result<Seeds> {
        let into = fs::canonicalize(into).ok();
        let mut seeds = Vec::new();
        for path in directories {
            let real = fs::canonicalize(path).ok().filter(|real| real.is_dir()).ok_or_else(|| {
                Error::new(Kind::Usage, format!("the seed {} is no directory", path.display()))
                    .hint("--seed names a checkout, or a directory that another capture was restored into")
            })?;
            if into.as_ref().is_some_and(|into| real.starts_with(into)) {
                let message = format!("the seed {} is the directory to restore into, or lies in it", path.display());
                return Err(Error::new(Kind::Usage, message).hint("restore into another directory: --into DIR"));
            }
            let seed = Seed::open(&real)?;
            seeds.extend(seed.below("workspace").map(|workspace| (&b"workspace/"[..], workspace)));
            seeds.extend(seed.below("also").map(|also| (&b"also/"[..], also)));
            seeds.push((b"workspace/", seed));
        }
        Ok(Seeds(seeds))
    }

    /// Puts those of `wanted` in place whose content is found, on all cores, and returns the others.
    ///
    /// # Errors
    /// Those of [`Tree::file`] but for damage: what is not as it was saved is left to the store.
    pub(super) fn plant<'a>(
        &self,
        tree: &Tree,
        wanted: Vec<&'a Entry>,
        progress: &dyn Progress,
    ) -> Result<(Seeded, Vec<&'a Entry>)> {
        if self.0.is_empty() {
            return Ok((Seeded::default(), wanted));
        }
        let all = wanted.len() as u64;
        let left = |entry: &'a Entry| match self.file(tree, entry) {
            Ok(true) => {
                progress.advance(entry.size);
                None
            }
            Ok(false) => Some(Ok(entry)),
            Err(e) => Some(Err(e)),
        };
        let bytes = total_size(wanted.iter().copied());
        let left = wanted.into_par_iter().filter_map(left).collect::<Result<Vec<_>>>()?;
        let seeded = Seeded { files: all - left.len() as u64, bytes: bytes - total_size(left.iter().copied()) };
        Ok((seeded, left))
    }

    /// Whether one file was found, verified and written.
    fn file(&self, tree: &Tree, entry: &Entry) -> Result<bool> {
        for (prefix, seed) in &self.0 {
            let Some(mut content) = entry.path.strip_prefix(*prefix).and_then(|path| seed.content(path, entry.size))
            else {
                continue;
            };
            match tree.file(entry, &mut content) {
                Ok(()) => return Ok(true),
                Err(e) if e.kind() == Kind::Corrupt => {}
                Err(e) => return Err(e),
            }
        }
        Ok(false)
    }
}
