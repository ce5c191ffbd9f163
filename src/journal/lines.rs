//! Records as lines: a header, then one JSON document a line, each ended by a line feed.

use crate::{
    error::{Error, Kind, Result},
    pipeline::id::Id,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// The version of the format that this code writes, and the latest it reads.
const SCHEMA: u32 = 1;
/// The features that a journal may require of its reader.
const KNOWN: [&str; 0] = [];

/// The first line. Fields that are not known are read over.
#[derive(Debug, Serialize, Deserialize)]
pub struct Header {
    schema: u32,
    requires: Vec<String>,
    /// Who wrote it, where several may try.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub writer: Option<Id>,
}

impl Header {
    pub fn new(writer: Option<Id>) -> Self {
        Header { schema: SCHEMA, requires: Vec::new(), writer }
    }
}

/// A value as a line.
pub fn line(value: &impl Serialize) -> Result<Vec<u8>> {
    let mut line = serde_json::to_vec(value)
        .map_err(|e| Error::new(Kind::Internal, "writing a journal record as JSON").with_source(e))?;
    line.push(b'\n');
    Ok(line)
}

/// The part of `bytes` that is whole lines.
pub fn whole(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().rposition(|b| *b == b'\n').map_or(0, |last| last + 1);
    &bytes[..end]
}

/// Reads the header line. `name` says in messages where it comes from.
///
/// # Errors
/// `Unsupported` when it asks for more than this version can do, `Corrupt` when it is no header.
pub fn header(name: &str, bytes: &[u8]) -> Result<Header> {
    let first = bytes.split(|b| *b == b'\n').next().unwrap_or_default();
    let header: Header = serde_json::from_slice(first).map_err(|e| corrupt(name, 1, e))?;
    let unknown = header.requires.iter().find(|feature| !KNOWN.contains(&feature.as_str()));
    let wants = match unknown {
        Some(feature) => format!("the feature {feature:?}"),
        None if header.schema > SCHEMA => format!("schema {}", header.schema),
        None => return Ok(header),
    };
    Err(Error::new(Kind::Unsupported, format!("reading the journal {name}: it requires {wants}"))
        .hint("use the version of ci-tool that wrote it, or a later one"))
}

/// Reads the records of whole lines, the header included.
///
/// # Errors
/// Those of [`header`]; `Corrupt` with the number of the line that is no record.
pub fn records<T: DeserializeOwned>(name: &str, bytes: &[u8]) -> Result<Vec<T>> {
    header(name, bytes)?;
    let lines = bytes.split_inclusive(|b| *b == b'\n').enumerate().skip(1);
    lines.map(|(index, line)| serde_json::from_slice(line).map_err(|e| corrupt(name, index + 1, e))).collect()
}

fn corrupt(name: &str, line: usize, error: serde_json::Error) -> Error {
    Error::new(Kind::Corrupt, format!("reading the journal {name}: line {line} is not what was written"))
        .with_source(error)
        .hint(format!("look at line {line} of {name}; what the lines before it record has been done or started"))
}
