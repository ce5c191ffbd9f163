//! Globs as `globset` has them, without a regular expression each: to build two thousand of those takes longer than a whole
//! run with nothing to do may.

use globset::{GlobBuilder, GlobMatcher};

/// More stars than this in a segment, or segments `**` in a glob, are left to `globset`, whose time does not grow with them.
const STARS: usize = 2;

/// A glob whose stars stop at `/`.
pub(super) enum Glob {
    /// Segments of letters and `*`, and segments `**`. Not `?`, which is a byte to `globset`.
    Plain(Vec<String>),
    /// Anything else.
    Other(Box<GlobMatcher>),
}

impl Glob {
    /// Reads a glob.
    ///
    /// # Errors
    /// What is none.
    pub fn new(text: &str) -> Result<Glob, globset::Error> {
        let segments: Vec<String> = text.split('/').map(str::to_owned).collect();
        let is_plain = segments.iter().all(|segment| {
            let stars = segment.matches('*').count();
            let any_depth = segment == "**";
            !segment.is_empty()
                && !segment.contains(['?', '[', ']', '{', '}', '\\'])
                && (any_depth || stars <= STARS && !segment.contains("**"))
        });
        if is_plain && segments.iter().filter(|segment| *segment == "**").count() <= STARS {
            return Ok(Glob::Plain(segments));
        }
        let glob = GlobBuilder::new(text).literal_separator(true).build()?;
        Ok(Glob::Other(Box::new(glob.compile_matcher())))
    }

    /// Whether it matches a path with `/`.
    pub fn is_match(&self, path: &str) -> bool {
        match self {
            Glob::Plain(segments) => matches(segments, Some(path)),
            Glob::Other(glob) => glob.is_match(path),
        }
    }
}

/// Whether segments match what is left of a path; `None` is the end.
fn matches(segments: &[String], path: Option<&str>) -> bool {
    let Some((first, rest)) = segments.split_first() else { return path.is_none() };
    let Some(path) = path else { return false };
    let (name, below) = path.split_once('/').map_or((path, None), |(name, below)| (name, Some(below)));
    match first.as_str() {
        "**" => rest.is_empty() || matches(rest, Some(path)) || matches(segments, below),
        first => is_named(first.as_bytes(), name.as_bytes()) && matches(rest, below),
    }
}

/// By bytes, as `globset` matches: `é` is two.
fn is_named(pattern: &[u8], name: &[u8]) -> bool {
    match (pattern.split_first(), name.split_first()) {
        (None, _) => name.is_empty(),
        (Some((b'*', rest)), below) => is_named(rest, name) || below.is_some_and(|(_, below)| is_named(pattern, below)),
        (Some(_), None) => false,
        (Some((letter, rest)), Some((first, below))) => (*letter == b'?' || letter == first) && is_named(rest, below),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn a_plain_glob_matches_what_globset_does(text in "((a|b|é|\\.|\\*|\\?){1,4}|\\*\\*)(/((a|b|\\*|\\?){1,3}|\\*\\*)){0,3}",
                                                  path in "[abé.]{1,4}(/[ab]{1,3}){0,4}") {
            let theirs = GlobBuilder::new(&text).literal_separator(true).build().unwrap().compile_matcher();
            let ours = Glob::new(&text).unwrap();
            prop_assert_eq!(ours.is_match(&path), theirs.is_match(&path), "{} {}", text, path);
        }
    }

    #[test]
    fn globs_are_plain_where_they_can_be() {
        for (text, plain) in [
            ("a/*.c", true),
            ("**/x/*", true),
            ("x?", false),
            ("a[b]", false),
            ("{a,b}", false),
            ("a/***", false),
            ("*a*b*c", false),
        ] {
            assert_eq!(matches!(Glob::new(text).unwrap(), Glob::Plain(_)), plain, "{text}");
        }
        assert!(Glob::new("??").unwrap().is_match("é") && !Glob::new("?").unwrap().is_match("é"));
        assert!(Glob::new("a[").is_err());
        assert!(Glob::new("{a/b,c}/*.[ch]").unwrap().is_match("a/b/x.h"));
    }
}
