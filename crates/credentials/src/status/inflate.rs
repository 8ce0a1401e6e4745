//! Compression with a bound.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::{GzDecoder, ZlibDecoder};
use flate2::write::{GzEncoder, ZlibEncoder};

use super::MAX_LIST_BYTES;

/// Why compressed bytes are not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum InflateError {
    Malformed,
    TooLarge,
}

pub(super) fn unzlib(bytes: &[u8]) -> Result<Vec<u8>, InflateError> {
    bounded(ZlibDecoder::new(bytes))
}

pub(super) fn ungzip(bytes: &[u8]) -> Result<Vec<u8>, InflateError> {
    bounded(GzDecoder::new(bytes))
}

pub(super) fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    // Writing to memory does not fail; if it did, an empty text is no list and readers refuse it.
    encoder.write_all(bytes).and_then(|()| encoder.finish()).unwrap_or_default()
}

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).unwrap_or_default()
}

/// Reads to the end, but no more than the bound: a bomb costs what an honest list costs.
fn bounded(decoder: impl Read) -> Result<Vec<u8>, InflateError> {
    let mut list = Vec::new();
    let limit = MAX_LIST_BYTES as u64 + 1;
    decoder.take(limit).read_to_end(&mut list).map_err(|_| InflateError::Malformed)?;
    if list.len() > MAX_LIST_BYTES { Err(InflateError::TooLarge) } else { Ok(list) }
}
