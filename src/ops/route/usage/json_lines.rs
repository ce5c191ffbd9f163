//! Usage as JSON lines.

use super::{BOM, ROW_MAX, Raw, Use, bad, failed};
use crate::error::Result;
use serde::Deserialize;
use std::io::{BufRead, Read};

/// A line, as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    queue: String,
    time: String,
    branch: Option<String>,
    repository: Option<String>,
    reason: Option<String>,
    pr_target: Option<String>,
    id: Option<String>,
    count: Option<u64>,
}

/// Reads the lines; empty ones are none.
pub(super) fn read(name: &str, input: &mut impl BufRead, each: &mut impl FnMut(&Use)) -> Result<u64> {
    let (mut rows, mut buffer) = (0, Vec::new());
    for number in 1.. {
        buffer.clear();
        let read = input.by_ref().take(ROW_MAX as u64 + 1).read_until(b'\n', &mut buffer);
        if read.map_err(|e| failed(name, e))? == 0 {
            break;
        }
        if buffer.len() > ROW_MAX {
            return Err(bad(name, number, format!("the line is longer than {ROW_MAX} bytes")));
        }
        let text = buffer.strip_prefix(BOM).filter(|_| number == 1).unwrap_or(&buffer).trim_ascii();
        if text.is_empty() {
            continue;
        }
        rows += 1;
        each(&row(text).map_err(|what| bad(name, number, what))?);
    }
    Ok(rows)
}

fn row(text: &[u8]) -> Result<Use, String> {
    let line: Line = serde_json::from_slice(text).map_err(|e| {
        // Its own line number is always 1.
        let text = e.to_string();
        let what = text.split(" at line ").next().unwrap_or(&text);
        format!("this is no row of usage: {what} (column {})", e.column())
    })?;
    Raw {
        queue: &line.queue,
        time: &line.time,
        branch: line.branch.as_deref().unwrap_or_default(),
        repository: line.repository.as_deref().unwrap_or_default(),
        reason: line.reason.as_deref().unwrap_or_default(),
        pr_target: line.pr_target.as_deref().unwrap_or_default(),
        id: line.id.as_deref().unwrap_or_default(),
        count: line.count.unwrap_or(1),
    }
    .parse()
}
