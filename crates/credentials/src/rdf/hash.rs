//! The hash inside canonicalisation.

use sha2::{Digest, Sha256, Sha384};

/// The hash function that RDFC-1.0 runs with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HashAlgorithm {
    /// SHA-256, the default.
    Sha256,
    /// SHA-384, for signatures on P-384.
    Sha384,
}

impl HashAlgorithm {
    /// The hash's bytes: 32 or 48.
    #[must_use]
    pub fn digest(self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha256 => Sha256::digest(message).to_vec(),
            Self::Sha384 => Sha384::digest(message).to_vec(),
        }
    }

    /// The hash in lower-case hexadecimal, as it goes into further hashes.
    pub(super) fn hex(self, message: &[u8]) -> String {
        let digit = |nibble: u8| char::from(b"0123456789abcdef"[usize::from(nibble & 15)]);
        self.digest(message).iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect()
    }
}
