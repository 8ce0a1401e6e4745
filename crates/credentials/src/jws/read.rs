//! Reading and verifying tokens.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::Header;
use crate::json;
use crate::key::{PublicKey, Signature};

/// The longest header, decoded, in bytes: room for a certificate chain.
const LONGEST_HEADER: usize = 32 << 10;

/// Why a text is no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// Not three parts, or too long, or not strict base64url.
    #[error("not a compact JWS")]
    Form,
    /// The header is no JSON object of the right types.
    #[error("the header is wrong: {0}")]
    Header(json::Error),
    /// A header parameter is marked critical, or the payload is said to be unencoded.
    #[error("a critical header parameter is not understood")]
    Critical,
    /// The payload is no JSON object.
    #[error("the payload is wrong: {0}")]
    Payload(json::Error),
    /// The signature is as long as none of an algorithm that is read: cut off, or of another.
    #[error("the signature has another length than those of the algorithms that are read")]
    SignatureLength,
}

/// Why a token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// Another kind of token than expected.
    #[error("another type of token than expected")]
    TypeWrong,
    /// `alg` is not the key's: `none`, `HS256` with a public key…
    #[error("the algorithm named is not the key's")]
    AlgorithmNotOfKey,
    /// Forged, changed, or signed with another key.
    #[error("the signature does not match")]
    SignatureWrong,
    /// Signed, but without what this kind of token must have, or with wrong types.
    #[error("the claims are not those of this type of token")]
    ClaimsWrong,
}

/// A token as it came: nothing in it is to be believed.
#[derive(Clone)]
pub struct Unverified {
    text: String,
    signed: usize,
    alg: String,
    header: Header,
    claims: Map<String, Value>,
    signature: Signature,
}

/// A token whose signature, algorithm and type were right. Its times are the caller's to check ([`super::Times`]).
#[derive(Clone)]
pub struct Verified<T> {
    /// The protected header.
    pub header: Header,
    /// The payload.
    pub claims: T,
}

impl Unverified {
    /// Takes a compact token apart.
    ///
    /// # Errors
    /// [`ParseError`].
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        if text.len() > json::MAX_BYTES {
            return Err(ParseError::Form);
        }
        let mut parts = text.split('.');
        let (Some(header), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(ParseError::Form);
        };
        let signed = header.len() + 1 + payload.len();
        let header = BASE64.decode(header).map_err(|_| ParseError::Form)?;
        if header.len() > LONGEST_HEADER {
            return Err(ParseError::Form);
        }
        let mut header = object(&header).map_err(ParseError::Header)?;
        if header.contains_key("crit") || header.contains_key("b64") {
            return Err(ParseError::Critical);
        }
        let Some(Value::String(alg)) = header.remove("alg") else {
            return Err(ParseError::Header(json::Error::Syntax));
        };
        let header = objects::from_value(&header).map_err(|_| ParseError::Header(json::Error::Syntax))?;
        let payload = BASE64.decode(payload).map_err(|_| ParseError::Form)?;
        let claims = object(&payload).map_err(ParseError::Payload)?;
        let signature = BASE64.decode(signature).map_err(|_| ParseError::Form)?;
        let signature = Signature::from_slice(&signature).ok_or(ParseError::SignatureLength)?;
        Ok(Self { text: text.to_owned(), signed, alg, header, claims, signature })
    }

    /// The signature's bytes; nothing says yet that it is right.
    pub(crate) fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// The header: what names the key, to look it up.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The `alg` the token claims for itself. It decides nothing.
    #[must_use]
    pub fn alg(&self) -> &str {
        &self.alg
    }

    /// The compact text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The claims before anything was checked: only to find out whom to ask for the key.
    #[must_use]
    pub fn dangerous_claims(&self) -> &Map<String, Value> {
        &self.claims
    }

    /// Checks type, algorithm and signature, and reads the claims as a `T`.
    ///
    /// # Errors
    /// [`VerifyError`].
    pub fn verify<T: DeserializeOwned>(self, key: &PublicKey, typ: &str) -> Result<Verified<T>, VerifyError> {
        if !self.header.is_typed(typ) {
            return Err(VerifyError::TypeWrong);
        }
        self.check_signature(key)?;
        let claims = objects::from_value(&self.claims).map_err(|_| VerifyError::ClaimsWrong)?;
        Ok(Verified { header: self.header, claims })
    }

    /// Checks algorithm and signature of a token of a kind that has no `typ` of its own, as an `id_token`. Whoever calls tells
    /// it from other kinds by its claims.
    ///
    /// # Errors
    /// [`VerifyError`].
    pub fn verify_untyped(self, key: &PublicKey) -> Result<Map<String, Value>, VerifyError> {
        self.check_signature(key)?;
        Ok(self.claims)
    }

    /// Only algorithm and signature.
    pub(crate) fn check_signature(&self, key: &PublicKey) -> Result<(), VerifyError> {
        if !key.algorithm().is_named(&self.alg) {
            return Err(VerifyError::AlgorithmNotOfKey);
        }
        let signed = &self.text.as_bytes()[..self.signed];
        key.verify(signed, &self.signature).map_err(|_| VerifyError::SignatureWrong)
    }

    /// Takes the claims out, leaving none; the text that is signed stays.
    pub(crate) fn take_claims(&mut self) -> Map<String, Value> {
        std::mem::take(&mut self.claims)
    }
}

impl fmt::Debug for Unverified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("jws::Unverified")
            .field("alg", &self.alg)
            .field("typ", &self.header.typ)
            .finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Verified<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("jws::Verified").field("typ", &self.header.typ).finish_non_exhaustive()
    }
}

fn object(text: &[u8]) -> Result<Map<String, Value>, json::Error> {
    match json::parse(text)? {
        Value::Object(map) => Ok(map),
        _ => Err(json::Error::Syntax),
    }
}
