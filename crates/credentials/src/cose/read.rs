//! Reading and verifying messages.

use std::fmt;

use super::{Header, TAG_SIGN1, to_be_signed};
use crate::cbor::{self, Value};
use crate::key::{PublicKey, Signature};

/// Why bytes are no signed message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// The CBOR.
    #[error(transparent)]
    Cbor(#[from] cbor::Error),
    /// Not an array of four, or under another tag than COSE_Sign1's.
    #[error("not a COSE_Sign1 message")]
    Form,
    /// A header is no map, or a parameter is of a wrong type.
    #[error("a header is malformed")]
    Header,
    /// One label stands in both headers.
    #[error("a parameter stands in both headers")]
    DuplicateLabel,
    /// A parameter is marked critical that is not understood, not there, or not protected.
    #[error("a critical header parameter is not understood")]
    Critical,
    /// `alg` is missing, or not where it is signed.
    #[error("the algorithm is not in the protected header")]
    AlgorithmNotProtected,
    /// The signature has no length of a signature: cut off, or of another algorithm.
    #[error("the signature has another length than EdDSA's, ES256's and ES384's")]
    SignatureLength,
}

/// Why a message is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// Another kind of message than expected.
    #[error("another type of message than expected")]
    TypeWrong,
    /// `alg` is not the key's.
    #[error("the algorithm named is not the key's")]
    AlgorithmNotOfKey,
    /// Forged, changed, or signed with another key.
    #[error("the signature does not match")]
    SignatureWrong,
    /// The payload is neither inside nor given, or both.
    #[error("there must be exactly one payload, inside or given")]
    Payload,
}

/// A message as it came: nothing in it is to be believed.
#[derive(Clone)]
pub struct Unverified {
    protected_bytes: Vec<u8>,
    protected: Header,
    unprotected: Header,
    alg: i64,
    payload: Option<Vec<u8>>,
    signature: Signature,
    is_tagged: bool,
}

/// A message whose signature, algorithm and type were right.
#[derive(Clone)]
pub struct Verified {
    /// What was signed beside the payload.
    pub protected: Header,
    /// The payload.
    pub payload: Vec<u8>,
}

impl Unverified {
    /// Takes a message apart, tagged or not.
    ///
    /// # Errors
    /// [`ParseError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseError> {
        Self::read(cbor::parse(bytes)?)
    }

    /// The same from CBOR that was read.
    ///
    /// # Errors
    /// [`ParseError`].
    pub fn read(message: Value) -> Result<Self, ParseError> {
        let (message, is_tagged) = match message {
            Value::Tag(TAG_SIGN1, inside) => (*inside, true),
            other => (other, false),
        };
        let Value::Array(parts) = message else { return Err(ParseError::Form) };
        let [protected, unprotected, payload, signature]: [Value; 4] =
            parts.try_into().map_err(|_| ParseError::Form)?;
        let (Value::Bytes(protected_bytes), Value::Map(unprotected), Value::Bytes(signature)) =
            (protected, unprotected, signature)
        else {
            return Err(ParseError::Form);
        };
        let payload = match payload {
            Value::Bytes(payload) => Some(payload),
            Value::Null => None,
            _ => return Err(ParseError::Form),
        };
        if protected_bytes.is_empty() {
            return Err(ParseError::AlgorithmNotProtected);
        }
        let Value::Map(protected) = cbor::parse(&protected_bytes)? else { return Err(ParseError::Header) };
        if protected.iter().any(|(label, _)| unprotected.member(label.clone()).is_some()) {
            return Err(ParseError::DuplicateLabel);
        }
        let (protected, alg) = Header::read(protected, true)?;
        let (unprotected, unprotected_alg) = Header::read(unprotected, false)?;
        let alg = alg.filter(|_| unprotected_alg.is_none()).ok_or(ParseError::AlgorithmNotProtected)?;
        let signature = Signature::from_slice(&signature).ok_or(ParseError::SignatureLength)?;
        Ok(Self { protected_bytes, protected, unprotected, alg, payload, signature, is_tagged })
    }

    /// Whether it stood under COSE_Sign1's tag.
    #[must_use]
    pub const fn is_tagged(&self) -> bool {
        self.is_tagged
    }

    /// What is signed beside the payload.
    #[must_use]
    pub const fn protected(&self) -> &Header {
        &self.protected
    }

    /// What anybody could have changed.
    #[must_use]
    pub const fn unprotected(&self) -> &Header {
        &self.unprotected
    }

    /// The `alg` the message claims for itself. It decides nothing.
    #[must_use]
    pub const fn alg(&self) -> i64 {
        self.alg
    }

    /// The key that it names, protected or not: to look it up.
    #[must_use]
    pub fn kid(&self) -> Option<&[u8]> {
        self.protected.kid.as_deref().or(self.unprotected.kid.as_deref())
    }

    /// The signature's bytes; nothing says yet that it is right.
    pub(crate) fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// The payload before anything was checked; none when it is detached.
    #[must_use]
    pub fn dangerous_payload(&self) -> Option<&[u8]> {
        self.payload.as_deref()
    }

    /// Checks type, algorithm and signature of a message with its payload inside.
    ///
    /// # Errors
    /// [`VerifyError`].
    pub fn verify(self, key: &PublicKey, typ: &str) -> Result<Verified, VerifyError> {
        if !self.protected.is_typed(typ) {
            return Err(VerifyError::TypeWrong);
        }
        self.check_signature(key, &[], None)?;
        let payload = self.payload.ok_or(VerifyError::Payload)?;
        Ok(Verified { protected: self.protected, payload })
    }

    /// Only algorithm and signature, over what both sides know, and over a payload that travelled on its own.
    ///
    /// # Errors
    /// [`VerifyError`]; [`VerifyError::Payload`] for a payload given beside one inside, or none at all.
    pub fn check_signature(
        &self,
        key: &PublicKey,
        external_aad: &[u8],
        detached: Option<&[u8]>,
    ) -> Result<(), VerifyError> {
        if !key.algorithm().is_numbered(self.alg) {
            return Err(VerifyError::AlgorithmNotOfKey);
        }
        let ((Some(payload), None) | (None, Some(payload))) = (self.payload.as_deref(), detached) else {
            return Err(VerifyError::Payload);
        };
        let signed = to_be_signed(&self.protected_bytes, external_aad, payload);
        key.verify(&signed, &self.signature).map_err(|_| VerifyError::SignatureWrong)
    }
}

impl fmt::Debug for Unverified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("cose::Unverified")
            .field("alg", &self.alg)
            .field("protected", &self.protected)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("cose::Verified").field("protected", &self.protected).finish_non_exhaustive()
    }
}
