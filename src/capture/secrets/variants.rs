//! The forms in which a value turns up: as it is, base64, percent-encoded, JSON-escaped, line by line.

use super::shapes::MAX_LEN;
use base64::{
    Engine,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};

/// The shortest line of a value that is searched for on its own, in bytes.
const MIN_LINE: usize = 16;

/// One form of a value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Variant {
    /// The bytes to search for.
    pub bytes: Vec<u8>,
    /// Whether the character before holds bits of the value too (base64 that is not aligned).
    pub before: bool,
    /// Whether the character behind does.
    pub after: bool,
}

/// Every form of a value, without duplicates, none longer than [`MAX_LEN`].
pub(super) fn variants(value: &str) -> Vec<Variant> {
    let value = value.trim();
    let mut forms =
        vec![exact(value.as_bytes()), exact(percent(value, true)), exact(percent(value, false)), json(value)];
    forms.extend((0..3).map(|align| base64(&STANDARD_NO_PAD, value.as_bytes(), align)));
    forms.extend((0..3).map(|align| base64(&URL_SAFE_NO_PAD, value.as_bytes(), align)));
    if value.contains('\n') {
        forms.extend(value.lines().map(str::trim).filter(|l| is_telling(l)).map(|line| exact(line.as_bytes())));
    }
    forms.sort();
    forms.dedup();
    forms.retain(|form| form.bytes.len() < MAX_LEN);
    forms
}

/// A line worth searching for: long enough, and not one of the lines that every key begins and ends with.
fn is_telling(line: &str) -> bool {
    line.len() >= MIN_LINE && !line.starts_with("-----")
}

fn exact(bytes: impl Into<Vec<u8>>) -> Variant {
    Variant { bytes: bytes.into(), before: false, after: false }
}

/// The base64 characters that a value alone decides when it stands `align` bytes (mod 3) behind the beginning of what
/// is encoded: `user:token` has the token's characters at one of three alignments, whatever the user.
fn base64(engine: &impl Engine, value: &[u8], align: usize) -> Variant {
    let encoded = engine.encode([vec![0; align], value.to_vec()].concat()).into_bytes();
    let bits = (align + value.len()) * 8;
    let bytes = encoded[(align * 8).div_ceil(6)..bits / 6].to_vec();
    Variant { bytes, before: align != 0, after: !bits.is_multiple_of(6) }
}

/// The value with everything but unreserved characters (RFC 3986, section 2.3) percent-encoded.
fn percent(value: &str, upper: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len());
    for byte in value.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(byte),
            _ if upper => out.extend(format!("%{byte:02X}").bytes()),
            _ => out.extend(format!("%{byte:02x}").bytes()),
        }
    }
    out
}

fn json(value: &str) -> Variant {
    let quoted = serde_json::Value::from(value).to_string();
    exact(&quoted.as_bytes()[1..quoted.len() - 1])
}
