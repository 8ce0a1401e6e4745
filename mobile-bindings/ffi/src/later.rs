//! What comes after a card was asked for: it takes time and is picked up, or it runs out and is renewed.

use std::time::SystemTime;

use wallet_core::ReceiveError;

use crate::{
    card::Card,
    error::WalletError,
    offer::{OfferedCredential, Received},
    text::{LocalText, each},
    time,
    wallet::Wallet,
};

/// A credential that is still to come: its issuer takes time, or collecting it stopped on the way.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct WaitedFor {
    /// Names it when it is given up, with all that came by the same offer.
    pub id: String,
    /// The issuer's address.
    pub issuer: String,
    /// The host in that address: what to show.
    pub issuer_host: String,
    /// What the issuer calls itself, if it does: not proven, and to be shown so.
    pub issuer_calls_itself: Option<LocalText>,
    /// Which.
    pub credential: OfferedCredential,
    /// From when on the issuer wants to be asked again, if it said so.
    pub ask_after: Option<SystemTime>,
}

/// What became of a credential that takes time.
#[derive(Clone, uniffi::Record)]
pub struct PickedUp {
    /// The issuer's address.
    pub issuer: String,
    /// The issuer's name for the credential.
    pub configuration: String,
    /// What became of it.
    pub outcome: PickUpOutcome,
}

/// How picking up went.
#[derive(Clone, uniffi::Enum)]
pub enum PickUpOutcome {
    /// It came.
    Came {
        /// The new cards.
        cards: Vec<Card>,
    },
    /// It still takes time: ask again later.
    StillWaiting,
    /// The issuer could not be asked, or gave no answer that can be used: ask again later.
    NotAsked {
        /// Why, in English, for the app's log.
        reason: String,
    },
    /// The issuer said no, or what came was thrown away. The wallet does not ask again: get a new offer.
    NotGiven {
        /// Why, in English, for the app's log.
        reason: String,
    },
}

#[uniffi::export]
impl Wallet {
    /// Asks issuers for what takes time (`WaitForIssuer`): once a day is often enough.
    pub async fn pick_up(&self) -> Result<Vec<PickedUp>, WalletError> {
        let wallet = self.unlocked()?;
        self.while_wanted(async { Ok(each(wallet.pick_up().await?)) }).await
    }

    /// What `pick_up` would ask for. Asks nobody.
    pub async fn waited_for(&self) -> Result<Vec<WaitedFor>, WalletError> {
        Ok(each(self.unlocked()?.waited_for()?))
    }

    /// Waits no more for this (`WaitedFor.id`): the wallet forgets it, and the keys that were made for it. What the issuer decides all
    /// the same goes nowhere. A card that was to be renewed stays. False if there is nothing of this id.
    pub async fn give_up(&self, id: String) -> Result<bool, WalletError> {
        Ok(self.unlocked()?.give_up(&id).await?)
    }

    /// Whether a card's issuer lets the wallet renew it by itself.
    pub async fn is_renewable(&self, card: String) -> Result<bool, WalletError> {
        Ok(self.unlocked()?.is_renewable(&card)?)
    }

    /// Renews a card, best some weeks before it expires: its issuer states anew what holds now, under fresh keys. The
    /// card before is deleted once the new one is there; when this fails, it stays.
    pub async fn renew(&self, card: String) -> Result<Received, WalletError> {
        let wallet = self.unlocked()?;
        self.while_wanted(async { Ok(wallet.renew(&card).await?.into()) }).await
    }
}

impl From<wallet_core::WaitedFor> for WaitedFor {
    fn from(waited: wallet_core::WaitedFor) -> Self {
        Self {
            id: waited.id,
            issuer: waited.issuer.as_str().to_owned(),
            issuer_host: waited.issuer.host(),
            issuer_calls_itself: waited.issuer_calls_itself.map(Into::into),
            credential: waited.offered.into(),
            ask_after: waited.ask_after.map(|at| time::from_millis(at.0)),
        }
    }
}

impl From<wallet_core::PickedUp> for PickedUp {
    fn from(picked: wallet_core::PickedUp) -> Self {
        let outcome = match picked.outcome {
            Ok(cards) => PickUpOutcome::Came { cards: each(cards) },
            Err(ReceiveError::Deferred) => PickUpOutcome::StillWaiting,
            Err(error) if picked.over => PickUpOutcome::NotGiven { reason: error.to_string() },
            Err(error) => PickUpOutcome::NotAsked { reason: error.to_string() },
        };
        Self { issuer: picked.issuer.as_str().to_owned(), configuration: picked.configuration, outcome }
    }
}
