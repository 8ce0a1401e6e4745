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
use crate::evidence::Evidence;
use crate::evidence::bytes::{Input, put_number, put_proof, put_seal};
use crate::evidence::wire::EvidenceBytesError::Malformed;
use crate::record::{Record, RecordKey};

const VERSION: u8 = 1;
/// The longest record evidence carries.
pub(crate) const MAX_RECORD_BYTES: usize = 64 * 1024;

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
        put_item(&mut out, &self.key, self.record.as_deref());
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
        let (key, record, decoded) = read_item(&mut input)?;
        let proof = input.proof(record.is_some())?;
        let seal = input.seal(chain_tag, validators_tag)?;
        input.end(Self { key, record, decoded, proof, seal })
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

/// A record that says its own key, or a key without a record.
pub(super) fn put_item(out: &mut Vec<u8>, key: &RecordKey, record: Option<&[u8]>) {
    match record {
        None => {
            out.push(0);
            out.extend(to_vec(key));
            out.extend(key_check(key));
        }
        Some(record) => {
            out.push(1);
            put_number(out, record.len() as u64);
            out.extend(record);
        }
    }
}

type Item = (RecordKey, Option<Vec<u8>>, Option<Record>);

/// Reads [`put_item`]: the key, and the record's encoding and the record when there is one.
pub(super) fn read_item(input: &mut Input<'_>) -> Result<Item, EvidenceBytesError> {
    match input.byte()? {
        0 => {
            let key = RecordKey::deserialize(&mut input.0).map_err(|_| Malformed)?;
            if input.array()? != key_check(&key) {
                return Err(Malformed);
            }
            Ok((key, None, None))
        }
        1 => {
            let bytes = input.bytes(MAX_RECORD_BYTES)?.to_vec();
            let record = Record::from_bytes(&bytes).map_err(|_| Malformed)?;
            Ok((record.key(), Some(bytes), Some(record)))
        }
        _ => Err(Malformed),
    }
}

fn key_check(key: &RecordKey) -> [u8; 4] {
    let [a, b, c, d, ..] = key.hash().0;
    [a, b, c, d]
}
