//! Output without secrets, and in lines.

use super::Watcher;
use aho_corasick::AhoCorasick;
use std::{
    io::{self, Write},
    sync::Arc,
};

/// What stands where a secret was.
const MASK: &str = "***";
/// Shorter values are found in too much that is none, in bytes.
const SHORTEST: usize = 4;
/// A line that does not end is passed on when it is this long, in bytes.
const LONGEST: usize = 64 << 10;

/// Passes on what is written, a line at a time, with secrets masked. A secret of several lines is masked line by line.
pub struct Masked<W: Write> {
    to: W,
    secrets: Option<AhoCorasick>,
    longest: usize,
    line: Vec<u8>,
}

impl<W: Write> Masked<W> {
    /// Masks these values.
    pub fn new(to: W, secrets: &[String]) -> Masked<W> {
        let mut parts: Vec<&str> = secrets
            .iter()
            .flat_map(|secret| secret.lines().chain([secret.as_str()]))
            .filter(|s| s.len() >= SHORTEST)
            .collect();
        parts.sort_by_key(|part| std::cmp::Reverse(part.len()));
        let longest = parts.first().map_or(0, |part| part.len());
        let searcher = AhoCorasick::builder().match_kind(aho_corasick::MatchKind::LeftmostLongest).build(&parts);
        // A set that cannot be built is one of gigabytes.
        Masked { to, secrets: searcher.ok().filter(|_| longest > 0), longest, line: Vec::new() }
    }

    fn pass(&mut self, upto: usize) -> io::Result<()> {
        let rest = self.line.split_off(upto);
        let line = std::mem::replace(&mut self.line, rest);
        match &self.secrets {
            None => self.to.write_all(&line),
            Some(secrets) => {
                let masks = vec![MASK; secrets.patterns_len()];
                self.to.write_all(&secrets.replace_all_bytes(&line, &masks))
            }
        }
    }
}

impl<W: Write> Write for Masked<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.line.extend_from_slice(bytes);
        if let Some(end) = self.line.iter().rposition(|b| *b == b'\n') {
            self.pass(end + 1)?;
        }
        if self.line.len() > LONGEST + self.longest {
            // What may be the beginning of a secret stays.
            self.pass(self.line.len() - self.longest)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

impl<W: Write> Drop for Masked<W> {
    fn drop(&mut self) {
        let _ = self.pass(self.line.len());
        let _ = self.to.flush();
    }
}

/// Hands lines to whoever watches.
pub struct Lines {
    watcher: Arc<dyn Watcher>,
    stage: String,
    line: Vec<u8>,
}

impl Lines {
    /// The lines of a stage.
    pub fn new(watcher: Arc<dyn Watcher>, stage: String) -> Lines {
        Lines { watcher, stage, line: Vec::new() }
    }

    fn tell(&mut self) {
        let line = String::from_utf8_lossy(&self.line);
        self.watcher.line(&self.stage, line.trim_end_matches('\r'));
        self.line.clear();
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for piece in bytes.split_inclusive(|b| *b == b'\n') {
            match piece.strip_suffix(b"\n") {
                Some(end) => {
                    self.line.extend_from_slice(end);
                    self.tell();
                }
                None => self.line.extend_from_slice(piece),
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        if !self.line.is_empty() {
            self.tell();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(pieces: &[&str], secrets: &[&str]) -> String {
        let mut out = Vec::new();
        let secrets: Vec<String> = secrets.iter().map(|&secret| secret.to_owned()).collect();
        let mut writer = Masked::new(&mut out, &secrets);
        for piece in pieces {
            writer.write_all(piece.as_bytes()).unwrap();
        }
        drop(writer);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn no_secret_passes_however_it_is_written() {
        let secret = ["hush", "-hush"].concat();
        for pieces in [vec!["a hush-hush b\n"], vec!["a hush", "-hush b\n"], vec!["a ", "h", "ush-hus", "h b", "\n"]] {
            assert_eq!(masked(&pieces, &[&secret]), "a *** b\n", "{pieces:?}");
        }
        assert_eq!(masked(&["hush-hush"], &[&secret]), "***", "without a line feed");
        assert_eq!(masked(&["one two\n"], &["one two\nthree four"]), "***\n", "a line of several");
        assert_eq!(masked(&["abc\n"], &["abc"]), "abc\n", "too short to be one");
        let long = "x".repeat(LONGEST * 2);
        let found = masked(&[&long, &secret, &long], &[&secret]);
        assert_eq!((found.len(), found.contains(&secret)), (LONGEST * 4 + 3, false));
    }
}
