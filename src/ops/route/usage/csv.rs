//! Usage as CSV (RFC 4180).

use super::{OPTIONAL, REQUIRED, ROW_MAX, Raw, Use, bad, failed};
use crate::error::Result;
use csv_core::{ReadRecordResult, Reader};
use std::{io::BufRead, str};

/// Reads the rows below the header.
pub(super) fn read(name: &str, input: &mut impl BufRead, each: &mut impl FnMut(&Use)) -> Result<u64> {
    let mut rows =
        Rows { name, input, core: Reader::new(), text: vec![0; 256], ends: vec![0; 16], newlines: 0, last: 0 };
    let header = rows.next()?.unwrap_or_default();
    let (line, width) = (header.line.max(1), header.fields.len());
    let columns = columns(&header.fields).map_err(|what| bad(name, line, what))?;
    let mut count = 0;
    while let Some(Row { line, fields }) = rows.next()? {
        if fields.len() != width {
            let what = format!("the row has {} fields where the header has {width}", fields.len());
            return Err(bad(name, line, what));
        }
        each(&row(&columns, &fields).map_err(|what| bad(name, line, what))?);
        count += 1;
    }
    Ok(count)
}

/// Where each column is, in the order of [`REQUIRED`] and [`OPTIONAL`].
type Columns = [Option<usize>; REQUIRED.len() + OPTIONAL.len()];

fn columns(header: &[&str]) -> Result<Columns, String> {
    let names = || REQUIRED.into_iter().chain(OPTIONAL);
    let mut columns = Columns::default();
    for (at, found) in header.iter().enumerate() {
        let found = found.trim().to_ascii_lowercase();
        let Some(n) = names().position(|known| known == found) else {
            let near = names().min_by_key(|known| strsim::damerau_levenshtein(known, &found)).unwrap_or_default();
            return Err(format!("{found:?} is no column of usage; is it {near:?}?"));
        };
        if columns[n].replace(at).is_some() {
            return Err(format!("the column {found:?} is there twice"));
        }
    }
    match REQUIRED.iter().zip(&columns).find(|(_, at)| at.is_none()) {
        Some((missing, _)) => Err(format!("the column {missing:?} is missing from the header")),
        None => Ok(columns),
    }
}

fn row(columns: &Columns, fields: &[&str]) -> Result<Use, String> {
    let field = |n: usize| columns[n].map_or("", |at| fields[at]);
    let [queue, branch, repository, time, reason, pr_target, count, id] = std::array::from_fn(field);
    let count = match count.trim() {
        "" => 1,
        text => text.parse().map_err(|_| format!("{text:?} is no count of jobs"))?,
    };
    Raw { queue, branch, repository, time, reason, pr_target, id, count }.parse()
}

/// One row's fields, and the line that it begins on.
#[derive(Debug, Default)]
struct Row<'a> {
    line: u64,
    fields: Vec<&'a str>,
}

/// Takes rows apart, one at a time, and knows on which line each begins.
struct Rows<'a, R> {
    name: &'a str,
    input: &'a mut R,
    core: Reader,
    text: Vec<u8>,
    ends: Vec<usize>,
    /// Line breaks so far.
    newlines: u64,
    /// The last byte so far.
    last: u8,
}

impl<R: BufRead> Rows<'_, R> {
    fn next(&mut self) -> Result<Option<Row<'_>>> {
        let (mut used, mut count) = (0, 0);
        loop {
            let chunk = self.input.fill_buf().map_err(|e| failed(self.name, e))?;
            let (result, read, written, ended) =
                self.core.read_record(chunk, &mut self.text[used..], &mut self.ends[count..]);
            self.newlines += chunk[..read].iter().filter(|b| **b == b'\n').count() as u64;
            self.last = chunk[..read].last().copied().unwrap_or(self.last);
            self.input.consume(read);
            used += written;
            count += ended;
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::End => return Ok(None),
                ReadRecordResult::Record => break,
                _ if used.max(count) >= ROW_MAX => {
                    let what = format!("the row is longer than {ROW_MAX} bytes: is a quote never closed?");
                    let line = self.line(&self.text[..used]);
                    return Err(bad(self.name, line, what));
                }
                ReadRecordResult::OutputFull => self.text.resize(self.text.len() * 2, 0),
                ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
            }
        }
        let line = self.line(&self.text[..used]);
        let text = str::from_utf8(&self.text[..used]).map_err(|_| bad(self.name, line, "the row is not UTF-8"))?;
        let mut start = 0;
        let field = |end: &usize| text.get(std::mem::replace(&mut start, *end)..*end);
        let fields: Option<Vec<&str>> = self.ends[..count].iter().map(field).collect();
        // The ends of fields are at commas and quotes, so never within a character.
        Ok(Some(Row { line, fields: fields.unwrap_or_default() }))
    }

    /// The line that a row begins on: its line breaks are those within it, and the one that may have ended it just now.
    fn line(&self, text: &[u8]) -> u64 {
        let within = text.iter().filter(|b| **b == b'\n').count() as u64;
        1 + self.newlines - within - u64::from(self.last == b'\n')
    }
}
