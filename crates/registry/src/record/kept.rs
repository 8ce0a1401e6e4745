//! What counts although its key was compromised later.
//!
//! Whoever has a key can date back what it signs. So of a compromised key nothing counts by its date alone: its owner says on
//! the chain which signatures it made itself, each by a tag under the status entry that the credential has.

use std::fmt;

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::record::StatusListId;

/// Entries of a status list that share one record.
pub const KEPT_ENTRIES: u32 = 64;
/// Signatures in one record at most: a credential that was handed out again has several under one entry.
pub const MAX_KEPT: usize = 512;

/// What is told of a signature: 16 bytes, made in one way. To find another signature with the same tag takes 2^128 tries, and
/// a tag tells nothing of what was signed: that has the holder's random key in it. JSON: base64url.
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    BorshSerialize,
    BorshDeserialize,
)]
#[serde(transparent)]
pub struct SignatureTag(#[serde(with = "crate::encoding::base64url_array")] pub [u8; 16]);

impl SignatureTag {
    /// Of the signature's bytes as the credential carries them.
    #[must_use]
    pub fn of(signature: &[u8]) -> Self {
        let digest =
            Sha256::new().chain_update(b"huizheng kept signature 1\0").chain_update(signature).finalize();
        let mut tag = [0; 16];
        tag.copy_from_slice(&digest[..16]);
        Self(tag)
    }
}

impl fmt::Debug for SignatureTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignatureTag")
    }
}

/// One signature that its owner stands by.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    BorshSerialize,
    BorshDeserialize,
)]
pub struct KeptSignature {
    /// The credential's entry on the status list.
    pub index: u32,
    /// Which signature.
    pub tag: SignatureTag,
}

/// The signatures that count under [`KEPT_ENTRIES`] entries of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
pub struct KeptRecord {
    /// The list.
    pub list: StatusListId,
    /// Which part of it, from 0.
    pub part: u32,
    /// In order, each once; at most [`MAX_KEPT`].
    pub kept: Vec<KeptSignature>,
}
