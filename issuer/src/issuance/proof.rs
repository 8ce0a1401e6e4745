//! The holder's key proof (OpenID4VCI 1.0 appendix F.1): whose key, made for us, just now, with our nonce.

use credentials::jws::Unverified;
use credentials::key::{PublicKey, SelfContained};
use protocol::Endpoint;
use protocol::openid4vci::{BadProof, CredentialErrorCode, PROOF_TYPE, ProofClaims};
use serde_json::Value;

use crate::clock::Moment;
use crate::seals::{Nonce, Seals};

/// Longer proofs are not read: a key and four claims need a quarter of it.
const MAX_BYTES: usize = 4096;
/// With an attestation inside they are longer.
const MAX_BYTES_ATTESTED: usize = 32 << 10;
/// Seconds after which a proof is too old, whatever its nonce.
const MAX_AGE: i64 = 600;

/// A proof that was checked: whoever made it holds this key.
pub(crate) struct HolderProof {
    /// The key to bind to.
    pub(crate) key: PublicKey,
    /// Who vouches for the key, as the proof has it.
    pub(crate) attestation: Option<String>,
    /// The holder's DID: as the proof named it, or the key's `did:key`.
    pub(crate) did: String,
    /// The nonce, which is still to be used up; `None` when it was used up before.
    pub(crate) nonce: Option<Nonce>,
}

impl HolderProof {
    /// Of a key that an attestation vouches for, with no proof of its own.
    pub(crate) fn vouched_for(key: PublicKey, nonce: Option<Nonce>) -> Self {
        let did = key.did_key().did;
        Self { key, attestation: None, did, nonce }
    }
}

/// Why a proof is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ProofRefused {
    /// It is not a compact JWS of the right size and form, or its signature has the length of no supported algorithm
    /// (`none` and HMAC among them).
    #[error("the proof is not a JWT signed with EdDSA or ES256")]
    Form,
    /// Type, audience, age, nonce missing, or how it names its key.
    #[error(transparent)]
    Bad(#[from] BadProof),
    /// The key is of another kind, or named by a DID of another method.
    #[error("the key must be Ed25519 or P-256, given as jwk, did:key or did:jwk")]
    Key,
    /// The signature is not the key's.
    #[error("the signature is not of the key that the proof names")]
    Signature,
    /// The claims are of the wrong types.
    #[error("the proof's claims are missing or of the wrong types")]
    Claims,
    /// Two proofs are of the same key: copies bound to one key can be told to be copies.
    #[error("two proofs are of the same key; make one for each copy")]
    SameKey,
    /// The attestation does not vouch for the proof's key.
    #[error("the attestation does not name the proof's key")]
    NotVouchedFor,
    /// An attestation of more keys than copies are given.
    #[error("the attestation names more keys than batch_size says")]
    TooMany,
    /// The nonce is not ours, or its time is over.
    #[error("the nonce is unknown or expired; get a new one")]
    Nonce,
}

impl ProofRefused {
    /// What to answer with (§8.3.1.2). A proof without a nonce is an invalid proof; one with a stale nonce is invited to
    /// try again with a new one.
    pub(crate) fn code(self) -> CredentialErrorCode {
        match self {
            Self::Nonce => CredentialErrorCode::InvalidNonce,
            Self::Bad(bad) => bad.code(),
            Self::Form
            | Self::Key
            | Self::Signature
            | Self::Claims
            | Self::SameKey
            | Self::NotVouchedFor
            | Self::TooMany => CredentialErrorCode::InvalidProof,
        }
    }
}

/// Checks proofs that come together: all for `issuer`, each of another key. They may share a nonce, which then is used once.
pub(crate) fn check_all(
    texts: &[String],
    attested: bool,
    issuer: &Endpoint,
    seals: &Seals,
    now: Moment,
) -> Result<Vec<HolderProof>, ProofRefused> {
    let mut checked: Vec<HolderProof> = Vec::with_capacity(texts.len());
    for text in texts {
        let proof = check(text, attested, issuer, seals, now)?;
        if checked.iter().any(|before| before.key == proof.key) {
            return Err(ProofRefused::SameKey);
        }
        checked.push(proof);
    }
    Ok(checked)
}

/// Checks a proof made for `issuer`. The nonce is ours and fresh then; that it is used for the first time is for
/// `reserve` to see to.
pub(crate) fn check(
    text: &str,
    attested: bool,
    issuer: &Endpoint,
    seals: &Seals,
    now: Moment,
) -> Result<HolderProof, ProofRefused> {
    if text.len() > if attested { MAX_BYTES_ATTESTED } else { MAX_BYTES } {
        return Err(ProofRefused::Form);
    }
    let token = Unverified::parse(text).map_err(|_| ProofRefused::Form)?;
    if token.header().typ.as_deref() != Some(PROOF_TYPE) {
        return Err(BadProof::Type.into());
    }
    let (key, did) = match (&token.header().kid, &token.header().jwk, &token.header().x5c) {
        (Some(kid), None, None) => {
            let SelfContained { key, did, .. } = SelfContained::parse(kid).map_err(|_| ProofRefused::Key)?;
            (key, did)
        }
        (None, Some(jwk), None) => {
            let key = PublicKey::from_jwk(jwk).map_err(|error| match error {
                credentials::key::KeyError::Private => BadProof::PrivateKey.into(),
                _ => ProofRefused::Key,
            })?;
            let did = key.did_key().did;
            (key, did)
        }
        (None, None, Some(_)) => return Err(ProofRefused::Key),
        _ => return Err(BadProof::NotOneKey.into()),
    };
    let attestation = token.header().other.get("key_attestation").and_then(Value::as_str).map(str::to_owned);
    let claims: ProofClaims = token.verify(&key, PROOF_TYPE).map_err(refused)?.claims;
    let nonce = claims.check(issuer, now.seconds.0, MAX_AGE)?;
    let nonce = seals.open_nonce(nonce, now.seconds.0).ok_or(ProofRefused::Nonce)?;
    Ok(HolderProof { key, attestation, did, nonce: Some(nonce) })
}

fn refused(error: credentials::jws::VerifyError) -> ProofRefused {
    use credentials::jws::VerifyError;
    match error {
        VerifyError::TypeWrong => BadProof::Type.into(),
        VerifyError::AlgorithmNotOfKey => BadProof::Algorithm.into(),
        VerifyError::SignatureWrong => ProofRefused::Signature,
        VerifyError::ClaimsWrong => ProofRefused::Claims,
    }
}
