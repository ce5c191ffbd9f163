//! Content that is in the store already: of captures before this one, and of this one so far.

use crate::pipeline::{
    entry::{Content, Entry, Location},
    frames::{Frames, IN_FRAME, RUN},
};
use std::{
    collections::{HashMap, hash_map},
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
};

/// The part of a BLAKE3 that finds content. What is found is 128 bits of a cryptographic hash equal: the chance that two
/// contents of a store of 10^12 are mistaken for one another is below 10^-14.
pub type Short = [u8; 16];

/// The beginning of a hash.
pub fn short(hash: &[u8; 32]) -> Short {
    let mut out = [0; 16];
    out.copy_from_slice(&hash[..16]);
    out
}

/// What is known to be stored.
#[derive(Debug, Default)]
pub struct Known {
    files: HashMap<Short, Location>,
    chunks: HashMap<Short, u32>,
}

impl Known {
    /// Learns the files of a capture, whose numbers mean what `frames` says. What is known already stays as it is.
    pub fn learn(&mut self, entries: &[Entry], frames: &Frames) {
        for entry in entries {
            let Content::File { hash, location, .. } = &entry.content else { continue };
            match location.method {
                IN_FRAME => drop(self.files.entry(short(hash)).or_insert(*location)),
                RUN => {
                    self.files.entry(short(hash)).or_insert(*location);
                    for number in frames.of_run(location.part, location.stored).unwrap_or_default() {
                        if let Some((frame, _)) = frames.find(*number) {
                            self.chunks.entry(frame.check).or_insert(*number);
                        }
                    }
                }
                _ => {}
            }
        }
    }

    /// Where a file's content is.
    pub fn file(&self, hash: &[u8; 32]) -> Option<Location> {
        self.files.get(&short(hash)).copied()
    }

    /// The frame that holds a chunk.
    pub fn chunk(&self, hash: &Short) -> Option<u32> {
        self.chunks.get(hash).copied()
    }
}

/// What the threads of one save have stored so far.
#[derive(Debug, Default)]
pub struct Fresh {
    /// No location while the content waits in a frame that is not placed yet.
    files: Mutex<HashMap<Short, Option<Location>>>,
    /// No frame while a thread is storing the chunk.
    chunks: Mutex<HashMap<Short, Option<u32>>>,
    settled: Condvar,
}

impl Fresh {
    /// Whether nobody has taken on a file's content yet. Then the caller must store it, and say with [`Fresh::settle_file`]
    /// where, or fail the whole save: others that have the same content rely on it, and do not wait.
    pub fn claim_file(&self, hash: &[u8; 32]) -> bool {
        match self.files().entry(short(hash)) {
            hash_map::Entry::Occupied(_) => false,
            hash_map::Entry::Vacant(free) => {
                free.insert(None);
                true
            }
        }
    }

    /// Says where a claimed file's content is.
    pub fn settle_file(&self, hash: &[u8; 32], location: Location) {
        self.files().insert(short(hash), Some(location));
    }

    /// Where a file's content is; `None` until it is settled.
    pub fn file(&self, hash: &[u8; 32]) -> Option<Location> {
        self.files().get(&short(hash)).copied().flatten()
    }

    fn files(&self) -> MutexGuard<'_, HashMap<Short, Option<Location>>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where a chunk is, once whoever is storing it is done, or the right to store it when nobody is. Who has that right
    /// must not ask for another one meanwhile.
    pub fn claim(&self, hash: &Short) -> Claimed<'_> {
        let mut chunks = self.chunks();
        loop {
            match chunks.get(hash) {
                Some(Some(frame)) => return Claimed::Stored(*frame),
                Some(None) => chunks = self.settled.wait(chunks).unwrap_or_else(PoisonError::into_inner),
                None => {
                    chunks.insert(*hash, None);
                    return Claimed::Mine(Claim { fresh: self, hash: *hash, frame: None });
                }
            }
        }
    }

    fn chunks(&self) -> MutexGuard<'_, HashMap<Short, Option<u32>>> {
        self.chunks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What becomes of a chunk that is asked for.
pub enum Claimed<'a> {
    /// It is in this frame.
    Stored(u32),
    /// The caller is to store it.
    Mine(Claim<'a>),
}

/// The right to store a chunk. Dropped unsettled, also by a panic, it passes to the next who asks.
#[must_use = "others wait until it is settled or dropped"]
pub struct Claim<'a> {
    fresh: &'a Fresh,
    hash: Short,
    frame: Option<u32>,
}

impl Claim<'_> {
    /// Says which frame holds the chunk.
    pub fn settle(mut self, frame: u32) {
        self.frame = Some(frame);
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        let mut chunks = self.fresh.chunks();
        match self.frame {
            Some(frame) => chunks.insert(self.hash, Some(frame)),
            None => chunks.remove(&self.hash),
        };
        self.fresh.settled.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        panic::resume_unwind,
        sync::{Arc, mpsc},
        thread,
        time::Duration,
    };

    #[test]
    fn a_chunk_whose_thread_panics_is_stored_by_another() {
        let fresh = Arc::new(Fresh::default());
        let ask = |fresh: Arc<Fresh>, then: fn(Claim<'_>)| {
            let (sender, receiver) = mpsc::channel();
            thread::spawn(move || {
                let (frame, claim) = match fresh.claim(&[7; 16]) {
                    Claimed::Stored(frame) => (Some(frame), None),
                    Claimed::Mine(claim) => (None, Some(claim)),
                };
                sender.send(frame).unwrap();
                claim.map(then)
            });
            receiver.recv_timeout(Duration::from_secs(30)).expect("nobody settles the chunk")
        };
        assert_eq!(ask(Arc::clone(&fresh), |_| resume_unwind(Box::new("the disk is gone"))), None);
        assert_eq!(ask(Arc::clone(&fresh), |claim| claim.settle(3)), None);
        assert_eq!(ask(fresh, |_| ()), Some(3));
    }
}
