//! `git log` for a program: what it is told, and how its answer is read.

use crate::{
    error::{Error, Kind, Result},
    vcs::{Revision, Walk},
};
use jiff::Timestamp;

/// No path begins with a slash, so that this field is always the start of a revision.
const START: &[u8] = b"/";
const FORMAT: &str = "--format=tformat:%x00/%x00%H%x00%an%x00%ct%x00%s%x00";

/// The arguments that tell revisions from the names in `which`: hashes, `^hash`, options of ours.
pub(super) fn arguments(walk: &Walk, which: &[&str]) -> Vec<String> {
    let mut args: Vec<&str> = vec![
        "log",
        "-z",
        FORMAT,
        "--encoding=UTF-8",
        "--topo-order",
        // Of two ways that end in the same files, one would be left out, and the changes on it.
        "--full-history",
        "--no-follow",
        "--no-color",
        "--no-mailmap",
        "--no-notes",
        "--no-show-signature",
    ];
    if walk.first_parent {
        args.push("--first-parent");
    }
    args.extend(match walk.with_paths {
        true => &[
            "--name-only",
            "--diff-merges=first-parent",
            "--root",
            "--full-diff",
            "--no-renames",
            "--no-ext-diff",
            "--no-textconv",
            "--no-relative",
            "--ignore-submodules=none",
        ][..],
        false => &["--no-patch"],
    });
    args.extend(which);
    args.push("--");
    let mut args: Vec<String> = args.into_iter().map(str::to_owned).collect();
    args.extend(walk.paths.iter().map(|path| format!(":(top,glob){path}")));
    args
}

/// Reads what `git log` says under [`arguments`].
///
/// # Errors
/// `Corrupt`, naming the field.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<Revision>> {
    let mut fields = bytes.split(|byte| *byte == 0);
    let mut found: Vec<Revision> = Vec::new();
    let mut first = true;
    while let Some(field) = fields.next() {
        if field == START {
            found.push(head(&mut fields)?);
            first = true;
            continue;
        }
        // The paths of a revision begin on a line of their own.
        let path = if first { field.strip_prefix(b"\n").unwrap_or(field) } else { field };
        if path.is_empty() {
            continue;
        }
        let last = found.last_mut().ok_or_else(|| unknown("what stands before the first revision", path))?;
        last.paths.push(text(path));
        first = false;
    }
    Ok(found)
}

fn head<'b>(fields: &mut impl Iterator<Item = &'b [u8]>) -> Result<Revision> {
    let mut next = |name| fields.next().ok_or_else(|| unknown(name, b""));
    let (id, author, date, subject) = (next("the hash")?, next("the author")?, next("the date")?, next("the subject")?);
    let id = text(id);
    if !is_hash(&id) {
        return Err(unknown("the hash", id.as_bytes()));
    }
    let seconds = text(date).parse().ok();
    let date = seconds
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
        .ok_or_else(|| unknown(&format!("the date of {id}"), date))?;
    Ok(Revision { id, number: None, author: text(author), date, subject: text(subject), paths: Vec::new() })
}

/// Whether a text is a whole hash, SHA-1 or SHA-256.
pub(super) fn is_hash(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|b| b.is_ascii_hexdigit())
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn unknown(field: &str, found: &[u8]) -> Error {
    Error::new(Kind::Corrupt, format!("reading what git log says: {field} is {:?}", text(found)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(id: char, subject: &str) -> String {
        format!("\0/\0{}\0A\x001700000000\0{subject}\0", id.to_string().repeat(40))
    }

    #[test]
    fn subjects_and_paths_are_told_apart_whatever_they_hold() {
        let bytes =
            [record('a', "/"), "\0\n\n\nodd\0\ny\0\0".into(), record('b', ""), "\0".into(), record('c', "s")].concat();
        let found = read(bytes.as_bytes()).unwrap();
        let told: Vec<_> = found.iter().map(|r| (&r.id[..1], r.subject.as_str(), r.paths.clone())).collect();
        assert_eq!(
            told,
            [("a", "/", vec!["\n\nodd".to_owned(), "\ny".to_owned()]), ("b", "", vec![]), ("c", "s", vec![])]
        );
    }

    #[test]
    fn an_answer_of_another_shape_is_named() {
        for (bytes, expected) in [
            ("noise\0", "before the first revision"),
            ("\0/\0abc\0A\x001\0s\0", "the hash"),
            (&record('a', "s").replace("1700000000", "soon"), "the date of aaaa"),
            (&record('a', "s").replace("1700000000", "99999999999999999"), "the date of aaaa"),
            ("\0/\0", "the author"),
        ] {
            let error = read(bytes.as_bytes()).unwrap_err();
            assert_eq!(error.kind(), Kind::Corrupt);
            assert!(error.message().contains(expected), "{error}");
        }
        assert_eq!(read(b"").unwrap(), []);
    }

    #[test]
    fn authors_that_are_not_utf_8_are_read_all_the_same() {
        let bytes = record('a', "s").into_bytes();
        let bytes: Vec<u8> = bytes.into_iter().map(|b| if b == b'A' { 0xff } else { b }).collect();
        assert_eq!(read(&bytes).unwrap()[0].author, "\u{fffd}");
    }
}
