//! Status lists: two bits for each credential, in chunks that are proven one by one.

use std::fmt;
use std::str::FromStr;

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

use crate::did::{Did, DidError};
use crate::time::UnixMillis;

/// Bytes in a chunk.
pub const CHUNK_BYTES: usize = 512;
/// Entries in a chunk, two bits each.
pub const CHUNK_ENTRIES: u32 = 2048;
/// Entries in a list unless its owner asks for more; also the least (herd privacy: Bitstring Status List 1.0,
/// section 6.1).
pub const DEFAULT_LIST_LENGTH: u32 = 131_072;
/// The most entries a list can have.
pub const MAX_LIST_LENGTH: u32 = 1 << 20;

/// What the chain says of one credential.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, BorshSerialize, BorshDeserialize,
)]
#[serde(rename_all = "kebab-case")]
#[borsh(use_discriminant = true)]
#[repr(u8)]
pub enum Status {
    /// Neither revoked nor suspended. Every entry starts so.
    Valid = 0,
    /// Revoked, for good.
    Revoked = 1,
    /// Suspended, until its issuer lifts it.
    Suspended = 2,
}

impl Status {
    fn from_bits(bits: u8) -> Option<Self> {
        match bits {
            0 => Some(Self::Valid),
            1 => Some(Self::Revoked),
            2 => Some(Self::Suspended),
            _ => None,
        }
    }
}

/// A list's name: `did:hui:…/status/3`. What credentials carry as their list.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct StatusListId {
    /// Whose list.
    pub owner: Did,
    /// Its number with that owner.
    pub number: u32,
}

/// The text is not `<did>/status/<number>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StatusListIdError {
    /// No `/status/` in it, or no plain number after it.
    #[error("a status list is named <did>/status/<number>")]
    Form,
    /// The part before is no DID.
    #[error("the status list's owner: {0}")]
    Owner(#[from] DidError),
}

impl fmt::Display for StatusListId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/status/{}", self.owner, self.number)
    }
}

impl fmt::Debug for StatusListId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for StatusListId {
    type Err = StatusListIdError;

    fn from_str(text: &str) -> Result<Self, StatusListIdError> {
        let (owner, number) = text.split_once("/status/").ok_or(StatusListIdError::Form)?;
        let number = super::key::number(number).ok_or(StatusListIdError::Form)?;
        Ok(Self { owner: owner.parse()?, number })
    }
}

crate::text_serde!(StatusListId);

impl StatusListId {
    /// The chunk that holds entry `index`.
    #[must_use]
    pub fn chunk_of(index: u32) -> u32 {
        index / CHUNK_ENTRIES
    }
}

/// That a list exists. An entry whose chunk has no record is valid, once this record shows that the list has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
pub struct StatusListRecord {
    /// The list.
    pub list: StatusListId,
    /// Number of entries, a multiple of [`CHUNK_ENTRIES`].
    pub length: u32,
    /// Block time of its creation.
    pub created: UnixMillis,
}

/// 2,048 entries of a list. Entry `i` of the chunk is in byte `i / 4`, at bits `2 * (i % 4)` counted from the least
/// significant, as a Token Status List of two bits has it (draft-ietf-oauth-status-list, section 4.1). JSON: base64url.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
pub struct StatusChunk {
    /// The list.
    pub list: StatusListId,
    /// Which part of it, from 0.
    pub chunk: u32,
    /// The bits.
    #[serde(with = "crate::encoding::base64url_array")]
    pub bits: [u8; CHUNK_BYTES],
}

impl StatusChunk {
    /// A chunk in which every entry is valid.
    #[must_use]
    pub fn new(list: StatusListId, chunk: u32) -> Self {
        Self { list, chunk, bits: [0; CHUNK_BYTES] }
    }

    /// The status of entry `index` of the whole list; none when the entry is in another chunk or holds the unused
    /// value 3.
    #[must_use]
    pub fn status(&self, index: u32) -> Option<Status> {
        let (byte, shift) = self.place(index)?;
        Status::from_bits((self.bits.get(byte)? >> shift) & 3)
    }

    /// Sets entry `index` of the whole list; false when the entry is in another chunk.
    pub(crate) fn set(&mut self, index: u32, status: Status) -> bool {
        let Some((byte, shift)) = self.place(index) else { return false };
        let Some(bits) = self.bits.get_mut(byte) else { return false };
        *bits = (*bits & !(3 << shift)) | ((status as u8) << shift);
        true
    }

    fn place(&self, index: u32) -> Option<(usize, u32)> {
        let within = index % CHUNK_ENTRIES;
        let here = index / CHUNK_ENTRIES == self.chunk;
        here.then_some((usize::try_from(within / 4).ok()?, 2 * (within % 4)))
    }
}

impl fmt::Debug for StatusChunk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StatusChunk")
            .field("list", &self.list)
            .field("chunk", &self.chunk)
            .finish_non_exhaustive()
    }
}
