//! Consecutive blocks as bytes: each with its length before it.

use crate::block::CertifiedBlock;
use crate::encoding::to_vec;

/// The bytes are not framed blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the bytes are not blocks, each after its length")]
pub struct BlockFrameError;

/// Blocks in a row: for each its length (u32, little-endian), then its borsh encoding.
#[must_use]
pub fn frame_blocks<'b>(blocks: impl IntoIterator<Item = &'b CertifiedBlock>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for block in blocks {
        let block = to_vec(block);
        // A block is bounded far below 4 GiB by its transactions' limits.
        bytes.extend_from_slice(&u32::try_from(block.len()).unwrap_or(u32::MAX).to_le_bytes());
        bytes.extend_from_slice(&block);
    }
    bytes
}

/// Reads [`frame_blocks`]. Nothing is checked of the blocks themselves.
///
/// # Errors
/// [`BlockFrameError`] for anything else, bytes left over included.
pub fn unframe_blocks(mut bytes: &[u8]) -> Result<Vec<CertifiedBlock>, BlockFrameError> {
    let mut blocks = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk::<4>() {
        let length = usize::try_from(u32::from_le_bytes(*length)).map_err(|_| BlockFrameError)?;
        let (block, rest) = rest.split_at_checked(length).ok_or(BlockFrameError)?;
        blocks.push(borsh::from_slice(block).map_err(|_| BlockFrameError)?);
        bytes = rest;
    }
    if bytes.is_empty() { Ok(blocks) } else { Err(BlockFrameError) }
}
