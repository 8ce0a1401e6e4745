//! The validators, and the certificates they sign under blocks.

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

use crate::encoding::{base64url_array, to_vec};
use crate::hash::Hash32;
use crate::key::Ed25519Key;
use crate::text::invalid;

/// The most validators a set can have.
pub const MAX_VALIDATORS: usize = 128;

/// One validator: its consensus key and its weight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
pub struct Validator {
    /// The key it signs votes with.
    pub key: Ed25519Key,
    /// Its weight, at least 1.
    pub power: u64,
}

/// 1 to 128 validators with distinct keys, in a fixed order that certificates refer to by position.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, BorshSerialize)]
#[serde(transparent)]
pub struct ValidatorSet(Vec<Validator>);

/// The list is no validator set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a validator set has 1 to 128 validators with distinct keys, each of power 1 to 2^32")]
pub struct ValidatorSetError;

impl ValidatorSet {
    /// Checks and keeps the list.
    ///
    /// # Errors
    /// [`ValidatorSetError`] when it is empty, too long, repeats a key, or a power is 0 or above 2^32.
    pub fn new(validators: Vec<Validator>) -> Result<Self, ValidatorSetError> {
        let sized = (1..=MAX_VALIDATORS).contains(&validators.len());
        // Pair by pair: few, and a sorted set would weigh more in the phones' library.
        let is_new =
            |(at, v): (usize, &Validator)| !validators.iter().take(at).any(|other| other.key == v.key);
        let distinct = || validators.iter().enumerate().all(is_new);
        let weighed = validators.iter().all(|v| (1..=1 << 32).contains(&v.power));
        if sized && distinct() && weighed { Ok(Self(validators)) } else { Err(ValidatorSetError) }
    }

    /// In order.
    #[must_use]
    pub fn as_slice(&self) -> &[Validator] {
        &self.0
    }

    /// The sum of all powers; cannot overflow within the limits of a set.
    #[must_use]
    pub fn total_power(&self) -> u64 {
        self.0.iter().map(|v| v.power).sum()
    }

    /// Whether `power` is more than two thirds of all.
    #[must_use]
    pub fn is_quorum(&self, power: u64) -> bool {
        u128::from(power) * 3 > u128::from(self.total_power()) * 2
    }

    /// Whether `next` may follow this set: more than two thirds of the power stay where they are, counting for each
    /// validator the smaller of its shares in the two sets.
    ///
    /// So those who stay can go on alone while a newcomer is not there yet, and every quorum of the next set has more than
    /// a third of this set's power in it, so that no block of the next set is final without an honest one of this set.
    #[must_use]
    pub fn may_become(&self, next: &Self) -> bool {
        let (now_total, next_total) = (u128::from(self.total_power()), u128::from(next.total_power()));
        let before = |key| self.0.iter().find(|v| v.key == key).map_or(0, |v| u128::from(v.power));
        // Shares over the common denominator `now_total * next_total`, below 2^78 each.
        let stays: u128 =
            next.0.iter().map(|v| (u128::from(v.power) * now_total).min(before(v.key) * next_total)).sum();
        stays * 3 > now_total * next_total * 2
    }

    /// The digest that headers carry.
    #[must_use]
    pub fn hash(&self) -> Hash32 {
        Hash32::tagged("huizheng/validators/1", &[&to_vec(self)])
    }
}

impl<'de> Deserialize<'de> for ValidatorSet {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(<Vec<_> as Deserialize>::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl BorshDeserialize for ValidatorSet {
    fn deserialize_reader<R: std::io::Read>(reader: &mut R) -> std::io::Result<Self> {
        Self::new(Vec::deserialize_reader(reader)?).map_err(invalid)
    }
}

/// What a vote is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum VoteKind {
    /// "I have seen a proposal that I would take."
    Prevote = 0,
    /// "I have seen that more than two thirds would take it." Certificates are made of these.
    Precommit = 1,
}

/// What a validator signs: `block` in `round` of `height` of one chain, or none of the blocks there. Fixed lengths,
/// so no two votes share bytes.
#[must_use]
pub fn vote_bytes(
    kind: VoteKind,
    chain_id: &Hash32,
    height: u64,
    round: u32,
    block: Option<&Hash32>,
) -> Vec<u8> {
    let mut bytes = b"huizheng/vote/1\0".to_vec();
    bytes.push(kind as u8);
    bytes.extend_from_slice(&chain_id.0);
    bytes.extend_from_slice(&height.to_be_bytes());
    bytes.extend_from_slice(&round.to_be_bytes());
    bytes.push(u8::from(block.is_some()));
    bytes.extend_from_slice(&block.unwrap_or(&Hash32::ZERO).0);
    bytes
}

/// Precommits of more than two thirds of the power for one block: the block is final.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase")]
pub struct Certificate {
    /// The block's height.
    pub height: u64,
    /// The consensus round in which it was decided.
    pub round: u32,
    /// The block.
    pub block_id: Hash32,
    /// By position in the validator set, strictly ascending.
    pub signatures: Vec<CertificateSignature>,
}

/// One validator's precommit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
pub struct CertificateSignature {
    /// Position in the validator set.
    pub validator: u8,
    /// Its Ed25519 signature over [`vote_bytes`].
    #[serde(with = "base64url_array")]
    pub signature: [u8; 64],
}

/// Why a certificate makes nothing final.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// A signer the set does not have.
    #[error("a signature is by validator {0}, which the set does not have")]
    UnknownSigner(u8),
    /// A signer twice, or signers out of order.
    #[error("validator {0} signs twice or out of order")]
    RepeatedSigner(u8),
    /// A signature that does not verify: another block, chain, height, round or key.
    #[error("the signature of validator {0} does not cover this")]
    Signature(u8),
    /// Not more than two thirds of the power.
    #[error("the signers hold {have} of {total} power, not more than two thirds")]
    QuorumTooSmall {
        /// The signers' power.
        have: u64,
        /// All power.
        total: u64,
    },
}

impl Certificate {
    /// Checks every signature, and that their power is a quorum of `validators`.
    ///
    /// # Errors
    /// [`CertificateError`], the first that applies; the cheap ones come before any signature is looked at.
    pub fn verify(&self, validators: &ValidatorSet, chain_id: &Hash32) -> Result<(), CertificateError> {
        let votes = (self.height, self.round, &self.block_id);
        verify_precommits(&self.signatures, validators, chain_id, votes)
    }

    /// The same certificate with no more signatures than a quorum needs, the weightiest first.
    #[must_use]
    pub fn trimmed(mut self, validators: &ValidatorSet) -> Self {
        let power =
            |s: &CertificateSignature| validators.0.get(usize::from(s.validator)).map_or(0, |v| v.power);
        self.signatures.sort_by_key(|s| (std::cmp::Reverse(power(s)), s.validator));
        let mut have = 0;
        self.signatures.retain(|s| {
            let needed = !validators.is_quorum(have);
            have += power(s);
            needed
        });
        self.signatures.sort_by_key(|s| s.validator);
        self
    }
}

/// Checks precommits for (height, round, block id).
pub(crate) fn verify_precommits(
    signatures: &[CertificateSignature],
    validators: &ValidatorSet,
    chain_id: &Hash32,
    (height, round, block_id): (u64, u32, &Hash32),
) -> Result<(), CertificateError> {
    let mut have = 0;
    let mut signers = Vec::with_capacity(signatures.len());
    for CertificateSignature { validator: at, signature } in signatures {
        if signers.last().is_some_and(|(last, _, _)| last >= at) {
            return Err(CertificateError::RepeatedSigner(*at));
        }
        let validator = validators.0.get(usize::from(*at)).ok_or(CertificateError::UnknownSigner(*at))?;
        have += validator.power;
        signers.push((*at, validator.key, signature));
    }
    if !validators.is_quorum(have) {
        return Err(CertificateError::QuorumTooSmall { have, total: validators.total_power() });
    }
    let message = vote_bytes(VoteKind::Precommit, chain_id, height, round, Some(block_id));
    match signers.iter().find(|(_, key, signature)| !key.verifies(&message, signature)) {
        Some((at, _, _)) => Err(CertificateError::Signature(*at)),
        None => Ok(()),
    }
}
