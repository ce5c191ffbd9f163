//! The frames that a tile uses.

use super::bytes::{Reader, damaged, number};
use crate::{
    error::Result,
    pipeline::{
        frames::{Frame, Frames, PackName},
        id::{self, Id},
    },
};
use std::collections::HashMap;

pub(super) fn owner_number(owners: &mut Vec<Id>, owner: &Id) -> u32 {
    let at = owners.iter().position(|o| o == owner).unwrap_or_else(|| {
        owners.push(owner.clone());
        owners.len() - 1
    });
    at as u32 + 1
}

/// The largest content of a frame, in bytes: many times what any frame is made of.
const RAW_MAX: u32 = 64 << 20;
/// What a frame may take more in the store than its content, in bytes: many times what zstd adds.
const STORED_MORE: u32 = 64 << 10;

/// The frames that a tile uses, numbered within the tile.
#[derive(Debug, Default)]
pub(super) struct Table {
    owners: Vec<Id>,
    packs: Vec<(u32, u32)>,
    frames: Vec<Frame>,
    numbers: HashMap<(u32, u32), u32>,
    pack_numbers: HashMap<u32, u32>,
}

impl Table {
    /// Bytes that `count` more frames take, at most.
    pub(super) fn worst(count: usize) -> usize {
        count * 36 + 24
    }

    pub(super) fn len(&self) -> usize {
        self.owners.len() * id::LEN + self.packs.len() * 10 + self.frames.len() * 36 + 16
    }

    pub(super) fn number(&mut self, frame: u32, frames: &Frames) -> Option<u32> {
        let (found, name) = frames.find(frame)?;
        let key = (found.pack, found.offset);
        if let Some(number) = self.numbers.get(&key) {
            return Some(*number);
        }
        let pack = match self.pack_numbers.get(&found.pack) {
            Some(pack) => *pack,
            None => {
                let owner = owner_number(&mut self.owners, &name.owner) - 1;
                let pack = self.packs.len() as u32;
                self.packs.push((owner, name.number));
                self.pack_numbers.insert(found.pack, pack);
                pack
            }
        };
        let number = self.frames.len() as u32;
        self.frames.push(Frame { pack, ..*found });
        self.numbers.insert(key, number);
        Some(number)
    }

    pub(super) fn encode(self) -> Vec<u8> {
        let mut out = Vec::new();
        number(&mut out, self.owners.len() as u64);
        self.owners.iter().for_each(|owner| out.extend_from_slice(owner.as_str().as_bytes()));
        number(&mut out, self.packs.len() as u64);
        for (owner, pack) in self.packs {
            number(&mut out, u64::from(owner));
            number(&mut out, u64::from(pack));
        }
        number(&mut out, self.frames.len() as u64);
        for frame in self.frames {
            for n in [frame.pack, frame.offset, frame.stored, frame.raw] {
                number(&mut out, u64::from(n));
            }
            let checked = frame.check != [0; 16];
            out.push(u8::from(checked));
            if checked {
                out.extend_from_slice(&frame.check);
            }
        }
        out
    }

    /// Reads a table and returns the numbers that its frames have in `frames`.
    pub(super) fn decode(reader: &mut Reader<'_>, frames: &mut Frames) -> Result<Vec<u32>> {
        let owners = (0..reader.number()?).map(|_| reader.id()).collect::<Result<Vec<Id>>>()?;
        let mut packs = Vec::new();
        for _ in 0..reader.number()? {
            let owner = owners.get(reader.small()? as usize).ok_or_else(|| damaged(reader.what))?.clone();
            packs.push(frames.pack(&PackName { owner, number: reader.small()? }));
        }
        let mut numbers = Vec::new();
        for _ in 0..reader.number()? {
            let pack = *packs.get(reader.small()? as usize).ok_or_else(|| damaged(reader.what))?;
            let (offset, stored, raw) = (reader.small()?, reader.small()?, reader.small()?);
            // Whoever reads the frame makes room for both.
            if raw > RAW_MAX || stored > raw + STORED_MORE {
                return Err(damaged(reader.what));
            }
            let check = if reader.take(1)? == [0] { [0; 16] } else { reader.array()? };
            numbers.push(frames.frame(Frame { pack, offset, stored, raw, check }));
        }
        Ok(numbers)
    }
}
