//! Checking evidence with no more than an anchor.

use std::time::Duration;

use crate::block::HeaderParts;
use crate::evidence::{Evidence, Proven, tag};
use crate::genesis::Anchor;
use crate::proof::ProofError;
use crate::record::Record;
use crate::time::UnixMillis;
use crate::validators::{CertificateError, verify_precommits};

/// How far ahead of the verifier's clock a block's time may be.
const CLOCK_SKEW: Duration = Duration::from_secs(120);

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
    /// Signed by validators the anchor does not know: follow the hand-overs to a newer anchor.
    #[error("the evidence is signed by other validators than the anchor's")]
    OtherValidators,
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
    let seal = &evidence.seal;
    let time = seal.time;
    let validators_hash = anchor.validators.hash();
    if seal.chain_tag != tag(&anchor.chain_id) {
        return Err(EvidenceError::WrongChain);
    }
    if seal.height <= anchor.height {
        return Err(EvidenceError::BeforeAnchor);
    }
    if seal.validators_tag != tag(&validators_hash) {
        return Err(EvidenceError::OtherValidators);
    }
    if time.after(max_age) < now {
        return Err(EvidenceError::TooOld { time });
    }
    if now.after(CLOCK_SKEW) < time {
        return Err(EvidenceError::FromTheFuture { time });
    }
    let record = match (&evidence.decoded, &evidence.record) {
        (Some(record), _) => Some(record.clone()),
        (None, Some(bytes)) => Some(Record::from_bytes(bytes).map_err(|_| EvidenceError::Record)?),
        (None, None) => None,
    };
    if record.as_ref().is_some_and(|record| record.key() != evidence.key) {
        return Err(EvidenceError::Record);
    }
    let state_root = evidence.proof.root(&evidence.key.hash(), evidence.record.as_deref())?;
    let header = HeaderParts {
        height: seal.height,
        time,
        links: seal.links,
        next_validators_hash: seal.next_validators_hash.unwrap_or(validators_hash),
    };
    let block_id = header.id(&anchor.chain_id, &state_root, &validators_hash);
    let vote = (seal.height, seal.round, &block_id);
    verify_precommits(&seal.signatures, &anchor.validators, &anchor.chain_id, vote)?;
    Ok(Proven { key: evidence.key.clone(), record, time, height: seal.height })
}
