//! Records in a file: each with a mark, its length and a checksum, so that one that was not written whole is noticed.
//!
//! ```text
//! mark 4 | length u32 LE | checksum 16 | content
//! ```
//! The checksum is the beginning of SHA-256 over length and content.

use std::io::{self, Read};

use borsh::BorshSerialize;
use sha2::{Digest, Sha256};

/// Bytes before the content.
pub(super) const FRAME_BYTES: usize = 24;

/// A record's bytes.
pub(crate) fn write_frame(mark: [u8; 4], content: &impl BorshSerialize) -> io::Result<Vec<u8>> {
    let mut record = vec![0; FRAME_BYTES];
    borsh::to_writer(&mut record, content)?;
    let length = u32::try_from(record.len() - FRAME_BYTES).map_err(io::Error::other)?;
    let checksum = checksum(length, record.get(FRAME_BYTES..).unwrap_or_default());
    let frame = [mark.as_slice(), &length.to_le_bytes(), &checksum].concat();
    record.iter_mut().zip(frame).for_each(|(to, from)| *to = from);
    Ok(record)
}

/// The content of the record that begins here, and how many bytes the record has; none when no sound one does.
/// `available` is how many bytes there are, `limit` how long a content may be.
pub(crate) fn read_frame(
    mark: [u8; 4],
    from: &mut impl Read,
    available: u64,
    limit: usize,
) -> io::Result<Option<(Vec<u8>, u64)>> {
    let mut frame = [0; FRAME_BYTES];
    if available < FRAME_BYTES as u64 {
        return Ok(None);
    }
    from.read_exact(&mut frame)?;
    let Some((found, rest)) = frame.split_first_chunk::<4>() else { return Ok(None) };
    let Some((length, sum)) = rest.split_first_chunk::<4>() else { return Ok(None) };
    let length = u32::from_le_bytes(*length);
    let whole = FRAME_BYTES as u64 + u64::from(length);
    if *found != mark || length as usize > limit || available < whole {
        return Ok(None);
    }
    let mut content = vec![0; length as usize];
    from.read_exact(&mut content)?;
    Ok((checksum(length, &content) == sum).then_some((content, whole)))
}

fn checksum(length: u32, content: &[u8]) -> [u8; 16] {
    let digest = Sha256::new().chain_update(length.to_le_bytes()).chain_update(content).finalize();
    let mut sum = [0; 16];
    sum.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
    sum
}
