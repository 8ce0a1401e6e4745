//! One disclosure: the salted claim that a digest stands for (RFC 9901 §4.2).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use rand_core::CryptoRngCore;
use serde_json::Value;

use super::Hash;
use crate::json;

/// Names that no claim may have.
pub(super) const DIGESTS: &str = "_sd";
pub(super) const DIGEST_OF_ELEMENT: &str = "...";

/// Why disclosures and digests don't make a whole. Each of these is an attack or a broken issuer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DisclosureError {
    /// Not base64url of a JSON array of salt, name and value, or of salt and value.
    #[error("a disclosure is malformed")]
    Malformed,
    /// More than [`super::MAX_DISCLOSURES`].
    #[error("too many disclosures")]
    TooMany,
    /// The same disclosure twice.
    #[error("a disclosure is there twice")]
    Duplicate,
    /// A disclosure that no digest stands for, or for an array where a member is due, or the other way round.
    #[error("a disclosure belongs to no digest")]
    Orphan,
    /// The same digest in two places.
    #[error("a digest is there twice")]
    DigestTwice,
    /// A disclosure names `_sd` or `...`.
    #[error("a disclosure uses a reserved name")]
    ReservedName,
    /// A disclosure names a claim that stands there already.
    #[error("a disclosure names a claim that is there already")]
    NameTaken,
    /// `_sd` or `...` is not of the form RFC 9901 gives it.
    #[error("the digests are malformed")]
    DigestsMalformed,
    /// Disclosures inside disclosures, deeper than JSON may be.
    #[error("disclosures are nested too deep")]
    TooDeep,
    /// `_sd_alg` names a hash that is not supported.
    #[error("the hash of the digests is not supported")]
    HashUnsupported,
}

/// A disclosure, read.
#[derive(Clone)]
pub(super) struct Disclosure {
    /// As it stands between the tildes.
    pub(super) text: String,
    /// The base64url of its hash.
    pub(super) digest: String,
    /// The name of the claim; none for an element of an array.
    pub(super) name: Option<String>,
    /// The value; may contain digests itself.
    pub(super) value: Value,
}

impl Disclosure {
    pub(super) fn parse(text: &str, hash: Hash) -> Result<Self, DisclosureError> {
        let bytes = BASE64.decode(text).map_err(|_| DisclosureError::Malformed)?;
        let Ok(Value::Array(mut parts)) = json::parse(&bytes) else {
            return Err(DisclosureError::Malformed);
        };
        let value = parts.pop().ok_or(DisclosureError::Malformed)?;
        let name = match parts.as_mut_slice() {
            [Value::String(_)] => None,
            [Value::String(_), Value::String(name)] => Some(std::mem::take(name)),
            _ => return Err(DisclosureError::Malformed),
        };
        if name.as_deref().is_some_and(|name| name == DIGESTS || name == DIGEST_OF_ELEMENT) {
            return Err(DisclosureError::ReservedName);
        }
        Ok(Self { text: text.to_owned(), digest: hash.digest(text), name, value })
    }

    /// The text of a new disclosure, with a salt of 128 bits (RFC 9901 §9.3).
    pub(super) fn create(name: Option<&str>, value: &Value, rng: &mut impl CryptoRngCore) -> String {
        let salt = Value::String(salt(rng));
        let value = value.clone();
        let parts = match name {
            Some(name) => vec![salt, name.into(), value],
            None => vec![salt, value],
        };
        BASE64.encode(Value::Array(parts).to_string())
    }
}

/// A digest that stands for nothing (RFC 9901 §4.2.5).
pub(super) fn decoy(hash: Hash, rng: &mut impl CryptoRngCore) -> String {
    hash.digest(&salt(rng))
}

fn salt(rng: &mut impl CryptoRngCore) -> String {
    let mut salt = [0; 16];
    rng.fill_bytes(&mut salt);
    BASE64.encode(salt)
}
