//! Signatures as bytes.

use std::fmt;
use std::ops::Deref;

/// The longest, P-521's.
const LONGEST: usize = 132;

/// The bytes of a signature: `R ‖ S` of Ed25519 or `r ‖ s` of P-256 (64), `r ‖ s` of P-384 (96), of P-521 (132, with the feature of
/// that name). Dereferences to them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature {
    bytes: [u8; LONGEST],
    length: u8,
}

impl Signature {
    /// From bytes of one of these lengths.
    #[must_use]
    pub fn from_slice(given: &[u8]) -> Option<Self> {
        let length = match given.len() {
            64 => 64,
            96 => 96,
            LONGEST if cfg!(feature = "p521") => 132,
            _ => return None,
        };
        let mut bytes = [0; LONGEST];
        bytes.get_mut(..given.len())?.copy_from_slice(given);
        Some(Self { bytes, length })
    }
}

impl From<[u8; 64]> for Signature {
    fn from(short: [u8; 64]) -> Self {
        let mut bytes = [0; LONGEST];
        bytes[..64].copy_from_slice(&short);
        Self { bytes, length: 64 }
    }
}

impl From<[u8; 96]> for Signature {
    fn from(long: [u8; 96]) -> Self {
        let mut bytes = [0; LONGEST];
        bytes[..96].copy_from_slice(&long);
        Self { bytes, length: 96 }
    }
}

impl TryFrom<Signature> for [u8; 64] {
    type Error = Signature;

    fn try_from(signature: Signature) -> Result<Self, Signature> {
        (*signature).try_into().map_err(|_| signature)
    }
}

impl Deref for Signature {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.bytes.get(..self.length.into()).unwrap_or(&self.bytes)
    }
}

impl AsRef<[u8]> for Signature {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({} bytes)", self.len())
    }
}
