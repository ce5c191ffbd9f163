//! Which of some revisions are taken. Pure.

use crate::error::{Error, Kind, Result};
use serde::{Deserialize, Serialize};

/// The revisions that are asked for, by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Which {
    /// One.
    One(String),
    /// What comes after `good` up to `bad`, `bad` with it.
    Range {
        /// The older end, left out.
        good: String,
        /// The newer end.
        bad: String,
    },
    /// `from` with what comes after it up to `to`: both ends.
    From {
        /// The older end.
        from: String,
        /// The newer end.
        to: String,
    },
    /// `to` and `count` revisions before it.
    Back {
        /// The newest.
        to: String,
        /// How many before it.
        count: usize,
    },
    /// `of`, `count` revisions before it and `count` after it.
    Around {
        /// The one in the middle.
        of: String,
        /// How many on each side.
        count: usize,
    },
    /// These, in this order.
    Named(Vec<String>),
}

impl Which {
    /// Reads `GOOD..BAD`, `GOOD..` (up to the head) or `REV`.
    ///
    /// # Errors
    /// `Usage` for `GOOD...BAD`, for a range without its older end, and for nothing at all.
    pub fn read(text: &str) -> Result<Which> {
        let usage = |message: String| Error::new(Kind::Usage, message);
        let Some((good, bad)) = text.split_once("..") else {
            if text.is_empty() {
                return Err(usage("no revision is named".into()).hint("name one, or a range GOOD..BAD"));
            }
            return Ok(Which::One(text.into()));
        };
        if bad.starts_with('.') || bad.contains("..") {
            return Err(usage(format!("{text} is no range")).hint("write GOOD..BAD, with two dots"));
        }
        if good.is_empty() {
            return Err(usage(format!("the range {text} has no older end")).hint(format!("write GOOD..{bad}")));
        }
        let bad = if bad.is_empty() { "HEAD" } else { bad };
        Ok(Which::Range { good: good.into(), bad: bad.into() })
    }
}

/// Which of the revisions of a range are taken. The steps are applied in the order of the fields.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Selection {
    /// Of so many revisions one: the newest, and from there each so manieth back. 0 counts as 1.
    pub every: Option<usize>,
    /// At most so many: the newest.
    pub max: Option<usize>,
    /// So many, evenly spaced, the newest and the oldest among them; of one, the newest.
    pub slices: Option<usize>,
}

impl Selection {
    /// Applies the selection to revisions, the oldest first. Order is kept; nothing is taken twice; while anything is taken,
    /// the newest is.
    pub fn of<T>(&self, revisions: Vec<T>) -> Vec<T> {
        let length = revisions.len();
        let mut kept: Vec<usize> = (0..length).rev().step_by(self.every.unwrap_or(1).max(1)).collect();
        kept.truncate(self.max.unwrap_or(length));
        kept.reverse();
        if let Some(slices) = self.slices {
            kept = spaced(kept.len(), slices).into_iter().map(|at| kept[at]).collect();
        }
        let mut kept = kept.into_iter().peekable();
        let all = revisions.into_iter().enumerate();
        all.filter(|(at, _)| kept.next_if_eq(at).is_some()).map(|(_, revision)| revision).collect()
    }
}

/// The places of `count` evenly spaced ones among `length`, both ends among them, in rising order.
fn spaced(length: usize, count: usize) -> Vec<usize> {
    let (Some(last), count) = (length.checked_sub(1), count.min(length)) else { return Vec::new() };
    match count {
        0 => Vec::new(),
        1 => vec![last],
        // Rounded to the nearest; as `count` is at most `length`, no two are the same.
        _ => (0..count).map(|i| (i * last + (count - 1) / 2) / (count - 1)).collect(),
    }
}

/// The names in a file: one a line, without white space around it, each once. Empty lines and what follows a `#` at the
/// start of a line or after white space are left out.
pub fn names(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for line in text.trim_start_matches('\u{feff}').lines() {
        let mut comments = line.match_indices('#').map(|(at, _)| at);
        let comment = comments.find(|at| line[..*at].chars().next_back().is_none_or(char::is_whitespace));
        let name = line[..comment.unwrap_or(line.len())].trim();
        if !name.is_empty() && !found.iter().any(|known| known == name) {
            found.push(name.into());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(every: usize, max: usize, slices: usize, length: usize) -> Vec<usize> {
        let some = |n| Some(n).filter(|n| *n > 0);
        Selection { every: some(every), max: some(max), slices: some(slices) }.of((0..length).collect())
    }

    #[test]
    fn the_newest_is_kept_and_the_rest_counted_back_from_it() {
        for ((every, max, slices), expected) in [
            ((0, 0, 0), vec![0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
            ((1, 0, 0), vec![0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
            ((3, 0, 0), vec![0, 3, 6, 9]),
            ((4, 0, 0), vec![1, 5, 9]),
            ((99, 0, 0), vec![9]),
            ((0, 4, 0), vec![6, 7, 8, 9]),
            ((2, 3, 0), vec![5, 7, 9]),
            ((0, 0, 1), vec![9]),
            ((0, 0, 2), vec![0, 9]),
            ((0, 0, 4), vec![0, 3, 6, 9]),
            ((0, 0, 99), vec![0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
            ((0, 5, 3), vec![5, 7, 9]),
        ] {
            assert_eq!(of(every, max, slices, 10), expected, "every {every}, max {max}, slices {slices}");
        }
    }

    proptest! {
        #[test]
        fn order_is_kept_and_the_sizes_are_those_asked_for(
            every in 0..12usize, max in 0..12usize, slices in 0..12usize, length in 0..60usize
        ) {
            let found = of(every, max, slices, length);
            prop_assert!(found.windows(2).all(|w| w[0] < w[1]), "{found:?}");
            prop_assert_eq!(found.last().copied(), length.checked_sub(1));
            let size = length.div_ceil(every.max(1));
            let size = if max > 0 { size.min(max) } else { size };
            prop_assert_eq!(found.len(), if slices > 0 { size.min(slices) } else { size });
        }

        #[test]
        fn slices_have_both_ends_and_even_gaps(slices in 2..12usize, length in 2..200usize) {
            let found = of(0, 0, slices, length);
            prop_assert_eq!((found[0], found[found.len() - 1]), (0, length - 1));
            let gaps: Vec<usize> = found.windows(2).map(|w| w[1] - w[0]).collect();
            prop_assert!(gaps.iter().max().unwrap() - gaps.iter().min().unwrap() <= 1, "{found:?}");
        }
    }

    #[test]
    fn ranges_are_told_from_revisions() {
        let range = |good: &str, bad: &str| Which::Range { good: good.into(), bad: bad.into() };
        for (text, expected) in [
            ("a..b", Ok(range("a", "b"))),
            ("a..", Ok(range("a", "HEAD"))),
            ("v1.2..v1.3", Ok(range("v1.2", "v1.3"))),
            ("2026-11-19..2026-11-20", Ok(range("2026-11-19", "2026-11-20"))),
            ("HEAD~3", Ok(Which::One("HEAD~3".into()))),
            ("v1.2", Ok(Which::One("v1.2".into()))),
            ("a...b", Err("is no range")),
            ("a..b..c", Err("is no range")),
            ("..b", Err("no older end")),
            ("..", Err("no older end")),
            ("", Err("no revision is named")),
        ] {
            match (Which::read(text), expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{text}"),
                (Err(error), Err(expected)) => {
                    assert!(error.kind() == Kind::Usage && error.message().contains(expected), "{text}: {error}");
                }
                (found, _) => panic!("{text}: {found:?}"),
            }
        }
    }

    #[test]
    fn a_file_has_a_name_a_line() {
        let text = "\u{feff}# the suspects\n\nabc\r\n  def  # why\nabc\nissue#7\n\t\n#ghi";
        assert_eq!(names(text), ["abc", "def", "issue#7"]);
    }
}
