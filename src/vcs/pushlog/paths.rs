//! Which pushes changed one of some paths.

use crate::error::{Error, Kind, Result};
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

/// Paths and globs from the top of the tree. A path means what is below it too, as in git; a star stops at a slash.
#[derive(Debug)]
pub(super) struct Paths(Option<GlobSet>);

impl Paths {
    /// All paths when there is no pattern.
    ///
    /// # Errors
    /// `Usage` for a glob that is none.
    pub fn new(patterns: &[String]) -> Result<Paths> {
        if patterns.is_empty() {
            return Ok(Paths(None));
        }
        let bad = |e: globset::Error| {
            Error::new(Kind::Usage, "a path to filter by is no glob")
                .with_source(e)
                .hint("* and ? stand for letters, ** for directories, [a-z] for one letter of several")
        };
        let mut set = GlobSetBuilder::new();
        for pattern in patterns {
            let pattern = pattern.trim_end_matches('/');
            let glob = |pattern: &str| GlobBuilder::new(pattern).literal_separator(true).build().map_err(bad);
            set.add(glob(pattern)?);
            if !pattern.contains(['*', '?', '[', '{']) {
                set.add(glob(&format!("{pattern}/**"))?);
            }
        }
        Ok(Paths(Some(set.build().map_err(bad)?)))
    }

    /// Whether one of these is meant.
    pub fn touched(&self, paths: &[String]) -> bool {
        self.0.as_ref().is_none_or(|set| paths.iter().any(|path| set.is_match(path)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_means_what_is_below_it_and_a_star_no_slash() {
        for (pattern, path, expected) in [
            ("src", "src/a/b.rs", true),
            ("src/", "src/a.rs", true),
            ("src", "srcs/a.rs", false),
            ("src/*.rs", "src/a.rs", true),
            ("src/*.rs", "src/a/b.rs", false),
            ("src/**/*.rs", "src/a/b.rs", true),
            ("*", "src/a.rs", false),
            ("*", "a.rs", true),
            ("a.rs", "src/a.rs", false),
        ] {
            let paths = Paths::new(&[pattern.to_owned()]).unwrap();
            assert_eq!(paths.touched(&["x/other".into(), path.into()]), expected, "{pattern} {path}");
        }
        assert!(Paths::new(&[]).unwrap().touched(&[]));
        assert_eq!(Paths::new(&["a[".into()]).unwrap_err().kind(), Kind::Usage);
    }
}
