//! Usage as CSV (RFC 4180).

use super::{OPTIONAL, REQUIRED, ROW_MAX, Raw, Use, bad};
use crate::error::{Error, Result};
use ::csv::{ErrorKind, ReaderBuilder, StringRecord};
use std::{
    cell::Cell,
    io::{self, Read},
    rc::Rc,
};

/// Reads the rows below the header.
pub(super) fn read(name: &str, input: &mut impl Read, each: &mut impl FnMut(&Use)) -> Result<u64> {
    let left = Rc::new(Cell::new(ROW_MAX));
    let mut reader = ReaderBuilder::new().from_reader(Bounded { input, left: Rc::clone(&left) });
    let columns = match reader.headers() {
        Ok(header) => columns(name, header)?,
        Err(e) => return Err(refused(name, 1, e)),
    };
    let mut record = StringRecord::new();
    let mut rows = 0;
    loop {
        left.set(ROW_MAX);
        let line = reader.position().line();
        match reader.read_record(&mut record) {
            Ok(true) => {}
            Ok(false) => return Ok(rows),
            Err(e) => return Err(refused(name, line, e)),
        }
        // Empty lines before it are none of its own.
        let line = record.position().map_or(line, ::csv::Position::line);
        rows += 1;
        each(&row(&columns, &record).map_err(|what| bad(name, line, what))?);
    }
}

/// Where each column is, in the order of [`REQUIRED`] and [`OPTIONAL`].
type Columns = [Option<usize>; REQUIRED.len() + OPTIONAL.len()];

fn names() -> impl Iterator<Item = &'static str> + Clone {
    REQUIRED.into_iter().chain(OPTIONAL)
}

fn columns(name: &str, header: &StringRecord) -> Result<Columns> {
    let mut columns = Columns::default();
    for (at, found) in header.iter().enumerate() {
        let found = found.trim().to_ascii_lowercase();
        let Some(n) = names().position(|known| known == found) else {
            let near = names().min_by_key(|known| strsim::damerau_levenshtein(known, &found)).unwrap_or_default();
            return Err(bad(name, 1, format!("{found:?} is no column of usage; is it {near:?}?")));
        };
        if columns[n].replace(at).is_some() {
            return Err(bad(name, 1, format!("the column {found:?} is there twice")));
        }
    }
    match REQUIRED.iter().zip(&columns).find(|(_, at)| at.is_none()) {
        Some((missing, _)) => Err(bad(name, 1, format!("the column {missing:?} is missing from the header"))),
        None => Ok(columns),
    }
}

fn row(columns: &Columns, record: &StringRecord) -> Result<Use, String> {
    let field = |n: usize| columns[n].and_then(|at| record.get(at)).unwrap_or_default();
    let [queue, branch, repository, time, reason, pr_target, count, id] = std::array::from_fn(field);
    let count = match count.trim() {
        "" => 1,
        text => text.parse().map_err(|_| format!("{text:?} is no count of jobs"))?,
    };
    Raw { queue, branch, repository, time, reason, pr_target, id, count }.parse()
}

fn refused(name: &str, line: u64, error: ::csv::Error) -> Error {
    let line = error.position().map_or(line, ::csv::Position::line);
    match error.into_kind() {
        ErrorKind::Io(e) if e.kind() == io::ErrorKind::InvalidData => bad(name, line, e),
        ErrorKind::Io(e) => super::failed(name, e),
        ErrorKind::UnequalLengths { expected_len, len, .. } => {
            bad(name, line, format!("the row has {len} fields where the header has {expected_len}"))
        }
        ErrorKind::Utf8 { .. } => bad(name, line, "the row is not UTF-8"),
        _ => bad(name, line, "this is no CSV"),
    }
}

/// Refuses to read more than `left`, which whoever reads a row sets anew for the next.
struct Bounded<R> {
    input: R,
    left: Rc<Cell<usize>>,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        if self.left.get() == 0 {
            let what = format!("the row is longer than {ROW_MAX} bytes: is a quote never closed?");
            return Err(io::Error::new(io::ErrorKind::InvalidData, what));
        }
        let wanted = to.len().min(self.left.get());
        let read = self.input.read(&mut to[..wanted])?;
        self.left.set(self.left.get() - read);
        Ok(read)
    }
}
