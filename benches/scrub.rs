//! How fast the scrubber goes over bytes that hold no secret: `cargo bench --bench scrub -- DIRECTORY`.
//!
//! Reads up to 256 MiB of files below the directory into memory and prints the rate for several numbers of values.
#![allow(clippy::print_stdout, reason = "the numbers are the result")]

use ci_tool::capture::secrets::{Options, ScrubReader, Scrubber, SecretValue};
use std::{fs, io, path::Path, time::Instant};

const LIMIT: usize = 256 << 20;

fn main() {
    let dir = std::env::args().skip(1).find(|a| !a.starts_with('-')).unwrap_or_else(|| "src".into());
    let mut bytes = Vec::new();
    collect(Path::new(&dir), &mut bytes);
    println!("{} bytes below {dir}", bytes.len());
    for count in [0, 5, 20, 100, 1000] {
        let values: Vec<SecretValue> = (0..count)
            .map(|i| {
                let value = blake3::hash(format!("value {i}").as_bytes()).to_hex().chars().take(40).collect();
                SecretValue { name: format!("V{i}"), value }
            })
            .collect();
        let scrubber = Scrubber::new(&values, &Options::default());
        let first = scrubber.scrub_whole(&mut bytes);
        if first.total() > 0 {
            println!("masked first: {:?}", first.counts);
        }
        let start = Instant::now();
        let hits = scrubber.scrub_whole(&mut bytes).total();
        let whole = rate(bytes.len(), start);
        let start = Instant::now();
        let streamed = io::copy(&mut ScrubReader::new(&*bytes, &scrubber), &mut io::sink());
        let stream = rate(bytes.len(), start);
        println!("{count:5} values: whole {whole:.2} GB/s, stream {stream:.2} GB/s ({hits} hits, {streamed:?} bytes)");
    }
}

fn rate(bytes: usize, start: Instant) -> f64 {
    bytes as f64 / start.elapsed().as_secs_f64() / 1e9
}

fn collect(dir: &Path, bytes: &mut Vec<u8>) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => collect(&path, bytes),
            Ok(kind) if kind.is_file() => bytes.extend(fs::read(&path).unwrap_or_default()),
            _ => {}
        }
        if bytes.len() >= LIMIT {
            return;
        }
    }
}
