//! Checking DPoP proofs (RFC 9449 §4.3): whose key, for this request, now, with our nonce, for the first time.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use credentials::jws::{Unverified, VerifyError};
use credentials::key::PublicKey;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use protocol::dpop::{
    BadDpop, DPOP_HEADER, DPOP_NONCE_HEADER, DPOP_TYPE, DpopClaims, INVALID_DPOP_PROOF, USE_DPOP_NONCE,
};
use service::OAuthError;
use store::StoreError;

use crate::clock::Moment;
use crate::core::Core;
use crate::phones;
use crate::tables::NONCES_USED;

/// Longer proofs are not read.
const MAX_BYTES: usize = 4096;
/// Seconds that a proof counts; as long it is remembered, so that it is used once.
const MAX_AGE: i64 = 300;

/// The SHA-256 thumbprint of the key that made a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KeyShown(pub(crate) [u8; 32]);

impl KeyShown {
    /// As it travels in `dpop_jkt`.
    pub(crate) fn text(self) -> String {
        BASE64.encode(self.0)
    }
}

/// Why a proof is refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DpopRefused {
    /// There is none where one is needed.
    #[error("a DPoP proof is required here")]
    Missing,
    /// There are several, or it is no JWT of the right size.
    #[error("the DPoP header must be one JWT signed with EdDSA or ES256")]
    Form,
    /// Its `typ` is another.
    #[error("the proof's typ must be {DPOP_TYPE}")]
    Type,
    /// Its key is missing, private, or of another kind.
    #[error("the proof must carry its public key as jwk: Ed25519 or P-256")]
    Key,
    /// `alg` is not the key's.
    #[error("the proof's alg is not its key's")]
    Algorithm,
    /// Forged or changed.
    #[error("the proof's signature does not match its key")]
    Signature,
    /// A claim is missing or of the wrong type.
    #[error("the proof's claims are missing or of the wrong types")]
    Claims,
    /// For another request, token or time.
    #[error(transparent)]
    Bad(#[from] BadDpop),
    /// Without our nonce, or with one whose time is over.
    #[error("make the proof again with the nonce given here")]
    Nonce,
    /// It was used before.
    #[error("the proof was used before")]
    Replayed,
    /// By another key than the token is bound to.
    #[error("the token is bound to another key")]
    AnotherKey,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Checks the proof of a request with `method` to the endpoint `path`, and uses it up. `None` if there is none.
pub(crate) async fn check(
    app: &Core,
    headers: &HeaderMap,
    method: &str,
    path: &str,
    token: Option<&str>,
    now: Moment,
) -> Result<Option<KeyShown>, DpopRefused> {
    let mut proofs = headers.get_all(DPOP_HEADER).iter();
    let proof = match (proofs.next(), proofs.next()) {
        (None, _) => return Ok(None),
        (Some(proof), None) => proof.to_str().ok().filter(|text| text.len() <= MAX_BYTES),
        (Some(_), Some(_)) => None,
    };
    let proof = Unverified::parse(proof.ok_or(DpopRefused::Form)?).map_err(|_| DpopRefused::Form)?;
    if !proof.header().is_typed(DPOP_TYPE) {
        return Err(DpopRefused::Type);
    }
    let jwk = proof.header().jwk.clone().ok_or(DpopRefused::Key)?;
    let key = PublicKey::from_jwk(&jwk).map_err(|_| DpopRefused::Key)?;
    let claims: DpopClaims = proof.verify(&key, DPOP_TYPE).map_err(refused)?.claims;
    let address = app.base.join(path).map_err(|_| BadDpop::Address)?;
    claims.check(method, &address, token, now.seconds.0, MAX_AGE)?;
    if !claims.nonce.as_deref().is_some_and(|nonce| app.seals.is_dpop_nonce(nonce, now.seconds.0)) {
        return Err(DpopRefused::Nonce);
    }
    let thumbprint = BASE64.decode(key.thumbprint()).ok().and_then(|bytes| bytes.try_into().ok());
    let shown = KeyShown(thumbprint.ok_or(DpopRefused::Key)?);
    let seen = app.seals.dpop_seen(&shown.0, &claims.jti, claims.iat.0.saturating_add(MAX_AGE));
    app.authorizations
        .store
        .write_async(move |tx| {
            if tx.contains(&NONCES_USED, seen.key)? {
                return Err(DpopRefused::Replayed);
            }
            Ok(tx.put(&NONCES_USED, seen.key, &())?)
        })
        .await?;
    Ok(Some(shown))
}

/// Refuses a phone that was declared lost, before any code of its is used up: found again, it comes with a new key.
pub(crate) fn not_lost(app: &Core, phone: &str) -> Result<(), OAuthError> {
    if !phones::is_lost(&app.store, phone).map_err(OAuthError::internal)? {
        return Ok(());
    }
    Err(OAuthError::new("invalid_client")
        .status(StatusCode::UNAUTHORIZED)
        .description("this phone was declared lost here; a wallet that goes on shows a new key"))
}

fn refused(error: VerifyError) -> DpopRefused {
    match error {
        VerifyError::TypeWrong => DpopRefused::Type,
        VerifyError::AlgorithmNotOfKey => DpopRefused::Algorithm,
        VerifyError::SignatureWrong => DpopRefused::Signature,
        VerifyError::ClaimsWrong => DpopRefused::Claims,
    }
}

/// A fresh nonce, as the header that carries it.
pub(crate) fn nonce_header(app: &Core, now: Moment) -> (HeaderName, HeaderValue) {
    let lifetime = i64::try_from(app.policy.nonce_lifetime.as_secs()).unwrap_or(i64::MAX);
    let nonce = app.seals.dpop_nonce(now.seconds.plus(lifetime).0);
    let value = HeaderValue::from_str(&nonce).unwrap_or(HeaderValue::from_static(""));
    (HeaderName::from_static(DPOP_NONCE_HEADER), value)
}

/// How an authorization server (§5, §8) says no.
pub(crate) fn at_server(app: &Core, error: DpopRefused, now: Moment) -> OAuthError {
    answer(app, error, now)
}

/// How a protected resource (§7.1, §9) says no.
pub(crate) fn at_resource(app: &Core, error: DpopRefused, now: Moment) -> OAuthError {
    let challenge = match error {
        DpopRefused::Store(_) => return answer(app, error, now),
        DpopRefused::Nonce => "DPoP error=\"use_dpop_nonce\", algs=\"ES256 EdDSA\"",
        DpopRefused::AnotherKey => "DPoP error=\"invalid_token\", algs=\"ES256 EdDSA\"",
        _ => "DPoP error=\"invalid_dpop_proof\", algs=\"ES256 EdDSA\"",
    };
    answer(app, error, now)
        .status(StatusCode::UNAUTHORIZED)
        .header(http::header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge))
}

fn answer(app: &Core, error: DpopRefused, now: Moment) -> OAuthError {
    match error {
        DpopRefused::Store(error) => OAuthError::internal(error),
        DpopRefused::Nonce => {
            let (name, nonce) = nonce_header(app, now);
            OAuthError::new(USE_DPOP_NONCE).description(error.to_string()).header(name, nonce)
        }
        DpopRefused::AnotherKey => OAuthError::new("invalid_token").description(error.to_string()),
        _ => OAuthError::new(INVALID_DPOP_PROOF).description(error.to_string()),
    }
}
