//! Zip archives that others wrote, read by their central directory. Layout: PKWARE APPNOTE 6.3.10, with ZIP64.
//!
//! Strict, because what is read may be published: of two members with one name, members that overlap, encryption, links and
//! methods other than Deflate nothing is taken. (The `zip` crate keeps the later of two members with one name, and says nothing.)

use super::{DEFLATED, STORED};
use crate::{
    error::{Error, Kind, Result},
    pipeline::entry::{check_path, check_windows_path},
};
use flate2::bufread::DeflateDecoder;
use std::{
    collections::HashSet,
    fs::File,
    io::{self, BufReader, Read, Seek, SeekFrom, Write},
};

const LOCAL: u64 = 30;
const CENTRAL: usize = 46;
const END: usize = 22;
const END64: usize = 56;
const LOCATOR64: usize = 20;
const COMMENT_MAX: u64 = u16::MAX as u64;
/// A longer directory is refused, in bytes: some two million members.
const DIRECTORY_MAX: u64 = 256 << 20;
const BLOCK: usize = 64 << 10;
const ENCRYPTED: u16 = 1;
const UNIX: u8 = 3;

/// A file in an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its path, with `/`: below the archive's root on every system.
    pub path: String,
    /// Its size in bytes.
    pub size: u64,
    stored: u64,
    crc: u32,
    method: u16,
    header: u64,
}

/// The files of an archive, in the order of its directory.
///
/// # Errors
/// `Corrupt`, naming the member: what is no zip archive or was cut short, paths that lead elsewhere, two members with one
/// name (case apart), members that overlap; `Unsupported` for encryption, links and other methods.
pub fn members(archive: &File) -> Result<Vec<Member>> {
    let mut archive = archive;
    let len = archive.seek(SeekFrom::End(0)).map_err(unreadable)?;
    let (at, size, count) = directory(archive, len)?;
    if size > DIRECTORY_MAX || at.checked_add(size).is_none_or(|end| end > len) {
        return Err(corrupt("its directory is longer than it"));
    }
    let bytes = read_at(archive, at, size as usize)?;
    let (mut members, mut rest, mut found) = (Vec::new(), &bytes[..], 0u64);
    while !rest.is_empty() {
        found += 1;
        members.extend(member(&mut rest)?);
    }
    if found != count {
        return Err(corrupt("its directory holds another number of members than it says"));
    }
    apart(&members, at)?;
    Ok(members)
}

/// Writes a file's content, and returns how many bytes that were.
///
/// # Errors
/// `Corrupt` for content that is not what the directory says; `Internal` when it cannot be read or written.
pub fn extract(archive: &File, member: &Member, out: &mut dyn Write) -> Result<u64> {
    let broken = |why: &str| Error::new(Kind::Corrupt, format!("the file {} in the archive {why}", member.path));
    let header = read_at(archive, member.header, LOCAL as usize)?;
    if !header.starts_with(b"PK\x03\x04") || u16_at(&header, 8) != member.method {
        return Err(broken("has no header"));
    }
    let data = member.header + LOCAL + u64::from(u16_at(&header, 26)) + u64::from(u16_at(&header, 28));
    let mut archive = archive;
    archive.seek(SeekFrom::Start(data)).map_err(unreadable)?;
    let raw = BufReader::with_capacity(BLOCK, archive.take(member.stored));
    // One byte more than it says is one too many.
    let mut content: Box<dyn Read> = match member.method {
        DEFLATED_METHOD => Box::new(DeflateDecoder::new(raw).take(member.size + 1)),
        _ => Box::new(raw.take(member.size + 1)),
    };
    let (mut crc, mut size, mut block) = (crc32fast::Hasher::new(), 0, vec![0; BLOCK]);
    loop {
        let n = match content.read(&mut block) {
            Ok(0) => break,
            Ok(n) => n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(broken("cannot be unpacked").with_source(error)),
        };
        crc.update(&block[..n]);
        size += n as u64;
        out.write_all(&block[..n]).map_err(|error| {
            Error::new(Kind::Internal, format!("writing the file {} of the archive", member.path)).with_source(error)
        })?;
    }
    match size == member.size && crc.finalize() == member.crc {
        true => Ok(size),
        false => Err(broken("is not what the archive's directory says").hint("it was altered; fetch it again")),
    }
}

const DEFLATED_METHOD: u16 = DEFLATED as u16;
const STORED_METHOD: u16 = STORED as u16;

/// Where the directory begins, how long it is, and how many members it has.
fn directory(archive: &File, len: u64) -> Result<(u64, u64, u64)> {
    let tail_len = len.min(COMMENT_MAX + END as u64);
    let tail = read_at(archive, len - tail_len, tail_len as usize)?;
    let ends = |at: &usize| {
        let end = &tail[*at..];
        end.starts_with(b"PK\x05\x06") && u16_at(end, 20) as usize == end.len() - END
    };
    let Some(at) = tail.len().checked_sub(END).and_then(|last| (0..=last).rev().find(ends)) else {
        return Err(corrupt("its end is missing").hint("it was cut short, or is no zip archive; fetch it again"));
    };
    let end = &tail[at..];
    if u16_at(end, 4) != 0 || u16_at(end, 6) != 0 {
        return Err(Error::new(Kind::Unsupported, "the archive is one of several parts"));
    }
    let (count, size, offset) = (u16_at(end, 10), u32_at(end, 12), u32_at(end, 16));
    if count != u16::MAX && size != u32::MAX && offset != u32::MAX {
        return Ok((offset.into(), size.into(), count.into()));
    }
    let locator = at.checked_sub(LOCATOR64).map(|at| &tail[at..]).filter(|found| found.starts_with(b"PK\x06\x07"));
    let Some(locator) = locator else { return Ok((offset.into(), size.into(), count.into())) };
    let place = u64_at(locator, 8);
    if place.checked_add(END64 as u64).is_none_or(|end| end > len) {
        return Err(corrupt("its end is missing"));
    }
    let end = read_at(archive, place, END64)?;
    if !end.starts_with(b"PK\x06\x06") {
        return Err(corrupt("its end is missing"));
    }
    Ok((u64_at(&end, 48), u64_at(&end, 40), u64_at(&end, 32)))
}

/// Takes a member from the directory; `None` for a directory, which a file's path makes anyway.
fn member(rest: &mut &[u8]) -> Result<Option<Member>> {
    let short = || corrupt("its directory ends in the middle of a member");
    let (head, after) =
        rest.split_at_checked(CENTRAL).filter(|(h, _)| h.starts_with(b"PK\x01\x02")).ok_or_else(short)?;
    let lens = [28, 30, 32].map(|at| usize::from(u16_at(head, at)));
    let (name, after) = after.split_at_checked(lens[0]).ok_or_else(short)?;
    let (extra, after) = after.split_at_checked(lens[1]).ok_or_else(short)?;
    let (_, after) = after.split_at_checked(lens[2]).ok_or_else(short)?;
    *rest = after;
    let (flags, method, crc) = (u16_at(head, 8), u16_at(head, 10), u32_at(head, 16));
    let mut wide = zip64(extra).chunks_exact(8).map(|value| u64_at(value, 0));
    let mut long = |at: usize| match u32_at(head, at) {
        u32::MAX => wide.next().unwrap_or(u64::from(u32::MAX)),
        value => u64::from(value),
    };
    // In this order they stand in the extra field.
    let (size, stored, header) = (long(24), long(20), long(42));
    let path = std::str::from_utf8(name).map_err(|e| corrupt("the name of a member is no UTF-8").with_source(e))?;
    let about = |kind, why: &str| Error::new(kind, format!("the file {path:?} in the archive {why}"));
    if let Some(directory) = path.strip_suffix('/') {
        check_path(directory.as_bytes())?;
        return Ok(None);
    }
    check_path(name)?;
    check_windows_path(name)?;
    let mode = u32_at(head, 38) >> 16 & 0o170_000;
    if head[5] == UNIX && mode != 0 && mode != 0o100_000 {
        return Err(about(Kind::Unsupported, "is a link or a device"));
    }
    if flags & ENCRYPTED != 0 {
        return Err(about(Kind::Unsupported, "is encrypted"));
    }
    if method != DEFLATED_METHOD && method != STORED_METHOD {
        return Err(about(Kind::Unsupported, &format!("is packed by the method {method}")));
    }
    if method == STORED_METHOD && size != stored {
        return Err(about(Kind::Corrupt, "has two sizes"));
    }
    Ok(Some(Member { path: path.to_owned(), size, stored, crc, method, header }))
}

fn zip64(mut extra: &[u8]) -> &[u8] {
    while let Some((head, rest)) = extra.split_at_checked(4) {
        let Some((field, rest)) = rest.split_at_checked(usize::from(u16_at(head, 2))) else { break };
        if u16_at(head, 0) == 1 {
            return field;
        }
        extra = rest;
    }
    &[]
}

/// Refuses members of one name, and members that share bytes with another or with the directory.
fn apart(members: &[Member], directory: u64) -> Result<()> {
    let mut names = HashSet::new();
    if let Some(twice) = members.iter().find(|member| !names.insert(member.path.to_lowercase())) {
        return Err(corrupt(&format!("it holds the file {} twice", twice.path)));
    }
    let mut by_place: Vec<&Member> = members.iter().collect();
    by_place.sort_unstable_by_key(|member| member.header);
    let ends = by_place.iter().skip(1).map(|next| next.header).chain([directory]);
    for (member, end) in by_place.iter().zip(ends) {
        let needs = member.stored.checked_add(LOCAL).and_then(|needs| needs.checked_add(member.header));
        if needs.is_none_or(|needs| needs > end) {
            return Err(corrupt(&format!("the file {} overlaps what follows it", member.path)));
        }
    }
    Ok(())
}

fn read_at(archive: &File, at: u64, len: usize) -> Result<Vec<u8>> {
    let mut archive = archive;
    archive.seek(SeekFrom::Start(at)).map_err(unreadable)?;
    let mut bytes = vec![0; len];
    archive.read_exact(&mut bytes).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => corrupt("it ends too early"),
        _ => unreadable(error),
    })?;
    Ok(bytes)
}

fn unreadable(error: io::Error) -> Error {
    Error::new(Kind::Internal, "reading the archive").with_source(error)
}

fn corrupt(why: &str) -> Error {
    Error::new(Kind::Corrupt, format!("the archive is broken: {why}"))
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from(u16_at(bytes, at)) | u32::from(u16_at(bytes, at + 2)) << 16
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}

#[cfg(test)]
#[path = "foreign_tests.rs"]
mod tests;
