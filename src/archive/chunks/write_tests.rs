use super::*;
use crate::pipeline::progress::Silent;
use std::{io::Cursor, sync::Barrier};

/// Every group has one of its own.
const THREADS: usize = 64;

/// Group after group of a file whose content all share, and one that is opened once every group has read the first.
struct Meeting {
    barrier: Barrier,
    shared: Vec<u8>,
    /// Of whose first file reading breaks off.
    broken: Option<usize>,
}

impl Meeting {
    fn new(broken: Option<usize>) -> Meeting {
        let mut shared = vec![0; 10_000];
        blake3::Hasher::new().finalize_xof().fill(&mut shared);
        Meeting { barrier: Barrier::new(THREADS), shared, broken }
    }

    fn entries() -> Vec<Entry> {
        let file = |path: String, size| Entry {
            path: path.into_bytes().into(),
            size,
            mode: 0,
            mtime: 0,
            content: Content::File { hash: [0; 32], sparse: false, link: None, location: Location::default() },
        };
        // With what they say of their size, the two fill a group.
        (0..THREADS).flat_map(|n| [file(format!("{n:02}/a"), 1), file(format!("{n:02}/b"), GROUP - 1)]).collect()
    }
}

struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("the disk is gone"))
    }
}

impl Source for Meeting {
    fn open<'a>(&'a self, entry: &Entry) -> Option<Box<dyn Read + Send + 'a>> {
        let path = String::from_utf8_lossy(&entry.path);
        if path.ends_with('b') {
            self.barrier.wait();
            return Some(Box::new(Cursor::new(path.into_owned().into_bytes())));
        }
        let breaks = self.broken.is_some_and(|n| path.starts_with(&format!("{n:02}")));
        Some(if breaks { Box::new(self.shared[..100].chain(Broken)) } else { Box::new(&self.shared[..]) })
    }

    fn failed(&self, _: &Entry, _: io::Error, _: bool) {}
}

/// Counts bytes, and fails from then on when there are more than it takes.
struct Takes(AtomicUsize, usize);

impl Sink for Takes {
    fn put(&self, _: u32, bytes: Vec<u8>) -> Result<()> {
        let before = self.0.fetch_add(bytes.len(), Ordering::Relaxed);
        if before + bytes.len() > self.1 { Err(Error::new(Kind::Transient, "no room")) } else { Ok(()) }
    }
}

/// What all threads at once make of it, and the bytes that were stored.
fn written(source: &Meeting, takes: usize) -> (Result<Written>, usize) {
    let owner = Id::try_from("a".repeat(10)).unwrap();
    let sink = Takes(AtomicUsize::new(0), takes);
    let options = Options { owner: &owner, sink: &sink, known: &Known::default(), progress: &Silent, threads: THREADS };
    let written = write(Meeting::entries(), source, Frames::default(), &options);
    (written, sink.0.into_inner())
}

/// Where the shared content is, by the files that have it.
fn places(written: &Written) -> Vec<Location> {
    let shared = written.entries.iter().filter(|entry| entry.path.ends_with(b"a"));
    let place = |entry: &Entry| match &entry.content {
        Content::File { location, .. } => *location,
        _ => unreachable!("only files were written"),
    };
    shared.map(place).collect()
}

#[test]
fn content_that_all_threads_meet_at_once_is_stored_once() {
    let source = Meeting::new(None);
    let (written, bytes) = written(&source, usize::MAX);
    let places = places(&written.unwrap());
    assert_eq!(places.len(), THREADS);
    assert!(places.iter().all(|place| *place == places[0] && place.method == IN_FRAME), "{places:?}");
    assert!(bytes < 2 * source.shared.len(), "{bytes}");
}

#[test]
fn content_whose_first_reader_fails_is_stored_by_another() {
    for broken in [0, THREADS - 1] {
        let places = places(&written(&Meeting::new(Some(broken)), usize::MAX).0.unwrap());
        assert_eq!(places.len(), THREADS - 1);
        assert!(places.iter().all(|place| *place == places[0] && place.method == IN_FRAME), "{places:?}");
    }
}

#[test]
fn nothing_refers_to_content_that_could_not_be_stored() {
    assert_eq!(written(&Meeting::new(None), 0).0.err().map(|e| e.kind()), Some(Kind::Transient));
}

/// Where a large file is cut.
mod cuts {
    use super::super::*;
    use crate::pipeline::progress::Silent;

    /// Gives everything the same content.
    struct Same(Vec<u8>);

    impl Source for Same {
        fn open<'a>(&'a self, _: &Entry) -> Option<Box<dyn Read + Send + 'a>> {
            Some(Box::new(&*self.0))
        }

        fn failed(&self, _: &Entry, error: io::Error, _: bool) {
            panic!("{error}");
        }
    }

    struct Nowhere;

    impl Sink for Nowhere {
        fn put(&self, _: u32, _: Vec<u8>) -> Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_file_is_cut_in_the_same_places_however_much_of_it_is_in_memory() {
        let id = Id::from_random([7; 10]);
        let file = Entry {
            path: b"workspace/a".as_slice().into(),
            size: 0,
            mode: 0,
            mtime: 0,
            content: Content::File { hash: [0; 32], sparse: false, link: None, location: Location::default() },
        };
        for len in [SMALL + 1, CHUNK.2, HELD - 1, HELD, HELD + 1, 3 * HELD + 12_345] {
            let mut data = vec![0; len];
            blake3::Hasher::new().finalize_xof().fill(&mut data);
            let expected: Vec<u32> =
                FastCDC::new(&data, CHUNK.0, CHUNK.1, CHUNK.2).map(|chunk| chunk.length as u32).collect();
            let (known, hash) = (Known::default(), *blake3::hash(&data).as_bytes());
            let options = Options { owner: &id, sink: &Nowhere, known: &known, progress: &Silent, threads: 1 };
            let written = write(vec![file.clone()], &Same(data), Frames::default(), &options).unwrap();
            let Content::File { hash: found, location, .. } = &written.entries[0].content else { panic!() };
            let run = written.frames.of_run(location.part, location.stored).unwrap();
            let cut: Vec<u32> = run.iter().map(|number| written.frames.frames[*number as usize].raw).collect();
            assert_eq!((cut, *found, written.entries[0].size), (expected, hash, len as u64), "{len}");
        }
    }
}

/// Files that grow between the walk and the save.
mod growing {
    use super::super::*;
    use crate::{archive::chunks::frame::Decoder, pipeline::progress::Silent};

    /// Gives every file 1 MiB of its own.
    struct Grown;

    impl Source for Grown {
        fn open<'a>(&'a self, entry: &Entry) -> Option<Box<dyn Read + Send + 'a>> {
            let mut content = vec![0; SMALL];
            blake3::Hasher::new().update(&entry.path).finalize_xof().fill(&mut content);
            Some(Box::new(io::Cursor::new(content)))
        }

        fn failed(&self, _: &Entry, error: io::Error, _: bool) {
            panic!("{error}");
        }
    }

    #[derive(Default)]
    struct Kept(Mutex<Vec<(u32, Vec<u8>)>>);

    impl Sink for Kept {
        fn put(&self, number: u32, bytes: Vec<u8>) -> Result<()> {
            self.0.lock().unwrap().push((number, bytes));
            Ok(())
        }
    }

    #[test]
    fn a_frame_stays_below_5_mib_and_is_read_back() {
        const FILES: u8 = 11;
        let id = Id::from_random([7; 10]);
        let entries = (0..FILES).map(|n| Entry {
            path: [b'a' + n].as_slice().into(),
            size: 0,
            mode: 0,
            mtime: 0,
            content: Content::File { hash: [0; 32], sparse: false, link: None, location: Location::default() },
        });
        let (sink, known) = (Kept::default(), Known::default());
        let options = Options { owner: &id, sink: &sink, known: &known, progress: &Silent, threads: 1 };
        let written = write(entries.collect(), &Grown, Frames::default(), &options).unwrap();
        let frames = &written.frames.frames;
        let most = frames.iter().map(|frame| u64::from(frame.raw)).max();
        assert!(most.is_some_and(|most| most < GROUP + SMALL as u64), "{most:?}");
        let mut packs = sink.0.into_inner().unwrap();
        packs.sort();
        let mut decoder = Decoder::new().unwrap();
        for entry in &written.entries {
            let Content::File { hash, location, .. } = &entry.content else { panic!() };
            let frame = &frames[location.part as usize];
            let bytes = &packs[frame.pack as usize].1[frame.offset as usize..][..frame.stored as usize];
            let content = decoder.content(bytes, frame.raw as usize).unwrap();
            let own = &content[location.offset as usize..][..location.stored as usize];
            assert_eq!((blake3::hash(own).as_bytes(), own.len()), (hash, SMALL), "{}", entry.display());
        }
        assert_eq!(written.entries.len(), usize::from(FILES));
    }
}
