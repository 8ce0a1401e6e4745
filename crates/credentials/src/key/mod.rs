//! Keys: checking signatures, naming keys in texts, making signatures.

mod cose_key;
mod did;
mod document;
mod ecdsa;
mod jwk;
mod method;
mod multikey;
#[cfg(feature = "p521")]
mod p521;
mod public;
mod signature;
mod signer;
#[cfg(feature = "sm2")]
mod sm2;
mod software;
mod strict;
mod web;

pub use did::{DidKeyError, SelfContained};
pub use document::{DidDocument, DocumentError};
pub use jwk::Jwk;
pub use method::{MethodError, VerificationMethod};
pub use public::{BadSignature, KeyError, PublicKey};
pub use signature::Signature;
pub use signer::{SignError, SignatureRefused, Signer, es256_from_der};
#[cfg(feature = "sm2")]
pub use sm2::USER_ID as SM2_USER_ID;
pub use software::SoftwareKey;
pub use web::{DidWeb, DidWebError};

pub(crate) use did::controller;
pub(crate) use signer::finished;

use serde::{Deserialize, Serialize};

/// How something is signed. The key decides, never what a token says of itself.
///
/// Features of this crate add algorithms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Algorithm {
    /// Ed25519 (RFC 8032), verified strictly. JOSE: `EdDSA` (RFC 8037).
    #[serde(rename = "EdDSA")]
    EdDsa,
    /// ECDSA on P-256 with SHA-256. JOSE: `ES256` (RFC 7518 §3.4).
    #[serde(rename = "ES256")]
    Es256,
    /// ECDSA on P-384 with SHA-384. JOSE: `ES384` (RFC 7518 §3.4).
    #[serde(rename = "ES384")]
    Es384,
    /// ECDSA on P-521 with SHA-512. JOSE: `ES512` (RFC 7518 §3.4).
    #[cfg(feature = "p521")]
    #[serde(rename = "ES512")]
    Es512,
    /// SM2 with SM3 (GB/T 32918.2, GB/T 32905) under the user id [`SM2_USER_ID`]. Its name in JOSE is our own: no registered
    /// one exists (docs/profiles/sm2.md).
    #[cfg(feature = "sm2")]
    #[serde(rename = "urn:oid:1.2.156.10197.1.501")]
    Sm2,
}

impl Algorithm {
    /// The name in a JOSE header: `EdDSA`, `ES256`, `ES384`; for SM2 with SM3 the URN of its object identifier.
    #[must_use]
    pub const fn jose(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            #[cfg(feature = "p521")]
            Self::Es512 => "ES512",
            #[cfg(feature = "sm2")]
            Self::Sm2 => "urn:oid:1.2.156.10197.1.501",
        }
    }

    /// How many bytes a private key has: seed or scalar.
    #[must_use]
    pub const fn secret_length(self) -> usize {
        match self {
            Self::EdDsa | Self::Es256 => 32,
            Self::Es384 => 48,
            #[cfg(feature = "p521")]
            Self::Es512 => 66,
            #[cfg(feature = "sm2")]
            Self::Sm2 => 32,
        }
    }

    /// Whether a JOSE header's `alg` names this algorithm; for Ed25519 also by its fully specified name (RFC 9864).
    #[must_use]
    pub fn is_named(self, alg: &str) -> bool {
        alg == self.jose() || (self == Self::EdDsa && alg == "Ed25519")
    }
}
