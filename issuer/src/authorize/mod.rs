//! The authorization code grant, durably: a request is pushed, opened by a browser, its user logs in and agrees, and the
//! code is redeemed for an offer that counts as any other (HAIP 1.0 §4: PAR, PKCE and DPoP, always).

use std::sync::Arc;

use protocol::openid4vci::AuthorizationRequest;
use rand_core::OsRng;
use store::{Range, Store, StoreError};
use zeroize::Zeroizing;

use crate::audit::{Deed, Note as _, Noting};
use crate::citizens::{self, Citizen};
use crate::clock::Moment;
use crate::issuance::Kinds;
use crate::model::{
    Application, Authorization, CodeRefused, Id, Offer, OfferState, Shown, Stage, State, Stopped,
};
use crate::seals::{Of, Seals};
use crate::tables::{APPLICATIONS, AUTHORIZATIONS, BY_MARK, OFFERS, READY};

/// What a `request_uri` begins with (RFC 9126 §2.2).
pub(crate) const REQUEST_URI: &str = "urn:ietf:params:oauth:request_uri:";
/// Seconds in which a pushed request must be opened.
pub(crate) const PUSHED: u64 = 60;
/// Seconds for each step of a person.
const STEP: i64 = 600;
/// Seconds in which a code must be redeemed.
const CODE: i64 = 60;
/// Seconds after which an authorization is forgotten: longer than any that still counts.
const KEPT: u64 = 3600;
/// Applications of one citizen that are looked through for what is still to be decided.
const LOOKED_AT: usize = 64;
const FORGOTTEN_AT_ONCE: usize = 1000;

/// Authorizations and what is done with them.
#[derive(Clone)]
pub(crate) struct Authorizations {
    pub(crate) store: Store,
    pub(crate) seals: Arc<Seals>,
    pub(crate) kinds: Arc<Kinds>,
    /// Offers made on one application at most.
    pub(crate) most_offers: u32,
}

/// Why a request is not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PushError {
    /// It asks for what is not issued here.
    #[error("it names a credential that is not issued here")]
    Unknown,
    /// It asks for credentials of several types: one type at a time.
    #[error("ask for one credential type at a time")]
    SeveralTypes,
    /// The offer that it names is not ours, or over.
    #[error("the issuer_state is unknown or its offer is over")]
    IssuerState,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why an authorization doesn't go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AuthorizeError {
    /// There is none, or it is another client's.
    #[error("there is no such request")]
    Unknown,
    /// The step was taken before, or came too late.
    #[error(transparent)]
    Stopped(#[from] Stopped),
    /// Nothing of who logged in is approved that was asked for.
    #[error("nothing of this citizen's is ready to collect")]
    NothingToCollect,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a code gives no token.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RedeemCodeError {
    /// The code.
    #[error(transparent)]
    Code(#[from] CodeRefused),
    /// What was agreed to can't be collected any more: the offer was used otherwise, or too many were made.
    #[error("what was agreed to can't be collected any more")]
    Over,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Authorizations {
    /// Takes a request whose client and redirect URI were checked. What comes back is its `request_uri`.
    pub(crate) async fn push(&self, request: AuthorizationRequest, now: Moment) -> Result<String, PushError> {
        let by_details = !request.details.is_empty();
        let named = request.details.into_iter().filter_map(|detail| detail.credential_configuration_id);
        let mut configurations: Vec<String> = named.collect();
        if !by_details {
            // Each configuration's scope is its id; `openid` and the like mean nothing here (RFC 6749 §3.3).
            configurations.extend(request.scope.into_iter().filter(|scope| self.kinds.get(scope).is_some()));
            configurations.sort();
            configurations.dedup();
        }
        let types: Option<Vec<_>> =
            configurations.iter().map(|id| self.kinds.get(id).map(|kind| &kind.of.id)).collect();
        let types = types.filter(|types| !types.is_empty()).ok_or(PushError::Unknown)?;
        if types.iter().any(|of| *of != types[0]) {
            return Err(PushError::SeveralTypes);
        }
        let offer = match request.issuer_state {
            None => None,
            Some(text) => {
                let id = self.seals.open_reference(&text).ok_or(PushError::IssuerState)?;
                let offer = self.store.get(&OFFERS, id.key())?;
                let covers =
                    |offer: &Offer| configurations.iter().all(|id| offer.configurations.contains(id));
                let open = offer.filter(|offer| offer.is_open(now.seconds) && covers(offer));
                Some(open.ok_or(PushError::IssuerState)?.id)
            }
        };
        let authorization = Authorization {
            id: Id::new(now.ms, &mut OsRng),
            client: request.client_id,
            redirect_uri: request.redirect_uri,
            state: request.state,
            challenge: request.challenge,
            configurations,
            by_details,
            offer,
            key: request.dpop_jkt,
            expires_at: now.seconds.plus(i64::try_from(PUSHED).unwrap_or(i64::MAX)),
            stage: Stage::Pushed,
        };
        let id = authorization.id;
        self.store.write_async(move |tx| tx.put(&AUTHORIZATIONS, id.key(), &authorization)).await?;
        Ok(format!("{REQUEST_URI}{}", self.seals.authorization(Of::Request, id).as_str()))
    }

    /// A browser opens a pushed request. Of several, one does.
    pub(crate) async fn open(
        &self,
        request_uri: &str,
        client: &str,
        now: Moment,
    ) -> Result<Authorization, AuthorizeError> {
        let reference = request_uri.strip_prefix(REQUEST_URI).ok_or(AuthorizeError::Unknown)?;
        let id = self.seals.open_authorization(Of::Request, reference).ok_or(AuthorizeError::Unknown)?;
        let client = client.to_owned();
        self.step(id, move |found| {
            if found.client != client {
                return Err(AuthorizeError::Unknown);
            }
            Ok(found.open(now.seconds.plus(STEP), now.seconds)?)
        })
        .await
    }

    /// The authorization of this name.
    pub(crate) fn find(&self, id: Id) -> Result<Option<Authorization>, StoreError> {
        self.store.get(&AUTHORIZATIONS, id.key())
    }

    /// Somebody logged in: finds what of hers is ready.
    pub(crate) async fn identify(
        &self,
        id: Id,
        citizen: &Citizen,
        now: Moment,
    ) -> Result<Authorization, AuthorizeError> {
        let found = self.find(id)?.ok_or(AuthorizeError::Unknown)?;
        let application = self.ready(&found, citizen)?.ok_or(AuthorizeError::NothingToCollect)?;
        self.step(id, move |found| Ok(found.identify(application, now.seconds.plus(STEP), now.seconds)?))
            .await
    }

    /// Somebody logged in and presented a credential, which became this application.
    pub(crate) async fn identify_as(
        &self,
        id: Id,
        application: Id,
        now: Moment,
    ) -> Result<Authorization, AuthorizeError> {
        self.step(id, move |found| Ok(found.identify(application, now.seconds.plus(STEP), now.seconds)?))
            .await
    }

    /// The newest approved application of this citizen's for what is asked, else the newest that is still to be decided; the
    /// offer's own if an offer led here.
    fn ready(&self, asked: &Authorization, citizen: &Citizen) -> Result<Option<Id>, StoreError> {
        let kind = asked.configurations.first().and_then(|id| self.kinds.get(id));
        let Some(credential_type) = kind.map(|kind| kind.of.id.as_str()) else { return Ok(None) };
        let names = citizens::names_of(&self.seals, citizen);
        self.store.read(|view| {
            if let Some(offer) = asked.offer {
                let Some(offer) = view.get(&OFFERS, offer.key())? else { return Ok(None) };
                let offered = view.get(&APPLICATIONS, offer.application.key())?;
                let hers = |application: &Application| {
                    application.credential_type == credential_type
                        && application.state != State::Rejected
                        && application.marks.iter().any(|mark| names.contains(mark))
                };
                return Ok(offered.filter(hers).map(|application| application.id));
            }
            let (mut newest, mut waiting) = (None, None);
            for name in names {
                let ready = Range::prefix((name.as_str(), credential_type)).reversed();
                newest = newest.max(view.page(&READY, &ready, 1)?.first().map(|((.., key), ())| *key));
                for ((_, key), ()) in view.page(&BY_MARK, &Range::prefix((name,)).reversed(), LOOKED_AT)? {
                    let Some(application) = view.get(&APPLICATIONS, key)? else { continue };
                    if application.credential_type != credential_type {
                        continue;
                    }
                    match application.state {
                        State::Rejected => {}
                        state if state.is_collectable() => newest = newest.max(Some(key)),
                        _ => waiting = waiting.max(Some(key)),
                    }
                }
            }
            Ok(newest.or(waiting).map(Id::from_key))
        })
    }

    /// The holder agrees; what comes back is the code.
    pub(crate) async fn agree(
        &self,
        id: Id,
        now: Moment,
    ) -> Result<(Authorization, Zeroizing<String>), AuthorizeError> {
        let found = self.step(id, move |found| Ok(found.agree(now.seconds.plus(CODE), now.seconds)?)).await?;
        Ok((found, self.seals.authorization(Of::Code, id)))
    }

    /// The holder says no, or has nothing to collect.
    pub(crate) async fn decline(&self, id: Id) -> Result<Authorization, AuthorizeError> {
        self.step(id, |found| Ok(found.decline()?)).await
    }

    /// Redeems a code. A second use revokes what the first one gave (RFC 6749 §4.1.2).
    pub(crate) async fn redeem(
        &self,
        code: &str,
        shown: Shown,
        now: Moment,
    ) -> Result<Offer, RedeemCodeError> {
        let id = self.seals.open_authorization(Of::Code, code).ok_or(CodeRefused::Unknown)?;
        let (fresh, most) = (Id::new(now.ms, &mut OsRng), self.most_offers);
        let noting = Noting::by_wallet(now);
        // What goes wrong here must be stored too: so the closure succeeds with an outcome.
        self.store
            .write_async(move |tx| {
                let mut found = tx.get(&AUTHORIZATIONS, id.key())?.ok_or(CodeRefused::Unknown)?;
                let offered = found.offer.unwrap_or(fresh);
                let application = match found.redeem(&shown, offered, now.seconds) {
                    Ok(application) => application,
                    Err(refused) => {
                        if let CodeRefused::Used { offer } = refused
                            && let Some(mut offer) = tx.get(&OFFERS, offer.key())?
                        {
                            offer.state = OfferState::Replaced;
                            tx.put(&OFFERS, offer.id.key(), &offer)?;
                        }
                        tx.put(&AUTHORIZATIONS, id.key(), &found)?;
                        return Ok(Err(refused.into()));
                    }
                };
                tx.put(&AUTHORIZATIONS, id.key(), &found)?;
                let Some(mut application) = tx.get(&APPLICATIONS, application.key())? else {
                    return Ok(Err(RedeemCodeError::Over));
                };
                let identifiers = if found.by_details { found.configurations.clone() } else { Vec::new() };
                let offer = match found.offer {
                    Some(offer) => match tx.get(&OFFERS, offer.key())? {
                        Some(offer) if matches!(offer.state, OfferState::Open { .. }) => {
                            Offer { state: OfferState::Redeemed { identifiers }, ..offer }
                        }
                        _ => return Ok(Err(RedeemCodeError::Over)),
                    },
                    None if application.offers >= most => return Ok(Err(RedeemCodeError::Over)),
                    None => {
                        application.offers = application.offers.saturating_add(1);
                        tx.put(&APPLICATIONS, application.id.key(), &application)?;
                        Offer::granted(fresh, application.id, found.configurations, identifiers)
                            .replacing(application.issued)
                    }
                };
                tx.put(&OFFERS, offer.id.key(), &offer)?;
                let deed = Deed::new("login-redeemed").about("offer", offer.id);
                noting.note(tx, deed.about("application", offer.application))?;
                Ok::<_, RedeemCodeError>(Ok(offer))
            })
            .await?
    }

    /// Whether a refresh token's offer still grants something, and may replace what was issued on it: a renewal, of which so
    /// many are made as of offers.
    pub(crate) async fn refresh(&self, offer: Id, now: Moment) -> Result<Offer, RedeemCodeError> {
        let noting = Noting::by_wallet(now);
        let most = self.most_offers;
        self.store
            .write_async(move |tx| {
                let offer = tx.get(&OFFERS, offer.key())?.ok_or(RedeemCodeError::Over)?;
                if !matches!(offer.state, OfferState::Redeemed { .. }) {
                    return Err(RedeemCodeError::Over);
                }
                let mut application =
                    tx.get(&APPLICATIONS, offer.application.key())?.ok_or(RedeemCodeError::Over)?;
                let mut replaces = application.issued.clone();
                replaces.retain(|configuration, _| offer.configurations.contains(configuration));
                if replaces.is_empty() || replaces == offer.replaces {
                    return Ok(offer);
                }
                if application.offers >= most {
                    return Err(RedeemCodeError::Over);
                }
                application.offers = application.offers.saturating_add(1);
                let offer = offer.replacing(replaces);
                tx.put(&APPLICATIONS, application.id.key(), &application)?;
                tx.put(&OFFERS, offer.id.key(), &offer)?;
                let deed = Deed::new("offer-renewed").about("offer", offer.id);
                noting.note(tx, deed.about("application", offer.application))?;
                Ok(offer)
            })
            .await
    }

    async fn step(
        &self,
        id: Id,
        change: impl FnOnce(&mut Authorization) -> Result<(), AuthorizeError> + Send + 'static,
    ) -> Result<Authorization, AuthorizeError> {
        self.store
            .write_async(move |tx| {
                let mut found = tx.get(&AUTHORIZATIONS, id.key())?.ok_or(AuthorizeError::Unknown)?;
                change(&mut found)?;
                tx.put(&AUTHORIZATIONS, id.key(), &found)?;
                Ok(found)
            })
            .await
    }
}

/// Forgets authorizations that can't go on any more.
pub(crate) async fn forget(store: &Store, now: Moment) -> Result<(), StoreError> {
    let oldest = u128::from(now.ms.saturating_sub(KEPT * 1000)) << 80;
    let page = store.page(&AUTHORIZATIONS, &Range::all(), FORGOTTEN_AT_ONCE)?;
    let over: Vec<_> = page.into_iter().map(|(key, _)| key).take_while(|key| *key < oldest).collect();
    if over.is_empty() {
        return Ok(());
    }
    store.write_async(move |tx| over.iter().try_for_each(|key| tx.remove(&AUTHORIZATIONS, *key))).await
}
