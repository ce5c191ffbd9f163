//! Identifiers: 10 random base32 characters that may be shortened to an unambiguous prefix.

use crate::error::{Error, Kind, Result};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Crockford's base32 in lower case: no `i`, `l`, `o`, `u`, so that an id survives being read aloud.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// The length of a whole id, in characters of 5 bits each.
pub const LEN: usize = 10;

/// A whole id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Id(String);

impl Id {
    /// Makes an id from 50 bits of `random` (the low five of each byte).
    pub fn from_random(random: [u8; LEN]) -> Self {
        Id(random.iter().map(|b| ALPHABET[usize::from(b & 31)] as char).collect())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Id {
    type Error = Error;
    fn try_from(text: String) -> Result<Self> {
        let text = normal(&text)?;
        if text.len() == LEN {
            Ok(Id(text))
        } else {
            Err(Error::new(
                Kind::Usage,
                format!("{text:?} is not an id: it has {} characters instead of {LEN}", text.len()),
            ))
        }
    }
}

impl From<Id> for String {
    fn from(id: Id) -> String {
        id.0
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Brings an id or a prefix of one, as typed, into its normal form: lower case, a trailing `…` dropped.
///
/// # Errors
/// `Usage` when it is empty, too long, or has a character no id has.
pub fn normal(text: &str) -> Result<String> {
    let lower = text.trim().trim_end_matches(['…', '.']).to_ascii_lowercase();
    if lower.is_empty() || lower.len() > LEN || !lower.bytes().all(|b| ALPHABET.contains(&b)) {
        return Err(Error::new(Kind::Usage, format!("{text:?} is not an id or the beginning of one"))
            .hint("an id has 10 of the characters 0-9 and a-z without i, l, o, u; `ci-tool repro list` shows them"));
    }
    Ok(lower)
}
