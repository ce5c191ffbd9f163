//! Frames one after another in packs, which leave for the store as soon as they are full.

use crate::error::Result;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A pack leaves when the next frame would not fit. Large enough that a request costs nothing beside its bytes, small enough
/// that a few are in memory at once: here the one being filled and one that waits for the sink, however many threads there are.
pub const PACK: usize = 16 << 20;

/// Takes full packs. Called from the threads that make frames, never from two at once; may wait until there is room for
/// another pack on its way.
pub trait Sink: Sync {
    /// Takes the pack with this number.
    ///
    /// # Errors
    /// Those of the store, also of an earlier pack.
    fn put(&self, number: u32, bytes: Vec<u8>) -> Result<()>;
}

/// Where a frame lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed {
    /// The number of its pack.
    pub pack: u32,
    /// Its offset there, in bytes.
    pub offset: u32,
}

/// The pack being filled.
#[derive(Default)]
struct Filling {
    number: u32,
    bytes: Vec<u8>,
}

/// Lays frames into packs.
pub struct Packs<'a> {
    sink: &'a dyn Sink,
    filling: Mutex<Filling>,
    /// Held while the sink takes a pack. Locked after `filling`.
    sending: Mutex<()>,
}

impl<'a> Packs<'a> {
    /// Begins with an empty pack number 0.
    pub fn new(sink: &'a dyn Sink) -> Self {
        Packs { sink, filling: Mutex::default(), sending: Mutex::default() }
    }

    /// Adds a frame.
    ///
    /// # Errors
    /// Those of the sink.
    pub fn add(&self, frame: &[u8]) -> Result<Placed> {
        let mut filling = self.lock();
        let full = !filling.bytes.is_empty() && filling.bytes.len() + frame.len() > PACK;
        // While one pack waits for the sink the next is filled, but not a third: it stays here until the first is gone.
        let full = full.then(|| (self.sending.lock().unwrap_or_else(PoisonError::into_inner), take(&mut filling)));
        if filling.bytes.capacity() == 0 {
            filling.bytes.reserve_exact(PACK.max(frame.len()));
        }
        let placed = Placed { pack: filling.number, offset: filling.bytes.len() as u32 };
        filling.bytes.extend_from_slice(frame);
        // The others go on filling while this thread waits for the store.
        drop(filling);
        if let Some((_sending, (number, bytes))) = full {
            self.sink.put(number, bytes)?;
        }
        Ok(placed)
    }

    /// Hands over the last pack and returns how many there are.
    ///
    /// # Errors
    /// Those of the sink.
    pub fn finish(self) -> Result<u32> {
        let mut filling = self.lock();
        if filling.bytes.is_empty() {
            return Ok(filling.number);
        }
        let (number, bytes) = take(&mut filling);
        self.sink.put(number, bytes)?;
        Ok(number + 1)
    }

    fn lock(&self) -> MutexGuard<'_, Filling> {
        self.filling.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn take(filling: &mut Filling) -> (u32, Vec<u8>) {
    let number = filling.number;
    filling.number += 1;
    (number, std::mem::take(&mut filling.bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{collections::BTreeMap, sync::Condvar, thread, time::Duration};

    #[derive(Default)]
    struct Kept(Mutex<BTreeMap<u32, Vec<u8>>>);

    impl Sink for Kept {
        fn put(&self, number: u32, bytes: Vec<u8>) -> Result<()> {
            assert!(self.0.lock().unwrap().insert(number, bytes).is_none(), "pack {number} came twice");
            Ok(())
        }
    }

    #[test]
    fn every_frame_is_where_it_was_placed() {
        let kept = Kept::default();
        let packs = Packs::new(&kept);
        let frame =
            |thread: u8, n: usize| vec![thread.wrapping_mul(31).wrapping_add(n as u8); 1 + (n * 977_131) % (5 << 20)];
        let placed: Vec<(Placed, Vec<u8>)> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..3u8)
                .map(|t| {
                    let (packs, frame) = (&packs, &frame);
                    scope.spawn(move || {
                        (0..20).map(|n| (packs.add(&frame(t, n)).unwrap(), frame(t, n))).collect::<Vec<_>>()
                    })
                })
                .collect();
            threads.into_iter().flat_map(|t| t.join().unwrap()).collect()
        });
        let count = packs.finish().unwrap();
        let kept = kept.0.into_inner().unwrap();
        assert_eq!(kept.keys().copied().collect::<Vec<_>>(), (0..count).collect::<Vec<_>>());
        assert!(count > 3 && kept.values().all(|p| p.len() <= PACK));
        for (at, frame) in placed {
            let pack = &kept[&at.pack];
            assert!(pack[at.offset as usize..][..frame.len()] == frame);
        }
    }

    /// Keeps its first caller until a second comes, or long enough for one to have come.
    #[derive(Default)]
    struct Slow {
        waiting: Mutex<Waiting>,
        came: Condvar,
    }

    #[derive(Default)]
    struct Waiting {
        now: usize,
        most: usize,
        taken: usize,
    }

    impl Sink for Slow {
        fn put(&self, _: u32, _: Vec<u8>) -> Result<()> {
            let mut waiting = self.waiting.lock().unwrap();
            waiting.now += 1;
            waiting.most = waiting.most.max(waiting.now);
            self.came.notify_all();
            if waiting.taken == 0 {
                let bound = Duration::from_millis(500);
                waiting = self.came.wait_timeout_while(waiting, bound, |waiting| waiting.now == 1).unwrap().0;
            }
            waiting.now -= 1;
            waiting.taken += 1;
            Ok(())
        }
    }

    #[test]
    fn one_pack_waits_for_the_sink_however_many_threads_fill() {
        const THREADS: usize = 32;
        let sink = Slow::default();
        let packs = Packs::new(&sink);
        let frame = vec![1; PACK / 2 + 1];
        thread::scope(|scope| (0..THREADS).for_each(|_| drop(scope.spawn(|| packs.add(&frame).unwrap()))));
        assert_eq!(packs.finish().unwrap(), THREADS as u32);
        let waiting = sink.waiting.into_inner().unwrap();
        assert_eq!((waiting.taken, waiting.most), (THREADS, 1));
    }

    #[test]
    fn nothing_makes_no_pack() {
        let kept = Kept::default();
        assert_eq!(Packs::new(&kept).finish().unwrap(), 0);
        assert!(kept.0.into_inner().unwrap().is_empty());
    }
}
