//! The wallet: made, opened, asked.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use credentials::catalogue::Catalogue;
use protocol::Endpoint;
use registry::Hash32;

use crate::{
    card::{self, Card},
    chain::{Chain, ChainError},
    config::WalletConfig,
    context::Context,
    error::{CreateError, OpenError},
    held::{CARDS, StoredCard},
    index::Index,
    log::{self, Event, LOG, LogEntry, LogRecord},
    ports::{Ports, Protection},
    present::{self, Choice, ConsentRequest, Pending, PresentError, Presented, RequestRefused},
    receive::{
        self, AuthorizeError, LoginStarted, Offer, OfferRefused, PickedUp, ReceiveError, Received,
        WalletClient,
    },
    vault::{Sealed, Vault, VaultError, check_pin},
    web::Web,
};

/// The chain that a wallet belongs to.
const CHAIN: Sealed<Hash32> = Sealed::new("chain");
const ONLY: &str = "";
/// Requests that wait for the holder at the same time; the oldest are forgotten beyond.
const MAX_PENDING: usize = 16;

/// An open wallet. Dropping it locks it: the keys in memory are wiped.
///
/// It can be shared between tasks. Nothing in it needs an async runtime of a certain kind.
pub struct Wallet {
    context: Context,
    client: WalletClient,
    pending: Mutex<BTreeMap<u64, (String, Arc<Pending>)>>,
}

impl Wallet {
    /// Whether there is a wallet in this folder.
    #[must_use]
    pub fn exists(path: impl AsRef<Path>) -> bool {
        store::Store::exists(path)
    }

    /// Makes a new wallet in a folder of its own.
    ///
    /// # Errors
    /// [`CreateError`].
    pub async fn create(
        path: impl AsRef<Path>,
        pin: &str,
        ports: Ports,
        config: WalletConfig,
    ) -> Result<Self, CreateError> {
        check_pin(pin)?;
        let vault = Vault::create(path.as_ref(), pin, &ports, config.pin_cost).await?;
        let chain_id = config.anchor.chain_id;
        vault.write(move |tx| tx.put(&CHAIN, ONLY, &chain_id)).await?;
        Ok(Self::with(vault, ports, config, catalogue()?))
    }

    /// Opens a wallet. A wrong PIN is counted on the disk, and tries are answered with growing delays.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn open(
        path: impl AsRef<Path>,
        pin: &str,
        ports: Ports,
        config: WalletConfig,
    ) -> Result<Self, OpenError> {
        let vault = Vault::unlock(path.as_ref(), pin, &ports).await?;
        match vault.get(&CHAIN, ONLY)? {
            Some(chain) if chain != config.anchor.chain_id => return Err(OpenError::OtherChain),
            Some(_) => {}
            None => {
                // Creation was interrupted after the vault was made.
                let chain_id = config.anchor.chain_id;
                vault.write(move |tx| tx.put(&CHAIN, ONLY, &chain_id)).await?;
            }
        }
        Ok(Self::with(vault, ports, config, catalogue()?))
    }

    fn with(vault: Vault, ports: Ports, config: WalletConfig, catalogue: &'static Catalogue) -> Self {
        let client = config.client;
        let web = Web(Arc::clone(&ports.http));
        let chain = Chain {
            anchor: Arc::new(config.anchor),
            node: config.node,
            fresh: config.fresh,
            trusting: config.trusting,
            web: web.clone(),
            clock: Arc::clone(&ports.clock),
            light: Arc::default(),
        };
        let context = Context {
            ports,
            web,
            chain,
            vault,
            index: Index::default(),
            catalogue,
            stale: config.stale,
            shows_confirmations: config.shows_confirmations,
        };
        Self { context, client, pending: Mutex::new(BTreeMap::new()) }
    }

    /// How well the device keeps the keys.
    #[must_use]
    pub fn protection(&self) -> Protection {
        self.context.ports.keys.protection()
    }

    /// Sets another PIN. The old one counts as a try.
    ///
    /// # Errors
    /// [`OpenError`] as for opening; [`OpenError::PinTooWeak`] for the new one.
    pub async fn change_pin(&self, old: &str, new: &str) -> Result<(), OpenError> {
        check_pin(new)?;
        Ok(self.context.vault.change_pin(old, new, &self.context.ports).await?)
    }

    /// Looks at an offer: `openid-credential-offer://…`. Asks the issuer, and takes nothing yet.
    ///
    /// # Errors
    /// [`OfferRefused`].
    pub async fn preview_offer(&self, link: &str) -> Result<Offer, OfferRefused> {
        receive::preview(&self.context, link).await
    }

    /// Takes an offer up: collects every credential of it that this wallet knows, with a fresh key for each, checks each
    /// by the chain, and keeps what is good.
    ///
    /// # Errors
    /// [`ReceiveError`] when nothing was kept.
    pub async fn receive(&self, offer: &Offer, tx_code: Option<&str>) -> Result<Received, ReceiveError> {
        receive::receive(&self.context, offer, tx_code).await
    }

    /// Asks an issuer what it issues, without an offer. What comes can be had by [`Wallet::begin_login`].
    ///
    /// # Errors
    /// [`OfferRefused`].
    pub async fn preview_issuer(&self, issuer: &Endpoint) -> Result<Offer, OfferRefused> {
        receive::of_issuer(&self.context, issuer).await
    }

    /// Begins to collect by logging in at the issuer's. `configurations` are of one type; all of the offer if empty.
    ///
    /// # Errors
    /// [`AuthorizeError`].
    pub async fn begin_login(
        &self,
        offer: &Offer,
        configurations: &[String],
    ) -> Result<LoginStarted, AuthorizeError> {
        let all: Vec<String> =
            offer.credentials().iter().map(|offered| offered.configuration.clone()).collect();
        let configurations = if configurations.is_empty() { &all } else { configurations };
        receive::begin_login(&self.context, &self.client, offer, configurations).await
    }

    /// Goes on with a login whose browser came back to the wallet's redirect URI at `address`, and collects.
    ///
    /// # Errors
    /// [`AuthorizeError`]; nothing was kept.
    pub async fn finish_login(&self, address: &str) -> Result<Received, AuthorizeError> {
        receive::finish_login(&self.context, address).await
    }

    /// Asks issuers for what they said takes time ([`ReceiveError::Deferred`]): once a day is often enough.
    ///
    /// # Errors
    /// [`VaultError`]; what went wrong with one issuer is in its own outcome.
    pub async fn pick_up(&self) -> Result<Vec<PickedUp>, VaultError> {
        receive::pick_up(&self.context).await
    }

    /// Whether a card's issuer lets the wallet renew it by itself.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn is_renewable(&self, card: &str) -> Result<bool, VaultError> {
        Ok(self.context.vault.get(&CARDS, card)?.is_some_and(|card| card.renewal.is_some()))
    }

    /// Renews a card, best some weeks before it expires: its issuer states anew what holds now, under fresh keys. The card
    /// before is revoked by the issuer, and deleted here once the new one is there.
    ///
    /// # Errors
    /// [`ReceiveError`]; the card stays then. [`ReceiveError::Demands`]: it can't be renewed so, ask for a new offer.
    pub async fn renew(&self, card: &str) -> Result<Received, ReceiveError> {
        let received = receive::renew(&self.context, card).await?;
        if received.failed.is_empty() {
            self.delete_card(card).await?;
        }
        Ok(received)
    }

    /// All cards, the newest first, with their state by the evidence at hand. Asks nobody: see [`Wallet::refresh`].
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn cards(&self) -> Result<Vec<Card>, VaultError> {
        let mut stored = self.context.vault.all(&CARDS)?;
        stored.sort_by_key(|(_, card)| std::cmp::Reverse(card.received));
        let states = self.context.states(stored.iter().map(|(_, card)| card))?;
        stored.iter().zip(states).map(|((id, card), state)| self.show(id, card, state)).collect()
    }

    /// One card; `None` if there is none of this id.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn card(&self, id: &str) -> Result<Option<Card>, VaultError> {
        let Some(stored) = self.context.vault.get(&CARDS, id)? else { return Ok(None) };
        let state = self.context.state(&stored)?;
        self.show(id, &stored, state).map(Some)
    }

    fn show(&self, id: &str, stored: &StoredCard, state: card::CardState) -> Result<Card, VaultError> {
        let kind =
            self.context.catalogue.by_id(stored.kind.as_str()).ok_or(VaultError::OtherForm("cards"))?;
        card::show(id, stored, kind, state)
    }

    /// Fetches the newest evidence for every card's state.
    ///
    /// # Errors
    /// [`ChainError`]; the cards then keep the evidence they have, and show its age.
    pub async fn refresh(&self) -> Result<(), ChainError> {
        let cards = self.context.vault.all(&CARDS)?;
        let mut keys: Vec<_> = cards.iter().flat_map(|(_, card)| card::facts_needed(card)).collect();
        keys.sort();
        keys.dedup();
        self.context.chain.facts(&self.context.vault, &keys).await?;
        self.context.further_facts(cards.iter().map(|(_, card)| card)).await
    }

    /// Deletes a card, its credentials and their keys. `false` if there is none of this id.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn delete_card(&self, id: &str) -> Result<bool, VaultError> {
        let Some(stored) = self.context.vault.get(&CARDS, id)? else { return Ok(false) };
        let kind =
            self.context.catalogue.by_id(stored.kind.as_str()).ok_or(VaultError::OtherForm("cards"))?;
        let event =
            Event::Deleted { label: card::local(&kind.label), issuer_name: stored.issuer_name.clone() };
        let (at, key) = (self.context.now(), id.to_owned());
        self.context
            .vault
            .write(move |tx| {
                tx.remove(&CARDS, &key)?;
                log::add(tx, at, event)
            })
            .await?;
        self.context.index.remove(id);
        for credential in &stored.credentials {
            if self.context.ports.keys.delete(&credential.key).await.is_err() {
                tracing::warn!("the key of a deleted card could not be deleted");
            }
        }
        if let Some(renewal) = &stored.renewal {
            receive::forget_unless_needed(&self.context, renewal.key()).await?;
        }
        Ok(true)
    }

    /// Fetches the request behind a link (`openid4vp://…`), checks it and who asks by the chain, and works out what
    /// would leave. Nothing leaves before [`Wallet::present`].
    ///
    /// # Errors
    /// [`RequestRefused`]: the wallet refuses by itself, and the log says so.
    pub async fn review_request(&self, link: &str) -> Result<ConsentRequest, RequestRefused> {
        let (consent, pending) = present::review(&self.context, link).await?;
        let mut open = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        let number = open.last_key_value().map_or(0, |(last, _)| last + 1);
        open.insert(number, (consent.id.clone(), Arc::new(pending)));
        while open.len() > MAX_PENDING {
            open.pop_first();
        }
        Ok(consent)
    }

    /// Sends what the holder agreed to. A request is answered once.
    ///
    /// # Errors
    /// [`PresentError`]; each says whether anything left.
    pub async fn present(&self, consent: &str, choice: &Choice) -> Result<Presented, PresentError> {
        let pending = self.find(consent, false).ok_or(PresentError::NotOpen)?;
        let presented = present::present(&self.context, &pending, choice).await;
        // While nothing has left, the holder can still change her mind.
        let open = matches!(presented, Err(PresentError::NotAnOption(_) | PresentError::Keys(_)));
        if !open {
            self.find(consent, true);
        }
        presented
    }

    /// Tells the verifier no. `false` if the request is not open any more.
    ///
    /// # Errors
    /// [`VaultError`] when it could not be noted.
    pub async fn decline(&self, consent: &str) -> Result<bool, VaultError> {
        match self.find(consent, true) {
            Some(pending) => present::decline(&self.context, &pending).await.map(|()| true),
            None => Ok(false),
        }
    }

    fn find(&self, consent: &str, remove: bool) -> Option<Arc<Pending>> {
        let mut open = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        let number = open.iter().find(|(_, (id, _))| id == consent).map(|(number, _)| *number)?;
        let pending = if remove { open.remove(&number) } else { open.get(&number).cloned() };
        pending.map(|(_, pending)| pending)
    }

    /// At most `limit` entries of the log before the entry `before`, the newest first.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn log(&self, before: Option<&str>, limit: usize) -> Result<Vec<LogEntry>, VaultError> {
        let page = self.context.vault.page_back(&LOG, before, limit)?;
        Ok(page.into_iter().map(|(id, LogRecord { at, event })| LogEntry { id, at, event }).collect())
    }

    /// Deletes an entry of the log. `false` if there is none of this id.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn delete_log_entry(&self, id: &str) -> Result<bool, VaultError> {
        let key = id.to_owned();
        self.context
            .vault
            .write(move |tx| {
                let there = tx.get(&LOG, &key)?.is_some();
                tx.remove(&LOG, &key)?;
                Ok(there)
            })
            .await
    }
}

/// Built in; its own crate's tests see to it that it can be read.
fn catalogue() -> Result<&'static Catalogue, VaultError> {
    Catalogue::bundled().map_err(|_| VaultError::OtherForm("catalogue"))
}
