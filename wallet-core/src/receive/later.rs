//! What comes after: credentials that take time are picked up, cards are renewed before they expire, the issuer is told.
//!
//! For all of it the wallet comes back with the key that it showed for its token, which therefore stays while anything needs it.

use credentials::key::{Jwk, PublicKey};
use protocol::{
    Endpoint, Secret,
    openid4vci::{
        CredentialErrorCode, CredentialOffer, CredentialResponse, DeferredRequest, IssuerMetadata,
        NotificationEvent, NotificationRequest, TokenRequest,
    },
};
use serde::{Deserialize, Serialize};

use super::{
    Offer, OfferRefused, ReceiveError, Received,
    dpop::{Dpop, Grant},
    instance, issuance, offer, token,
};
use crate::{
    card::Card,
    context::Context,
    held::CARDS,
    ports::{HeldKey, KeyHandle},
    vault::{Sealed, VaultError, VaultTx},
    web::{LARGE, MESSAGE},
};

/// Credentials that take time, by an id of the wallet's own.
const DEFERRED: Sealed<StoredDeferred> = Sealed::new("deferred");

/// How the wallet comes back to an issuer for more.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Renewal {
    offer: CredentialOffer,
    authorization_server: Endpoint,
    token_endpoint: Endpoint,
    refresh_token: Secret,
    key: KeyHandle,
    public: Jwk,
}

#[derive(Clone, Serialize, Deserialize)]
struct StoredDeferred {
    renewal: Renewal,
    metadata: IssuerMetadata,
    configuration: String,
    keys: Vec<(KeyHandle, Jwk)>,
    transaction_id: String,
}

/// What became of a credential that took time.
#[derive(Debug, Clone)]
pub struct PickedUp {
    /// The issuer's address.
    pub issuer: Endpoint,
    /// The issuer's name for it.
    pub configuration: String,
    /// The cards, or why there are none. [`ReceiveError::Deferred`]: it still takes time, ask again later. With any other the
    /// issuer said no, or what came was thrown away, unless it could not be asked.
    pub outcome: Result<Vec<Card>, ReceiveError>,
    /// Whether the wallet is done with it, and asks no more.
    pub over: bool,
}

impl Renewal {
    /// With what the token endpoint gave, if the wallet may come back.
    pub(super) fn of(offer: &Offer, grant: &Grant) -> Option<Self> {
        let key = &grant.dpop.as_ref()?.key;
        Some(Self {
            offer: CredentialOffer { grants: None, ..offer.offer.clone() },
            authorization_server: offer.authorization_server.clone(),
            token_endpoint: grant.token_endpoint.clone(),
            refresh_token: grant.token.refresh_token.clone()?,
            key: key.handle.clone(),
            public: key.public.to_jwk(),
        })
    }

    /// The key that it needs.
    pub(crate) fn key(&self) -> &KeyHandle {
        &self.key
    }

    /// A fresh token. If another refresh token comes with it, that one is written down before anything else is done.
    async fn grant(&mut self, context: &Context) -> Result<Grant, ReceiveError> {
        let public = PublicKey::from_jwk(&self.public).map_err(|_| VaultError::OtherForm("cards"))?;
        let dpop = Dpop::known(HeldKey { handle: self.key.clone(), public });
        let request = TokenRequest::Refresh { refresh_token: self.refresh_token.clone(), client_id: None };
        let mut token = token::request(context, &self.token_endpoint, &request, Some(&dpop)).await?;
        // An issuer that gives no new one lets the old one stand (RFC 6749 §6).
        let next = token.refresh_token.get_or_insert_with(|| self.refresh_token.clone());
        if *next != self.refresh_token {
            let before = std::mem::replace(&mut self.refresh_token, next.clone());
            put_in_place_of(context, before, next.clone()).await?;
        }
        Ok(Grant { token, dpop: Some(dpop), token_endpoint: self.token_endpoint.clone() })
    }
}

/// Notes that a credential takes time, and with which keys it will come.
pub(super) async fn defer(
    context: &Context,
    offer: &Offer,
    configuration: &str,
    grant: &Grant,
    keys: &[HeldKey],
    transaction_id: String,
) -> Result<(), ReceiveError> {
    // Without a way back there is nothing to note.
    let renewal = Renewal::of(offer, grant).ok_or(ReceiveError::Deferred)?;
    let stored = StoredDeferred {
        renewal,
        metadata: offer.metadata.clone(),
        configuration: configuration.to_owned(),
        keys: keys.iter().map(|key| (key.handle.clone(), key.public.to_jwk())).collect(),
        transaction_id,
    };
    let id = context.new_id()?;
    Ok(context.vault.write(move |tx| tx.put(&DEFERRED, &id, &stored)).await?)
}

/// Asks for everything that takes time.
pub(crate) async fn pick_up(context: &Context) -> Result<Vec<PickedUp>, VaultError> {
    let mut picked = Vec::new();
    for (id, stored) in context.vault.all(&DEFERRED)? {
        let (issuer, configuration) =
            (stored.renewal.offer.credential_issuer.clone(), stored.configuration.clone());
        let outcome = fetch(context, &id, &stored).await;
        let over = match &outcome {
            Ok(_) => true,
            // Nothing else says that it will never be given: a key that changes, a status list that is not open pass.
            Err(ReceiveError::CredentialRefused(code)) => matches!(
                code,
                CredentialErrorCode::CredentialRequestDenied | CredentialErrorCode::InvalidTransactionId
            ),
            Err(error) => matches!(error, ReceiveError::CodeRefused | ReceiveError::Rejected(_)),
        };
        if over && outcome.is_err() {
            context.vault.write(move |tx| self::over(tx, &id)).await?;
            // Earlier versions could be ended between keeping a card and noting that it was picked up.
            let of_cards = keys_of_cards(context)?;
            for key in held(&stored.keys).filter(|key| !of_cards.contains(&key.handle)) {
                issuance::forget_key(context, &key).await;
            }
            instance::forget_unless_needed(context, stored.renewal.key()).await?;
        }
        picked.push(PickedUp { issuer, configuration, outcome, over });
    }
    Ok(picked)
}

/// Nothing is waited for any more. What came of it is written with this.
pub(super) fn over(tx: &mut VaultTx<'_, '_>, id: &str) -> Result<(), VaultError> {
    tx.remove(&DEFERRED, id)
}

async fn fetch(context: &Context, id: &str, stored: &StoredDeferred) -> Result<Vec<Card>, ReceiveError> {
    let endpoint = stored.metadata.deferred_credential_endpoint.as_ref();
    let endpoint = endpoint.ok_or(ReceiveError::Unreadable("the metadata"))?;
    let mut renewal = stored.renewal.clone();
    let grant = renewal.grant(context).await?;
    let request = DeferredRequest {
        transaction_id: stored.transaction_id.clone(),
        credential_response_encryption: None,
    };
    let body = serde_json::to_vec(&request).map_err(|_| ReceiveError::Unreadable("the request"))?;
    let answer = grant.post(context, endpoint, body, LARGE).await?;
    let CredentialResponse::Issued { credentials, notification_id } = issuance::response(&answer)? else {
        return Err(ReceiveError::Deferred);
    };
    let offer = CredentialOffer {
        credential_configuration_ids: vec![stored.configuration.clone()],
        ..renewal.offer.clone()
    };
    let server = renewal.authorization_server.clone();
    let described = offer::described(context, offer, stored.metadata.clone(), server);
    let described = described.map_err(|_| ReceiveError::Unreadable("the metadata"))?;
    let offered = described.credentials().first().ok_or(ReceiveError::Unreadable("the metadata"))?;
    let keys: Vec<HeldKey> = held(&stored.keys).collect();
    let good = issuance::accept(context, offered, &keys, credentials).await;
    let notifying = notification_id
        .map(|id| (id, if good.is_ok() { NotificationEvent::Accepted } else { NotificationEvent::Failure }));
    let cards = match good {
        Ok(good) => {
            let issuer = &renewal.offer.credential_issuer;
            issuance::keep(context, vec![good], issuer, Some(&renewal), Some(id.to_owned())).await
        }
        Err(error) => Err(error),
    };
    if let Some((id, event)) = notifying {
        notify(context, &stored.metadata, &grant, id, event).await;
    }
    cards
}

fn held(keys: &[(KeyHandle, Jwk)]) -> impl Iterator<Item = HeldKey> {
    keys.iter().filter_map(|(handle, jwk)| {
        Some(HeldKey { handle: handle.clone(), public: PublicKey::from_jwk(jwk).ok()? })
    })
}

/// Collects what a card says anew, under fresh keys; the card before is deleted when the new one is there.
pub(crate) async fn renew(context: &Context, card: &str) -> Result<Received, ReceiveError> {
    let new_offer = || ReceiveError::Demands("a new offer");
    let stored = context.vault.get(&CARDS, card)?.ok_or_else(new_offer)?;
    let mut renewal = stored.renewal.ok_or_else(new_offer)?;
    let issuer = &renewal.offer.credential_issuer;
    let metadata = offer::metadata(context, issuer).await.map_err(|error| unreadable(&error))?;
    let server = renewal.authorization_server.clone();
    let offer = offer::described(context, renewal.offer.clone(), metadata, server)
        .map_err(|error| unreadable(&error))?
        .of_kind(&stored.kind);
    let grant = renewal.grant(context).await?;
    issuance::collect(context, &offer, &grant).await
}

fn unreadable(error: &OfferRefused) -> ReceiveError {
    match error {
        OfferRefused::Web(error) => (*error).into(),
        OfferRefused::Status(status) => ReceiveError::status(*status),
        _ => ReceiveError::Unreadable("the issuer's description of itself"),
    }
}

/// Writes a refresh token wherever the one stands that it takes the place of: an issuer that rotates them takes the newest
/// alone, of all that came of one offer.
async fn put_in_place_of(context: &Context, before: Secret, now: Secret) -> Result<(), VaultError> {
    let (cards, waiting) = (context.vault.all(&CARDS)?, context.vault.all(&DEFERRED)?);
    let write = move |tx: &mut VaultTx<'_, '_>| {
        let replace = |renewal: &mut Renewal| {
            let stands = renewal.refresh_token == before;
            if stands {
                renewal.refresh_token = now.clone();
            }
            stands
        };
        for (id, _) in &cards {
            if let Some(mut card) = tx.get(&CARDS, id)?
                && card.renewal.as_mut().is_some_and(replace)
            {
                tx.put(&CARDS, id, &card)?;
            }
        }
        for (id, _) in &waiting {
            if let Some(mut stored) = tx.get(&DEFERRED, id)?
                && replace(&mut stored.renewal)
            {
                tx.put(&DEFERRED, id, &stored)?;
            }
        }
        Ok(())
    };
    context.vault.write(write).await
}

/// Tells the issuer what became of a credential. That it can't be told changes nothing.
pub(super) async fn notify(
    context: &Context,
    metadata: &IssuerMetadata,
    grant: &Grant,
    notification_id: String,
    event: NotificationEvent,
) {
    let Some(endpoint) = &metadata.notification_endpoint else { return };
    let request = NotificationRequest { notification_id, event, event_description: None };
    let Ok(body) = serde_json::to_vec(&request) else { return };
    if grant.post(context, endpoint, body, MESSAGE).await.is_err() {
        tracing::debug!("the issuer could not be told what became of a credential");
    }
}

/// The issuers that are still preparing something.
pub(crate) fn waiting(context: &Context) -> Result<Vec<Endpoint>, VaultError> {
    let deferred = context.vault.all(&DEFERRED)?.into_iter();
    Ok(deferred.map(|(_, stored)| stored.renewal.offer.credential_issuer).collect())
}

/// Every key that the wallet has in the device but those of [`authorize`](super::authorize).
pub(super) fn keys(context: &Context) -> Result<Vec<KeyHandle>, VaultError> {
    let mut keys = instance::keys(context)?;
    keys.append(&mut keys_of_cards(context)?);
    for (_, deferred) in context.vault.all(&DEFERRED)? {
        keys.extend(deferred.keys.into_iter().map(|(key, _)| key));
        keys.push(deferred.renewal.key);
    }
    Ok(keys)
}

fn keys_of_cards(context: &Context) -> Result<Vec<KeyHandle>, VaultError> {
    let mut keys = Vec::new();
    for (_, card) in context.vault.all(&CARDS)? {
        keys.extend(card.credentials.into_iter().map(|credential| credential.key));
        keys.extend(card.renewal.map(|renewal| renewal.key));
    }
    Ok(keys)
}

/// Whether a card or something that takes time still needs a key that was shown for tokens.
pub(super) fn needs(context: &Context, key: &KeyHandle) -> Result<bool, VaultError> {
    let by_card = context.vault.all(&CARDS)?.into_iter().filter_map(|(_, card)| card.renewal);
    let waiting = context.vault.all(&DEFERRED)?.into_iter().map(|(_, stored)| stored.renewal);
    Ok(by_card.chain(waiting).any(|renewal| renewal.key == *key))
}
