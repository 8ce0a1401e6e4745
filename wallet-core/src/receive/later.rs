//! What comes after: what takes time is picked up, cards are renewed before they expire, the issuer is told.
//!
//! For all of it the wallet comes back with the key that it showed for its token, which therefore stays while anything needs it.

use credentials::key::{Jwk, PublicKey};
use protocol::{
    Endpoint, Secret,
    openid4vci::{CredentialOffer, IssuerMetadata, NotificationEvent, NotificationRequest},
};
use registry::{LocalText, UnixMillis};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Offer, OfferRefused, OfferedCredential, ReceiveError, Received,
    collecting::{self, COLLECTING, Outcome},
    dpop::{Dpop, Grant},
    instance, loose, offer,
    received::received,
    refresh,
};
use crate::{
    card::Card,
    context::Context,
    held::{CARDS, StoredCard},
    ports::{HeldKey, KeyHandle},
    vault::VaultError,
    web::MESSAGE,
};

/// How the wallet comes back to an issuer for more.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Renewal {
    pub(super) offer: CredentialOffer,
    pub(super) authorization_server: Endpoint,
    pub(super) token_endpoint: Endpoint,
    pub(super) refresh_token: Secret,
    pub(super) key: KeyHandle,
    pub(super) public: Jwk,
}

/// What became of a credential that took time, or whose collecting stopped on the way.
#[derive(Debug, Clone)]
pub struct PickedUp {
    /// The issuer's address.
    pub issuer: Endpoint,
    /// The issuer's name for it.
    pub configuration: String,
    /// The card that it is in, or why there is none. [`ReceiveError::Deferred`]: it still takes time, ask again later. With any
    /// other the issuer said no, or what came was thrown away, unless it could not be asked.
    pub outcome: Result<Vec<Card>, ReceiveError>,
    /// Whether the wallet is done with it, and asks no more.
    pub over: bool,
}

/// A credential that is still to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitedFor {
    /// Names it when it is [given up](crate::Wallet::give_up), with all that came by the same offer.
    pub id: String,
    /// The issuer's address.
    pub issuer: Endpoint,
    /// What the issuer calls itself, if it does: not proven before the credential came.
    pub issuer_calls_itself: Option<LocalText>,
    /// Which.
    pub offered: OfferedCredential,
    /// From when on the issuer wants to be asked again (OpenID4VCI 1.0 §9.2, `interval`), if it said so: at most a month after it did.
    pub ask_after: Option<UnixMillis>,
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

    /// A fresh token.
    async fn grant(&self, context: &Context) -> Result<Grant, ReceiveError> {
        let public = PublicKey::from_jwk(&self.public).map_err(|_| VaultError::OtherForm("cards"))?;
        let dpop = Dpop::known(HeldKey { handle: self.key.clone(), public });
        let token = refresh::refresh(context, &self.token_endpoint, &self.refresh_token, &dpop).await?;
        Ok(Grant { token, dpop: Some(dpop), token_endpoint: self.token_endpoint.clone() })
    }
}

/// Goes on with everything that takes time or stopped on the way.
pub(crate) async fn pick_up(context: &Context) -> Result<Vec<PickedUp>, VaultError> {
    let mut picked = Vec::new();
    for (name, _) in context.vault.all(&COLLECTING)? {
        // Somebody is at it.
        let Ok(_only) = context.under_way.only(&name) else { continue };
        // It came to its end meanwhile.
        let Some(row) = collecting::begun(context, &name).await? else { continue };
        let issuer = row.issuer().clone();
        let waited: Vec<String> = row.parts.keys().cloned().collect();
        match collecting::resume(context, name, row).await {
            Ok(outcomes) => picked.extend(outcomes.into_iter().map(|Outcome { offered, result, over }| {
                let (issuer, configuration) = (issuer.clone(), offered.configuration);
                PickedUp { issuer, configuration, outcome: result.map(|card| vec![card]), over }
            })),
            Err(error) => picked.extend(waited.into_iter().map(|configuration| PickedUp {
                issuer: issuer.clone(),
                configuration,
                outcome: Err(error.clone()),
                over: error == ReceiveError::CARD_IS_GONE,
            })),
        }
    }
    Ok(picked)
}

/// Collects what a card says anew, under fresh keys; the card before is deleted in the write that keeps the new one.
pub(crate) async fn renew(context: &Context, card: &str) -> Result<Received, ReceiveError> {
    let _only = context.under_way.only(card)?;
    if let Some(begun) = collecting::begun(context, card).await? {
        return received(collecting::resume(context, card.to_owned(), begun).await?);
    }
    let stored = context.vault.get(&CARDS, card)?.ok_or(ReceiveError::CARD_IS_GONE)?;
    let renewal = stored.renewal.ok_or(ReceiveError::CARD_IS_GONE)?;
    let issuer = &renewal.offer.credential_issuer;
    let metadata = offer::metadata(context, issuer).await.map_err(|error| unreadable(&error))?;
    let server = renewal.authorization_server.clone();
    let offer = offer::described(context, renewal.offer.clone(), metadata, server)
        .map_err(|error| unreadable(&error))?
        .of_kind(&stored.kind);
    if offer.credentials().is_empty() {
        return Err(ReceiveError::CARD_IS_GONE);
    }
    let grant = renewal.grant(context).await?;
    let replaces = Some(card.to_owned());
    received(collecting::begin(context, card.to_owned(), &offer, grant, replaces).await?)
}

fn unreadable(error: &OfferRefused) -> ReceiveError {
    match error {
        OfferRefused::Web(error) => (*error).into(),
        OfferRefused::Status(status) => ReceiveError::status(*status),
        _ => ReceiveError::Unreadable("the issuer's description of itself"),
    }
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

/// What is still to come.
pub(crate) fn waited_for(context: &Context) -> Result<Vec<WaitedFor>, VaultError> {
    let rows = context.vault.all(&COLLECTING)?;
    Ok(rows.iter().flat_map(|(name, row)| row.waited_for(context, name)).collect())
}

/// Waits no more for what was begun by this name. `false` if nothing was.
pub(crate) async fn give_up(context: &Context, name: &str) -> Result<bool, ReceiveError> {
    let _only = context.under_way.only(name)?;
    let begun = name.to_owned();
    let given_up = context.vault.write(move |tx| collecting::give_up(tx, &begun)).await?;
    loose::sweep(context).await?;
    for key in &given_up.token_keys {
        instance::forget_unless_needed(context, key).await?;
    }
    Ok(given_up.existed)
}

/// The issuers that still have something for this wallet.
pub(crate) fn waiting(context: &Context) -> Result<Vec<Endpoint>, VaultError> {
    Ok(context.vault.all(&COLLECTING)?.into_iter().map(|(_, row)| row.issuer().clone()).collect())
}

/// What is under way with issuers, in clear.
pub(crate) fn exported(context: &Context) -> Result<Vec<Value>, VaultError> {
    Ok(context.vault.all(&COLLECTING)?.into_iter().map(|(_, row)| row.exported()).collect())
}

/// Every key that the wallet has in the device but those of [`authorize`](super::authorize).
pub(super) fn keys(context: &Context) -> Result<Vec<KeyHandle>, VaultError> {
    let mut keys = instance::keys(context)?;
    for (_, card) in context.vault.all(&CARDS)? {
        keys.extend(card.credentials.into_iter().map(|credential| credential.key));
        keys.extend(card.renewal.map(|renewal| renewal.key));
    }
    for (_, row) in context.vault.all(&COLLECTING)? {
        keys.extend(row.keys().cloned());
    }
    keys.append(&mut loose::keys(context)?);
    Ok(keys)
}

/// Whether a card or something that is still to come needs a key that was shown for tokens.
pub(super) fn needs(context: &Context, key: &KeyHandle) -> Result<bool, VaultError> {
    let mut by_row = context.vault.all(&COLLECTING)?.into_iter();
    if by_row.any(|(_, row)| row.token_key() == Some(key)) || newest_needs(context, key)? {
        return Ok(true);
    }
    let mut cards = context.vault.all(&CARDS)?.into_iter();
    Ok(cards.any(|(_, card)| is_renewed_by(key, &card)))
}

/// Whether the newest card does: whoever just received it asks, and need not open all the others to know.
fn newest_needs(context: &Context, key: &KeyHandle) -> Result<bool, VaultError> {
    let Some(newest) = context.index.find(&context.vault, |_, _| true)?.into_iter().next() else {
        return Ok(false);
    };
    let card = context.vault.get_readable(&CARDS, &newest)?;
    Ok(card.is_some_and(|card| is_renewed_by(key, &card)))
}

fn is_renewed_by(key: &KeyHandle, card: &StoredCard) -> bool {
    card.renewal.as_ref().is_some_and(|renewal| renewal.key == *key)
}
