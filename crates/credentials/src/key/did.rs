//! DIDs that are their own document: `did:key` and `did:jwk`. Holders use a fresh one for each credential.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;

use super::{Jwk, KeyError, PublicKey};
use crate::json;

/// Longer than any DID of a supported key.
const LONGEST: usize = 1024;

/// Why a text names no key by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DidKeyError {
    /// Another method: ask a resolver.
    #[error("not a did:key or did:jwk")]
    OtherMethod,
    /// A DID URL whose fragment names no verification method of this DID, or one with a path or query.
    #[error("not the verification method of this DID")]
    UnknownMethod,
    /// The key inside.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// A `did:key` or `did:jwk`, taken apart. Such a key serves every purpose of its DID.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelfContained {
    /// The DID, without a fragment.
    pub did: String,
    /// The DID URL of its only verification method.
    pub verification_method: String,
    /// The key.
    pub key: PublicKey,
}

/// The DID of a DID URL: who controls the key that it names.
pub(crate) fn controller(did_url: &str) -> &str {
    did_url.split_once('#').map_or(did_url, |(did, _)| did)
}

impl SelfContained {
    /// Reads a DID, or the DID URL of its verification method.
    ///
    /// # Errors
    /// [`DidKeyError::OtherMethod`] when it must be resolved elsewhere; otherwise the text is wrong.
    pub fn parse(text: &str) -> Result<Self, DidKeyError> {
        let (did, fragment) = match text.split_once('#') {
            Some((did, fragment)) => (did, Some(fragment)),
            None => (text, None),
        };
        let parsed = if let Some(multikey) = did.strip_prefix("did:key:") {
            let key = PublicKey::from_multikey(multikey)?;
            // One key, one name: no second spelling of the same key.
            if key.to_multikey() != multikey {
                return Err(KeyError::Encoding.into());
            }
            key.self_contained(did, multikey)
        } else if let Some(encoded) = did.strip_prefix("did:jwk:") {
            let text = Some(encoded).filter(|t| t.len() <= LONGEST).ok_or(KeyError::Encoding)?;
            let bytes = BASE64.decode(text).map_err(|_| KeyError::Encoding)?;
            let value = json::parse(&bytes).map_err(|_| KeyError::Encoding)?;
            let jwk: Jwk = objects::from_value(&value).map_err(|_| KeyError::Encoding)?;
            PublicKey::from_jwk(&jwk)?.self_contained(did, "0")
        } else {
            return Err(DidKeyError::OtherMethod);
        };
        if fragment.is_some() && parsed.verification_method != text {
            return Err(DidKeyError::UnknownMethod);
        }
        Ok(parsed)
    }
}

impl PublicKey {
    /// `did:key:z…`.
    #[must_use]
    pub fn did_key(&self) -> SelfContained {
        let multikey = self.to_multikey();
        self.clone().self_contained(&format!("did:key:{multikey}"), &multikey)
    }

    /// `did:jwk:…`, the JWK having only its required members in alphabetical order.
    #[must_use]
    pub fn did_jwk(&self) -> SelfContained {
        let jwk = serde_json::to_value(self.to_jwk()).unwrap_or_default();
        let did = format!("did:jwk:{}", BASE64.encode(json::canonical(&jwk)));
        self.clone().self_contained(&did, "0")
    }

    fn self_contained(self, did: &str, fragment: &str) -> SelfContained {
        SelfContained { did: did.to_owned(), verification_method: format!("{did}#{fragment}"), key: self }
    }
}
