//! Asking for the credentials, and keeping what proves good.

use credentials::{
    json,
    jws::{self, Header},
    key::Algorithm,
};
use protocol::{
    Endpoint,
    limits::{self, Limits},
    openid4vci::{
        CredentialConfiguration, CredentialErrorCode, CredentialRequest, CredentialResponse, NonceResponse,
        OAuthErrorBody, PROOF_TYPE, ProofClaims, Proofs, Requested, TokenResponse,
    },
};
use registry::{Did, LocalText, Slug};
use serde_json::Value;

use super::{Offer, OfferedCredential, ReceiveError, Rejected, token::token, verify};
use crate::{
    card::{self, Card, Format},
    context::Context,
    held::{CARDS, StoredCard, StoredCredential},
    log::{self, Event},
    ports::{HeldKey, KeyStoreError},
    web::{Body, JSON, LARGE, MESSAGE, WebError},
};

/// What came of an offer: at least one card.
#[derive(Debug, Clone)]
pub struct Received {
    /// The new cards, one for each type offered.
    pub cards: Vec<Card>,
    /// What of the offer did not come, or was thrown away.
    pub failed: Vec<Failed>,
}

/// A credential that was offered and not received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// Which.
    pub credential: OfferedCredential,
    /// Why.
    pub error: ReceiveError,
}

/// Takes an offer up. Nothing is kept unless it proved good; when nothing did, that is the error.
pub(crate) async fn receive(
    context: &Context,
    offer: &Offer,
    tx_code: Option<&str>,
) -> Result<Received, ReceiveError> {
    let token = token(context, offer, tx_code).await?;
    let (mut good, mut failed) = (Vec::new(), Vec::new());
    for credential in offer.credentials() {
        match one(context, offer, credential, &token).await {
            Ok(credential) => good.push(credential),
            Err(error) => failed.push(Failed { credential: credential.clone(), error }),
        }
    }
    let cards = keep(context, good).await?;
    match failed.first() {
        Some(first) if cards.is_empty() => Err(first.error.clone()),
        _ => Ok(Received { cards, failed }),
    }
}

/// A credential that proved good.
struct Good {
    kind: Slug,
    issuer: Did,
    issuer_name: LocalText,
    credential: StoredCredential,
}

async fn one(
    context: &Context,
    offer: &Offer,
    offered: &OfferedCredential,
    token: &TokenResponse,
) -> Result<Good, ReceiveError> {
    let configurations = &offer.metadata.credential_configurations_supported;
    let configuration =
        configurations.get(&offered.configuration).ok_or(ReceiveError::Unreadable("the metadata"))?;
    let kind = context.catalogue.by_id(&offered.kind).ok_or(Rejected::OtherType)?;
    let key = new_key(context, offer, configuration).await?;
    let outcome = async {
        let issued = request(context, offer, offered, token, &key).await?;
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
            issuer_key: verified.issuer_key,
            issued: verified.issued,
            expires: verified.expires,
            status: verified.status,
            shown_to: Vec::new(),
        };
        Ok(Good {
            kind: verified.kind,
            issuer: verified.issuer,
            issuer_name: verified.issuer_name,
            credential,
        })
    }
    .await;
    if outcome.is_err() {
        forget_key(context, &key).await;
    }
    outcome
}

/// A fresh key: two credentials never share one, so that nobody can link them by it.
async fn new_key(
    context: &Context,
    offer: &Offer,
    configuration: &CredentialConfiguration,
) -> Result<HeldKey, ReceiveError> {
    let encryption = offer.metadata.credential_response_encryption.as_ref();
    if encryption.is_some_and(|encryption| encryption.encryption_required) {
        return Err(ReceiveError::Demands("encrypted responses"));
    }
    let proofs = configuration.proof_types_supported.as_ref().and_then(|types| types.get("jwt"));
    let proofs = proofs.ok_or(ReceiveError::NoCommonAlgorithm)?;
    if proofs.key_attestations_required.is_some() {
        return Err(ReceiveError::Demands("an attestation of the key"));
    }
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

async fn request(
    context: &Context,
    offer: &Offer,
    offered: &OfferedCredential,
    token: &TokenResponse,
    key: &HeldKey,
) -> Result<Value, ReceiveError> {
    let identifiers = token.credential_identifiers(&offered.configuration);
    let requested = match identifiers.first() {
        Some(identifier) => Requested::Identifier(identifier.clone()),
        None => Requested::Configuration(offered.configuration.clone()),
    };
    let bearer = token.access_token.expose();
    // Each once: an answer lost on the way, for the same key is given the same credential again; and a stale nonce.
    let (mut lost_one, mut second_try) = (false, false);
    loop {
        let proof = proof(context, offer, offered, key).await?;
        let request = CredentialRequest {
            requested: requested.clone(),
            proofs: Some(Proofs::Jwt(vec![proof])),
            credential_response_encryption: None,
        };
        let request = serde_json::to_vec(&request).map_err(|_| ReceiveError::Unreadable("the request"))?;
        let endpoint = &offer.metadata.credential_endpoint;
        let answer = match context.web.post(endpoint, Body::Json(request), JSON, Some(bearer), LARGE).await {
            Err(WebError::Unreachable) if !lost_one => {
                lost_one = true;
                continue;
            }
            answer => answer?,
        };
        if answer.is_success() {
            return issued(&answer.body);
        }
        let refusal: Result<OAuthErrorBody<CredentialErrorCode>, _> =
            limits::json(&answer.body, Limits::MESSAGE);
        match refusal.map(|body| body.error) {
            // The nonce was used up or too old: once more with a new one.
            Ok(CredentialErrorCode::InvalidNonce) if !second_try => second_try = true,
            Ok(code) => return Err(ReceiveError::CredentialRefused(code)),
            Err(_) => return Err(ReceiveError::Status(answer.status)),
        }
    }
}

/// The one credential of a response. Read strictly, so that what is verified is what every reader sees.
fn issued(body: &[u8]) -> Result<Value, ReceiveError> {
    let unreadable = || ReceiveError::Unreadable("the credential response");
    let response = json::parse(body).map_err(|_| unreadable())?;
    match limits::value::<CredentialResponse>(response).map_err(|_| unreadable())? {
        CredentialResponse::Issued { credentials, .. } => {
            credentials.into_iter().next().map(|issued| issued.credential).ok_or_else(unreadable)
        }
        CredentialResponse::Deferred { .. } => Err(ReceiveError::Deferred),
    }
}

/// Shows the issuer that this wallet holds the key (appendix F.1).
async fn proof(
    context: &Context,
    offer: &Offer,
    offered: &OfferedCredential,
    key: &HeldKey,
) -> Result<String, ReceiveError> {
    let nonce = match &offer.metadata.nonce_endpoint {
        Some(endpoint) => Some(nonce(context, endpoint).await?),
        None => None,
    };
    let claims = ProofClaims::new(offer.issuer(), nonce.as_deref(), context.seconds().0);
    let configuration = offer.metadata.credential_configurations_supported.get(&offered.configuration);
    let methods = configuration.and_then(|c| c.cryptographic_binding_methods_supported.as_deref());
    let takes = |method: &str| methods.unwrap_or_default().iter().any(|m| m == method);
    let header = Header::typed(PROOF_TYPE);
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
        return Err(ReceiveError::Status(answer.status));
    }
    let nonce: NonceResponse =
        limits::json(&answer.body, Limits::MESSAGE).map_err(|_| ReceiveError::Unreadable("the nonce"))?;
    Ok(nonce.c_nonce)
}

/// Makes cards of what proved good, one for each type and issuer, all in one write.
async fn keep(context: &Context, good: Vec<Good>) -> Result<Vec<Card>, ReceiveError> {
    let mut cards: Vec<(String, StoredCard)> = Vec::new();
    for Good { kind, issuer, issuer_name, credential } in good {
        let same = |(_, card): &&mut (String, StoredCard)| card.kind == kind && card.issuer == issuer;
        if let Some((_, card)) = cards.iter_mut().find(same) {
            card.credentials.push(credential);
        } else {
            let received = context.now();
            let card = StoredCard { kind, issuer, issuer_name, received, credentials: vec![credential] };
            cards.push((context.new_id()?, card));
        }
    }
    let mut shown = Vec::new();
    for (id, stored) in cards {
        let kind = context.catalogue.by_id(stored.kind.as_str()).ok_or(Rejected::OtherType)?;
        let event = Event::Received {
            card: id.clone(),
            label: card::local(&kind.label),
            issuer: stored.issuer.clone(),
            issuer_name: stored.issuer_name.clone(),
        };
        let (at, key, record) = (context.now(), id.clone(), stored.clone());
        context
            .vault
            .write(move |tx| {
                tx.put(&CARDS, &key, &record)?;
                log::add(tx, at, event)
            })
            .await?;
        context.index.put(&id, &stored);
        shown.push(card::show(&id, &stored, kind, context.state(&stored)?)?);
    }
    Ok(shown)
}

/// A key for nothing. If the device can't delete it now, it stays, and is of no use to anyone.
async fn forget_key(context: &Context, key: &HeldKey) {
    if context.ports.keys.delete(&key.handle).await.is_err() {
        tracing::warn!("a key that is not needed could not be deleted");
    }
}
