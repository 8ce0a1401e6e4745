//! The hashes that digests are made with (RFC 9901 §4.1.1).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::DisclosureError;

/// The claim that names the hash.
pub(super) const HASH_NAME: &str = "_sd_alg";

/// A hash for digests of disclosures and for `sd_hash`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Hash {
    /// `sha-256`, also where none is named.
    #[default]
    Sha256,
    /// `sha-384`.
    Sha384,
    /// `sha-512`.
    Sha512,
}

impl Hash {
    /// The name in `_sd_alg`, from the IANA registry of Named Information hashes.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha-256",
            Self::Sha384 => "sha-384",
            Self::Sha512 => "sha-512",
        }
    }

    /// What a payload's `_sd_alg` says.
    pub(super) fn of(claims: &Map<String, Value>) -> Result<Self, DisclosureError> {
        match claims.get(HASH_NAME) {
            None => Ok(Self::default()),
            Some(Value::String(name)) => [Self::Sha256, Self::Sha384, Self::Sha512]
                .into_iter()
                .find(|hash| hash.name() == name)
                .ok_or(DisclosureError::HashUnsupported),
            Some(_) => Err(DisclosureError::HashUnsupported),
        }
    }

    /// The base64url of a text's hash.
    pub(super) fn digest(self, text: &str) -> String {
        match self {
            Self::Sha256 => BASE64.encode(Sha256::digest(text)),
            Self::Sha384 => BASE64.encode(Sha384::digest(text)),
            Self::Sha512 => BASE64.encode(Sha512::digest(text)),
        }
    }
}
