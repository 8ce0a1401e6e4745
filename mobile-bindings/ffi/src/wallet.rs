//! The wallet, as apps call it.

use std::{
    collections::HashMap,
    future::Future,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use wallet_core::ports::Zeroizing;

use crate::{
    cancel::CancelHandle,
    card::Card,
    config::WalletConfig,
    consent::{Consent, Presented, choice},
    error::WalletError,
    log::LogEntry,
    offer::{Offer, Received},
    ports::{Biometrics, Clock, HolderKeyStore, HttpClient, KeyProtection, device},
    text::each,
};

/// Whether there is a wallet in this folder.
#[uniffi::export]
pub fn wallet_exists(folder: String) -> bool {
    wallet_core::Wallet::exists(folder)
}

/// An open wallet, until it is locked: then every call throws `OpenWallet`, and the keys in memory are wiped.
///
/// It can be shared between threads and tasks. Cancelling a call ends its waiting, not what was begun: whether a card
/// came or claims left is in the log. Where the platform's own cancelling does not reach (Swift), see `until`.
#[derive(uniffi::Object)]
pub struct Wallet {
    open: Arc<RwLock<Option<Arc<wallet_core::Wallet>>>>,
    until: Option<Arc<CancelHandle>>,
}

impl Wallet {
    pub(crate) fn holding(wallet: wallet_core::Wallet) -> Self {
        Self { open: Arc::new(RwLock::new(Some(Arc::new(wallet)))), until: None }
    }

    pub(crate) fn unlocked(&self) -> Result<Arc<wallet_core::Wallet>, WalletError> {
        self.open.read().unwrap_or_else(PoisonError::into_inner).clone().ok_or(WalletError::OpenWallet)
    }

    /// The wallet, which is locked from here on.
    pub(crate) fn taken(&self) -> Option<Arc<wallet_core::Wallet>> {
        self.open.write().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// What the call gives, or `Cancelled` once the handle of `until` says so. For every call that waits for a network.
    pub(crate) async fn while_wanted<T>(
        &self,
        call: impl Future<Output = Result<T, WalletError>>,
    ) -> Result<T, WalletError> {
        match &self.until {
            Some(handle) => handle.or(call).await.unwrap_or(Err(WalletError::Cancelled)),
            None => call.await,
        }
    }
}

#[uniffi::export]
impl Wallet {
    /// Makes a new wallet in a folder of its own.
    #[uniffi::constructor(default(clock = None, biometrics = None))]
    pub async fn create(
        folder: String,
        pin: String,
        config: WalletConfig,
        keys: Arc<dyn HolderKeyStore>,
        http: Arc<dyn HttpClient>,
        clock: Option<Arc<dyn Clock>>,
        biometrics: Option<Arc<dyn Biometrics>>,
    ) -> Result<Self, WalletError> {
        let pin = Zeroizing::new(pin);
        let ports = device(keys, http, clock, biometrics);
        Ok(Self::holding(wallet_core::Wallet::create(folder, &pin, ports, config.try_into()?).await?))
    }

    /// Opens a wallet. A wrong PIN is counted on the disk, and tries are answered with growing delays.
    #[uniffi::constructor(default(clock = None, biometrics = None))]
    pub async fn open(
        folder: String,
        pin: String,
        config: WalletConfig,
        keys: Arc<dyn HolderKeyStore>,
        http: Arc<dyn HttpClient>,
        clock: Option<Arc<dyn Clock>>,
        biometrics: Option<Arc<dyn Biometrics>>,
    ) -> Result<Self, WalletError> {
        let pin = Zeroizing::new(pin);
        let ports = device(keys, http, clock, biometrics);
        Ok(Self::holding(wallet_core::Wallet::open(folder, &pin, ports, config.try_into()?).await?))
    }

    /// Locks the wallet: the keys in memory are wiped and the folder is free, once the calls under way have ended. Lock it
    /// when the app goes to the background; waiting for a platform to collect the object may take for ever.
    pub fn lock(&self) {
        drop(self.taken());
    }

    /// The same wallet, whose calls to the network end when the handle is cancelled.
    pub fn until(&self, handle: Arc<CancelHandle>) -> Arc<Self> {
        Arc::new(Self { open: Arc::clone(&self.open), until: Some(handle) })
    }

    /// How well the device keeps the keys.
    pub fn protection(&self) -> Result<KeyProtection, WalletError> {
        Ok(self.unlocked()?.protection().into())
    }

    /// Sets another PIN. The old one counts as a try.
    pub async fn change_pin(&self, old: String, new: String) -> Result<(), WalletError> {
        let (old, new) = (Zeroizing::new(old), Zeroizing::new(new));
        Ok(self.unlocked()?.change_pin(&old, &new).await?)
    }

    /// Looks at an offer: `openid-credential-offer://…`. Asks the issuer, and takes nothing yet.
    pub async fn preview_offer(&self, link: String) -> Result<Offer, WalletError> {
        let wallet = self.unlocked()?;
        self.while_wanted(async { Ok(Offer(wallet.preview_offer(&link).await?)) }).await
    }

    /// Takes an offer up: collects every credential of it, with a fresh key for each, checks each by the chain, and
    /// keeps what is good.
    #[uniffi::method(default(tx_code = None))]
    pub async fn receive(&self, offer: &Offer, tx_code: Option<String>) -> Result<Received, WalletError> {
        let tx_code = tx_code.map(Zeroizing::new);
        let code = tx_code.as_ref().map(|code| code.as_str());
        let wallet = self.unlocked()?;
        self.while_wanted(async { Ok(wallet.receive(&offer.0, code).await?.into()) }).await
    }

    /// All cards, the newest first, with their state by the evidence at hand. Asks nobody: see `refresh`.
    pub async fn cards(&self) -> Result<Vec<Card>, WalletError> {
        Ok(each(self.unlocked()?.cards()?))
    }

    /// One card; none if there is none of this id.
    pub async fn card(&self, id: String) -> Result<Option<Card>, WalletError> {
        Ok(self.unlocked()?.card(&id)?.map(Into::into))
    }

    /// Fetches the newest evidence for every card's state. When it fails, cards keep the evidence they have.
    pub async fn refresh(&self) -> Result<(), WalletError> {
        let wallet = self.unlocked()?;
        self.while_wanted(async { Ok(wallet.refresh().await?) }).await
    }

    /// Fetches the newest evidence for the cards of which some is older than `age`, and says how many cards that were. What an app does
    /// now and then while it is online, so that cards can be shown when it is not.
    pub async fn refresh_older_than(&self, age: Duration) -> Result<u64, WalletError> {
        let wallet = self.unlocked()?;
        self.while_wanted(async { Ok(wallet.refresh_older_than(age).await? as u64) }).await
    }

    /// Deletes a card, its credentials and their keys; of a card that can't be read, what is left of it. False if there is none of this
    /// id.
    pub async fn delete_card(&self, id: String) -> Result<bool, WalletError> {
        Ok(self.unlocked()?.delete_card(&id).await?)
    }

    /// Fetches the request behind a link (`openid4vp://…`), checks it and who asks by the chain, and works out what
    /// would leave. Nothing leaves before `present`.
    pub async fn review_request(&self, link: String) -> Result<Consent, WalletError> {
        let wallet = self.unlocked()?;
        self.while_wanted(async { Ok(wallet.review_request(&link).await?.into()) }).await
    }

    /// Sends what the holder agreed to. `choice` goes from question ids to the ids of the options that answer them: one, or several where the
    /// question is `multiple`. A question that it does not name is answered by its first option, unless it is optional: then it is not.
    /// Optional ones of one `set` are answered together once any of them is named.
    /// A request is answered once.
    #[uniffi::method(default(choice))]
    pub async fn present(
        &self,
        consent_id: String,
        choice: HashMap<String, Vec<String>>,
    ) -> Result<Presented, WalletError> {
        let choice = self::choice(choice)?;
        let wallet = self.unlocked()?;
        if self.until.as_ref().is_some_and(|handle| handle.is_cancelled()) {
            return Err(WalletError::Cancelled);
        }
        let presented =
            self.while_wanted(async { Ok(wallet.present(&consent_id, &choice).await?.into()) }).await;
        // It may be on its way already: that nothing left can't be promised any more.
        presented.map_err(|error| match error {
            WalletError::Cancelled if self.until.as_ref().is_some_and(|handle| handle.is_cancelled()) => {
                WalletError::AskVerifier { reason: "cancelled while it was sent".to_owned(), status: None }
            }
            error => error,
        })
    }

    /// Tells the verifier no. False if the request is not open any more.
    pub async fn decline(&self, consent_id: String) -> Result<bool, WalletError> {
        let wallet = self.unlocked()?;
        self.while_wanted(async { Ok(wallet.decline(&consent_id).await?) }).await
    }

    /// At most `limit` entries of the log, those before the entry `before` if it is given, the newest first.
    #[uniffi::method(default(before = None, limit = 50))]
    pub async fn log(&self, before: Option<String>, limit: u32) -> Result<Vec<LogEntry>, WalletError> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Ok(each(self.unlocked()?.log(before.as_deref(), limit)?))
    }

    /// Deletes an entry of the log. False if there is none of this id.
    pub async fn delete_log_entry(&self, id: String) -> Result<bool, WalletError> {
        Ok(self.unlocked()?.delete_log_entry(&id).await?)
    }
}
