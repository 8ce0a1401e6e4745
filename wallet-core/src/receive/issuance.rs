//! Asking for the credentials, and keeping what proves good.

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
        CredentialConfiguration, CredentialErrorCode, CredentialRequest, CredentialResponse,
        IssuedCredential, NonceResponse, NotificationEvent, OAuthErrorBody, PROOF_TYPE, ProofClaims, Proofs,
        Requested,
    },
};
use registry::{Did, LocalText, Slug, UnixMillis};
use serde_json::Value;

use super::{
    Offer, OfferedCredential, ReceiveError, Rejected, dpop::Grant, error::is_passing, instance, later,
    later::Renewal, token::token, verify, verify::VerifiedCredential,
};
use crate::{
    backup,
    card::{self, Card, Format},
    context::Context,
    held::{StoredCard, StoredCredential},
    index,
    log::{self, Event},
    ports::{HeldKey, KeyStoreError},
    vault::{VaultError, VaultTx},
    web::{Answer, Body, JSON, LARGE, MESSAGE},
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
    let grant = token(context, offer, tx_code).await?;
    let received = collect(context, offer, &grant).await;
    if let Some(dpop) = &grant.dpop {
        instance::forget_unless_needed(context, &dpop.key.handle).await?;
    }
    received
}

/// Collects what the grant allows.
pub(super) async fn collect(
    context: &Context,
    offer: &Offer,
    grant: &Grant,
) -> Result<Received, ReceiveError> {
    let (mut good, mut failed) = (Vec::new(), Vec::new());
    for credential in offer.credentials() {
        match one(context, offer, credential, grant).await {
            Ok(credential) => good.push(credential),
            Err(error) => failed.push(Failed { credential: credential.clone(), error }),
        }
    }
    let said: Vec<_> = good.iter_mut().filter_map(|good: &mut Good| good.notification_id.take()).collect();
    let cards = keep(context, good, offer.issuer(), Renewal::of(offer, grant).as_ref(), None).await?;
    for id in said {
        later::notify(context, &offer.metadata, grant, id, NotificationEvent::Accepted).await;
    }
    match failed.first() {
        Some(first) if cards.is_empty() => Err(first.error.clone()),
        _ => Ok(Received { cards, failed }),
    }
}

/// Copies of a credential that are asked for: as many verifiers see one each.
const COPIES: u32 = 4;

/// A credential that proved good.
pub(super) struct Good {
    kind: Slug,
    issuer: Did,
    issuer_name: LocalText,
    /// Its copies, at least one.
    credentials: Vec<StoredCredential>,
    /// By which the issuer is told that it is kept.
    notification_id: Option<String>,
}

async fn one(
    context: &Context,
    offer: &Offer,
    offered: &OfferedCredential,
    grant: &Grant,
) -> Result<Good, ReceiveError> {
    let configurations = &offer.metadata.credential_configurations_supported;
    let configuration =
        configurations.get(&offered.configuration).ok_or(ReceiveError::Unreadable("the metadata"))?;
    let keys = new_keys(context, offer, configuration).await?;
    let (outcome, used) = match request(context, offer, offered, grant, &keys).await {
        Ok(CredentialResponse::Issued { credentials, notification_id }) => {
            match accept(context, offered, &keys, credentials).await {
                Ok(good) => {
                    let used = good.credentials.len();
                    (Ok(Good { notification_id, ..good }), used)
                }
                Err(error) => {
                    if let Some(id) = notification_id {
                        later::notify(context, &offer.metadata, grant, id, NotificationEvent::Failure).await;
                    }
                    (Err(error), 0)
                }
            }
        }
        Ok(CredentialResponse::Deferred { transaction_id, .. }) => {
            let id = &offered.configuration;
            match later::defer(context, offer, id, grant, &keys, transaction_id).await {
                Ok(()) => (Err(ReceiveError::Deferred), keys.len()),
                Err(error) => (Err(error), 0),
            }
        }
        Err(error) => (Err(error), 0),
    };
    for key in keys.get(used..).unwrap_or_default() {
        forget_key(context, key).await;
    }
    outcome
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
                    notification_id: None,
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

/// Fresh keys, one for each copy that this wallet wants and the issuer gives at once.
async fn new_keys(
    context: &Context,
    offer: &Offer,
    configuration: &CredentialConfiguration,
) -> Result<Vec<HeldKey>, ReceiveError> {
    let batch = offer.metadata.batch_credential_issuance.as_ref().map_or(1, |batch| batch.batch_size);
    let mut keys = Vec::new();
    for _ in 0..batch.clamp(1, COPIES) {
        match new_key(context, offer, configuration).await {
            Ok(key) => keys.push(key),
            Err(error) => {
                for key in &keys {
                    forget_key(context, key).await;
                }
                return Err(error);
            }
        }
    }
    Ok(keys)
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

/// A response with at least one credential, or a refusal by its code. Read strictly, so that what is verified is what every
/// reader sees.
pub(super) fn response(answer: &Answer) -> Result<CredentialResponse, ReceiveError> {
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
    match limits::value::<CredentialResponse>(response).map_err(|_| unreadable())? {
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

/// A card that is about to be kept.
struct New {
    id: String,
    card: StoredCard,
    event: Event,
    /// What a backup named and this is.
    collected: Option<String>,
}

/// Makes cards of what proved good, one for each type and issuer, all in one write. In the same write what was deferred, if they
/// are that, is over.
pub(super) async fn keep(
    context: &Context,
    good: Vec<Good>,
    collected_at: &Endpoint,
    renewal: Option<&Renewal>,
    deferred: Option<String>,
) -> Result<Vec<Card>, ReceiveError> {
    let (mut shown, mut new) = (Vec::new(), Vec::new());
    for (id, card) in cards_of(context, good, collected_at, renewal)? {
        let kind = context.catalogue.by_id(card.kind.as_str()).ok_or(Rejected::OtherType)?;
        let event = Event::Received {
            card: id.clone(),
            label: card::local(&kind.label),
            issuer: card.issuer.clone(),
            issuer_name: card.issuer_name.clone(),
        };
        let view = card::show(&id, &card, kind, context.state(&card)?)?;
        let collected = backup::collected(context, &kind.id, &card.issuer, &view.holder_line)?;
        shown.push(view);
        new.push(New { id, card, event, collected });
    }
    if new.is_empty() {
        return Ok(shown);
    }
    let at = context.now();
    let writing = context.index.begin();
    let new = context.vault.write(move |tx| put(tx, at, new, deferred.as_deref())).await?;
    writing.made(new.iter().map(|(id, card)| (id.as_str(), card)), []);
    Ok(shown)
}

fn put(
    tx: &mut VaultTx<'_, '_>,
    at: UnixMillis,
    new: Vec<New>,
    deferred: Option<&str>,
) -> Result<Vec<(String, StoredCard)>, VaultError> {
    if let Some(deferred) = deferred {
        later::over(tx, deferred)?;
    }
    let mut cards = Vec::with_capacity(new.len());
    for New { id, card, event, collected } in new {
        index::put_card(tx, &id, &card)?;
        if let Some(collected) = &collected {
            tx.remove(&backup::TO_COLLECT, collected)?;
        }
        log::add(tx, at, event)?;
        cards.push((id, card));
    }
    Ok(cards)
}

fn cards_of(
    context: &Context,
    good: Vec<Good>,
    collected_at: &Endpoint,
    renewal: Option<&Renewal>,
) -> Result<Vec<(String, StoredCard)>, VaultError> {
    let mut cards: Vec<(String, StoredCard)> = Vec::new();
    for Good { kind, issuer, issuer_name, credentials, .. } in good {
        let same = |(_, card): &&mut (String, StoredCard)| card.kind == kind && card.issuer == issuer;
        if let Some((_, card)) = cards.iter_mut().find(same) {
            card.credentials.extend(credentials);
        } else {
            let received = context.now();
            let (collected_at, renewal) = (Some(collected_at.clone()), renewal.cloned());
            let card = StoredCard { kind, issuer, issuer_name, received, credentials, collected_at, renewal };
            cards.push((context.new_id()?, card));
        }
    }
    Ok(cards)
}

/// A key for nothing. If the device can't delete it now, it stays, and is of no use to anyone.
pub(super) async fn forget_key(context: &Context, key: &HeldKey) {
    if context.ports.keys.delete(&key.handle).await.is_err() {
        tracing::warn!("a key that is not needed could not be deleted");
    }
}
