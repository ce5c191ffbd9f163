//! One frame: a zstd frame (RFC 8878) that holds up to a few MiB, compressed where that helps.

use crate::error::{Error, Kind, Result};
use zstd::{
    bulk::{Compressor, Decompressor},
    zstd_safe::CParameter,
};

/// One table and long matches only, with a larger table and window than this level has: on build trees in frames of 4 MiB
/// fewer bytes than `tar | zstd -3` stores, in two thirds of level 3's time. As it comes, the level stores 10 % more.
const LEVEL: i32 = 1;
const PARAMETERS: [CParameter; 3] = [CParameter::WindowLog(22), CParameter::HashLog(15), CParameter::MinMatch(7)];
/// What a sample must shrink to, in 1/32, for its whole to be compressed.
const WORTH: usize = 31;
/// Bytes of a sample.
const SAMPLE: usize = 16 << 10;
/// The largest block of a frame (RFC 8878, section 3.1.1.2.4).
const BLOCK: usize = 128 << 10;
const MAGIC: [u8; 4] = 0xFD2F_B528_u32.to_le_bytes();
/// Single segment, four bytes of content size, no checksum, no dictionary (RFC 8878, section 3.1.1.1.1).
const DESCRIPTOR: u8 = 0b1010_0000;

/// Makes frames; one a thread.
pub struct Encoder {
    compressor: Compressor<'static>,
    sampler: Compressor<'static>,
}

impl Encoder {
    /// Makes an encoder.
    ///
    /// # Errors
    /// `Internal` when zstd has no memory.
    pub fn new() -> Result<Encoder> {
        let failed = |e| Error::new(Kind::Internal, "starting zstd").with_source(e);
        let mut compressor = Compressor::new(LEVEL).map_err(failed)?;
        PARAMETERS.into_iter().try_for_each(|parameter| compressor.set_parameter(parameter)).map_err(failed)?;
        Ok(Encoder { compressor, sampler: Compressor::new(1).map_err(failed)? })
    }

    /// The frame of `raw`, which must be shorter than 4 GiB.
    ///
    /// # Errors
    /// `Internal` when zstd fails.
    pub fn frame(&mut self, raw: &[u8]) -> Result<Vec<u8>> {
        let failed = |e| Error::new(Kind::Internal, "compressing").with_source(e);
        if !self.shrinks(raw).map_err(failed)? {
            return Ok(stored(raw));
        }
        let frame = self.compressor.compress(raw).map_err(failed)?;
        Ok(if frame.len() < raw.len() { frame } else { stored(raw) })
    }

    /// Whether three samples, together, shrink: what is compressed already costs time and gains nothing.
    fn shrinks(&mut self, raw: &[u8]) -> std::io::Result<bool> {
        if raw.len() < 4 * SAMPLE {
            return Ok(true);
        }
        let mut shrunk = 0;
        for start in [0, (raw.len() - SAMPLE) / 2, raw.len() - SAMPLE] {
            shrunk += self.sampler.compress(&raw[start..start + SAMPLE])?.len();
        }
        Ok(shrunk * 32 < 3 * SAMPLE * WORTH)
    }
}

/// A frame whose blocks are stored as they are, so that every zstd can read it all the same.
fn stored(raw: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(raw.len() + 16 + raw.len() / BLOCK * 3);
    frame.extend_from_slice(&MAGIC);
    frame.push(DESCRIPTOR);
    frame.extend_from_slice(&(raw.len() as u32).to_le_bytes());
    let last = raw.len().div_ceil(BLOCK).max(1) - 1;
    for number in 0..=last {
        let block = &raw[number * BLOCK..raw.len().min((number + 1) * BLOCK)];
        // Block header: last block, type 0 (raw), size.
        let header = (block.len() as u32) << 3 | u32::from(number == last);
        frame.extend_from_slice(&header.to_le_bytes()[..3]);
        frame.extend_from_slice(block);
    }
    frame
}

/// Reads frames; one a thread.
pub struct Decoder(Decompressor<'static>);

impl Decoder {
    /// Makes a decoder.
    ///
    /// # Errors
    /// `Internal` when zstd has no memory.
    pub fn new() -> Result<Decoder> {
        Ok(Decoder(Decompressor::new().map_err(|e| Error::new(Kind::Internal, "starting zstd").with_source(e))?))
    }

    /// The content of a frame that holds `len` bytes.
    ///
    /// # Errors
    /// `Corrupt` when it is no such frame.
    pub fn content(&mut self, frame: &[u8], len: usize) -> Result<Vec<u8>> {
        let damaged = || Error::new(Kind::Corrupt, "a frame of the capture is damaged");
        let raw = self.0.decompress(frame, len.max(1)).map_err(|e| damaged().with_source(e))?;
        if raw.len() == len { Ok(raw) } else { Err(damaged()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        io::Write,
        process::{Command, Stdio},
    };

    /// Bytes that no compressor shrinks.
    fn noise(len: usize) -> Vec<u8> {
        let mut out = vec![0; len];
        blake3::Hasher::new().finalize_xof().fill(&mut out);
        out
    }

    /// What the zstd program makes of it.
    fn zstd_program(frame: &[u8]) -> Vec<u8> {
        let mut child = Command::new("zstd")
            .args(["-dc", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the zstd program is needed: apt-get install zstd");
        let mut stdin = child.stdin.take().unwrap();
        let owned = frame.to_vec();
        let writer = std::thread::spawn(move || stdin.write_all(&owned));
        let out = child.wait_with_output().unwrap();
        writer.join().unwrap().unwrap();
        assert!(out.status.success());
        out.stdout
    }

    #[test]
    fn frames_are_read_by_us_and_by_zstd() {
        let text = b"all work and no play makes jack a dull boy\n".repeat(50_000);
        let (mut encoder, mut decoder) = (Encoder::new().unwrap(), Decoder::new().unwrap());
        for raw in
            [vec![], b"x".to_vec(), text, noise(1), noise(BLOCK - 1), noise(BLOCK), noise(BLOCK + 1), noise(3 << 20)]
        {
            let frame = encoder.frame(&raw).unwrap();
            assert!(frame.len() <= raw.len() + 9 + 3 * raw.len().div_ceil(BLOCK).max(1));
            assert!(decoder.content(&frame, raw.len()).unwrap() == raw);
            assert!(zstd_program(&frame) == raw);
            assert!(zstd_program(&stored(&raw)) == raw);
        }
    }

    #[test]
    fn noise_is_stored_and_text_is_not() {
        let mut encoder = Encoder::new().unwrap();
        assert_eq!(encoder.frame(&noise(1 << 20)).unwrap()[4], DESCRIPTOR);
        let text = b"let mut frame = Vec::with_capacity(raw.len());\n".repeat(20_000);
        assert!(encoder.frame(&text).unwrap().len() < text.len() / 100);
    }

    #[test]
    fn a_wrong_length_is_damage() {
        let frame = Encoder::new().unwrap().frame(b"hello").unwrap();
        let mut decoder = Decoder::new().unwrap();
        for len in [0, 4, 6] {
            assert_eq!(decoder.content(&frame, len).unwrap_err().kind(), Kind::Corrupt);
        }
    }
}
