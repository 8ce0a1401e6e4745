//! DEFLATE (RFC 1951) that begins with a dictionary of what these messages are made of.
//!
//! The dictionary goes before the text as a stored block, so that any inflater reads it; only what comes after is sent.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use super::{
    MessageError,
    bytes::{Input, put_number},
};

/// What one string unfolds to at most.
const MAX_INFLATED: usize = 256 * 1024;
/// Part of the format: never changed, but for another version of it.
const DICTIONARY: &[u8] = include_bytes!("dictionary.txt");

/// `bytes` squeezed if that is shorter, as they are if not: length 0 first, or the squeezed length.
pub(super) fn put(out: &mut Vec<u8>, bytes: &[u8]) {
    match deflate(bytes).filter(|squeezed| squeezed.len() < bytes.len()) {
        Some(squeezed) => {
            put_number(out, squeezed.len());
            put_number(out, bytes.len());
            out.extend(squeezed);
        }
        None => {
            put_number(out, 0);
            put_number(out, bytes.len());
            out.extend(bytes);
        }
    }
}

/// Reads [`put`]'s.
pub(super) fn read(input: &mut Input<'_>) -> Result<Vec<u8>, MessageError> {
    let (squeezed, length) = (input.number()?, input.number()?);
    if length > MAX_INFLATED {
        return Err(MessageError::TooLong);
    }
    if squeezed == 0 {
        return input.take(length).map(<[u8]>::to_vec);
    }
    inflate(input.take(squeezed)?, length).ok_or(MessageError::Squeezed)
}

fn deflate(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut compress = Compress::new(Compression::best(), false);
    let mut before = Vec::with_capacity(DICTIONARY.len() + 64);
    compress.compress_vec(DICTIONARY, &mut before, FlushCompress::Sync).ok()?;
    if compress.total_in() != DICTIONARY.len() as u64 {
        return None;
    }
    let mut out = Vec::with_capacity(bytes.len() + 64);
    let status = compress.compress_vec(bytes, &mut out, FlushCompress::Finish).ok()?;
    (status == Status::StreamEnd).then_some(out)
}

/// Exactly `length` bytes, from all of `squeezed`.
fn inflate(squeezed: &[u8], length: usize) -> Option<Vec<u8>> {
    let size = u16::try_from(DICTIONARY.len()).ok()?;
    let mut stored = vec![0];
    stored.extend(size.to_le_bytes());
    stored.extend((!size).to_le_bytes());
    stored.extend(DICTIONARY);
    let end = stored.len() + squeezed.len();
    stored.extend(squeezed);
    let mut inflated = Vec::with_capacity(DICTIONARY.len() + length + 1);
    let mut decompress = Decompress::new(false);
    let status = decompress.decompress_vec(&stored, &mut inflated, FlushDecompress::Finish).ok()?;
    let whole = status == Status::StreamEnd && decompress.total_in() == end as u64;
    let text = inflated.split_off(DICTIONARY.len().min(inflated.len()));
    (whole && text.len() == length).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn there_and_back(bytes: &[u8]) -> usize {
        let mut out = Vec::new();
        put(&mut out, bytes);
        let mut input = Input(&out);
        assert_eq!(read(&mut input).unwrap(), bytes);
        assert!(input.0.is_empty());
        out.len()
    }

    #[test]
    fn what_the_dictionary_knows_costs_little_and_noise_no_more_than_itself() {
        assert!(there_and_back(br#"{"alg":"ES256","typ":"kb+jwt"}"#) < 14);
        let noise: Vec<u8> = (0..600_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        assert!(there_and_back(&noise) <= noise.len() + 3);
        assert_eq!(there_and_back(b""), 2);
        assert!(there_and_back(&[0; 100_000]) < 300);
    }

    #[test]
    fn another_length_or_something_after_it_is_refused() {
        let squeezed = deflate(&[7; 5000]).unwrap();
        assert_eq!(inflate(&squeezed, 5000).unwrap().len(), 5000);
        assert_eq!(inflate(&squeezed, 4999), None);
        assert_eq!(inflate(&squeezed, 5001), None);
        assert_eq!(inflate(&[squeezed.as_slice(), b"x"].concat(), 5000), None);
        assert_eq!(inflate(&squeezed[..squeezed.len() - 1], 5000), None);
        let mut bomb = Vec::new();
        put_number(&mut bomb, squeezed.len());
        put_number(&mut bomb, MAX_INFLATED + 1);
        bomb.extend(&squeezed);
        assert_eq!(read(&mut Input(&bomb)), Err(MessageError::TooLong));
    }
}
