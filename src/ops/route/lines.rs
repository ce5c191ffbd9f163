//! Jobs as lines of JSON, one at a time: a month of them fits in no memory.

use crate::error::{Error, Kind, Result};
use std::io::{BufRead, Read};

/// A longer line is refused, in bytes: it is no job.
const LINE_MAX: usize = 1 << 20;

/// Hands over each line with its line break.
///
/// # Errors
/// Those of reading and of `with`; `Usage` for a line of more than 1 MiB.
pub fn each(mut input: impl BufRead, mut with: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = Read::take(&mut input, LINE_MAX as u64 + 1).read_until(b'\n', &mut line);
        if read.map_err(|e| Error::new(Kind::Internal, "reading the jobs").with_source(e))? == 0 {
            return Ok(());
        }
        if line.len() > LINE_MAX {
            return Err(Error::new(Kind::Usage, format!("a line of the jobs is longer than {LINE_MAX} bytes"))
                .hint("write one JSON object a line"));
        }
        with(&line)?;
    }
}
