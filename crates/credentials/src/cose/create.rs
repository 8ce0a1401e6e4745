//! Making messages.

use std::fmt;

use super::{Header, TAG_SIGN1, to_be_signed};
use crate::cbor::{Value, encode};
use crate::key::{PublicKey, SignError, Signature, SignatureRefused, Signer, finished};

/// How a message is laid out.
#[derive(Debug, Clone, Default)]
pub struct Making {
    /// What is signed beside the payload; `alg` comes from the key.
    pub protected: Header,
    /// What is only told.
    pub unprotected: Header,
    /// What both sides know and sign without sending it (RFC 9052 §4.3).
    pub external_aad: Vec<u8>,
    /// The payload travels on its own: the message has `null` in its place.
    pub detached: bool,
}

/// A message that only lacks its signature.
#[derive(Clone)]
pub struct Prepared {
    protected: Vec<u8>,
    unprotected: Value,
    payload: Value,
    signed: Vec<u8>,
    key: PublicKey,
}

impl Making {
    /// A message with this protected header, its payload inside.
    #[must_use]
    pub fn protected(protected: Header) -> Self {
        Self { protected, ..Self::default() }
    }

    /// Lays out a message that `key` will sign. An SM2 key leaves it without `alg`, and nobody takes such a message.
    #[must_use]
    pub fn prepare(&self, payload: Vec<u8>, key: &PublicKey) -> Prepared {
        let protected = encode(&self.protected.to_map(Some(key.algorithm())).into());
        let signed = to_be_signed(&protected, &self.external_aad, &payload);
        Prepared {
            protected,
            unprotected: self.unprotected.to_map(None).into(),
            payload: if self.detached { Value::Null } else { Value::Bytes(payload) },
            signed,
            key: key.clone(),
        }
    }
}

impl Prepared {
    /// The bytes to sign: the `Sig_structure`.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.signed
    }

    /// The message, tagged.
    ///
    /// # Errors
    /// [`SignatureRefused`] when this is not the key's signature of [`Prepared::bytes`].
    pub fn finish(self, signature: &[u8]) -> Result<Vec<u8>, SignatureRefused> {
        Ok(encode(&Value::tagged(TAG_SIGN1, self.finish_value(signature)?)))
    }

    /// The message, tagged, signed at once.
    ///
    /// # Errors
    /// [`SignError`] from the key.
    pub fn sign(self, signer: &dyn Signer) -> Result<Vec<u8>, SignError> {
        Ok(encode(&Value::tagged(TAG_SIGN1, self.sign_value(signer)?)))
    }

    /// The message without a tag, to stand inside other CBOR.
    ///
    /// # Errors
    /// [`SignatureRefused`] as in [`Prepared::finish`].
    pub fn finish_value(self, signature: &[u8]) -> Result<Value, SignatureRefused> {
        let signature = finished(&self.key, &self.signed, signature)?;
        Ok(self.with(&signature))
    }

    /// The message without a tag, signed at once.
    ///
    /// # Errors
    /// [`SignError`] from the key.
    pub fn sign_value(self, signer: &dyn Signer) -> Result<Value, SignError> {
        let signature = signer.sign(&self.signed)?;
        Ok(self.with(&signature))
    }

    fn with(self, signature: &Signature) -> Value {
        let signature = Value::from(signature.as_ref());
        Value::Array(vec![self.protected.into(), self.unprotected, self.payload, signature])
    }
}

impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("cose::Prepared").field("key", &self.key).finish_non_exhaustive()
    }
}
