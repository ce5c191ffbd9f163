//! Local headers, central records and the end of the directory.

use super::DEFLATED;
use crate::pipeline::entry::{Content, Entry};
use std::io::{self, Write};

const MAX32: u64 = 0xffff_ffff;
const MADE_BY_UNIX: u16 = (3 << 8) | 45;
const UTF8_NAME: u16 = 1 << 11;
/// The version that must be there to extract: 2.0 for Deflate and directories, 4.5 for ZIP64.
const PLAIN: u16 = 20;
const ZIP64: u16 = 45;

/// One member of the archive.
pub(super) struct Member<'a> {
    pub entry: &'a Entry,
    pub crc: u32,
    pub size: u64,
    pub stored: u64,
    pub method: u8,
    pub header_offset: u64,
}

impl Member<'_> {
    /// Writes the header that precedes the data, and returns its length in bytes.
    pub fn local(&self, out: &mut dyn Write) -> io::Result<u64> {
        let name = self.name();
        let mut extra = timestamp_extra(self.entry);
        let large = self.size >= MAX32 || self.stored >= MAX32;
        if large {
            u16s(&mut extra, &[1, 16]);
            u64s(&mut extra, &[self.size, self.stored]);
        }
        let mut header = Vec::with_capacity(30 + name.len() + extra.len());
        header.extend_from_slice(b"PK\x03\x04");
        u16s(&mut header, &[if large { ZIP64 } else { PLAIN }]);
        self.shared(&mut header, &name, large);
        u16s(&mut header, &[name.len() as u16, extra.len() as u16]);
        header.extend_from_slice(&name);
        header.extend_from_slice(&extra);
        out.write_all(&header)?;
        Ok(header.len() as u64)
    }

    /// Writes the record for the central directory.
    pub fn central(&self, out: &mut dyn Write) -> io::Result<u64> {
        let name = self.name();
        let mut extra = timestamp_extra(self.entry);
        let large = self.size >= MAX32 || self.stored >= MAX32;
        let far = self.header_offset >= MAX32;
        if large || far {
            let fields = [(large, self.size), (large, self.stored), (far, self.header_offset)];
            let present: Vec<u64> = fields.iter().filter(|(there, _)| *there).map(|(_, value)| *value).collect();
            u16s(&mut extra, &[1, present.len() as u16 * 8]);
            u64s(&mut extra, &present);
        }
        let (kind, dos) = match self.entry.content {
            Content::Directory => (0o040_000, 0x10),
            Content::File { .. } => (0o100_000, 0),
            Content::Symlink { .. } => (0o120_000, 0),
        };
        let mut record = Vec::with_capacity(46 + name.len() + extra.len());
        record.extend_from_slice(b"PK\x01\x02");
        u16s(&mut record, &[MADE_BY_UNIX, if large || far { ZIP64 } else { PLAIN }]);
        self.shared(&mut record, &name, large);
        u16s(&mut record, &[name.len() as u16, extra.len() as u16, 0, 0, 0]);
        u32s(&mut record, &[((kind | (self.entry.mode & 0o7777)) << 16) | dos, self.header_offset.min(MAX32) as u32]);
        record.extend_from_slice(&name);
        record.extend_from_slice(&extra);
        out.write_all(&record)?;
        Ok(record.len() as u64)
    }

    fn shared(&self, out: &mut Vec<u8>, name: &[u8], large: bool) {
        let flags = if std::str::from_utf8(name).is_ok() { UTF8_NAME } else { 0 };
        let (date, time) = dos_time(self.entry.mtime);
        u16s(out, &[flags, u16::from(self.method), time, date]);
        let (size, stored) = if large { (MAX32, MAX32) } else { (self.size, self.stored) };
        u32s(out, &[self.crc, stored as u32, size as u32]);
    }

    fn name(&self) -> Vec<u8> {
        let mut name = self.entry.path.to_vec();
        if self.entry.content == Content::Directory {
            name.push(b'/');
        }
        name
    }
}

/// The end of the archive, in its ZIP64 form where the numbers need it.
pub(super) fn end(count: u64, directory_offset: u64, directory_len: u64) -> Vec<u8> {
    let mut out = Vec::new();
    if count >= 0xffff || directory_offset >= MAX32 || directory_len >= MAX32 {
        out.extend_from_slice(b"PK\x06\x06");
        u64s(&mut out, &[44]);
        u16s(&mut out, &[MADE_BY_UNIX, ZIP64]);
        u32s(&mut out, &[0, 0]);
        u64s(&mut out, &[count, count, directory_len, directory_offset]);
        out.extend_from_slice(b"PK\x06\x07");
        u32s(&mut out, &[0]);
        u64s(&mut out, &[directory_offset + directory_len]);
        u32s(&mut out, &[1]);
    }
    out.extend_from_slice(b"PK\x05\x06");
    let count = count.min(0xffff) as u16;
    u16s(&mut out, &[0, 0, count, count]);
    u32s(&mut out, &[directory_len.min(MAX32) as u32, directory_offset.min(MAX32) as u32]);
    u16s(&mut out, &[0]);
    out
}

/// Whether `method` is one this module wrote.
pub(super) fn known(method: u8) -> bool {
    method == super::STORED || method == DEFLATED
}

fn timestamp_extra(entry: &Entry) -> Vec<u8> {
    // Info-ZIP's 0x5455: signed 32-bit seconds; what does not fit keeps its DOS time only (the manifest has it exactly).
    let mut out = Vec::new();
    if let Ok(seconds) = i32::try_from(entry.mtime.div_euclid(1_000_000_000)) {
        u16s(&mut out, &[0x5455, 5]);
        out.push(1);
        out.extend_from_slice(&seconds.to_le_bytes());
    }
    out
}

/// MS-DOS date and time in UTC, clamped to 1980–2107.
fn dos_time(mtime: i64) -> (u16, u16) {
    const FIRST: (u16, u16) = ((1 << 5) | 1, 0);
    let Ok(stamp) = jiff::Timestamp::from_nanosecond(i128::from(mtime)) else { return FIRST };
    let at = stamp.to_zoned(jiff::tz::TimeZone::UTC);
    let Ok(year) = u16::try_from(i32::from(at.year()) - 1980) else { return FIRST };
    let date = (year.min(127) << 9) | ((at.month() as u16) << 5) | at.day() as u16;
    let time = ((at.hour() as u16) << 11) | ((at.minute() as u16) << 5) | (at.second() as u16 / 2);
    (date, time)
}

fn u16s(out: &mut Vec<u8>, values: &[u16]) {
    values.iter().for_each(|v| out.extend_from_slice(&v.to_le_bytes()));
}

fn u32s(out: &mut Vec<u8>, values: &[u32]) {
    values.iter().for_each(|v| out.extend_from_slice(&v.to_le_bytes()));
}

fn u64s(out: &mut Vec<u8>, values: &[u64]) {
    values.iter().for_each(|v| out.extend_from_slice(&v.to_le_bytes()));
}
