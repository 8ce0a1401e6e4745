//! Verification methods of DID documents (Controlled Identifiers 1.0 §2.2).

use serde::Deserialize;
use serde_json::Value;

use super::{Jwk, KeyError, PublicKey};

/// Why an object is no verification method that is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MethodError {
    /// `id`, `type`, `controller` or the member of its type is missing or malformed.
    #[error("a member of the verification method is missing or malformed")]
    Malformed,
    /// Another type than `Multikey` and `JsonWebKey`.
    #[error("a type of verification method that is not supported")]
    Unsupported,
    /// It was revoked, or has expired: its times are not weighed here.
    #[error("the verification method has an end")]
    Ended,
    /// The key.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// A key in a DID document: `Multikey` or `JsonWebKey`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerificationMethod {
    /// Its DID URL.
    pub id: String,
    /// The DID that controls it.
    pub controller: String,
    /// The key.
    pub key: PublicKey,
}

impl VerificationMethod {
    /// Reads a verification method. What it may be used for stands elsewhere in the document.
    ///
    /// # Errors
    /// [`MethodError`].
    pub fn read(value: &Value) -> Result<Self, MethodError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Members {
            id: String,
            r#type: String,
            controller: String,
            public_key_multibase: Option<String>,
            public_key_jwk: Option<Jwk>,
            revoked: Option<Value>,
            expires: Option<Value>,
        }
        let read = objects::from_value::<Members>(value).map_err(|_| MethodError::Malformed)?;
        if read.revoked.is_some() || read.expires.is_some() {
            return Err(MethodError::Ended);
        }
        let key = match (read.r#type.as_str(), read.public_key_multibase, read.public_key_jwk) {
            ("Multikey", Some(text), None) => PublicKey::from_multikey(&text)?,
            ("JsonWebKey", None, Some(jwk)) => PublicKey::from_jwk(&jwk)?,
            ("Multikey" | "JsonWebKey", _, _) => return Err(MethodError::Malformed),
            _ => return Err(MethodError::Unsupported),
        };
        Ok(Self { id: read.id, controller: read.controller, key })
    }
}
