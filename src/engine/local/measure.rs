//! Measurements in a log.

use crate::error::{Error, Kind, Result};
use regex::bytes::Regex;
use std::{collections::BTreeMap, fs::File, io::BufRead, io::BufReader, path::Path};

/// The name of a measurement that has none.
pub const UNNAMED: &str = "value";

/// A job's pattern.
///
/// # Errors
/// `Usage` for one that is none.
pub fn pattern(text: &str) -> Result<Regex> {
    Regex::new(text).map_err(|e| Error::new(Kind::Usage, "measure is no pattern").with_source(e))
}

/// The measurements that a job's pattern finds in a log, line by line. Of several with one name the last counts; what is no
/// finite number is none.
///
/// # Errors
/// I/O.
pub fn measure(pattern: &Regex, log: &Path) -> Result<BTreeMap<String, f64>> {
    let mut lines = BufReader::new(File::open(log).map_err(|e| Error::io("reading", log, e))?);
    let (mut found, mut line) = (BTreeMap::new(), Vec::new());
    while lines.read_until(b'\n', &mut line).map_err(|e| Error::io("reading", log, e))? > 0 {
        found.extend(pattern.captures_iter(line.trim_ascii_end()).filter_map(|captures| {
            let text = |name| captures.name(name).and_then(|group| std::str::from_utf8(group.as_bytes()).ok());
            let value = text("value")?.parse().ok().filter(|value: &f64| value.is_finite())?;
            Some((text("name").unwrap_or(UNNAMED).to_owned(), value))
        }));
        line.clear();
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_the_pattern_names() {
        let log = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(log.path(), b"score: 1.5\r\n\xff\nscore: 2e3\nscore: x\nscore: inf\nload a=4 load b=-5\n")
            .unwrap();
        for (text, expected) in [
            (r"^score: (?P<value>\S+)$", vec![("value", 2000.0)]),
            (r"load (?P<name>\w)=(?P<value>[-0-9]+)", vec![("a", 4.0), ("b", -5.0)]),
            (r"none (?P<value>\d)", vec![]),
        ] {
            let expected: BTreeMap<String, f64> = expected.into_iter().map(|(n, v)| (n.to_owned(), v)).collect();
            assert_eq!(measure(&pattern(text).unwrap(), log.path()).unwrap(), expected, "{text}");
        }
    }
}
