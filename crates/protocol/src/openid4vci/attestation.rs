//! Attestations: a wallet's provider vouches for keys (OpenID4VCI 1.0 appendix D), and for the wallet itself (OAuth 2.0
//! Attestation-Based Client Authentication, as HAIP 1.0 §4.4 asks).
//!
//! Who a provider is, its chain says; here are the claims and what must be true of them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::Endpoint;
use crate::jwt::{Audience, NumericDate};

/// The `typ` of a key attestation.
pub const KEY_ATTESTATION_TYPE: &str = "key-attestation+jwt";
/// The `typ` of a wallet attestation.
pub const WALLET_ATTESTATION_TYPE: &str = "oauth-client-attestation+jwt";
/// The `typ` of the proof that goes with a wallet attestation.
pub const WALLET_ATTESTATION_POP_TYPE: &str = "oauth-client-attestation-pop+jwt";
/// The header that carries a wallet attestation.
pub const WALLET_ATTESTATION_HEADER: &str = "oauth-client-attestation";
/// The header that carries its proof.
pub const WALLET_ATTESTATION_POP_HEADER: &str = "oauth-client-attestation-pop";
/// How wallets authenticate by it, in the authorization server's metadata.
pub const ATTEST_JWT_CLIENT_AUTH: &str = "attest_jwt_client_auth";

/// Why an attestation is refused, its signature and its signer aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadAttestation {
    /// It has no end, or its end is over.
    #[error("the attestation has expired, or says no end")]
    Expired,
    /// It was made in the future.
    #[error("the attestation was made in the future")]
    FromTheFuture,
    /// It is older than accepted.
    #[error("the proof of the attestation is too old")]
    TooOld,
    /// It is of another client than the one that came.
    #[error("the attestation is of another client")]
    Client,
    /// Its proof is for another server.
    #[error("the proof of the attestation is for another server")]
    Audience,
    /// Its proof has no `jti`, or one that is too long.
    #[error("the proof of the attestation needs a jti")]
    Id,
    /// It attests no key, or too many.
    #[error("the attestation names no key, or too many")]
    Keys,
}

/// What a provider says of keys (appendix D.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyAttestationClaims {
    /// When it was made.
    pub iat: NumericDate,
    /// When it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exp: Option<NumericDate>,
    /// The keys, as JWKs.
    pub attested_keys: Vec<Map<String, Value>>,
    /// The issuer's nonce, for a proof of type `attestation`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// How well the keys are kept, for instance `iso_18045_high`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub key_storage: Vec<String>,
    /// How well their user is known to the device.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub user_authentication: Vec<String>,
}

/// What a provider says of a wallet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WalletAttestationClaims {
    /// The client id.
    pub sub: String,
    /// When it ends.
    pub exp: NumericDate,
    /// When it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iat: Option<NumericDate>,
    /// The key that the wallet proves itself with.
    pub cnf: Confirmation,
}

/// A key that whoever shows a token must have (RFC 7800).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    /// The key.
    pub jwk: Map<String, Value>,
}

/// The wallet's proof that the attestation is its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WalletAttestationPopClaims {
    /// The authorization server's identifier.
    pub aud: Audience,
    /// Unique to this proof.
    pub jti: String,
    /// When it was made.
    pub iat: NumericDate,
}

const SKEW: i64 = 60;
const MAX_KEYS: usize = 32;
const MAX_ID: usize = 256;

impl KeyAttestationClaims {
    /// Checks times and number of keys; `now` in seconds.
    ///
    /// # Errors
    /// [`BadAttestation`].
    pub fn check(&self, now: i64) -> Result<(), BadAttestation> {
        in_time(Some(self.iat), self.exp, now)?;
        if (1..=MAX_KEYS).contains(&self.attested_keys.len()) { Ok(()) } else { Err(BadAttestation::Keys) }
    }
}

impl WalletAttestationClaims {
    /// Checks that it is `client`'s, and in time.
    ///
    /// # Errors
    /// [`BadAttestation`].
    pub fn check(&self, client: Option<&str>, now: i64) -> Result<(), BadAttestation> {
        if client.is_some_and(|client| client != self.sub) {
            return Err(BadAttestation::Client);
        }
        in_time(self.iat, Some(self.exp), now)
    }
}

impl WalletAttestationPopClaims {
    /// Checks that it is for this server, and fresh; `max_age` in seconds.
    ///
    /// # Errors
    /// [`BadAttestation`].
    pub fn check(&self, server: &Endpoint, now: i64, max_age: i64) -> Result<(), BadAttestation> {
        if !self.aud.is_only(server.as_str()) {
            return Err(BadAttestation::Audience);
        }
        if self.jti.is_empty() || self.jti.len() > MAX_ID {
            return Err(BadAttestation::Id);
        }
        if self.iat.0 > now.saturating_add(SKEW) {
            return Err(BadAttestation::FromTheFuture);
        }
        if self.iat.0 < now.saturating_sub(max_age) { Err(BadAttestation::TooOld) } else { Ok(()) }
    }
}

fn in_time(iat: Option<NumericDate>, exp: Option<NumericDate>, now: i64) -> Result<(), BadAttestation> {
    if exp.is_none_or(|exp| exp.0 <= now) {
        return Err(BadAttestation::Expired);
    }
    if iat.is_some_and(|iat| iat.0 > now.saturating_add(SKEW)) {
        return Err(BadAttestation::FromTheFuture);
    }
    Ok(())
}
