//! Keys: checking signatures, naming keys in texts, making signatures.

mod cose_key;
mod did;
mod document;
mod jwk;
mod method;
mod multikey;
mod public;
mod signature;
mod signer;
mod software;
mod web;

pub use did::{DidKeyError, SelfContained};
pub use document::{DidDocument, DocumentError};
pub use jwk::Jwk;
pub use method::{MethodError, VerificationMethod};
pub use public::{BadSignature, KeyError, PublicKey};
pub use signature::Signature;
pub use signer::{SignError, SignatureRefused, Signer, es256_from_der};
pub use software::SoftwareKey;
pub use web::{DidWeb, DidWebError};

pub(crate) use did::controller;
pub(crate) use signer::finished;

use serde::{Deserialize, Serialize};

/// How something is signed. The key decides, never what a token says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
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
}

impl Algorithm {
    /// The name in a JOSE header: `EdDSA`, `ES256`, `ES384`.
    #[must_use]
    pub const fn jose(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
        }
    }

    /// Whether a JOSE header's `alg` names this algorithm; for Ed25519 also by its fully specified name (RFC 9864).
    #[must_use]
    pub fn is_named(self, alg: &str) -> bool {
        alg == self.jose() || (self == Self::EdDsa && alg == "Ed25519")
    }
}
