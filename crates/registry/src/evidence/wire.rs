//! Evidence as bytes. Numbers are LEB128 in their shortest form, so that equal evidence has equal bytes and no byte
//! can be changed without changing what it says.
//!
//! ```text
//! version 1 | chain tag 2 | validators tag 2
//! record:  0, key (borsh), 4   none stands there; the first bytes of the key's digest, since a damaged key may well
//!                              be the key of another record that is absent too
//!          1, number, bytes    the record says its own key
//! path:    depth 1 | bit map of non-empty siblings, first level at the most significant bit, spare bits zero | 32 each
//! end:     only when none stands there: 0 empty, or 1, other key digest 32, other value digest 32
//! block:   height number | time number | links 32 | 0, or 1 and next validators' digest 32
//! signed:  round number | bytes of bit map 1 | bit map of validators, first at the least significant bit | 64 each
//! ```

use borsh::BorshDeserialize;

use crate::encoding::{from_base64url, to_base64url, to_vec};
use crate::evidence::wire::EvidenceBytesError::Malformed;
use crate::evidence::{Evidence, Seal};
use crate::hash::Hash32;
use crate::proof::{CompactProof, PathEnd};
use crate::record::{Record, RecordKey};
use crate::time::UnixMillis;
use crate::validators::CertificateSignature;

const VERSION: u8 = 1;
/// The longest record evidence carries.
const MAX_RECORD_BYTES: u64 = 64 * 1024;

/// The bytes or text are not evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EvidenceBytesError {
    /// Of a version this program does not know.
    #[error("the evidence is of a version this program does not know")]
    Version,
    /// Cut short, too long, or not in its one form.
    #[error("the bytes are not evidence")]
    Malformed,
}

impl Evidence {
    /// The bytes that are sent and carried.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = vec![VERSION];
        out.extend(self.seal.chain_tag);
        out.extend(self.seal.validators_tag);
        match &self.record {
            None => {
                out.push(0);
                out.extend(to_vec(&self.key));
                out.extend(key_check(&self.key));
            }
            Some(record) => {
                out.push(1);
                put_number(&mut out, record.len() as u64);
                out.extend(record);
            }
        }
        put_proof(&mut out, &self.proof);
        put_seal(&mut out, &self.seal);
        out
    }

    /// Reads [`Evidence::to_bytes`].
    ///
    /// # Errors
    /// [`EvidenceBytesError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, EvidenceBytesError> {
        let mut input = Input(bytes);
        if input.byte()? != VERSION {
            return Err(EvidenceBytesError::Version);
        }
        let (chain_tag, validators_tag) = (input.array()?, input.array()?);
        let (key, record, decoded) = match input.byte()? {
            0 => {
                let key = RecordKey::deserialize(&mut input.0).map_err(|_| Malformed)?;
                if input.array()? != key_check(&key) {
                    return Err(Malformed);
                }
                (key, None, None)
            }
            1 => {
                let length = input.number()?.min(MAX_RECORD_BYTES + 1);
                let bytes = input.take(usize::try_from(length).map_err(|_| Malformed)?)?.to_vec();
                let record = Record::from_bytes(&bytes).map_err(|_| Malformed)?;
                (record.key(), Some(bytes), Some(record))
            }
            _ => return Err(Malformed),
        };
        let proof = input.proof(record.is_some())?;
        let seal = input.seal(chain_tag, validators_tag)?;
        if input.0.is_empty() { Ok(Self { key, record, decoded, proof, seal }) } else { Err(Malformed) }
    }

    /// The bytes in base64url without padding.
    #[must_use]
    pub fn to_text(&self) -> String {
        to_base64url(&self.to_bytes())
    }

    /// Reads [`Evidence::to_text`].
    ///
    /// # Errors
    /// [`EvidenceBytesError`].
    pub fn from_text(text: &str) -> Result<Self, EvidenceBytesError> {
        Self::from_bytes(&from_base64url(text).ok_or(Malformed)?)
    }
}

impl std::fmt::Display for Evidence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.to_text())
    }
}

impl std::str::FromStr for Evidence {
    type Err = EvidenceBytesError;

    fn from_str(text: &str) -> Result<Self, EvidenceBytesError> {
        Self::from_text(text)
    }
}

crate::text_serde!(Evidence);

fn key_check(key: &RecordKey) -> [u8; 4] {
    let [a, b, c, d, ..] = key.hash().0;
    [a, b, c, d]
}

fn put_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn put_proof(out: &mut Vec<u8>, proof: &CompactProof) {
    out.push(proof.siblings.len() as u8);
    out.extend(proof.siblings.chunks(8).map(|level| {
        let bits = level.iter().enumerate().filter(|(_, sibling)| sibling.is_some());
        bits.fold(0, |byte, (at, _)| byte | 0x80_u8 >> at)
    }));
    out.extend(proof.siblings.iter().flatten().flat_map(|hash| hash.0));
    match &proof.end {
        PathEnd::Found => {}
        PathEnd::Empty => out.push(0),
        PathEnd::Other { key_hash, value_hash } => {
            out.push(1);
            out.extend(key_hash.0);
            out.extend(value_hash.0);
        }
    }
}

fn put_seal(out: &mut Vec<u8>, seal: &Seal) {
    put_number(out, seal.height);
    put_number(out, seal.time.0);
    out.extend(seal.links.0);
    out.push(u8::from(seal.next_validators_hash.is_some()));
    out.extend(seal.next_validators_hash.iter().flat_map(|hash| hash.0));
    put_number(out, u64::from(seal.round));
    let mut map = vec![0; seal.signatures.last().map_or(0, |s| usize::from(s.validator) / 8 + 1)];
    for at in seal.signatures.iter().map(|s| usize::from(s.validator)) {
        if let Some(byte) = map.get_mut(at / 8) {
            *byte |= 1_u8 << (at % 8);
        }
    }
    out.push(map.len() as u8);
    out.extend(map);
    out.extend(seal.signatures.iter().flat_map(|s| s.signature));
}

/// Bytes still to be read.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], EvidenceBytesError> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Malformed)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], EvidenceBytesError> {
        self.take(N)?.try_into().map_err(|_| Malformed)
    }

    fn byte(&mut self) -> Result<u8, EvidenceBytesError> {
        self.array().map(|[byte]| byte)
    }

    fn hash(&mut self) -> Result<Hash32, EvidenceBytesError> {
        self.array().map(Hash32)
    }

    fn flag(&mut self) -> Result<bool, EvidenceBytesError> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Malformed),
        }
    }

    /// LEB128, shortest form.
    fn number(&mut self) -> Result<u64, EvidenceBytesError> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let part = u64::from(byte & 0x7f);
            if part << shift >> shift != part {
                return Err(Malformed);
            }
            number |= part << shift;
            if byte & 0x80 == 0 {
                return if byte == 0 && shift > 0 { Err(Malformed) } else { Ok(number) };
            }
        }
        Err(Malformed)
    }

    fn proof(&mut self, membership: bool) -> Result<CompactProof, EvidenceBytesError> {
        let depth = usize::from(self.byte()?);
        let map = self.take(depth.div_ceil(8))?;
        let is_set = |level: usize| map.get(level / 8).is_some_and(|byte| byte & 0x80 >> (level % 8) != 0);
        if (depth..map.len() * 8).any(is_set) {
            return Err(Malformed);
        }
        let mut siblings = Vec::with_capacity(depth);
        for level in 0..depth {
            siblings.push(if is_set(level) { Some(self.hash()?) } else { None });
        }
        let end = if membership {
            PathEnd::Found
        } else if self.flag()? {
            PathEnd::Other { key_hash: self.hash()?, value_hash: self.hash()? }
        } else {
            PathEnd::Empty
        };
        Ok(CompactProof { siblings, end })
    }

    fn seal(&mut self, chain_tag: [u8; 2], validators_tag: [u8; 2]) -> Result<Seal, EvidenceBytesError> {
        let (height, time, links) = (self.number()?, UnixMillis(self.number()?), self.hash()?);
        let next_validators_hash = if self.flag()? { Some(self.hash()?) } else { None };
        let round = u32::try_from(self.number()?).map_err(|_| Malformed)?;
        let length = usize::from(self.byte()?);
        let map = self.take(length)?;
        if length > 32 || map.last() == Some(&0) {
            return Err(Malformed);
        }
        let mut signatures = Vec::new();
        for validator in 0..=u8::MAX {
            let byte = map.get(usize::from(validator / 8)).copied().unwrap_or(0);
            if byte >> (validator % 8) & 1 == 1 {
                signatures.push(CertificateSignature { validator, signature: self.array()? });
            }
        }
        Ok(Seal { chain_tag, validators_tag, height, time, links, next_validators_hash, round, signatures })
    }
}
