//! Numbers, texts and frames as bytes, and reading them back.

use super::Blob;
use crate::{
    error::{Error, Kind, Result},
    pipeline::id::{self, Id},
};

const LEVEL: i32 = 3;
/// The longest path, in bytes: no system opens a longer one.
pub(super) const PATH_MAX: usize = 32 << 10;
/// Most bytes of paths, targets of links and runs of frames that the entries of a capture, or its index, may take in memory.
const TEXTS_MAX: u64 = 512 << 20;

/// What is left of [`TEXTS_MAX`]: a few bytes in the store can ask for any number in memory.
#[derive(Debug, Clone)]
pub(super) struct Budget(pub(super) u64);

impl Default for Budget {
    fn default() -> Budget {
        Budget(TEXTS_MAX)
    }
}

impl Budget {
    /// Takes some bytes; `None` when there are not so many left.
    pub(super) fn take(&mut self, bytes: usize) -> Option<()> {
        self.0 = self.0.checked_sub(bytes as u64)?;
        Some(())
    }
}

pub(super) fn compress(raw: &[u8]) -> Result<Vec<u8>> {
    zstd::bulk::compress(raw, LEVEL).map_err(|e| Error::new(Kind::Internal, "compressing the manifest").with_source(e))
}

pub(super) fn checksum(bytes: &[u8]) -> [u8; 16] {
    let mut out = [0; 16];
    out.copy_from_slice(&blake3::hash(bytes).as_bytes()[..16]);
    out
}

pub(super) fn damaged(what: &str) -> Error {
    Error::new(Kind::Corrupt, format!("{what} is damaged"))
        .hint("`ci-tool repro verify ID` says what of the capture is still whole")
}

pub(super) fn number(out: &mut Vec<u8>, mut n: u64) {
    while n >= 128 {
        out.push(n as u8 | 128);
        n >>= 7;
    }
    out.push(n as u8);
}

pub(super) fn zigzag(n: i64) -> u64 {
    ((n << 1) ^ (n >> 63)) as u64
}

pub(super) fn unzigzag(n: u64) -> i64 {
    (n >> 1) as i64 ^ -((n & 1) as i64)
}

pub(super) fn bytes(out: &mut Vec<u8>, text: &[u8]) {
    number(out, text.len() as u64);
    out.extend_from_slice(text);
}

pub(super) fn prefixed(out: &mut Vec<u8>, previous: &[u8], text: &[u8]) {
    let shared = previous.iter().zip(text).take_while(|(a, b)| a == b).count();
    number(out, shared as u64);
    bytes(out, &text[shared..]);
}

pub(super) struct Reader<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) what: &'a str,
}

impl<'a> Reader<'a> {
    pub(super) fn number(&mut self) -> Result<u64> {
        let mut n = 0u64;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.bytes.split_first().ok_or_else(|| damaged(self.what))?;
            self.bytes = rest;
            n |= u64::from(byte & 127) << shift;
            if byte < 128 {
                return Ok(n);
            }
        }
        Err(damaged(self.what))
    }

    pub(super) fn small(&mut self) -> Result<u32> {
        u32::try_from(self.number()?).map_err(|_| damaged(self.what))
    }

    pub(super) fn id(&mut self) -> Result<Id> {
        let text = String::from_utf8_lossy(self.take(id::LEN as u64)?).into_owned();
        Id::try_from(text).map_err(|_| damaged(self.what))
    }

    pub(super) fn take(&mut self, len: u64) -> Result<&'a [u8]> {
        let len = usize::try_from(len).ok().filter(|len| *len <= self.bytes.len()).ok_or_else(|| damaged(self.what))?;
        let (head, rest) = self.bytes.split_at(len);
        self.bytes = rest;
        Ok(head)
    }

    pub(super) fn bytes(&mut self) -> Result<&'a [u8]> {
        let len = self.number()?;
        self.take(len)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut out = [0; N];
        out.copy_from_slice(self.take(N as u64)?);
        Ok(out)
    }

    pub(super) fn prefixed(&mut self, previous: &[u8]) -> Result<Box<[u8]>> {
        let shared =
            usize::try_from(self.number()?).ok().filter(|n| *n <= previous.len()).ok_or_else(|| damaged(self.what))?;
        let rest = self.bytes()?;
        if shared + rest.len() > PATH_MAX {
            return Err(damaged(self.what));
        }
        Ok([&previous[..shared], rest].concat().into())
    }

    pub(super) fn blob(&mut self) -> Result<Blob> {
        let owner = self.small()?;
        let (offset, len) = (self.number()?, self.number()?);
        offset.checked_add(len).ok_or_else(|| damaged(self.what))?;
        Ok(Blob { owner, offset, len, checksum: self.array()? })
    }

    pub(super) fn end(&self) -> Result<()> {
        if self.bytes.is_empty() { Ok(()) } else { Err(damaged(self.what)) }
    }
}
