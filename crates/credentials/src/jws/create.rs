//! Making tokens.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde::Serialize;
use serde_json::Value;

use super::Header;
use crate::key::{PublicKey, SignError, SignatureRefused, Signer, finished};

/// Why a token could not be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CreateError {
    /// The header or payload has no JSON form that is an object.
    #[error("the header or payload is no JSON object")]
    NotAnObject,
    /// The key.
    #[error(transparent)]
    Sign(#[from] SignError),
}

/// A token that only lacks its signature.
#[derive(Clone)]
pub struct Prepared {
    input: String,
    key: PublicKey,
}

impl Prepared {
    /// The bytes to sign: the encoded header and payload.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.input.as_bytes()
    }

    /// The token.
    ///
    /// # Errors
    /// [`SignatureRefused`] when this is not the key's signature of [`Prepared::bytes`].
    pub fn finish(self, signature: &[u8]) -> Result<String, SignatureRefused> {
        let signature = finished(&self.key, self.bytes(), signature)?;
        Ok(self.append(&signature))
    }

    /// The token, signed at once.
    ///
    /// # Errors
    /// [`SignError`] from the key.
    pub fn sign(self, signer: &dyn Signer) -> Result<String, SignError> {
        let signature = signer.sign(self.bytes())?;
        Ok(self.append(&signature))
    }

    fn append(mut self, signature: &[u8]) -> String {
        self.input.push('.');
        BASE64.encode_string(signature, &mut self.input);
        self.input
    }
}

impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("jws::Prepared").field("key", &self.key).finish_non_exhaustive()
    }
}

/// Lays out a token that `key` will sign. `alg` is the key's.
///
/// # Errors
/// [`CreateError::NotAnObject`] for a payload that is no JSON object.
pub fn prepare(header: &Header, payload: &impl Serialize, key: &PublicKey) -> Result<Prepared, CreateError> {
    let mut header = object(header)?;
    header.insert("alg".to_owned(), key.algorithm().jose().into());
    // Straight into text: a request to a wallet has a hundred values, and is signed for each of them.
    let payload = serde_json::to_vec(payload).map_err(|_| CreateError::NotAnObject)?;
    if payload.first() != Some(&b'{') {
        return Err(CreateError::NotAnObject);
    }
    let mut input = String::with_capacity(256 + payload.len() * 4 / 3);
    BASE64.encode_string(Value::Object(header).to_string(), &mut input);
    input.push('.');
    BASE64.encode_string(payload, &mut input);
    Ok(Prepared { input, key: key.clone() })
}

/// A token signed at once.
///
/// # Errors
/// [`CreateError`].
pub fn sign(header: &Header, payload: &impl Serialize, signer: &dyn Signer) -> Result<String, CreateError> {
    Ok(prepare(header, payload, signer.public_key())?.sign(signer)?)
}

fn object(value: &impl Serialize) -> Result<serde_json::Map<String, Value>, CreateError> {
    match serde_json::to_value(value) {
        Ok(Value::Object(map)) => Ok(map),
        _ => Err(CreateError::NotAnObject),
    }
}
