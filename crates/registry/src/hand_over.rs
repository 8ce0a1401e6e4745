//! Hand-overs: blocks in which the validators name others to follow them, small enough for a phone to go through.

use borsh::{BorshDeserialize, BorshSerialize};

use crate::block::Header;
use crate::encoding::{from_base64url, to_base64url};
use crate::evidence::bytes::{Input, put_block, put_number, put_signed};
use crate::evidence::{CheckedBlocks, EvidenceBytesError, Seal, tag};
use crate::genesis::Anchor;
use crate::hash::Hash32;
use crate::key::Ed25519Key;
use crate::time::UnixMillis;
use crate::validators::{Certificate, CertificateError, MAX_VALIDATORS, Validator, ValidatorSet};

const VERSION: u8 = 1;
/// The longest a hand-over is: 256 signatures and 128 validators stay below it.
const MAX_BYTES: usize = 32 * 1024;

/// A block whose validators name others to sign from the next block on: what of its header is not known already, the
/// others, and the certificate. Unchecked; [`Anchor::advance`] checks it. About 440 bytes for four validators.
///
/// ```text
/// version 1 | chain tag 2 | validators tag 2 | state root 32
/// block:      height number | time number | links 32
/// signed:     as in evidence
/// next:       number | key 32, power number each
/// ```
/// Numbers are LEB128 in their shortest form. JSON: the bytes in base64url. Borsh: the bytes with their length.
#[derive(Clone, PartialEq, Eq)]
pub struct HandOver {
    seal: Seal,
    state_root: Hash32,
    next: ValidatorSet,
}

/// Why hand-overs lead nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HandOverError {
    /// The trust anchor, and all that was proven under it, is older than the trusting period: keys its validators have
    /// given up since may be in anybody's hands.
    #[error(
        "the trust anchor was last confirmed at {time}, too long ago: install a new one from a source you trust"
    )]
    AnchorTooOld {
        /// The newest block it was known to hold at.
        time: UnixMillis,
    },
    /// Of another chain than the anchor's.
    #[error("the hand-over at block {height} is of another chain")]
    WrongChain {
        /// Its block.
        height: u64,
    },
    /// Not after the anchor or the hand-over before it.
    #[error(
        "the hand-over at block {height} does not come after the one before: ask for those after block {after}"
    )]
    OutOfOrder {
        /// Its block.
        height: u64,
        /// The block of the anchor or of the hand-over before it.
        after: u64,
    },
    /// Signed by others than those who were handed over to: one between is missing.
    #[error(
        "the hand-over at block {height} is not by the validators before it: ask for those after block {after}"
    )]
    NotLinked {
        /// Its block.
        height: u64,
        /// The block of the anchor or of the hand-over before it.
        after: u64,
    },
    /// It hands over to the validators who sign it.
    #[error("the hand-over at block {height} changes nothing")]
    Unchanged {
        /// Its block.
        height: u64,
    },
    /// From later than now: a clock is wrong, this one or the validators'.
    #[error("the hand-over is from {time}, which is not yet: check this device's clock")]
    FromTheFuture {
        /// Its block's time.
        time: UnixMillis,
    },
    /// Its certificate does not cover it: too few or unknown signers, one twice, or a forged signature.
    #[error("the hand-over at block {height}: {error}")]
    Certificate {
        /// Its block.
        height: u64,
        /// What is wrong with the certificate.
        error: CertificateError,
    },
}

impl HandOver {
    /// The hand-over that a final block is; none when the same validators sign the next. `next` is the set in the
    /// state after the block, see [`State::validators`](crate::State::validators). Give it a
    /// [trimmed](Certificate::trimmed) certificate.
    #[must_use]
    pub fn of(header: &Header, certificate: Certificate, next: &ValidatorSet) -> Option<Self> {
        let changes = header.next_validators_hash != header.validators_hash;
        let seal = Seal { next_validators_hash: None, ..Seal::new(header, certificate) };
        changes.then(|| Self { seal, state_root: header.state_root, next: next.clone() })
    }

    /// The block's height. Unchecked.
    #[must_use]
    pub fn claimed_height(&self) -> u64 {
        self.seal.height
    }

    /// The validators after the block. Unchecked.
    #[must_use]
    pub fn claimed_validators(&self) -> &ValidatorSet {
        &self.next
    }

    /// The bytes that are sent and kept.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = vec![VERSION];
        out.extend(self.seal.chain_tag);
        out.extend(self.seal.validators_tag);
        out.extend(self.state_root.0);
        put_block(&mut out, &self.seal);
        put_signed(&mut out, &self.seal);
        put_number(&mut out, self.next.as_slice().len() as u64);
        for Validator { key, power } in self.next.as_slice() {
            out.extend(key.as_bytes());
            put_number(&mut out, *power);
        }
        out
    }

    /// Reads [`HandOver::to_bytes`].
    ///
    /// # Errors
    /// [`EvidenceBytesError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, EvidenceBytesError> {
        use EvidenceBytesError::Malformed;
        let mut input = Input(bytes);
        if input.byte()? != VERSION {
            return Err(EvidenceBytesError::Version);
        }
        let (chain_tag, validators_tag, state_root) = (input.array()?, input.array()?, input.hash()?);
        let (height, time, links) = input.block()?;
        let (round, signatures) = input.signed()?;
        let count = usize::try_from(input.number()?).map_err(|_| Malformed)?;
        if count > MAX_VALIDATORS {
            return Err(Malformed);
        }
        let mut next = Vec::with_capacity(count);
        for _ in 0..count {
            let key = Ed25519Key::new(&input.array()?).map_err(|_| Malformed)?;
            next.push(Validator { key, power: input.number()? });
        }
        let next = ValidatorSet::new(next).map_err(|_| Malformed)?;
        let next_validators_hash = None;
        let seal =
            Seal { chain_tag, validators_tag, height, time, links, next_validators_hash, round, signatures };
        input.end(Self { seal, state_root, next })
    }

    /// The anchor after it, when `anchor`'s validators signed it.
    fn checked(&self, anchor: &Anchor) -> Result<Anchor, HandOverError> {
        let (height, after) = (self.seal.height, anchor.height);
        let signed_by = anchor.validators.hash();
        if self.seal.chain_tag != tag(&anchor.chain_id) {
            return Err(HandOverError::WrongChain { height });
        }
        if height <= after || self.seal.time <= anchor.time {
            return Err(HandOverError::OutOfOrder { height, after });
        }
        if self.seal.validators_tag != tag(&signed_by) {
            return Err(HandOverError::NotLinked { height, after });
        }
        let next = self.next.hash();
        if next == signed_by {
            return Err(HandOverError::Unchanged { height });
        }
        let signed = self.seal.check_signed(
            &anchor.chain_id,
            &anchor.validators,
            &self.state_root,
            next,
            &mut CheckedBlocks::default(),
        );
        signed.map_err(|error| HandOverError::Certificate { height, error })?;
        let (validators, time) = (self.next.clone(), self.seal.time);
        Ok(Anchor { validators, height, time, ..anchor.clone() })
    }
}

impl Anchor {
    /// Goes from this anchor through hand-overs, each signed by those whom the one before named, to the anchor that
    /// knows the last ones. Without hand-overs it is this anchor.
    ///
    /// How old the anchor may be for that is [`LightClient`](crate::LightClient)'s to say.
    ///
    /// # Errors
    /// [`HandOverError`], for the first that is not what it should be; the anchor then stays as it is.
    pub fn advance(&self, hand_overs: &[HandOver]) -> Result<Self, HandOverError> {
        hand_overs.iter().try_fold(self.clone(), |anchor, next| next.checked(&anchor))
    }
}

impl std::fmt::Debug for HandOver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut out = f.debug_struct("HandOver");
        out.field("height", &self.seal.height).field("validators", &self.next.as_slice().len());
        out.finish_non_exhaustive()
    }
}

impl std::fmt::Display for HandOver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&to_base64url(&self.to_bytes()))
    }
}

impl std::str::FromStr for HandOver {
    type Err = EvidenceBytesError;

    fn from_str(text: &str) -> Result<Self, EvidenceBytesError> {
        Self::from_bytes(&from_base64url(text).ok_or(EvidenceBytesError::Malformed)?)
    }
}

crate::text_serde!(HandOver);

impl BorshSerialize for HandOver {
    fn serialize<W: std::io::Write>(&self, writer: &mut W) -> std::io::Result<()> {
        self.to_bytes().serialize(writer)
    }
}

impl BorshDeserialize for HandOver {
    fn deserialize_reader<R: std::io::Read>(reader: &mut R) -> std::io::Result<Self> {
        let length = u32::deserialize_reader(reader)? as usize;
        if length > MAX_BYTES {
            return Err(crate::text::invalid(EvidenceBytesError::Malformed));
        }
        let mut bytes = vec![0; length];
        reader.read_exact(&mut bytes)?;
        Self::from_bytes(&bytes).map_err(crate::text::invalid)
    }
}
