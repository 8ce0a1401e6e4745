//! Key proofs of type `jwt` (appendix F.1).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::Endpoint;
use crate::jwt::{Audience, NumericDate, is_signature_algorithm};

/// The `typ` of a key proof.
pub const PROOF_TYPE: &str = "openid4vci-proof+jwt";

/// The header of a key proof. Exactly one of `kid`, `jwk` and `x5c` names the key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProofHeader {
    /// [`PROOF_TYPE`].
    pub typ: String,
    /// The signature algorithm: asymmetric, never `none`.
    pub alg: String,
    /// A DID URL that names the key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
    /// The public key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwk: Option<Map<String, Value>>,
    /// Certificates, the first of the key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x5c: Option<Vec<String>>,
    /// An attestation of where the key is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_attestation: Option<String>,
}

/// How a proof names its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProofKey<'a> {
    /// By DID URL.
    Kid(&'a str),
    /// By value.
    Jwk(&'a Map<String, Value>),
    /// By certificate.
    X5c(&'a [String]),
}

/// The claims of a key proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProofClaims {
    /// The wallet's client id; absent when it is anonymous.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iss: Option<String>,
    /// The issuer the proof is for.
    pub aud: Audience,
    /// When it was made.
    pub iat: NumericDate,
    /// The issuer's nonce.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
}

/// Why a key proof is refused, its signature and its nonce's freshness aside. [`BadProof::code`] is what to answer with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadProof {
    /// The `typ` is another.
    #[error("the proof's typ must be {PROOF_TYPE}")]
    Type,
    /// The algorithm is `none`, or a shared-secret one.
    #[error("the proof must be signed with an asymmetric key")]
    Algorithm,
    /// None, or more than one, of `kid`, `jwk` and `x5c`.
    #[error("the proof must name its key by exactly one of kid, jwk and x5c")]
    NotOneKey,
    /// The key given by value has a private part.
    #[error("the proof carries a private key; make a new key and never send it")]
    PrivateKey,
    /// It is for another issuer.
    #[error("the proof is for another issuer")]
    Audience,
    /// It is older than accepted.
    #[error("the proof is too old; make a new one")]
    TooOld,
    /// It was made in the future; the wallet's clock is wrong.
    #[error("the proof was made in the future; check the clock")]
    FromTheFuture,
    /// There is no nonce.
    #[error("the proof has no nonce; get one from the nonce endpoint")]
    NoNonce,
}

impl BadProof {
    /// The error code to answer with (§8.3.1.2): `invalid_proof`, also where the nonce is missing. `invalid_nonce` is for
    /// a nonce that is there and is unknown, used or expired.
    pub fn code(self) -> super::CredentialErrorCode {
        super::CredentialErrorCode::InvalidProof
    }
}

/// How far a wallet's clock may be ahead, in seconds.
const CLOCK_SKEW: i64 = 60;

impl ProofHeader {
    /// A header whose key is given by value.
    pub fn with_jwk(alg: &str, jwk: Map<String, Value>) -> Self {
        Self {
            typ: PROOF_TYPE.into(),
            alg: alg.into(),
            kid: None,
            jwk: Some(jwk),
            x5c: None,
            key_attestation: None,
        }
    }

    /// Checks the header; what comes back is the key to verify the signature with, once it is resolved.
    pub fn check(&self) -> Result<ProofKey<'_>, BadProof> {
        if self.typ != PROOF_TYPE {
            return Err(BadProof::Type);
        }
        if !is_signature_algorithm(&self.alg) {
            return Err(BadProof::Algorithm);
        }
        match (&self.kid, &self.jwk, &self.x5c) {
            (Some(kid), None, None) => Ok(ProofKey::Kid(kid)),
            (None, Some(jwk), None) if jwk.contains_key("d") || jwk.contains_key("k") => {
                Err(BadProof::PrivateKey)
            }
            (None, Some(jwk), None) => Ok(ProofKey::Jwk(jwk)),
            (None, None, Some(x5c)) if !x5c.is_empty() => Ok(ProofKey::X5c(x5c)),
            _ => Err(BadProof::NotOneKey),
        }
    }
}

impl ProofClaims {
    /// The claims of an anonymous wallet's proof.
    pub fn new(issuer: &Endpoint, nonce: Option<&str>, now: i64) -> Self {
        Self {
            iss: None,
            aud: issuer.as_str().into(),
            iat: NumericDate(now),
            nonce: nonce.map(str::to_owned),
        }
    }

    /// Checks audience and age (`max_age` and `now` in seconds); what comes back is the nonce, to be used up by the
    /// caller.
    pub fn check(&self, issuer: &Endpoint, now: i64, max_age: i64) -> Result<&str, BadProof> {
        if !self.aud.is_only(issuer.as_str()) {
            return Err(BadProof::Audience);
        }
        if self.iat.0 > now.saturating_add(CLOCK_SKEW) {
            return Err(BadProof::FromTheFuture);
        }
        if self.iat.0 < now.saturating_sub(max_age) {
            return Err(BadProof::TooOld);
        }
        self.nonce.as_deref().filter(|nonce| !nonce.is_empty()).ok_or(BadProof::NoNonce)
    }
}
