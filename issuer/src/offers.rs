//! Offers: making them for who applied, and redeeming their codes for whoever holds both halves.

use std::sync::Arc;

use rand_core::OsRng;
use store::{Store, StoreError};

use crate::audit::{Deed, Note as _, Noting};
use crate::clock::Moment;
use crate::config::Policy;
use crate::model::{Actor, Id, Offer, OfferState, Redemption, State};
use crate::reissue::waits_for_revocation;
use crate::seals::Seals;
use crate::tables::{APPLICATIONS, OFFERS};

/// Offers and what is done with them.
#[derive(Clone)]
pub(crate) struct Offers {
    store: Store,
    seals: Arc<Seals>,
    policy: Policy,
}

/// Why no offer can be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CollectError {
    /// There is no such application.
    #[error("there is no such application")]
    Unknown,
    /// It is not approved (yet).
    #[error("the application is not approved")]
    NotApproved(State),
    /// What it corrects is not revoked yet: nothing takes its place before it is.
    #[error("what it corrects is not revoked yet")]
    NotYetRevoked,
    /// Another application has taken its place.
    #[error("another application has taken its place")]
    Corrected,
    /// Everything on it was collected. Whoever lost it asks for a new offer.
    #[error("everything on this application was collected")]
    Collected,
    /// So many offers were made that no more will be.
    #[error("too many offers were made on this application")]
    TooMany,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a code was not redeemed. What differs here is the same to whoever asks, except for a wrong transaction code.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RedeemError {
    /// The code is not one of ours, or its offer is gone, used, replaced or expired.
    #[error("the pre-authorized code is unknown, used or expired")]
    Code,
    /// The transaction code is wrong; `left` attempts remain.
    #[error("the transaction code is wrong")]
    TxCode {
        /// Attempts left.
        left: u8,
    },
    /// Too many wrong transaction codes: the applicant must ask for a new offer.
    #[error("too many wrong transaction codes")]
    Locked,
    /// A credential configuration was asked for that the offer doesn't grant.
    #[error("the offer does not grant what was asked for")]
    NotGranted,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Offers {
    pub(crate) fn new(store: Store, seals: Arc<Seals>, policy: Policy) -> Self {
        Self { store, seals, policy }
    }

    /// The offer of this name.
    pub(crate) fn find(&self, id: Id) -> Result<Option<Offer>, StoreError> {
        self.store.get(&OFFERS, id.key())
    }

    /// The application's open offer; a new one if it has none or `renew` asks for it, which ends the one before.
    /// `configurations` are those that the application's type has.
    ///
    /// An offer made by `renew` covers what was collected before too: whoever lost an answer, or the phone, gets it
    /// again, and what stood there before is revoked. Any other covers what is left.
    pub(crate) async fn collect(
        &self,
        application: Id,
        configurations: Vec<String>,
        renew: bool,
        now: Moment,
    ) -> Result<Offer, CollectError> {
        if !renew && let Some(open) = self.open_offer(application, now)? {
            return Ok(open);
        }
        let id = Id::new(now.ms, &mut OsRng);
        let lifetime = i64::try_from(self.policy.offer_lifetime.as_secs()).unwrap_or(i64::MAX);
        let expires_at = now.seconds.plus(lifetime);
        let most = self.policy.offers_per_application;
        let noting = Noting::by(&Actor::Applicant, now);
        self.store
            .write_async(move |tx| {
                let mut found = tx.get(&APPLICATIONS, application.key())?.ok_or(CollectError::Unknown)?;
                if !found.state.is_collectable() {
                    return Err(CollectError::NotApproved(found.state));
                }
                if found.corrected_by.is_some() {
                    return Err(CollectError::Corrected);
                }
                if waits_for_revocation(tx, &found)? {
                    return Err(CollectError::NotYetRevoked);
                }
                if let Some(before) = found.offer
                    && let Some(mut before) = tx.get(&OFFERS, before.key())?
                {
                    if !renew && before.is_open(now.seconds) {
                        return Ok(before);
                    }
                    if found.offers >= most {
                        return Err(CollectError::TooMany);
                    }
                    // A redeemed offer keeps its token: its wallet may be collecting just now.
                    if matches!(before.state, OfferState::Open { .. }) {
                        before.state = OfferState::Replaced;
                        tx.put(&OFFERS, before.id.key(), &before)?;
                    }
                }
                let mut covered = configurations;
                if !renew {
                    covered.retain(|configuration| !found.issued.contains_key(configuration));
                }
                if covered.is_empty() {
                    return Err(CollectError::Collected);
                }
                let mut offer = Offer::open(id, application, covered, expires_at);
                if renew {
                    offer = offer.replacing(found.issued.clone());
                }
                found.offer = Some(id);
                found.offers = found.offers.saturating_add(1);
                tx.put(&OFFERS, id.key(), &offer)?;
                tx.put(&APPLICATIONS, application.key(), &found)?;
                noting
                    .note(tx, Deed::new("offer-made").about("offer", id).about("application", application))?;
                Ok(offer)
            })
            .await
    }

    /// Redeems a pre-authorized code. `identifiers` are the credential configurations asked for by
    /// `authorization_details`, empty if none. Of many who try at once, one gets it.
    pub(crate) async fn redeem(
        &self,
        code: &str,
        tx_code: &str,
        identifiers: Vec<String>,
        now: Moment,
    ) -> Result<Offer, RedeemError> {
        let id = self.seals.open_code(code).ok_or(RedeemError::Code)?;
        let code_is_right = self.seals.is_tx_code(id, tx_code);
        let noting = Noting::by_wallet(now);
        // A wrong code must be counted even though the caller is refused: so the closure succeeds with an outcome.
        let (outcome, offer) = self
            .store
            .write_async(move |tx| {
                let mut offer = tx.get(&OFFERS, id.key())?.ok_or(RedeemError::Code)?;
                if identifiers.iter().any(|wanted| !offer.configurations.contains(wanted)) {
                    return Err(RedeemError::NotGranted);
                }
                let outcome = offer.redeem(code_is_right, identifiers, now.seconds);
                if matches!(outcome, Redemption::Granted | Redemption::WrongCode { .. }) {
                    tx.put(&OFFERS, id.key(), &offer)?;
                    let granted = matches!(outcome, Redemption::Granted);
                    let what = if granted { "offer-redeemed" } else { "offer-code-wrong" };
                    noting.note(tx, Deed::new(what).about("offer", id))?;
                }
                Ok::<_, RedeemError>((outcome, offer))
            })
            .await?;
        match outcome {
            Redemption::Granted => Ok(offer),
            Redemption::WrongCode { left: 0 } | Redemption::Locked => Err(RedeemError::Locked),
            Redemption::WrongCode { left } => Err(RedeemError::TxCode { left }),
            Redemption::Used | Redemption::Expired | Redemption::Replaced => Err(RedeemError::Code),
        }
    }

    fn open_offer(&self, application: Id, now: Moment) -> Result<Option<Offer>, CollectError> {
        self.store.read(|view| {
            let found = view.get(&APPLICATIONS, application.key())?.ok_or(CollectError::Unknown)?;
            let Some(offer) = found.offer else { return Ok(None) };
            Ok(view.get(&OFFERS, offer.key())?.filter(|offer| offer.is_open(now.seconds)))
        })
    }
}
