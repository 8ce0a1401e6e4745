//! Asking for a credential, and judging what comes.

use credentials::{
    catalogue::CredentialType,
    json,
    jws::{self, Header},
    key::Algorithm,
};
use protocol::{
    Endpoint,
    limits::{self, Limits},
    openid4vci::{
        CredentialErrorCode, CredentialRequest, CredentialResponse, DeferredRequest, IssuedCredential,
        NonceResponse, OAuthErrorBody, PROOF_TYPE, ProofClaims, Proofs, Requested,
    },
};
use registry::{Did, LocalText, Slug};
use serde_json::Value;

use super::{
    Offer, OfferedCredential, ReceiveError, Rejected, dpop::Grant, error::is_passing, verify,
    verify::VerifiedCredential,
};
use crate::{
    card::Format,
    context::Context,
    held::StoredCredential,
    ports::{HeldKey, KeyStoreError},
    web::{Answer, Body, JSON, LARGE, MESSAGE},
};

/// Copies of a credential that are asked for: as many verifiers see one each.
const COPIES: u32 = 4;

/// A credential that proved good.
pub(super) struct Good {
    pub(super) kind: Slug,
    pub(super) issuer: Did,
    pub(super) issuer_name: LocalText,
    /// Its copies, at least one.
    pub(super) credentials: Vec<StoredCredential>,
}

/// The credentials that came, if each is good and bound to its key.
pub(super) async fn accept(
    context: &Context,
    offered: &OfferedCredential,
    keys: &[HeldKey],
    issued: Vec<IssuedCredential>,
) -> Result<Good, ReceiveError> {
    let kind = context.catalogue.by_id(&offered.kind).ok_or(Rejected::OtherType)?;
    let mut good: Option<Good> = None;
    for (key, issued) in keys.iter().zip(issued) {
        let (verified, credential) = checked(context, offered, kind, key, issued.credential).await?;
        match &mut good {
            Some(good) if good.issuer == verified.issuer => good.credentials.push(credential),
            Some(_) => return Err(ReceiveError::Unreadable("copies of different issuers")),
            None => {
                good = Some(Good {
                    kind: verified.kind,
                    issuer: verified.issuer,
                    issuer_name: verified.issuer_name,
                    credentials: vec![credential],
                });
            }
        }
    }
    good.ok_or(ReceiveError::Unreadable("the credential response"))
}

/// A credential that came, if it is good and bound to this key.
async fn checked(
    context: &Context,
    offered: &OfferedCredential,
    kind: &CredentialType,
    key: &HeldKey,
    issued: Value,
) -> Result<(VerifiedCredential, StoredCredential), ReceiveError> {
    let text = match (offered.format, issued) {
        (Format::SdJwtVc | Format::MsoMdoc, Value::String(text)) => text,
        (Format::LdpVc, whole @ Value::Object(_)) => whole.to_string(),
        _ => return Err(ReceiveError::Unreadable("the credential")),
    };
    let verified = verify::verify(context, offered.format, &text, kind, &key.public).await?;
    let credential = StoredCredential {
        id: context.new_id()?,
        format: offered.format,
        text,
        key: key.handle.clone(),
        issuer_key: verified.issuer_key.clone(),
        issued: verified.issued,
        expires: verified.expires,
        status: verified.status.clone(),
        shown_to: Vec::new(),
    };
    Ok((verified, credential))
}

/// How many copies this wallet wants and the issuer gives at once.
pub(super) fn copies(offer: &Offer) -> usize {
    let batch = offer.metadata.batch_credential_issuance.as_ref().map_or(1, |batch| batch.batch_size);
    usize::try_from(batch.clamp(1, COPIES)).unwrap_or(1)
}

/// A fresh key: two credentials never share one, so that nobody can link them by it.
pub(super) async fn new_key(
    context: &Context,
    offer: &Offer,
    offered: &OfferedCredential,
) -> Result<HeldKey, ReceiveError> {
    let encryption = offer.metadata.credential_response_encryption.as_ref();
    if encryption.is_some_and(|encryption| encryption.encryption_required) {
        return Err(ReceiveError::Demands("encrypted responses"));
    }
    let configuration = offer.metadata.credential_configurations_supported.get(&offered.configuration);
    let types = configuration.and_then(|configuration| configuration.proof_types_supported.as_ref());
    let proofs = types.and_then(|types| types.get("jwt"));
    let proofs = proofs.ok_or(ReceiveError::NoCommonAlgorithm)?;
    // P-256 first: that is what phones keep in hardware.
    for algorithm in [Algorithm::Es256, Algorithm::EdDsa] {
        if !proofs.proof_signing_alg_values_supported.iter().any(|name| algorithm.is_named(name)) {
            continue;
        }
        match context.ports.keys.generate(algorithm).await {
            Err(KeyStoreError::Unsupported) => {}
            made => return Ok(made?),
        }
    }
    Err(ReceiveError::NoCommonAlgorithm)
}

/// Asks for a credential for these keys.
pub(super) async fn request(
    context: &Context,
    offer: &Offer,
    offered: &OfferedCredential,
    grant: &Grant,
    keys: &[HeldKey],
) -> Result<CredentialResponse, ReceiveError> {
    let identifiers = grant.token.credential_identifiers(&offered.configuration);
    let requested = match identifiers.first() {
        Some(identifier) => Requested::Identifier(identifier.clone()),
        None => Requested::Configuration(offered.configuration.clone()),
    };
    // Each once: an answer lost on the way, for the same key is given the same credential again; and a stale nonce.
    let (mut lost_one, mut second_try) = (false, false);
    loop {
        let proofs = proofs(context, offer, offered, keys).await?;
        let request = CredentialRequest {
            requested: requested.clone(),
            proofs: Some(Proofs::Jwt(proofs)),
            credential_response_encryption: None,
        };
        let request = serde_json::to_vec(&request).map_err(|_| ReceiveError::Unreadable("the request"))?;
        let endpoint = &offer.metadata.credential_endpoint;
        let answer = match grant.post(context, endpoint, request, LARGE).await {
            Err(error) if Grant::may_be_lost(&error) && !lost_one => {
                lost_one = true;
                continue;
            }
            answer => answer?,
        };
        match response(&answer) {
            // The nonce was used up or too old: once more with a new one.
            Err(ReceiveError::CredentialRefused(CredentialErrorCode::InvalidNonce)) if !second_try => {
                second_try = true;
            }
            response => return response,
        }
    }
}

/// Asks for a credential that takes time (§9).
pub(super) async fn fetch(
    context: &Context,
    offer: &Offer,
    grant: &Grant,
    transaction_id: &str,
) -> Result<CredentialResponse, ReceiveError> {
    let endpoint = offer.metadata.deferred_credential_endpoint.as_ref();
    let endpoint = endpoint.ok_or(ReceiveError::Unreadable("the metadata"))?;
    let transaction_id = transaction_id.to_owned();
    let request = DeferredRequest { transaction_id, credential_response_encryption: None };
    let request = serde_json::to_vec(&request).map_err(|_| ReceiveError::Unreadable("the request"))?;
    response(&grant.post(context, endpoint, request, LARGE).await?)
}

/// A response with at least one credential, or a refusal by its code. Read strictly, so that what is verified is what every
/// reader sees.
fn response(answer: &Answer) -> Result<CredentialResponse, ReceiveError> {
    if !answer.is_success() {
        let refusal: Result<OAuthErrorBody<CredentialErrorCode>, _> =
            limits::json(&answer.body, Limits::MESSAGE);
        return Err(match refusal {
            Ok(body) if is_passing(answer.status, body.error.as_str()) => {
                ReceiveError::Unavailable(answer.status)
            }
            Ok(body) => ReceiveError::CredentialRefused(body.error),
            Err(_) => ReceiveError::status(answer.status),
        });
    }
    let unreadable = || ReceiveError::Unreadable("the credential response");
    let response = json::parse(&answer.body).map_err(|_| unreadable())?;
    match limits::value::<CredentialResponse>(&response).map_err(|_| unreadable())? {
        CredentialResponse::Issued { credentials, .. } if credentials.is_empty() => Err(unreadable()),
        response => Ok(response),
    }
}

/// Shows the issuer that this wallet holds the keys, all with one nonce.
async fn proofs(
    context: &Context,
    offer: &Offer,
    offered: &OfferedCredential,
    keys: &[HeldKey],
) -> Result<Vec<String>, ReceiveError> {
    let nonce = match &offer.metadata.nonce_endpoint {
        Some(endpoint) => Some(nonce(context, endpoint).await?),
        None => None,
    };
    let configuration = offer.metadata.credential_configurations_supported.get(&offered.configuration);
    let jwt = configuration.and_then(|of| of.proof_types_supported.as_ref()?.get("jwt"));
    let attestation = match jwt.and_then(|jwt| jwt.key_attestations_required.as_ref()) {
        None => None,
        Some(_) => match context.ports.keys.attest(keys, nonce.as_deref()).await {
            Err(KeyStoreError::Unsupported) => {
                return Err(ReceiveError::Demands("an attestation of the key"));
            }
            attested => Some(attested?),
        },
    };
    let mut proofs = Vec::with_capacity(keys.len());
    for key in keys {
        let attestation = attestation.as_deref();
        proofs.push(proof(context, offer, offered, key, nonce.as_deref(), attestation).await?);
    }
    Ok(proofs)
}

/// Shows the issuer that this wallet holds the key (appendix F.1).
async fn proof(
    context: &Context,
    offer: &Offer,
    offered: &OfferedCredential,
    key: &HeldKey,
    nonce: Option<&str>,
    attestation: Option<&str>,
) -> Result<String, ReceiveError> {
    let claims = ProofClaims::new(offer.issuer(), nonce, context.seconds().0);
    let configuration = offer.metadata.credential_configurations_supported.get(&offered.configuration);
    let methods = configuration.and_then(|c| c.cryptographic_binding_methods_supported.as_deref());
    let takes = |method: &str| methods.unwrap_or_default().iter().any(|m| m == method);
    let mut header = Header::typed(PROOF_TYPE);
    if let Some(attestation) = attestation {
        header.other.insert("key_attestation".to_owned(), attestation.into());
    }
    let header = match offered.format {
        Format::LdpVc if takes("did:key") => header.with_kid(&key.public.did_key().verification_method),
        Format::LdpVc if takes("did:jwk") => header.with_kid(&key.public.did_jwk().verification_method),
        Format::SdJwtVc | Format::LdpVc | Format::MsoMdoc => header.with_jwk(key.public.to_jwk()),
    };
    let prepared =
        jws::prepare(&header, &claims, &key.public).map_err(|_| ReceiveError::Unreadable("the proof"))?;
    let signature = context.ports.keys.sign(&key.handle, prepared.bytes()).await?;
    // A signature that does not match is the device's fault.
    prepared.finish(&signature).map_err(|_| KeyStoreError::Failed.into())
}

async fn nonce(context: &Context, endpoint: &Endpoint) -> Result<String, ReceiveError> {
    let answer = context.web.post(endpoint, Body::Nothing, JSON, None, MESSAGE).await?;
    if !answer.is_success() {
        return Err(ReceiveError::status(answer.status));
    }
    let nonce: NonceResponse =
        limits::json(&answer.body, Limits::MESSAGE).map_err(|_| ReceiveError::Unreadable("the nonce"))?;
    Ok(nonce.c_nonce)
}
