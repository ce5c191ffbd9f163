use super::*;
use ::zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

/// An archive by the `zip` crate.
fn written(files: &[(&str, &[u8])], method: CompressionMethod) -> Vec<u8> {
    let mut writer = ZipWriter::new(io::Cursor::new(Vec::new()));
    for (name, content) in files {
        let options = SimpleFileOptions::default().compression_method(method);
        match name.strip_suffix('/') {
            Some(directory) => writer.add_directory(directory, options).unwrap(),
            None => {
                writer.start_file(*name, options).unwrap();
                writer.write_all(content).unwrap();
            }
        }
    }
    writer.finish().unwrap().into_inner()
}

fn opened(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file
}

fn read(bytes: &[u8]) -> Result<Vec<(String, Vec<u8>)>> {
    let file = opened(bytes);
    let one = |member: Member| {
        let mut content = Vec::new();
        extract(&file, &member, &mut content)?;
        Ok((member.path, content))
    };
    members(&file)?.into_iter().map(one).collect()
}

fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut bytes = bytes.to_vec();
    let places: Vec<usize> = (0..bytes.len()).filter(|&at| bytes[at..].starts_with(from)).collect();
    assert!(!places.is_empty());
    places.into_iter().for_each(|at| bytes[at..at + from.len()].copy_from_slice(to));
    bytes
}

const A: &[u8] = b"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

#[test]
fn what_others_write_is_read() {
    let files = [("drop/a.nupkg", A), ("drop/sub/", b""), ("drop/sub/b.txt", b"b"), ("empty", b"")];
    let expected: Vec<(String, Vec<u8>)> =
        files.iter().filter(|(n, _)| !n.ends_with('/')).map(|(n, c)| ((*n).to_owned(), c.to_vec())).collect();
    for method in [CompressionMethod::Deflated, CompressionMethod::Stored] {
        let bytes = written(&files, method);
        assert_eq!(read(&bytes).unwrap(), expected);
    }
    let mut writer = ZipWriter::new(io::Cursor::new(Vec::new()));
    writer.start_file("large", SimpleFileOptions::default().large_file(true)).unwrap();
    writer.write_all(A).unwrap();
    writer.set_comment("PK\u{5}\u{6} is not the end").unwrap();
    assert_eq!(read(&writer.finish().unwrap().into_inner()).unwrap(), [("large".to_owned(), A.to_vec())]);
}

#[test]
fn what_is_cut_short_or_altered_is_refused() {
    let bytes = written(&[("a", A), ("b", b"second")], CompressionMethod::Deflated);
    for len in 0..bytes.len() {
        let error = read(&bytes[..len]).unwrap_err();
        assert_eq!(error.kind(), Kind::Corrupt, "{len} of {}", bytes.len());
    }
    for at in 0..bytes.len() {
        let mut altered = bytes.clone();
        altered[at] ^= 0x10;
        // A time, a version or a flag may change; the content of no file may, nor may one go unseen.
        if let Ok(files) = read(&altered) {
            assert_eq!(files.iter().map(|(_, content)| &content[..]).collect::<Vec<_>>(), [A, b"second"], "{at}");
        }
    }
    let stored = written(&[("a", b"some content")], CompressionMethod::Stored);
    let error = read(&replaced(&stored, b"some content", b"evil content")).unwrap_err();
    assert!(error.message().contains("the file a in the archive is not what"), "{error}");
}

#[test]
fn paths_that_lead_elsewhere_and_names_that_come_twice_are_refused() {
    let named =
        |name: &str| replaced(&written(&[("x/yyyyy", A)], CompressionMethod::Stored), b"x/yyyyy", name.as_bytes());
    for name in ["../yyyy", "/x/yyyy", "x/../yy", "x/./yyy", "C:/yyyy", "x//yyyy", "x\\..\\yy", "x/yy\0yy", "x/NUL.y"] {
        assert_eq!(read(&named(name)).unwrap_err().kind(), Kind::Corrupt, "{name:?}");
    }
    for other in ["y1.bin", "Y0.BIN"] {
        let two = written(&[("y0.bin", b"first"), ("y9.bin", b"other")], CompressionMethod::Stored);
        let two = replaced(&two, b"y9.bin", other.as_bytes());
        assert_eq!(read(&two).is_ok(), other == "y1.bin", "{other}");
    }
}

#[test]
fn links_encryption_and_other_methods_are_refused() {
    let mut writer = ZipWriter::new(io::Cursor::new(Vec::new()));
    writer.add_symlink("link", "/etc/passwd", SimpleFileOptions::default()).unwrap();
    let link = writer.finish().unwrap().into_inner();
    let plain = written(&[("a", b"content")], CompressionMethod::Stored);
    let central = plain.windows(4).position(|w| w == b"PK\x01\x02").unwrap();
    let with = |at: usize, value: u8| {
        let mut bytes = plain.clone();
        bytes[central + at] = value;
        bytes
    };
    for (bytes, said) in [(link, "is a link"), (with(8, 1), "is encrypted"), (with(10, 93), "by the method 93")] {
        let error = read(&bytes).unwrap_err();
        assert_eq!((error.kind(), error.message().contains(said)), (Kind::Unsupported, true), "{error}");
    }
}

#[test]
fn members_that_share_bytes_are_refused() {
    let two = written(&[("a", b"0123456789"), ("b", b"0123456789")], CompressionMethod::Stored);
    let central: Vec<usize> = (0..two.len()).filter(|&at| two[at..].starts_with(b"PK\x01\x02")).collect();
    let mut bytes = two.clone();
    bytes[central[1] + 42..central[1] + 46].copy_from_slice(&0u32.to_le_bytes());
    assert!(read(&bytes).unwrap_err().message().contains("overlaps"));
}
