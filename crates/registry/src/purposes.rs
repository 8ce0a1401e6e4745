//! What a key in a DID document may be used for.

use std::fmt;
use std::io::{self, Read};

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A verification relationship (DID Core 1.1, section 5.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[repr(u8)]
pub enum Purpose {
    /// Signing credentials and other statements.
    AssertionMethod = 1,
    /// Proving to be this organisation, for instance in a presentation request.
    Authentication = 2,
    /// Authoring transactions on the chain. Ed25519 only.
    CapabilityInvocation = 4,
}

impl Purpose {
    /// Every purpose, in document order.
    pub const ALL: [Self; 3] = [Self::AssertionMethod, Self::Authentication, Self::CapabilityInvocation];

    /// The DID document's word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AssertionMethod => "assertionMethod",
            Self::Authentication => "authentication",
            Self::CapabilityInvocation => "capabilityInvocation",
        }
    }
}

/// A set of [`Purpose`]s; never empty in a document. JSON: a list of words. Borsh: one byte of bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, BorshSerialize)]
pub struct Purposes(u8);

impl Purposes {
    const KNOWN: u8 = 7;

    /// The set of these.
    #[must_use]
    pub fn of(purposes: &[Purpose]) -> Self {
        Self(purposes.iter().fold(0, |bits, purpose| bits | *purpose as u8))
    }

    /// Whether `purpose` is in the set.
    #[must_use]
    pub fn contains(self, purpose: Purpose) -> bool {
        self.0 & purpose as u8 != 0
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Those in the set, in document order.
    pub fn iter(self) -> impl Iterator<Item = Purpose> {
        Purpose::ALL.into_iter().filter(move |purpose| self.contains(*purpose))
    }
}

impl fmt::Debug for Purposes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl BorshDeserialize for Purposes {
    fn deserialize_reader<R: Read>(reader: &mut R) -> io::Result<Self> {
        let bits = u8::deserialize_reader(reader)?;
        if bits & !Self::KNOWN == 0 {
            Ok(Self(bits))
        } else {
            Err(io::Error::new(io::ErrorKind::InvalidData, "unknown key purpose"))
        }
    }
}

impl Serialize for Purposes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for Purposes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::of(&Vec::<Purpose>::deserialize(deserializer)?))
    }
}
