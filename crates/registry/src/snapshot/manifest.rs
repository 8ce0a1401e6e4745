//! What a snapshot says of itself.

use std::time::Duration;

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

use crate::block::Header;
use crate::evidence::CLOCK_SKEW;
use crate::genesis::Anchor;
use crate::hand_over::HandOver;
use crate::hash::Hash32;
use crate::snapshot::{MAX_CHUNKS, MAX_MANIFEST_BYTES, SnapshotError};
use crate::time::UnixMillis;
use crate::validators::Certificate;

/// What a snapshot is of, and its chunks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// The format; 1.
    pub version: u8,
    /// The block whose state it is.
    pub header: Header,
    /// Its certificate.
    pub certificate: Certificate,
    /// All hand-overs from the genesis up to the header.
    pub hand_overs: Vec<HandOver>,
    /// How many records it has.
    pub records: u64,
    /// The chunks' digests, in order.
    pub chunks: Vec<Hash32>,
}

impl Manifest {
    /// The bytes that are sent.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        crate::encoding::to_vec(self)
    }

    /// Reads [`Manifest::to_bytes`].
    ///
    /// # Errors
    /// [`SnapshotError::ManifestMalformed`], [`SnapshotError::TooManyChunks`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SnapshotError> {
        if bytes.len() > MAX_MANIFEST_BYTES {
            return Err(SnapshotError::ManifestMalformed);
        }
        let manifest: Self = borsh::from_slice(bytes).map_err(|_| SnapshotError::ManifestMalformed)?;
        manifest.check_form()?;
        Ok(manifest)
    }

    pub(super) fn check_form(&self) -> Result<(), SnapshotError> {
        match self.version {
            1 if self.chunks.len() > MAX_CHUNKS => Err(SnapshotError::TooManyChunks),
            1 => Ok(()),
            _ => Err(SnapshotError::ManifestMalformed),
        }
    }

    /// That the validators to which the hand-overs lead from `anchor` signed its header, at most `max_age` ago. Hand-overs
    /// up to the anchor's block are left out: it knows better.
    pub(super) fn check(
        &self,
        anchor: &Anchor,
        now: UnixMillis,
        max_age: Duration,
    ) -> Result<Anchor, SnapshotError> {
        self.check_form()?;
        let Header { height, time, .. } = self.header;
        if self.header.chain_id != anchor.chain_id {
            return Err(SnapshotError::WrongChain);
        }
        if height <= anchor.height {
            return Err(SnapshotError::BeforeAnchor);
        }
        if time.after(max_age) < now {
            return Err(SnapshotError::TooOld { time });
        }
        if now.after(CLOCK_SKEW) < time {
            return Err(SnapshotError::FromTheFuture { time });
        }
        // The header's own block may be a hand-over: it is signed by those before it.
        let between = |one: &&HandOver| one.claimed_height() > anchor.height && one.claimed_height() < height;
        let hand_overs: Vec<_> = self.hand_overs.iter().filter(between).cloned().collect();
        let signers = anchor.advance(&hand_overs)?;
        if self.header.validators_hash != signers.validators.hash() {
            return Err(SnapshotError::OtherValidators);
        }
        if self.certificate.height != height || self.certificate.block_id != self.header.id() {
            return Err(SnapshotError::OtherBlock);
        }
        self.certificate.verify(&signers.validators, &anchor.chain_id)?;
        Ok(signers)
    }
}
