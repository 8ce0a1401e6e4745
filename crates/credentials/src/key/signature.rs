//! Signatures as bytes.

use std::fmt;
use std::ops::Deref;

const LONGEST: usize = 96;

/// The bytes of a signature: `R ‖ S` of Ed25519 or `r ‖ s` of P-256 (64), `r ‖ s` of P-384 (96). Dereferences to them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature {
    bytes: [u8; LONGEST],
    is_long: bool,
}

impl Signature {
    /// From 64 or 96 bytes.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        match bytes.len() {
            64 => <[u8; 64]>::try_from(bytes).ok().map(Self::from),
            96 => <[u8; 96]>::try_from(bytes).ok().map(Self::from),
            _ => None,
        }
    }
}

impl From<[u8; 64]> for Signature {
    fn from(short: [u8; 64]) -> Self {
        let mut bytes = [0; LONGEST];
        bytes[..64].copy_from_slice(&short);
        Self { bytes, is_long: false }
    }
}

impl From<[u8; 96]> for Signature {
    fn from(bytes: [u8; 96]) -> Self {
        Self { bytes, is_long: true }
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
        if self.is_long { &self.bytes } else { &self.bytes[..64] }
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
