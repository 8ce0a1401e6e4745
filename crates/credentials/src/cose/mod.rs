//! Signed CBOR messages: COSE_Sign1 (RFC 9052 §4.2).
//!
//! The key decides the algorithm, and `alg` counts only in the protected header. The caller says which `typ`
//! (RFC 9596) it expects, so that no kind of message can be taken for another. A critical header parameter that is
//! not understood ends it.

mod create;
mod header;
mod read;

pub use create::{Making, Prepared};
pub use header::{Header, MediaType};
pub use read::{ParseError, Unverified, Verified, VerifyError};

use crate::cbor::{Value, encode};
use crate::key::Algorithm;

/// The tag of a COSE_Sign1 message (RFC 9052 §2).
pub const TAG_SIGN1: u64 = 18;

impl Algorithm {
    /// The number in a COSE header: −8, −7, −35, −36 (RFC 9053 §2). None for SM2, which has none.
    #[must_use]
    pub const fn cose(self) -> Option<i64> {
        match self {
            Self::EdDsa => Some(-8),
            Self::Es256 => Some(-7),
            Self::Es384 => Some(-35),
            #[cfg(feature = "p521")]
            Self::Es512 => Some(-36),
            #[cfg(feature = "sm2")]
            Self::Sm2 => None,
        }
    }

    /// Whether a COSE header's `alg` names this algorithm, also by its fully specified number (RFC 9864).
    #[must_use]
    pub const fn is_numbered(self, alg: i64) -> bool {
        match self {
            Self::EdDsa => matches!(alg, -8 | -19),
            Self::Es256 => matches!(alg, -7 | -9),
            Self::Es384 => matches!(alg, -35 | -51),
            #[cfg(feature = "p521")]
            Self::Es512 => matches!(alg, -36 | -52),
            #[cfg(feature = "sm2")]
            Self::Sm2 => false,
        }
    }
}

/// What is signed: the `Sig_structure` (RFC 9052 §4.4).
fn to_be_signed(protected: &[u8], external_aad: &[u8], payload: &[u8]) -> Vec<u8> {
    encode(&Value::Array(vec!["Signature1".into(), protected.into(), external_aad.into(), payload.into()]))
}
