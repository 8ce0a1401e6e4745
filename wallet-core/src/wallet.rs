//! The wallet: made, opened, asked.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use credentials::catalogue::Catalogue;
use protocol::{Endpoint, offline::FrameSize};
use registry::{Hash32, UnixMillis};

use crate::{
    backup,
    card::{Card, CardState, Face},
    chain::{Chain, ChainError},
    config::WalletConfig,
    context::Context,
    error::{CreateError, OpenError},
    faces,
    held::{CARDS, StoredCard},
    index::Index,
    log::{LOG, LogEntry, LogRecord},
    ports::{Ports, Protection},
    present::{
        self, Choice, ConsentRequest, Link, OfflineCode, Pending, PresentError, Presented, RequestRefused,
    },
    receive::{
        self, AuthorizeError, LoginStarted, Offer, OfferRefused, PickedUp, ReceiveError, Received, WaitedFor,
        WalletClient,
    },
    schema,
    vault::{GoesWith, NotUnlocked, Sealed, Vault, VaultError, VaultTx, check_pin},
    web::Web,
};

/// The chain that a wallet belongs to.
const CHAIN: Sealed<Hash32> = Sealed::new("chain");
const ONLY: &str = "";
/// Requests that wait for the holder at the same time; the oldest are forgotten beyond.
const MAX_PENDING: usize = 16;

/// What is left of a damaged wallet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovered {
    /// Cards that are there and whole.
    pub cards: usize,
    /// Cards that could not be read. Collect them again.
    pub cards_lost: usize,
    /// Entries of the log that could not be read.
    pub log_entries_lost: usize,
    /// Other records that could not be read: evidence, what is fetched anew.
    pub others_lost: usize,
    /// Records are missing altogether, or are older than they were, or nobody can tell whether: which, nobody can say.
    pub incomplete: bool,
}

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

    /// Makes a new wallet in a folder of its own, which this makes: it is made beside, and put there whole.
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
        backup::sweep(path.as_ref(), ports.keys.as_ref()).await;
        let vault = Vault::create(path.as_ref(), pin, &ports, config.pin_cost).await?;
        let chain_id = config.anchor.chain_id;
        vault.write(move |tx| tx.put(&CHAIN, ONLY, &chain_id)).await?;
        let catalogue = catalogue()?;
        schema::migrate(&vault, catalogue).await?;
        Ok(Self::with(path.as_ref(), vault, ports, config, catalogue))
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
        let vault = Vault::unlock(path.as_ref(), pin, &ports, config.wipe_after).await;
        Self::opened(path.as_ref(), vault, ports, config).await
    }

    /// What is to be done once a vault was unlocked, or is to be wiped.
    pub(crate) async fn opened(
        path: &Path,
        vault: Result<Vault, NotUnlocked>,
        ports: Ports,
        config: WalletConfig,
    ) -> Result<Self, OpenError> {
        backup::sweep(path, ports.keys.as_ref()).await;
        let vault = match vault {
            Err(NotUnlocked::TooOften) => return Err(Self::wiped(path)),
            Err(NotUnlocked::Empty) => {
                // Nothing is lost by it, and a wallet can be made there again.
                if Self::erase_locked(path).is_err() {
                    tracing::warn!("the empty folder of a wallet could not be removed");
                }
                return Err(OpenError::NoWallet);
            }
            outcome => outcome?,
        };
        match vault.get(&CHAIN, ONLY)? {
            Some(chain) if chain != config.anchor.chain_id => return Err(OpenError::OtherChain),
            Some(_) => {}
            None => {
                // Creation was interrupted after the vault was made.
                let chain_id = config.anchor.chain_id;
                vault.write(move |tx| tx.put(&CHAIN, ONLY, &chain_id)).await?;
            }
        }
        let catalogue = catalogue()?;
        schema::migrate(&vault, catalogue).await?;
        let wallet = Self::with(path, vault, ports, config, catalogue);
        receive::sweep(&wallet.context).await?;
        Ok(wallet)
    }

    fn wiped(path: &Path) -> OpenError {
        // Failing to remove the files changes nothing: the next to open it tries again.
        if Self::erase_locked(path).is_err() {
            tracing::warn!("a wallet that is to be wiped could not be removed");
        }
        OpenError::Wiped
    }

    /// Opens a damaged wallet ([`OpenError::Damaged`]) with what of it can be read, and says what can't. What is
    /// unreadable is removed, so the wallet opens as usual afterwards. Make a copy of the folder first.
    ///
    /// # Errors
    /// [`OpenError`]; [`OpenError::Damaged`] when not even the keys are there: restore from a backup.
    pub async fn recover(
        path: impl AsRef<Path>,
        pin: &str,
        ports: Ports,
        config: WalletConfig,
    ) -> Result<(Self, Recovered), OpenError> {
        let goes_with = GoesWith { table: faces::TABLE, of: "cards" };
        let repaired = match Vault::repair(path.as_ref(), pin, &ports, config.wipe_after, goes_with).await {
            Err(NotUnlocked::TooOften) => return Err(Self::wiped(path.as_ref())),
            repaired => repaired?.1,
        };
        let wallet = Self::open(path, pin, ports, config).await?;
        let vault = &wallet.context.vault;
        // What is authentic and of another form is of no more use than what is not authentic.
        let (bad_cards, bad_entries) = (vault.unreadable(&CARDS)?, vault.unreadable(&LOG)?);
        let lost = |table: &str| repaired.unreadable.get(table).copied().unwrap_or_default();
        let (cards_lost, log_entries_lost) = (lost("cards"), lost("log"));
        let total: usize = repaired.unreadable.values().sum();
        let cards = vault.all(&CARDS)?;
        let recovered = Recovered {
            cards: cards.len(),
            cards_lost: cards_lost + bad_cards.len(),
            log_entries_lost: log_entries_lost + bad_entries.len(),
            others_lost: total - cards_lost - log_entries_lost,
            incomplete: repaired.incomplete,
        };
        let strays = faces::strays(vault, &cards)?;
        let catalogue = wallet.context.catalogue;
        let tidy = move |tx: &mut VaultTx<'_, '_>| {
            bad_cards.iter().try_for_each(|id| tx.remove(&CARDS, id))?;
            bad_entries.iter().try_for_each(|id| tx.remove(&LOG, id))?;
            faces::rebuild(tx, catalogue, &cards, &strays)
        };
        vault.write(tidy).await?;
        Ok((wallet, recovered))
    }

    pub(crate) fn context(&self) -> &Context {
        &self.context
    }

    fn with(
        path: &Path,
        vault: Vault,
        ports: Ports,
        config: WalletConfig,
        catalogue: &'static Catalogue,
    ) -> Self {
        let client = config.client;
        let web = Web { http: Arc::clone(&ports.http), inside: config.node.is_internal() };
        let chain = Chain {
            anchor: Arc::new(config.anchor),
            node: config.node,
            fresh: config.fresh,
            trusting: config.trusting,
            web: web.clone(),
            clock: Arc::clone(&ports.clock),
            known: Arc::default(),
        };
        let context = Context {
            ports,
            web,
            chain,
            vault,
            index: Index::default(),
            under_way: receive::UnderWay::default(),
            shown: Arc::default(),
            catalogue,
            stale: config.stale,
            path: path.to_owned(),
            pin_cost: config.pin_cost,
            shows_confirmations: config.shows_confirmations,
            links: config.links,
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
    /// by the chain, and keeps what is good. Ended in the middle, the same call or [`Wallet::pick_up`] goes on where it stopped.
    ///
    /// # Errors
    /// [`ReceiveError`] when nothing was kept. One that [passes](ReceiveError::is_passing) has not used the offer up.
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

    /// Asks issuers for what they said takes time ([`ReceiveError::Deferred`]), and goes on with what stopped on the way: when
    /// the app is opened, and once a day.
    ///
    /// # Errors
    /// [`VaultError`]; what went wrong with one issuer is in its own outcome.
    pub async fn pick_up(&self) -> Result<Vec<PickedUp>, VaultError> {
        receive::pick_up(&self.context).await
    }

    /// What [`Wallet::pick_up`] would ask for: what issuers take time for, and what stopped on the way. Asks nobody.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn waited_for(&self) -> Result<Vec<WaitedFor>, VaultError> {
        receive::waited_for(&self.context)
    }

    /// Waits no more for [this](WaitedFor::id): the wallet forgets it, and the keys that were made for it. What the issuer decides all
    /// the same goes nowhere; ask for a new offer. A card that was to be renewed stays. `false` if there is nothing of this id.
    ///
    /// # Errors
    /// [`ReceiveError::UnderWay`] while the issuer is being asked; [`ReceiveError::Vault`].
    pub async fn give_up(&self, id: &str) -> Result<bool, ReceiveError> {
        receive::give_up(&self.context, id).await
    }

    /// Whether a card's issuer lets the wallet renew it by itself.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn is_renewable(&self, card: &str) -> Result<bool, VaultError> {
        Ok(self.context.vault.get_readable(&CARDS, card)?.is_some_and(|card| card.renewal.is_some()))
    }

    /// Renews a card, best some weeks before it expires: its issuer states anew what holds now, under fresh keys. The card
    /// before is revoked by the issuer, and deleted here with the write that keeps the new one. A renewal that stopped on the way
    /// goes on where it stopped.
    ///
    /// # Errors
    /// [`ReceiveError`]; the card stays then. [`ReceiveError::Demands`]: it can't be renewed so, ask for a new offer.
    pub async fn renew(&self, card: &str) -> Result<Received, ReceiveError> {
        receive::renew(&self.context, card).await
    }

    /// All cards, the newest first, with their state by the evidence at hand. Asks nobody: see [`Wallet::refresh`]. Nor does it
    /// open a card: see [`Wallet::unreadable_cards`].
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn cards(&self) -> Result<Vec<Card>, VaultError> {
        self.cards_page(None, usize::MAX)
    }

    /// The ids of the cards that are there and can't be read: the disk, or somebody, changed them. They can't be shown to anybody,
    /// and no backup has them; their holder collects them again, and [deletes](Wallet::delete_card) what is left. Opens every
    /// card, so ask once after the first list is there: lists then say [`CardState::Damaged`] of them.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn unreadable_cards(&self) -> Result<Vec<String>, VaultError> {
        let mut unreadable = Vec::new();
        self.context.vault.each(&CARDS, |id, card| {
            if card.is_none_or(|card| Face::of(&card, self.context.catalogue).is_err()) {
                self.context.index.note_damaged(id.clone());
                unreadable.push(id);
            }
        })?;
        Ok(unreadable)
    }

    /// At most `limit` of [all cards](Wallet::cards), after the card `after`: a long list shows at once. An `after` that is gone
    /// begins from the start.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn cards_page(&self, after: Option<&str>, limit: usize) -> Result<Vec<Card>, VaultError> {
        let context = &self.context;
        let ids = context.index.find(&context.vault, |_, _| true)?;
        let from = after.and_then(|after| ids.iter().position(|id| id == after)).map_or(0, |at| at + 1);
        let mut page = Vec::with_capacity(limit.min(ids.len()));
        for id in ids.into_iter().skip(from) {
            if page.len() == limit {
                break;
            }
            // Deleted this very moment, or of a type that this version does not know, otherwise.
            if let Some(face) = context.face(&id)?
                && let Some(kind) = context.catalogue.by_id(face.kind.as_str())
            {
                page.push((id, face, kind));
            }
        }
        let states = context.states(page.iter().map(|(_, face, _)| face))?;
        let shown = page.iter().zip(states).map(|((id, face, kind), state)| {
            let state = if context.index.is_damaged(id) { CardState::Damaged } else { state };
            face.show(id, kind, state)
        });
        Ok(shown.collect())
    }

    /// One card; `None` if there is none of this id. It is opened: one that is [damaged](CardState::Damaged) is shown by its face.
    ///
    /// # Errors
    /// [`VaultError`]; [`VaultError::Tampered`] when nothing of the card can be read.
    pub fn card(&self, id: &str) -> Result<Option<Card>, VaultError> {
        let context = &self.context;
        let stored = context.vault.get(&CARDS, id);
        let damage = match stored.and_then(|stored| stored.map(|card| self.shown(id, &card)).transpose()) {
            Err(damage) if damage.is_of_one_record() => damage,
            shown => return shown,
        };
        context.index.note_damaged(id.to_owned());
        let face = context.face(id)?;
        let kind = face.as_ref().and_then(|face| context.catalogue.by_id(face.kind.as_str()));
        let left = face.zip(kind).map(|(face, kind)| face.show(id, kind, CardState::Damaged));
        left.map(Some).ok_or(damage)
    }

    /// A card as its credentials have it.
    pub(crate) fn shown(&self, id: &str, stored: &StoredCard) -> Result<Card, VaultError> {
        let catalogue = self.context.catalogue;
        let face = Face::of(stored, catalogue)?;
        let kind = catalogue.by_id(stored.kind.as_str()).ok_or(VaultError::OtherForm("cards"))?;
        Ok(face.show(id, kind, self.context.state(&face)?))
    }

    /// Fetches the newest evidence for every card's state.
    ///
    /// # Errors
    /// [`ChainError`]; the cards then keep the evidence they have, and show its age.
    pub async fn refresh(&self) -> Result<(), ChainError> {
        self.refresh_older_than(Duration::ZERO).await.map(drop)
    }

    /// Fetches the newest evidence for the cards of which some is older than this: what an app does now and then while it
    /// is online, so that there is something to staple when it is not. Says how many cards that were.
    ///
    /// # Errors
    /// As [`Wallet::refresh`].
    pub async fn refresh_older_than(&self, age: Duration) -> Result<usize, ChainError> {
        let context = &self.context;
        let cards = context.faces()?;
        let refreshed = context.refresh(cards.iter().map(|(_, face)| face).collect(), age).await?;
        if refreshed > 0 {
            // Once a day or so: what is kept of verifiers must not grow for ever.
            let stale = u64::try_from(context.stale.as_millis()).unwrap_or(u64::MAX);
            context.forget_strangers(UnixMillis(context.now().0.saturating_sub(stale))).await?;
        }
        Ok(refreshed)
    }

    /// Deletes a card, its credentials and their keys, and what was begun to renew it; of a card that can't be read, what is left of
    /// it. `false` if there is none of this id.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn delete_card(&self, id: &str) -> Result<bool, VaultError> {
        let context = &self.context;
        let (at, catalogue, key) = (context.now(), context.catalogue, id.to_owned());
        let writing = context.index.begin();
        let deleted = context.vault.write(move |tx| receive::delete_card(tx, catalogue, at, &key)).await?;
        writing.made([], [id]);
        receive::sweep(context).await?;
        for key in &deleted.token_keys {
            receive::forget_unless_needed(context, key).await?;
        }
        if deleted.existed {
            context.forget_strangers(UnixMillis(u64::MAX)).await?;
        }
        Ok(deleted.existed)
    }

    /// Fetches the request behind a link (`openid4vp://…`), checks it and who asks by the chain, and works out what
    /// would leave. Nothing leaves before [`Wallet::present`].
    ///
    /// # Errors
    /// [`RequestRefused`]: the wallet refuses by itself, and the log says so.
    pub async fn review_request(&self, link: &str) -> Result<ConsentRequest, RequestRefused> {
        let (consent, pending) = present::review(&self.context, link).await?;
        self.keep_open(&consent, pending);
        Ok(consent)
    }

    fn keep_open(&self, consent: &ConsentRequest, pending: Pending) {
        let mut open = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        let number = open.last_key_value().map_or(0, |(last, _)| last + 1);
        open.insert(number, (consent.id.clone(), Arc::new(pending)));
        while open.len() > MAX_PENDING {
            open.pop_first();
        }
    }

    /// Sends what the holder agreed to. A request is answered once.
    ///
    /// # Errors
    /// [`PresentError`]; each says whether anything left.
    pub async fn present(&self, consent: &str, choice: &Choice) -> Result<Presented, PresentError> {
        let pending = self.find(consent, false).ok_or(PresentError::NotOpen)?;
        let presented = present::present(&self.context, &pending, choice).await;
        // While nothing has left, the holder can still change her mind.
        let open = matches!(
            presented,
            Err(PresentError::NotAnOption(_) | PresentError::WouldLink | PresentError::Keys(_))
        );
        if !open {
            self.find(consent, true);
        }
        presented
    }

    /// Reads what a counter shows as a QR code (the bytes that a [`Collector`](crate::Collector) gives), checks it and who
    /// asks by the evidence it carries or that the wallet has, and works out what would be shown. Needs no network.
    ///
    /// # Errors
    /// [`RequestRefused`]: the wallet refuses by itself, and the log says so.
    pub async fn review_offline(&self, message: &[u8]) -> Result<ConsentRequest, RequestRefused> {
        let (consent, pending) = present::review_offline(&self.context, message).await?;
        self.keep_open(&consent, pending);
        Ok(consent)
    }

    /// What the holder agreed to as QR codes, with the chain's evidence stapled to it. For a printed request the code
    /// lives a minute: call again for the next while it is shown. The request stays open until it expires.
    ///
    /// # Errors
    /// [`PresentError`]; nothing was shown.
    pub async fn present_offline(
        &self,
        consent: &str,
        choice: &Choice,
        size: FrameSize,
    ) -> Result<OfflineCode, PresentError> {
        let pending = self.find(consent, false).ok_or(PresentError::NotOpen)?;
        present::present_offline(&self.context, &pending, choice, size).await
    }

    /// What would link the holder if she answered so ([`ConsentRequest::links`]); nothing for a request that is not open.
    #[must_use]
    pub fn links(&self, consent: &str, choice: &Choice) -> Vec<Link> {
        self.find(consent, false).map(|pending| pending.consent.links(choice)).unwrap_or_default()
    }

    /// Tells the verifier no. `false` if the request is not open any more.
    ///
    /// # Errors
    /// [`VaultError`] when it could not be noted.
    pub async fn decline(&self, consent: &str) -> Result<bool, VaultError> {
        match self.find(consent, true) {
            Some(pending) => present::decline(&self.context, &pending).await,
            None => Ok(false),
        }
    }

    fn find(&self, consent: &str, remove: bool) -> Option<Arc<Pending>> {
        let mut open = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        let number = open.iter().find(|(_, (id, _))| id == consent).map(|(number, _)| *number)?;
        let pending = if remove { open.remove(&number) } else { open.get(&number).cloned() };
        pending.map(|(_, pending)| pending)
    }

    /// At most `limit` entries of the log before the entry `before`, the newest first. None before what is no entry's id.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn log(&self, before: Option<&str>, limit: usize) -> Result<Vec<LogEntry>, VaultError> {
        let Ok(before) = before.map(str::parse).transpose() else { return Ok(Vec::new()) };
        let page = self.context.vault.page_back(&LOG, before, limit)?;
        Ok(page.into_iter().map(|(id, LogRecord { at, event })| LogEntry { id, at, event }).collect())
    }

    /// Deletes an entry of the log, and what is kept of the chain that is of no card: it would tell whom the holder met. `false` if there is none of this id.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn delete_log_entry(&self, id: &str) -> Result<bool, VaultError> {
        let key = id.to_owned();
        let delete = move |tx: &mut VaultTx<'_, '_>| {
            let there = tx.contains(&LOG, &key)?;
            tx.remove(&LOG, &key)?;
            Ok(there)
        };
        let there = self.context.vault.write(delete).await?;
        if there {
            self.context.forget_strangers(UnixMillis(u64::MAX)).await?;
        }
        Ok(there)
    }
}

/// Built in; its own crate's tests see to it that it can be read.
fn catalogue() -> Result<&'static Catalogue, VaultError> {
    Catalogue::bundled().map_err(|_| VaultError::OtherForm("catalogue"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::{
        ports::NoNetwork,
        software::{DeviceSecret, SoftwareKeyStore},
    };

    fn config() -> WalletConfig {
        let validator = r#"{"key":"z6MkjchhfUsD6mmvni8mCdXHw216Xrm9bQe2mBH1P5RDjVJG","power":1}"#;
        let chain = "00".repeat(32);
        let anchor = format!(
            r#"{{"chainId":"{chain}","network":"anhui","validators":[{validator}],"height":0,
                "time":"2026-03-02T04:00:00.000Z"}}"#
        );
        WalletConfig::parse(&anchor, "https://node.example").unwrap().with_insecurely_cheap_pin()
    }

    fn ports(folder: &tempfile::TempDir) -> Ports {
        let secret = DeviceSecret::from_bytes(b"device");
        let keys = SoftwareKeyStore::open(folder.path().join("keys"), &secret).unwrap();
        Ports::new(Arc::new(keys), Arc::new(NoNetwork), Arc::new(|| UnixMillis(1)))
    }

    #[tokio::test]
    async fn records_that_are_authentic_and_of_another_form_are_lost_in_recovery_and_block_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("wallet");
        let ports = || ports(&folder);
        let wallet = Wallet::create(&path, "246810", ports(), config()).await.unwrap();
        let write = |tx: &mut VaultTx<'_, '_>| {
            ["cards", "log", "collecting", "loose-keys", "evidence"].into_iter().try_for_each(|table| {
                tx.put(&Sealed::<Value>::new(table), "00000000000000000001", &json!({ "of": "tomorrow" }))
            })
        };
        wallet.context.vault.write(write).await.unwrap();
        drop(wallet);
        let wallet = Wallet::open(&path, "246810", ports(), config()).await.unwrap();
        assert!(wallet.cards().unwrap().is_empty() && wallet.log(None, 10).unwrap().is_empty());
        assert_eq!(wallet.unreadable_cards().unwrap().len(), 1);
        assert!(wallet.pick_up().await.unwrap().is_empty());
        drop(wallet);
        let (wallet, said) = Wallet::recover(&path, "246810", ports(), config()).await.unwrap();
        assert_eq!((said.cards, said.cards_lost, said.log_entries_lost), (0, 1, 1));
        assert!(wallet.unreadable_cards().unwrap().is_empty());
    }

    #[tokio::test]
    async fn the_face_of_a_card_that_is_gone_can_be_deleted() {
        let folder = tempfile::tempdir().unwrap();
        let wallet =
            Wallet::create(folder.path().join("wallet"), "246810", ports(&folder), config()).await.unwrap();
        let face = |tx: &mut VaultTx<'_, '_>| tx.put(&Sealed::<Value>::new("faces"), "1", &json!({}));
        wallet.context.vault.write(face).await.unwrap();
        assert!(wallet.delete_card("1").await.unwrap());
        assert!(!wallet.delete_card("1").await.unwrap());
    }

    #[tokio::test]
    async fn a_folder_that_was_left_when_making_a_wallet_was_ended_stands_in_nobodys_way() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("wallet");
        drop(store::Store::persistent(&path, &store::Options::default()).unwrap());
        assert!(Wallet::exists(&path));
        let opened = Wallet::open(&path, "246810", ports(&folder), config()).await;
        assert!(matches!(opened, Err(OpenError::NoWallet)) && !Wallet::exists(&path));
        assert!(Wallet::create(&path, "246810", ports(&folder), config()).await.is_ok());

        // Ended before there was even a store.
        let path = folder.path().join("other");
        std::fs::create_dir_all(path.join("sled")).unwrap();
        std::fs::write(path.join("sled/db"), b"begun").unwrap();
        std::fs::write(path.join("lock"), b"").unwrap();
        assert!(Wallet::create(&path, "246810", ports(&folder), config()).await.is_ok());
    }

    #[tokio::test]
    async fn what_is_no_wallet_is_neither_opened_nor_touched() {
        const NOTES: store::Table<str, String> = store::Table::new("notes");
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("another store");
        let stored = store::Store::persistent(&path, &store::Options::default()).unwrap();
        stored.write(|tx| tx.put(&NOTES, "1", &"a note".to_owned())).unwrap();
        drop(stored);
        let opened = Wallet::open(&path, "246810", ports(&folder), config()).await;
        assert!(matches!(opened, Err(OpenError::NoWallet)));
        let stored = store::Store::persistent(&path, &store::Options::default()).unwrap();
        assert_eq!(stored.get(&NOTES, "1").unwrap().as_deref(), Some("a note"));

        let path = folder.path().join("documents");
        std::fs::create_dir(&path).unwrap();
        std::fs::write(path.join("letter"), b"dear").unwrap();
        let made = Wallet::create(&path, "246810", ports(&folder), config()).await;
        assert!(matches!(made, Err(CreateError::Folder(_))));
        assert_eq!(std::fs::read(path.join("letter")).unwrap(), b"dear");
    }
}
