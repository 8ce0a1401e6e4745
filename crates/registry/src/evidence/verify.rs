//! Checking evidence with no more than an anchor.

use std::time::Duration;

use crate::block::HeaderParts;
use crate::evidence::{CheckedBlocks, Evidence, Proven, Seal, tag};
use crate::genesis::Anchor;
use crate::hash::Hash32;
use crate::proof::ProofError;
use crate::record::Record;
use crate::time::UnixMillis;
use crate::validators::{CertificateError, ValidatorSet, verify_precommits};

/// How far ahead of the verifier's clock a block's time may be.
pub(crate) const CLOCK_SKEW: Duration = Duration::from_secs(120);

/// Why evidence shows nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EvidenceError {
    /// Of another chain than the anchor's.
    #[error("the evidence is of another chain")]
    WrongChain,
    /// From the anchor's block or before it, when other validators may have signed.
    #[error("the evidence is older than the trust anchor")]
    BeforeAnchor,
    /// Older than asked for: fetch it again.
    #[error("the evidence is from {time}, older than allowed: fetch it again")]
    TooOld {
        /// Its block's time.
        time: UnixMillis,
    },
    /// From later than now: a clock is wrong, this one or the validators'.
    #[error("the evidence is from {time}, which is not yet: check this device's clock")]
    FromTheFuture {
        /// Its block's time.
        time: UnixMillis,
    },
    /// Signed by validators the anchor does not know: [follow](crate::LightClient::follow) the hand-overs to them.
    #[error("the evidence is signed by other validators than the anchor's")]
    OtherValidators,
    /// Dated after its validators had handed over to others: whoever holds their old keys may have made it.
    #[error("the evidence is dated after its validators had handed over: fetch it again")]
    AfterHandOver,
    /// The record is not one of its key's kind, or not one this version knows.
    #[error("the record is not one that stands at this key")]
    Record,
    /// The Merkle proof shows nothing about this key.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// The certificate does not cover this record under this proof in this block.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
}

/// Checks that the anchor's validators signed a state in which this record (or its absence) stands, not longer than
/// `max_age` before `now`. Whatever byte of the evidence is changed, it fails.
///
/// # Errors
/// [`EvidenceError`]. The dearest check, the signatures, comes last.
pub fn verify(
    evidence: &Evidence,
    anchor: &Anchor,
    now: UnixMillis,
    max_age: Duration,
) -> Result<Proven, EvidenceError> {
    verify_once(evidence, anchor, now, max_age, &mut CheckedBlocks::default())
}

/// [`verify`], without the signatures under a block that were found good before.
pub(crate) fn verify_once(
    evidence: &Evidence,
    anchor: &Anchor,
    now: UnixMillis,
    max_age: Duration,
    checked: &mut CheckedBlocks,
) -> Result<Proven, EvidenceError> {
    let seal = &evidence.seal;
    let signed_by = anchor.validators.hash();
    seal.check_place(anchor, &signed_by, now, max_age)?;
    let record = match (&evidence.decoded, &evidence.record) {
        (Some(record), _) => Some(record.clone()),
        (None, Some(bytes)) => Some(Record::from_bytes(bytes).map_err(|_| EvidenceError::Record)?),
        (None, None) => None,
    };
    if record.as_ref().is_some_and(|record| record.key() != evidence.key) {
        return Err(EvidenceError::Record);
    }
    let state_root = evidence.proof.root(&evidence.key.hash(), evidence.record.as_deref())?;
    let next = seal.next_validators_hash.unwrap_or(signed_by);
    seal.check_signed(&anchor.chain_id, &anchor.validators, &state_root, next, checked)?;
    let (time, height) = (seal.time, seal.height);
    Ok(Proven { key: evidence.key.clone(), record, time, height, signed_by })
}

impl Seal {
    /// All that needs no signature: chain, height, validators, age.
    pub(super) fn check_place(
        &self,
        anchor: &Anchor,
        validators_hash: &Hash32,
        now: UnixMillis,
        max_age: Duration,
    ) -> Result<(), EvidenceError> {
        let time = self.time;
        if self.chain_tag != tag(&anchor.chain_id) {
            return Err(EvidenceError::WrongChain);
        }
        if self.height <= anchor.height {
            return Err(EvidenceError::BeforeAnchor);
        }
        if self.validators_tag != tag(validators_hash) {
            return Err(EvidenceError::OtherValidators);
        }
        if time.after(max_age) < now {
            return Err(EvidenceError::TooOld { time });
        }
        if now.after(CLOCK_SKEW) < time {
            return Err(EvidenceError::FromTheFuture { time });
        }
        Ok(())
    }

    /// That a quorum of `validators` signed the block with this state root, now or when it was checked.
    pub(crate) fn check_signed(
        &self,
        chain_id: &Hash32,
        validators: &ValidatorSet,
        state_root: &Hash32,
        next_validators_hash: Hash32,
        checked: &mut CheckedBlocks,
    ) -> Result<(), CertificateError> {
        let Self { height, time, links, round, .. } = *self;
        let header = HeaderParts { height, time, links, next_validators_hash };
        let block_id = header.id(chain_id, state_root, &validators.hash());
        checked.once(self, &block_id, || {
            verify_precommits(&self.signatures, validators, chain_id, (height, round, &block_id))
        })
    }
}
