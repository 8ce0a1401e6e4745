//! Demonstrating Proof of Possession (RFC 9449): the claims of a proof, and what must be true of them.
//!
//! Who signed, whether the nonce is the server's and whether the `jti` was seen before is for whoever holds keys and store.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use url::Url;

use crate::Endpoint;
use crate::jwt::NumericDate;

/// The `typ` of a proof.
pub const DPOP_TYPE: &str = "dpop+jwt";
/// The header that carries a proof.
pub const DPOP_HEADER: &str = "dpop";
/// The header that carries the server's nonce.
pub const DPOP_NONCE_HEADER: &str = "dpop-nonce";
/// The error that asks for a proof with the server's nonce (§8).
pub const USE_DPOP_NONCE: &str = "use_dpop_nonce";
/// The error for a proof that is refused (§5).
pub const INVALID_DPOP_PROOF: &str = "invalid_dpop_proof";

/// The claims of a proof (§4.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DpopClaims {
    /// Unique to this proof.
    pub jti: String,
    /// The request's method.
    pub htm: String,
    /// The request's address, without query and fragment.
    pub htu: String,
    /// When it was made.
    pub iat: NumericDate,
    /// The digest of the access token that goes along.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ath: Option<String>,
    /// The server's nonce.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
}

/// Why a proof's claims are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadDpop {
    /// No `jti`, or one longer than 256 bytes.
    #[error("the proof needs a jti of at most 256 bytes")]
    Id,
    /// It is for another method.
    #[error("the proof is for another method (htm)")]
    Method,
    /// It is for another address.
    #[error("the proof is for another address (htu)")]
    Address,
    /// It is for another access token, or names none where there is one.
    #[error("the proof is for another access token (ath)")]
    Token,
    /// It is older than accepted.
    #[error("the proof is too old; make a new one")]
    TooOld,
    /// It was made in the future.
    #[error("the proof was made in the future; check the clock")]
    FromTheFuture,
}

/// How far a client's clock may be ahead, in seconds.
const CLOCK_SKEW: i64 = 60;
const MAX_ID: usize = 256;

impl DpopClaims {
    /// The claims for a request; `jti` is to be random.
    pub fn new(jti: &str, method: &str, address: &Endpoint, now: i64) -> Self {
        Self {
            jti: jti.to_owned(),
            htm: method.to_owned(),
            htu: bare(address.as_str()).unwrap_or_default(),
            iat: NumericDate(now),
            ath: None,
            nonce: None,
        }
    }

    /// The same, for a request with this access token.
    #[must_use]
    pub fn with_token(self, token: Option<&str>) -> Self {
        Self { ath: token.map(token_hash), ..self }
    }

    /// The same, with the server's nonce.
    #[must_use]
    pub fn with_nonce(self, nonce: Option<&str>) -> Self {
        Self { nonce: nonce.map(str::to_owned), ..self }
    }

    /// Checks the claims against the request (§4.3, steps 8 to 11, the nonce aside); `now` and `max_age` in seconds.
    ///
    /// # Errors
    /// [`BadDpop`].
    pub fn check(
        &self,
        method: &str,
        address: &Endpoint,
        token: Option<&str>,
        now: i64,
        max_age: i64,
    ) -> Result<(), BadDpop> {
        if self.jti.is_empty() || self.jti.len() > MAX_ID {
            return Err(BadDpop::Id);
        }
        if self.htm != method {
            return Err(BadDpop::Method);
        }
        // Both normalised, so that a default port or the case of the host makes no difference (§4.3).
        match (bare(&self.htu), bare(address.as_str())) {
            (Some(said), Some(is)) if said == is => {}
            _ => return Err(BadDpop::Address),
        }
        if token.is_some_and(|token| self.ath.as_deref() != Some(token_hash(token).as_str())) {
            return Err(BadDpop::Token);
        }
        if self.iat.0 > now.saturating_add(CLOCK_SKEW) {
            return Err(BadDpop::FromTheFuture);
        }
        if self.iat.0 < now.saturating_sub(max_age) {
            return Err(BadDpop::TooOld);
        }
        Ok(())
    }
}

/// `ath`: SHA-256 of the access token, base64url.
pub fn token_hash(token: &str) -> String {
    BASE64.encode(Sha256::digest(token))
}

fn bare(address: &str) -> Option<String> {
    let mut url = Url::parse(address).ok()?;
    url.set_query(None);
    url.set_fragment(None);
    Some(url.into())
}

#[cfg(test)]
mod tests {
    use super::{BadDpop, DpopClaims, token_hash};
    use crate::Endpoint;

    #[test]
    fn the_token_hash_of_rfc_9449_section_7() {
        assert_eq!(
            token_hash("Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"),
            "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo"
        );
    }

    #[test]
    fn each_flaw_by_its_name() {
        let address = Endpoint::parse("https://issuer.example/token?x=1").unwrap();
        let proof = DpopClaims::new("a", "POST", &address, 1000).with_token(Some("t"));
        let check = |proof: &DpopClaims| proof.check("POST", &address, Some("t"), 1000, 60);
        assert_eq!(check(&proof), Ok(()));
        let same = DpopClaims { htu: "https://ISSUER.example:443/token".into(), ..proof.clone() };
        assert_eq!(check(&same), Ok(()), "the same address, written otherwise");
        let flaws = [
            (DpopClaims { jti: String::new(), ..proof.clone() }, BadDpop::Id),
            (DpopClaims { jti: "a".repeat(257), ..proof.clone() }, BadDpop::Id),
            (DpopClaims { htm: "GET".into(), ..proof.clone() }, BadDpop::Method),
            (DpopClaims { htm: "post".into(), ..proof.clone() }, BadDpop::Method),
            (
                DpopClaims { htu: "https://issuer.example/credential".into(), ..proof.clone() },
                BadDpop::Address,
            ),
            (DpopClaims { htu: "http://issuer.example/token".into(), ..proof.clone() }, BadDpop::Address),
            (DpopClaims { htu: "/token".into(), ..proof.clone() }, BadDpop::Address),
            (DpopClaims { ath: None, ..proof.clone() }, BadDpop::Token),
            (proof.clone().with_token(Some("another")), BadDpop::Token),
            (DpopClaims { iat: crate::jwt::NumericDate(939), ..proof.clone() }, BadDpop::TooOld),
            (DpopClaims { iat: crate::jwt::NumericDate(1061), ..proof }, BadDpop::FromTheFuture),
        ];
        for (flawed, flaw) in flaws {
            assert_eq!(check(&flawed), Err(flaw), "{flawed:?}");
        }
    }
}
