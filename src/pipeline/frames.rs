//! Where the content of a capture's files lies when it is stored as frames in packs.
//!
//! The entries of a capture say only numbers; this table says what they mean. A pack is named by the capture that wrote it
//! and its number there, so that a capture can use the packs of others.

use crate::pipeline::{
    entry::{Content, Entry},
    id::Id,
};
use std::collections::HashMap;

/// [`crate::pipeline::entry::Location::method`]: the content is inside one frame; `part` is the frame, `offset` where the
/// content begins in the unpacked frame, `stored` its length.
pub const IN_FRAME: u8 = 32;
/// The content is a run of whole frames; `part` is the first in [`Frames::runs`], `stored` their number.
pub const RUN: u8 = 33;

/// A pack's name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PackName {
    /// The capture that wrote it.
    pub owner: Id,
    /// Its number there.
    pub number: u32,
}

/// A frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// Its pack, by its number in [`Frames::packs`].
    pub pack: u32,
    /// Its offset in the pack, in bytes.
    pub offset: u32,
    /// Its length in the pack, in bytes.
    pub stored: u32,
    /// The length of its content, in bytes.
    pub raw: u32,
    /// The first 16 bytes of its content's BLAKE3; zeros for a frame of several files, which have their own.
    pub check: [u8; 16],
}

/// The table.
#[derive(Debug, Clone, Default)]
pub struct Frames {
    /// The packs.
    pub packs: Vec<PackName>,
    /// The frames.
    pub frames: Vec<Frame>,
    /// Frames of files that have several, one file after another.
    pub runs: Vec<u32>,
    pack_numbers: HashMap<PackName, u32>,
    frame_numbers: HashMap<(u32, u32), u32>,
}

impl Frames {
    /// The number of a pack.
    pub fn pack(&mut self, name: &PackName) -> u32 {
        if let Some(number) = self.pack_numbers.get(name) {
            return *number;
        }
        let number = self.packs.len() as u32;
        self.packs.push(name.clone());
        self.pack_numbers.insert(name.clone(), number);
        number
    }

    /// The number of a frame; the same frame has the same number.
    pub fn frame(&mut self, frame: Frame) -> u32 {
        let next = self.frames.len() as u32;
        let number = *self.frame_numbers.entry((frame.pack, frame.offset)).or_insert(next);
        if number == next {
            self.frames.push(frame);
        }
        number
    }

    /// Keeps a run of frames and returns its place in [`Frames::runs`].
    pub fn run(&mut self, frames: &[u32]) -> u32 {
        let start = self.runs.len() as u32;
        self.runs.extend_from_slice(frames);
        start
    }

    /// Takes entries whose locations speak of another table into this one.
    pub fn adopt(&mut self, mut entries: Vec<Entry>, other: &Frames) -> Vec<Entry> {
        let packs: Vec<u32> = other.packs.iter().map(|name| self.pack(name)).collect();
        let numbers: Vec<u32> =
            other.frames.iter().map(|frame| self.frame(Frame { pack: packs[frame.pack as usize], ..*frame })).collect();
        for entry in &mut entries {
            let Content::File { location, .. } = &mut entry.content else { continue };
            match location.method {
                IN_FRAME => location.part = numbers.get(location.part as usize).copied().unwrap_or(u32::MAX),
                RUN => {
                    let run = other.of_run(location.part, location.stored).unwrap_or_default();
                    let run: Vec<u32> =
                        run.iter().map(|n| numbers.get(*n as usize).copied().unwrap_or(u32::MAX)).collect();
                    location.part = self.run(&run);
                }
                _ => {}
            }
        }
        entries
    }

    /// The frames of a run; `None` when there is no such run.
    pub fn of_run(&self, start: u32, count: u64) -> Option<&[u32]> {
        let start = usize::try_from(start).ok()?;
        self.runs.get(start..start.checked_add(usize::try_from(count).ok()?)?)
    }

    /// The frame with this number and its pack's name.
    pub fn find(&self, number: u32) -> Option<(&Frame, &PackName)> {
        let frame = self.frames.get(number as usize)?;
        Some((frame, self.packs.get(frame.pack as usize)?))
    }
}
