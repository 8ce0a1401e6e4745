//! Names of the issuer's own records: time-ordered, unguessable enough to be shown, never derived from a person.

use std::fmt;
use std::str::FromStr;

use rand_core::RngCore;
use serde::{Deserialize, Serialize};

/// Crockford's base 32: no letter that a clerk could misread on the telephone.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const TEXT_LENGTH: usize = 26;

/// A record's name: 48 bits of milliseconds, then 80 random bits, written as 26 characters.
///
/// Text order is time order, so a table keyed by it reads oldest first. A name grants nothing: whoever asks must also
/// show a secret or be signed in.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Id(u128);

/// The text is not a record's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a record's name is 26 characters of Crockford's base 32")]
pub struct BadId;

impl Id {
    /// A new name for a record made at `now_ms` (milliseconds since 1970).
    pub fn new(now_ms: u64, random: &mut impl RngCore) -> Self {
        let mut tail = [0u8; 16];
        random.fill_bytes(&mut tail[6..]);
        Self((u128::from(now_ms) << 80) | u128::from_be_bytes(tail))
    }

    /// When it was made, in milliseconds since 1970.
    pub(crate) fn made_at_ms(self) -> u64 {
        u64::try_from(self.0 >> 80).unwrap_or(u64::MAX)
    }

    /// Its key in the store's tables.
    pub(crate) fn key(self) -> u128 {
        self.0
    }

    /// The name whose key this is.
    pub(crate) fn from_key(key: u128) -> Self {
        Self(key)
    }

    /// The sixteen bytes, most significant first.
    pub fn to_bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }

    /// The name whose bytes these are.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(u128::from_be_bytes(bytes))
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0u8; TEXT_LENGTH];
        for (at, slot) in text.iter_mut().enumerate() {
            let shift = 5 * (TEXT_LENGTH - 1 - at);
            *slot = ALPHABET[usize::try_from((self.0 >> shift) & 31).unwrap_or(0)];
        }
        f.write_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Id {
    type Err = BadId;

    fn from_str(text: &str) -> Result<Self, BadId> {
        // 26 characters carry 130 bits: the first holds only three, so that every name has exactly one text.
        if text.len() != TEXT_LENGTH || text.as_bytes()[0] > b'7' {
            return Err(BadId);
        }
        text.bytes()
            .try_fold(0u128, |value, byte| {
                let digit = ALPHABET.iter().position(|letter| *letter == byte)?;
                Some((value << 5) | digit as u128)
            })
            .map(Self)
            .ok_or(BadId)
    }
}

impl TryFrom<String> for Id {
    type Error = BadId;

    fn try_from(text: String) -> Result<Self, BadId> {
        text.parse()
    }
}

impl From<Id> for String {
    fn from(id: Id) -> Self {
        id.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_core::OsRng;

    #[test]
    fn text_round_trips_and_keeps_time_order() {
        let early = Id::new(1_700_000_000_000, &mut OsRng);
        let late = Id::new(1_700_000_000_001, &mut OsRng);
        assert_eq!(early.to_string().parse(), Ok(early));
        assert_eq!(early.to_string().len(), 26);
        assert!(early.to_string() < late.to_string());
        assert_eq!(Id::from_bytes(late.to_bytes()), late);
    }

    #[test]
    fn other_text_is_refused() {
        for bad in [
            "",
            "0",
            "zzzzzzzzzzzzzzzzzzzzzzzzzz",
            "0000000000000000000000000u",
            "00000000000000000000000000\0",
        ] {
            assert_eq!(bad.parse::<Id>(), Err(BadId), "{bad:?}");
        }
        assert_eq!("é".repeat(13).parse::<Id>(), Err(BadId));
    }
}
