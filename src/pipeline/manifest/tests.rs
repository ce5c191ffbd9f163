use super::{bytes::*, *};
use crate::pipeline::{
    entry::{Content, Location},
    frames::{Frame, PackName, RUN},
};
use proptest::prelude::*;

fn arb_content() -> impl Strategy<Value = Content> {
    let bytes = || prop::collection::vec(any::<u8>(), 1..300).prop_map(Vec::into_boxed_slice);
    prop_oneof![
        Just(Content::Directory),
        bytes().prop_map(|target| Content::Symlink { target }),
        (
            any::<[u8; 32]>(),
            any::<bool>(),
            prop::option::of(bytes()),
            (any::<u32>(), any::<u64>(), any::<u64>(), 0u8..9)
        )
            .prop_map(|(hash, sparse, link, (part, offset, stored, method))| Content::File {
                hash,
                sparse,
                link,
                location: Location { part, offset, stored, method }
            }),
    ]
}

fn arb_entries(most: usize) -> impl Strategy<Value = Vec<Entry>> {
    let segment = prop::collection::vec(any::<u8>().prop_filter("separator", |b| *b != b'/' && *b != 0), 1..40)
        .prop_filter("dots", |s| s != b"." && s != b"..");
    let path = prop::collection::vec(segment, 1..5).prop_map(|s| s.join(&b'/'));
    prop::collection::btree_map(path, (any::<u64>(), 0u32..0o10000, any::<i64>(), arb_content()), 0..most).prop_map(
        |map| {
            map.into_iter()
                .map(|(path, (size, mode, mtime, content))| {
                    let size = if matches!(content, Content::File { .. }) { size } else { 0 };
                    Entry { path: path.into(), size, mode, mtime, content }
                })
                .collect()
        },
    )
}

fn build(entries: &[Entry]) -> (Vec<u8>, Top) {
    let mut builder = Builder::default();
    for entry in entries {
        builder.push(entry).unwrap();
    }
    builder.finish().unwrap()
}

fn slice<'a>(object: &'a [u8], blob: &Blob) -> &'a [u8] {
    &object[blob.offset as usize..(blob.offset + blob.len) as usize]
}

fn read(object: &[u8], top: &Top) -> Result<Vec<Entry>> {
    let mut read = Tiles::default();
    for tile in &top.tiles {
        read.add(tile, slice(object, &tile.content), Some(slice(object, &tile.metadata)))?;
    }
    Ok(read.entries)
}

fn tree(count: usize) -> Vec<Entry> {
    let file = |i: usize| Entry {
        path: format!("workspace/src/{:03}/file-{i:06}.rs", i / 100).into_bytes().into(),
        size: i as u64,
        mode: 0o644,
        mtime: i as i64,
        content: Content::File {
            hash: *blake3::hash(&i.to_le_bytes()).as_bytes(),
            sparse: false,
            link: None,
            location: Location { offset: i as u64 * 77, ..Location::default() },
        },
    };
    (0..count).map(file).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn entries_survive(entries in arb_entries(400)) {
        let (object, top) = build(&entries);
        let top = Top::decode(&top.encode().unwrap()).unwrap();
        prop_assert_eq!(read(&object, &top).unwrap(), entries.clone());
        for entry in &entries {
            let some = Top { tiles: top.tiles[top.subtree(&entry.path)].to_vec(), ..Top::default() };
            prop_assert!(read(&object, &some).unwrap().contains(entry));
        }
    }

    #[test]
    fn damage_is_found(entries in arb_entries(60), at in any::<prop::sample::Index>(), flip in 1u8..) {
        let (mut object, top) = build(&entries);
        prop_assume!(!object.is_empty());
        let at = at.index(object.len());
        object[at] ^= flip;
        prop_assert_eq!(read(&object, &top).unwrap_err().kind(), Kind::Corrupt);
    }

    #[test]
    fn nonsense_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = Top::decode(&bytes);
        let _ = Top::decode(&compress(&bytes).unwrap());
        let frame = compress(&bytes).unwrap();
        let blob = Blob { owner: 0, offset: 0, len: frame.len() as u64, checksum: checksum(&frame) };
        let tile = Tile { first: b"a".as_slice().into(), entries: 3, content: blob.clone(), metadata: blob };
        let _ = Tiles::default().add(&tile, &frame, Some(&frame));
        let _ = Tiles::default().add(&tile, &frame, None);
    }
}

#[test]
fn a_hostile_path_is_refused_by_name() {
    for path in ["../up", "/abs", "a/../../b"] {
        let entry = Entry { path: path.as_bytes().into(), size: 0, mode: 0, mtime: 0, content: Content::Directory };
        let (object, top) = build(&[entry]);
        let error = read(&object, &top).unwrap_err();
        assert!(error.message().contains(path), "{}", error.message());
    }
}

#[test]
fn tiles_stay_small_and_borders_stay_put() {
    let entries = tree(20_000);
    let (object, top) = build(&entries);
    for tile in &top.tiles {
        let raw = zstd::bulk::decompress(slice(&object, &tile.content), TILE_MAX * 2).unwrap();
        assert!(raw.len() <= TILE_MAX);
    }
    // An entry more at the front and fresh times everywhere: all but the first content tiles are the same bytes.
    let mut changed = entries;
    changed.iter_mut().for_each(|e| e.mtime += 1_000_000_007);
    let first = Entry { path: b"workspace/src/000/a".as_slice().into(), ..changed[0].clone() };
    changed.insert(0, first);
    let (_, again) = build(&changed);
    let known: std::collections::HashSet<_> = top.tiles.iter().map(|t| t.content.checksum).collect();
    let fresh = again.tiles.iter().filter(|t| !known.contains(&t.content.checksum)).count();
    assert!(top.tiles.len() > 20 && fresh <= 2, "{fresh} of {} tiles changed", again.tiles.len());
}

/// Frames of one pack, and a file that has all of them.
fn long_file(path: &str, count: u32, frames: &mut Frames) -> Entry {
    let pack = frames.pack(&PackName { owner: Id::from_random(*b"0123456789"), number: 3 });
    let frame = |n: u32| Frame { pack, offset: n * 1_000, stored: 900, raw: 1 << 20, check: [n as u8 | 1; 16] };
    let run: Vec<u32> = (0..count).map(|n| frames.frame(frame(n))).collect();
    let location = Location { part: frames.run(&run), offset: 0, stored: u64::from(count), method: RUN };
    let content = Content::File { hash: [7; 32], sparse: false, link: None, location };
    Entry { path: path.as_bytes().into(), size: u64::from(count) << 20, mode: 0o644, mtime: 5, content }
}

#[test]
fn a_file_of_very_many_frames_survives() {
    const COUNT: u32 = 7 * 512 + 17;
    for before in [0, 1, 300, 700] {
        let mut frames = Frames::default();
        // Another frame first, so that numbers differ from places.
        frames.frame(Frame { pack: 9, offset: 0, stored: 1, raw: 1, check: [0; 16] });
        let mut entries = tree(before);
        entries.push(long_file("workspace/t", COUNT, &mut frames));
        entries.push(Entry { path: b"workspace/t.after".as_slice().into(), ..tree(1)[0].clone() });
        entries.push(long_file("workspace/u", 2, &mut frames));
        let mut builder = Builder::default();
        entries.iter().for_each(|entry| builder.push_placed(entry, &frames).unwrap());
        let (object, top) = builder.finish().unwrap();
        assert!(
            top.tiles.iter().filter(|tile| &*tile.first == b"workspace/t").count() >= 3,
            "borders are inside the run"
        );
        for path in ["", "workspace/t", "workspace/t.after", "workspace/u"] {
            let tiles = if path.is_empty() { &top.tiles[..] } else { &top.tiles[top.subtree(path.as_bytes())] };
            let mut read = Tiles::default();
            for tile in tiles {
                read.add(tile, slice(&object, &tile.content), Some(slice(&object, &tile.metadata))).unwrap();
            }
            for wanted in entries.iter().filter(|entry| path.is_empty() || *entry.path == *path.as_bytes()) {
                let there =
                    read.entries.iter().find(|entry| entry.path == wanted.path).expect("the entry is in its tiles");
                assert_eq!(places(there, &read.frames), places(wanted, &frames), "{} of {before}", wanted.display());
            }
        }
    }
}

/// A frame's pack, offset and check.
type Place = (PackName, u32, [u8; 16]);

/// What an entry says of its content, whatever the numbers of its frames are.
fn places(entry: &Entry, frames: &Frames) -> (u64, i64, Vec<Place>) {
    let Content::File { location, .. } = &entry.content else { return (0, 0, vec![]) };
    let run = if location.method == RUN { frames.of_run(location.part, location.stored).unwrap() } else { &[] };
    let place = |number: &u32| {
        let (frame, pack) = frames.find(*number).unwrap();
        (pack.clone(), frame.offset, frame.check)
    };
    (entry.size, entry.mtime, run.iter().map(place).collect())
}

#[test]
fn a_lost_tile_costs_its_own_entries_and_lost_metadata_only_modes_and_times() {
    let mut frames = Frames::default();
    let mut entries = tree(300);
    entries.push(long_file("workspace/t", 7 * 512, &mut frames));
    entries.push(Entry { path: b"workspace/u".as_slice().into(), ..tree(1)[0].clone() });
    let mut builder = Builder::default();
    entries.iter().for_each(|entry| builder.push_placed(entry, &frames).unwrap());
    let (object, top) = builder.finish().unwrap();
    let read = |lost: usize, metadata: bool| {
        let mut read = Tiles::default();
        for (at, tile) in top.tiles.iter().enumerate() {
            let (content, extra) = (slice(&object, &tile.content), slice(&object, &tile.metadata));
            match at == lost {
                true if metadata => read.add(tile, content, None).unwrap(),
                true => read.skip(),
                false => read.add(tile, content, Some(extra)).unwrap(),
            }
        }
        read.entries
    };
    let paths = |entries: &[Entry]| entries.iter().map(|e| e.path.clone()).collect::<Vec<_>>();
    let mut at = 0;
    for (lost, tile) in top.tiles.iter().enumerate() {
        let (found, dull) = (paths(&read(lost, false)), read(lost, true));
        assert_eq!(paths(&dull), paths(&entries));
        let next = top.tiles.get(lost + 1);
        let here =
            |path: &[u8]| *path == *tile.first || *path > *tile.first && next.is_none_or(|next| *path < *next.first);
        for entry in &entries {
            assert!(here(&entry.path) || found.contains(&entry.path), "tile {lost} costs {}", entry.display());
        }
        // What goes on in a tile has its mode and time in the tile where it began.
        let begun = lost > 0 && top.tiles[lost - 1].first == tile.first;
        let concerned = |entry: &Entry| here(&entry.path) && !(begun && entry.path == tile.first);
        for (dull, entry) in dull.iter().zip(&entries).filter(|(_, entry)| concerned(entry)) {
            assert_eq!((dull.mode, dull.mtime), (0o644, 0), "{}", entry.display());
            at += 1;
        }
    }
    assert!(top.tiles.len() >= 4 && at > 300);
}

#[test]
fn a_frame_that_would_need_too_much_memory_is_refused() {
    const RAW: u32 = 64 << 20;
    for (stored, raw, accepted) in [
        (100, RAW, true),
        (100, RAW + 1, false),
        (RAW + (64 << 10), RAW, true),
        (RAW + (64 << 10) + 1, RAW, false),
        (64 << 10, 0, true),
        (u32::MAX, 1 << 20, false),
        (9, u32::MAX, false),
    ] {
        let mut frames = Frames::default();
        let mut entry = long_file("workspace/t", 1, &mut frames);
        let one = &mut frames.frames[0];
        (one.stored, one.raw) = (stored, raw);
        entry.size = u64::from(raw);
        let mut builder = Builder::default();
        builder.push_placed(&entry, &frames).unwrap();
        let (object, top) = builder.finish().unwrap();
        let found = read(&object, &top).map(drop).map_err(|e| e.kind());
        assert_eq!(found, if accepted { Ok(()) } else { Err(Kind::Corrupt) }, "{stored} {raw}");
    }
}

/// An index of tiles whose paths each share all but a few bytes with the one before.
fn index_of(paths: impl IntoIterator<Item = (usize, Vec<u8>)>) -> Vec<u8> {
    let (mut tiles, mut count) = (Vec::new(), 0);
    for (shared, rest) in paths {
        number(&mut tiles, shared as u64);
        bytes(&mut tiles, &rest);
        number(&mut tiles, 1);
        // Two blobs of nothing.
        tiles.extend([[0; 19]; 2].concat());
        count += 1;
    }
    let mut out = Vec::new();
    [VERSION, 0, count].into_iter().for_each(|n| number(&mut out, n));
    out.extend(tiles);
    compress(&out).unwrap()
}

#[test]
fn paths_that_would_need_too_much_memory_are_refused() {
    let paths = |len: usize, count: u32| {
        let first = (0, vec![b'a'; len - 4]);
        std::iter::once(first).chain((0..count).map(move |n| (len - 4, n.to_be_bytes().to_vec())))
    };
    const BUDGET: usize = 100 * PATH_MAX;
    for (len, count, accepted) in
        [(PATH_MAX, 9, true), (PATH_MAX + 1, 9, false), (PATH_MAX, 99, true), (PATH_MAX, 100, false)]
    {
        let found = Top::decode_within(&index_of(paths(len, count)), Budget(BUDGET as u64));
        let found = found.map(drop).map_err(|e| e.kind());
        assert_eq!(found, if accepted { Ok(()) } else { Err(Kind::Corrupt) }, "{count} of {len}");
    }
}

#[test]
fn entries_that_would_need_too_much_memory_are_refused() {
    // Directories that are a few bytes in the store and 32 KiB in memory each.
    const EACH: u32 = 500;
    let (mut top, mut object) = (Top::default(), Vec::new());
    for tile in 0..3_u32 {
        let (mut content, mut metadata) = (Vec::new(), Vec::new());
        // No owners, packs or frames.
        content.extend([0; 3]);
        let first = [vec![b'a'; PATH_MAX - 8], format!("{tile:x}{:07x}", 0).into_bytes()].concat();
        for n in 0..EACH {
            let name = format!("{tile:x}{n:07x}");
            let (shared, rest) = if n == 0 { (0, &first[..]) } else { (PATH_MAX - 8, name.as_bytes()) };
            number(&mut content, shared as u64);
            bytes(&mut content, rest);
            number(&mut content, 0);
            metadata.extend([0; 2]);
        }
        let content = append(&mut object, compress(&content).unwrap());
        let metadata = append(&mut object, compress(&metadata).unwrap());
        top.tiles.push(Tile { first: first.into(), entries: u64::from(EACH), content, metadata });
    }
    assert!(object.len() < 20_000, "{}", object.len());
    let read = |tiles: u64| {
        let mut read = Tiles::default();
        read.budget = Budget(tiles * u64::from(EACH) * PATH_MAX as u64);
        let mut add = |tile: &Tile| read.add(tile, slice(&object, &tile.content), Some(slice(&object, &tile.metadata)));
        top.tiles.iter().try_for_each(&mut add).map_err(|e| e.kind())
    };
    assert_eq!((read(3), read(2)), (Ok(()), Err(Kind::Corrupt)));
}

#[test]
fn nothing_is_written_that_would_not_be_read() {
    let mut entry = Entry { content: Content::Directory, path: vec![b'a'; PATH_MAX].into(), ..tree(1)[0].clone() };
    Builder::default().push(&entry).unwrap();
    entry.path = vec![b'a'; PATH_MAX + 1].into();
    assert_eq!(Builder::default().push(&entry).unwrap_err().kind(), Kind::Unsupported);
}
