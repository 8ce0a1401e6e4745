//! Wallet providers vouch: for keys in proofs, for wallets at the authorization server.
//!
//! A provider counts while governance accredits its DID for [`WALLET_PROVIDER`], and signs with a key of its DID for assertions.
//! Both are read from the chain, proven, for now: withdrawn today, nothing it vouched for counts tomorrow. It names its key by a DID
//! URL, or shows a certificate that does (HAIP 1.0 §4.4.1): whoever signed that, the chain is believed.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD as BASE64};
use credentials::UnixSeconds;
use credentials::jws::{Header, Unverified, VerifyError};
use credentials::key::{Jwk, PublicKey};
use credentials::x509::Certificate;
use http::{HeaderMap, StatusCode};
use protocol::openid4vci::{
    BadAttestation, KEY_ATTESTATION_TYPE, KeyAttestationClaims, WALLET_ATTESTATION_HEADER,
    WALLET_ATTESTATION_POP_HEADER, WALLET_ATTESTATION_POP_TYPE, WALLET_ATTESTATION_TYPE,
    WalletAttestationClaims, WalletAttestationPopClaims,
};
use registry::history::{accredited_at, key_valid_at};
use registry::{KeyId, Purpose, RecordKey, Slug, UnixMillis};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use service::OAuthError;
use service::node::NodeError;
use store::StoreError;

use crate::clock::Moment;
use crate::core::Core;
use crate::ledger::Ledger;
use crate::tables::NONCES_USED;

/// What governance accredits wallet providers for: as a credential type, for it is granted and withdrawn alike.
pub const WALLET_PROVIDER: &str = "wallet-attestation";
/// Longer attestations are not read.
const MAX_BYTES: usize = 16 << 10;
/// Seconds that a wallet's proof counts.
const MAX_AGE: i64 = 300;

/// Why an attestation is refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AttestationRefused {
    /// There is none where one is needed.
    #[error("an attestation by an accredited wallet provider is required here")]
    Missing,
    /// It is not one JWT of the right size.
    #[error("the attestation is not one signed JWT")]
    Form,
    /// Its `typ` is another.
    #[error("the attestation is of another type")]
    Type,
    /// It does not name a key of a DID of this chain.
    #[error(
        "the attestation must name its signer's key by a DID URL of this chain, in kid or in its certificate (x5c)"
    )]
    Signer,
    /// Its certificate can't be read, is not current, or vouches for itself.
    #[error("the attestation's certificate can't be read, does not count now, or is signed by its own key")]
    Certificate,
    /// Its certificate is of another key than the one that is named.
    #[error("the attestation's certificate is not one of the key that it names")]
    OtherKey,
    /// The signer is not accredited as a wallet provider, or the key is not its own now.
    #[error("the attestation's signer is not an accredited wallet provider")]
    NotAccredited,
    /// Forged or changed.
    #[error("the attestation's signature does not match")]
    Signature,
    /// A claim is missing or of the wrong type.
    #[error("the attestation's claims are missing or of the wrong types")]
    Claims,
    /// Of another client, for another server, or over.
    #[error(transparent)]
    Bad(#[from] BadAttestation),
    /// The wallet's proof was used before.
    #[error("the proof of the attestation was used before")]
    Replayed,
    /// The chain can't be asked who the provider is: try again.
    #[error("the chain can't be asked who the wallet provider is")]
    Chain(#[from] NodeError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Keys that a provider vouches for.
#[derive(Debug)]
pub(crate) struct AttestedKeys {
    /// The keys.
    pub(crate) keys: Vec<PublicKey>,
    /// The nonce in the attestation.
    pub(crate) nonce: Option<String>,
}

/// Reads a key attestation (OpenID4VCI 1.0 appendix D).
pub(crate) async fn keys(
    ledger: &Ledger,
    text: &str,
    now: Moment,
) -> Result<AttestedKeys, AttestationRefused> {
    let claims: KeyAttestationClaims = by_provider(ledger, text, KEY_ATTESTATION_TYPE, now).await?;
    claims.check(now.seconds.0)?;
    let keys = claims.attested_keys.into_iter().map(key).collect::<Result<_, _>>()?;
    Ok(AttestedKeys { keys, nonce: claims.nonce })
}

/// Checks that a request is by a wallet whose provider vouches for it, if this issuer asks for that.
pub(crate) async fn wallet(
    app: &Core,
    headers: &HeaderMap,
    client: Option<&str>,
    now: Moment,
) -> Result<(), AttestationRefused> {
    if !app.policy.wallet_attestation {
        return Ok(());
    }
    let sent = (one(headers, WALLET_ATTESTATION_HEADER)?, one(headers, WALLET_ATTESTATION_POP_HEADER)?);
    let (Some(attestation), Some(pop)) = sent else { return Err(AttestationRefused::Missing) };
    let claims: WalletAttestationClaims =
        by_provider(&app.ledger, attestation, WALLET_ATTESTATION_TYPE, now).await?;
    claims.check(client, now.seconds.0)?;
    let key = key(claims.cnf.jwk)?;
    let pop = Unverified::parse(pop).map_err(|_| AttestationRefused::Form)?;
    let pop: WalletAttestationPopClaims =
        pop.verify(&key, WALLET_ATTESTATION_POP_TYPE).map_err(refused)?.claims;
    pop.check(&app.base, now.seconds.0, MAX_AGE)?;
    let thumbprint = BASE64.decode(key.thumbprint()).ok().and_then(|bytes| bytes.try_into().ok());
    let thumbprint: [u8; 32] = thumbprint.ok_or(AttestationRefused::Claims)?;
    let id = format!("attestation:{}", pop.jti);
    let seen = app.seals.dpop_seen(&thumbprint, &id, pop.iat.0.saturating_add(MAX_AGE));
    app.authorizations
        .store
        .write_async(move |tx| {
            if tx.contains(&NONCES_USED, seen.key)? {
                return Err(AttestationRefused::Replayed);
            }
            Ok(tx.put(&NONCES_USED, seen.key, &())?)
        })
        .await
}

/// How an authorization server says no to a wallet.
pub(crate) fn answer(error: AttestationRefused) -> OAuthError {
    match error {
        AttestationRefused::Store(error) => OAuthError::internal(error),
        AttestationRefused::Chain(error) => {
            tracing::warn!(%error, "a wallet provider can't be looked up");
            OAuthError::new("temporarily_unavailable").status(StatusCode::SERVICE_UNAVAILABLE)
        }
        error => {
            OAuthError::new("invalid_client").status(StatusCode::UNAUTHORIZED).description(error.to_string())
        }
    }
}

async fn by_provider<T: DeserializeOwned>(
    ledger: &Ledger,
    text: &str,
    typ: &str,
    now: Moment,
) -> Result<T, AttestationRefused> {
    if text.len() > MAX_BYTES {
        return Err(AttestationRefused::Form);
    }
    let token = Unverified::parse(text).map_err(|_| AttestationRefused::Form)?;
    let signer = Signer::of(token.header(), now.seconds)?;
    let key = provider_key(ledger, &signer.key, UnixMillis(now.ms)).await?;
    // A certificate only says which key of the chain it is about; another key in it is somebody else's.
    if signer.certified.is_some_and(|certified| certified != key) {
        return Err(AttestationRefused::OtherKey);
    }
    Ok(token.verify(&key, typ).map_err(refused)?.claims)
}

/// Who says that it signed.
struct Signer {
    /// The key, as the chain knows it.
    key: KeyId,
    /// The key in the certificate, if one came along.
    certified: Option<PublicKey>,
}

impl Signer {
    /// By the header: the key that `kid` names, or that the certificate is about. Where both name one, it is the same.
    fn of(header: &Header, now: UnixSeconds) -> Result<Self, AttestationRefused> {
        let named = header.kid.as_deref().and_then(|kid| kid.parse::<KeyId>().ok());
        let Some(chain) = &header.x5c else {
            return Ok(Self { key: named.ok_or(AttestationRefused::Signer)?, certified: None });
        };
        let der = chain.first().and_then(|text| STANDARD.decode(text).ok());
        let leaf = der.and_then(|der| Certificate::parse(&der).ok());
        let leaf = leaf.filter(|leaf| !leaf.is_self_signed() && leaf.is_current(now));
        let leaf = leaf.ok_or(AttestationRefused::Certificate)?;
        let [uri] = leaf.uris() else { return Err(AttestationRefused::Signer) };
        let key: KeyId = uri.parse().map_err(|_| AttestationRefused::Signer)?;
        if named.is_some_and(|named| named != key) {
            return Err(AttestationRefused::OtherKey);
        }
        Ok(Self { key, certified: Some(leaf.key().clone()) })
    }
}

/// The key, if its DID is a wallet provider's and both count now.
async fn provider_key(
    ledger: &Ledger,
    signer: &KeyId,
    now: UnixMillis,
) -> Result<PublicKey, AttestationRefused> {
    let role = Slug::new(WALLET_PROVIDER).map_err(|_| AttestationRefused::Signer)?;
    let wanted = [RecordKey::Trust(signer.did.clone(), role.clone()), RecordKey::Did(signer.did.clone())];
    let proven = ledger.proven(&wanted).await?;
    let [trust, did] = proven.as_slice() else { return Err(AttestationRefused::NotAccredited) };
    // The chain's clock may be a little behind or ahead of ours: what counts in the newest proven state counts.
    let at = now.max(trust.time()).max(did.time());
    accredited_at(trust, &signer.did, &role, at).map_err(|_| AttestationRefused::NotAccredited)?;
    let key = key_valid_at(did, signer, Purpose::AssertionMethod, at)
        .map_err(|_| AttestationRefused::NotAccredited)?;
    PublicKey::from_multikey(&key.key.to_multikey()).map_err(|_| AttestationRefused::Signer)
}

fn one<'h>(headers: &'h HeaderMap, name: &str) -> Result<Option<&'h str>, AttestationRefused> {
    let mut sent = headers.get_all(name).iter();
    match (sent.next(), sent.next()) {
        (None, _) => Ok(None),
        (Some(one), None) => one.to_str().map(Some).map_err(|_| AttestationRefused::Form),
        (Some(_), Some(_)) => Err(AttestationRefused::Form),
    }
}

fn key(jwk: Map<String, Value>) -> Result<PublicKey, AttestationRefused> {
    let jwk: Jwk = serde_json::from_value(Value::Object(jwk)).map_err(|_| AttestationRefused::Claims)?;
    PublicKey::from_jwk(&jwk).map_err(|_| AttestationRefused::Claims)
}

fn refused(error: VerifyError) -> AttestationRefused {
    match error {
        VerifyError::TypeWrong => AttestationRefused::Type,
        VerifyError::AlgorithmNotOfKey | VerifyError::SignatureWrong => AttestationRefused::Signature,
        VerifyError::ClaimsWrong => AttestationRefused::Claims,
    }
}
