//! Collecting: from a token to cards.
//!
//! What is under way is written down before an issuer is asked, and what came before it is judged; it goes in the write that keeps
//! the cards. So however the process ends, or whoever gives up waiting, every key is known, and the wallet goes on where it stopped:
//! an issuer gives the same again to the same keys.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use credentials::key::{Jwk, PublicKey};
use protocol::{
    Endpoint,
    openid4vci::{
        CredentialErrorCode, CredentialOffer, CredentialResponse, IssuedCredential, IssuerMetadata,
        NotificationEvent, TokenResponse,
    },
};
use registry::UnixMillis;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Offer, OfferedCredential, ReceiveError,
    dpop::{Dpop, Grant},
    instance,
    issuance::{self, Good},
    keep::{self, Deleted, Ending},
    later::{self, Renewal, WaitedFor},
    loose, offer, refresh,
};
use crate::{
    card::Card,
    context::Context,
    held::CARDS,
    ports::{HeldKey, KeyHandle, KeyStoreError},
    vault::{Sealed, VaultError, VaultTx},
};

/// By the (blinded) code of an offer, the state of a login, or the id of the card that is renewed: each is collected once at a
/// time.
pub(super) const COLLECTING: Sealed<Collecting> = Sealed::new("collecting");

const LONGEST_INTERVAL: Duration = Duration::from_secs(30 * 86_400);

/// What is under way with an issuer.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Collecting {
    pub(super) offer: CredentialOffer,
    pub(super) metadata: IssuerMetadata,
    pub(super) authorization_server: Endpoint,
    pub(super) grant: StoredGrant,
    /// The card that gives way to what comes.
    pub(super) replaces: Option<String>,
    /// By the issuer's name for it.
    pub(super) parts: BTreeMap<String, Part>,
}

/// What lets the wallet ask.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct StoredGrant {
    pub(super) token: TokenResponse,
    /// Until when its access token counts, if the issuer says.
    pub(super) until: Option<UnixMillis>,
    /// The key that it is bound to, if it is.
    pub(super) key: Option<StoredKey>,
    pub(super) token_endpoint: Endpoint,
}

/// A key in the device.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct StoredKey(pub(super) KeyHandle, pub(super) Jwk);

/// One credential of an offer.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Part {
    /// One for each copy.
    pub(super) keys: Vec<StoredKey>,
    pub(super) stand: Stand,
}

/// How far it came.
#[derive(Clone, Serialize, Deserialize)]
pub(super) enum Stand {
    /// It is to be asked for, perhaps again.
    Open,
    /// The issuer takes time.
    Deferred {
        transaction_id: String,
        /// From when on the issuer wants to be asked again. What was written down before this was: not known.
        #[serde(default)]
        ask_after: Option<UnixMillis>,
    },
    /// It is here, and not judged yet.
    Came { credentials: Vec<IssuedCredential>, notification_id: Option<String> },
}

/// What became of a part.
pub(super) struct Outcome {
    pub(super) offered: OfferedCredential,
    pub(super) result: Result<Card, ReceiveError>,
    /// Whether the wallet is done with it.
    pub(super) over: bool,
}

/// What is being collected at this moment, by the names of [`COLLECTING`]: nothing is by two tasks.
#[derive(Default)]
pub(crate) struct UnderWay(Mutex<BTreeSet<String>>);

/// Holds a name until it is dropped.
#[must_use]
pub(super) struct Only<'u>(&'u UnderWay, String);

impl UnderWay {
    pub(super) fn only(&self, name: &str) -> Result<Only<'_>, ReceiveError> {
        let new = self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned());
        if new { Ok(Only(self, name.to_owned())) } else { Err(ReceiveError::UnderWay) }
    }
}

impl Drop for Only<'_> {
    fn drop(&mut self) {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.1);
    }
}

impl StoredKey {
    fn of(key: &HeldKey) -> Self {
        Self(key.handle.clone(), key.public.to_jwk())
    }

    fn held(&self) -> Result<HeldKey, VaultError> {
        let public = PublicKey::from_jwk(&self.1).map_err(|_| VaultError::OtherForm("collecting"))?;
        Ok(HeldKey { handle: self.0.clone(), public })
    }
}

impl StoredGrant {
    fn of(context: &Context, grant: &Grant) -> Self {
        let token = grant.token.clone();
        Self {
            until: until(context, &token),
            token,
            key: grant.dpop.as_ref().map(|dpop| StoredKey::of(&dpop.key)),
            token_endpoint: grant.token_endpoint.clone(),
        }
    }
}

fn until(context: &Context, token: &TokenResponse) -> Option<UnixMillis> {
    let lasts = token.expires_in?.saturating_mul(1000);
    Some(UnixMillis(context.now().0.saturating_add(lasts)))
}

/// Seconds as the issuer says, and no longer than a month: it does not silence the wallet.
fn ask_after(context: &Context, interval: u64) -> UnixMillis {
    context.now().after(Duration::from_secs(interval).min(LONGEST_INTERVAL))
}

impl Part {
    fn new() -> Self {
        Self { keys: Vec::new(), stand: Stand::Open }
    }

    fn held(&self) -> Result<Vec<HeldKey>, VaultError> {
        self.keys.iter().map(StoredKey::held).collect()
    }
}

impl Collecting {
    fn of(context: &Context, offer: &Offer, grant: &Grant, replaces: Option<String>) -> Self {
        let mut metadata = offer.metadata.clone();
        let offered = &offer.offer.credential_configuration_ids;
        metadata.credential_configurations_supported.retain(|id, _| offered.contains(id));
        let parts = offer.credentials().iter().map(|one| (one.configuration.clone(), Part::new()));
        Self {
            offer: CredentialOffer { grants: None, ..offer.offer.clone() },
            metadata,
            authorization_server: offer.authorization_server.clone(),
            grant: StoredGrant::of(context, grant),
            replaces,
            parts: sorted::collect(parts),
        }
    }

    pub(super) fn issuer(&self) -> &Endpoint {
        &self.offer.credential_issuer
    }

    /// What of it is still to come; nothing that this version of the wallet does not know.
    pub(super) fn waited_for(&self, context: &Context, name: &str) -> Vec<WaitedFor> {
        let server = self.authorization_server.clone();
        let offer = offer::described(context, self.offer.clone(), self.metadata.clone(), server);
        let Ok(offer) = offer else { return Vec::new() };
        let waited_for = |offered: &OfferedCredential| {
            let ask_after = match self.parts.get(&offered.configuration)?.stand {
                Stand::Deferred { ask_after, .. } => ask_after,
                Stand::Open | Stand::Came { .. } => None,
            };
            let issuer_calls_itself = offer.self_called();
            Some(WaitedFor {
                id: name.to_owned(),
                issuer: self.issuer().clone(),
                issuer_calls_itself,
                offered: offered.clone(),
                ask_after,
            })
        };
        offer.credentials().iter().filter_map(waited_for).collect()
    }

    /// What of it its holder may read.
    pub(super) fn exported(&self) -> Value {
        let part = |(configuration, part): (&String, &Part)| match &part.stand {
            Stand::Open => json!({ "configuration": configuration, "stand": "asked" }),
            Stand::Deferred { transaction_id, .. } => {
                json!({ "configuration": configuration, "stand": "waiting", "transactionId": transaction_id })
            }
            Stand::Came { credentials, .. } => {
                json!({ "configuration": configuration, "stand": "came", "credentials": credentials })
            }
        };
        json!({
            "issuer": self.issuer(),
            "replaces": self.replaces,
            "credentials": self.parts.iter().map(part).collect::<Vec<_>>(),
        })
    }

    /// The key that its token is bound to.
    pub(super) fn token_key(&self) -> Option<&KeyHandle> {
        self.grant.key.as_ref().map(|StoredKey(handle, _)| handle)
    }

    /// The keys that what comes is bound to.
    pub(super) fn part_keys(&self) -> impl Iterator<Item = &KeyHandle> {
        self.parts.values().flat_map(|part| &part.keys).map(|StoredKey(handle, _)| handle)
    }

    /// Every key that it needs.
    pub(super) fn keys(&self) -> impl Iterator<Item = &KeyHandle> {
        self.part_keys().chain(self.token_key())
    }
}

/// What was begun by this name and is not at its end. It is read behind every write that is under way: one that nobody waits for
/// any more may be the one that ends it.
pub(super) async fn begun(context: &Context, name: &str) -> Result<Option<Collecting>, VaultError> {
    let name = name.to_owned();
    context.vault.write(move |tx| tx.get(&COLLECTING, &name)).await
}

/// Forgets what was begun by this name, and lets the keys go that were made for it.
pub(super) fn give_up(tx: &mut VaultTx<'_, '_>, name: &str) -> Result<Deleted, VaultError> {
    let existed = tx.contains(&COLLECTING, name)?;
    let begun = tx.get_readable(&COLLECTING, name)?;
    tx.remove(&COLLECTING, name)?;
    loose::let_go(tx, begun.iter().flat_map(Collecting::part_keys).cloned())?;
    Ok(Deleted { existed, token_keys: begun.iter().filter_map(Collecting::token_key).cloned().collect() })
}

/// Collects what a grant allows.
pub(super) async fn begin(
    context: &Context,
    name: String,
    offer: &Offer,
    grant: Grant,
    replaces: Option<String>,
) -> Result<Vec<Outcome>, ReceiveError> {
    let row = Collecting::of(context, offer, &grant, replaces);
    let run = Run { context, name, row, grant, offer: offer.clone() };
    run.save(Stage::First).await?;
    run.completed().await
}

/// Goes on where a collecting stopped.
pub(super) async fn resume(
    context: &Context,
    name: String,
    row: Collecting,
) -> Result<Vec<Outcome>, ReceiveError> {
    let server = row.authorization_server.clone();
    let offer = offer::described(context, row.offer.clone(), row.metadata.clone(), server);
    let offer = offer.map_err(|_| ReceiveError::Unreadable("the metadata"))?;
    let StoredGrant { token, key, token_endpoint, .. } = row.grant.clone();
    let dpop = key.map(|key| key.held().map(Dpop::known)).transpose()?;
    Run { context, name, row, grant: Grant { token, dpop, token_endpoint }, offer }.completed().await
}

/// Whether a collecting is written down for the first time.
#[derive(Clone, Copy)]
enum Stage {
    First,
    Later,
}

/// A collecting, and what is known of it while it runs.
struct Run<'c> {
    context: &'c Context,
    name: String,
    row: Collecting,
    grant: Grant,
    offer: Offer,
}

impl Run<'_> {
    /// # Errors
    /// [`ReceiveError::CARD_IS_GONE`] when the card that is renewed was deleted meanwhile, and what was begun with it: nothing of it
    /// is kept then.
    async fn save(&self, stage: Stage) -> Result<(), ReceiveError> {
        let (name, row) = (self.name.clone(), self.row.clone());
        let save = move |tx: &mut VaultTx<'_, '_>| {
            let is_wanted = match (stage, &row.replaces) {
                (Stage::First, Some(card)) => tx.contains(&CARDS, card)?,
                (Stage::First, None) => true,
                (Stage::Later, _) => tx.contains(&COLLECTING, &name)?,
            };
            if is_wanted {
                tx.put(&COLLECTING, &name, &row)?;
            } else {
                loose::let_go(tx, row.part_keys().cloned())?;
            }
            Ok(is_wanted)
        };
        if self.context.vault.write(save).await? {
            return Ok(());
        }
        loose::sweep(self.context).await?;
        Err(ReceiveError::CARD_IS_GONE)
    }

    fn part(&mut self, offered: &OfferedCredential) -> Result<&mut Part, ReceiveError> {
        self.row.parts.get_mut(&offered.configuration).ok_or(ReceiveError::Unreadable("the metadata"))
    }

    async fn stands(&mut self, offered: &OfferedCredential, stand: Stand) -> Result<(), ReceiveError> {
        self.part(offered)?.stand = stand;
        self.save(Stage::Later).await
    }

    async fn completed(mut self) -> Result<Vec<Outcome>, ReceiveError> {
        let is_wanted = |one: &&OfferedCredential| self.row.parts.contains_key(&one.configuration);
        let wanted: Vec<_> = self.offer.credentials().iter().filter(is_wanted).cloned().collect();
        let mut judged = Vec::with_capacity(wanted.len());
        for offered in wanted {
            let result = self.collect(&offered).await;
            judged.push((offered, result));
        }
        self.end(judged).await
    }

    /// One part, as far as it gets.
    async fn collect(&mut self, offered: &OfferedCredential) -> Result<Good, ReceiveError> {
        self.make_keys(offered).await?;
        let mut is_fresh = false;
        loop {
            let part = self.part(offered)?;
            let (stand, keys) = (part.stand.clone(), part.held()?);
            if let Stand::Came { credentials, .. } = stand {
                return issuance::accept(self.context, offered, &keys, credentials).await;
            }
            if !is_fresh && self.is_expired() && self.may_come_back() {
                self.refresh().await?;
                is_fresh = true;
            }
            let asked = match &stand {
                Stand::Deferred { transaction_id, .. } => {
                    issuance::fetch(self.context, &self.offer, &self.grant, transaction_id).await
                }
                Stand::Open | Stand::Came { .. } => {
                    issuance::request(self.context, &self.offer, offered, &self.grant, &keys).await
                }
            };
            match (asked, stand) {
                (Ok(CredentialResponse::Issued { credentials, notification_id }), _) => {
                    self.stands(offered, Stand::Came { credentials, notification_id }).await?;
                }
                (Ok(CredentialResponse::Deferred { transaction_id, interval }), _) => {
                    let ask_after = Some(ask_after(self.context, interval));
                    self.stands(offered, Stand::Deferred { transaction_id, ask_after }).await?;
                    return Err(ReceiveError::Deferred);
                }
                (Err(ReceiveError::CredentialRefused(CredentialErrorCode::InvalidToken)), _)
                    if !is_fresh && self.may_come_back() =>
                {
                    self.refresh().await?;
                    is_fresh = true;
                }
                // What took time is given once. If it was lost on its way, whoever has the keys asks for it by them.
                (
                    Err(ReceiveError::CredentialRefused(CredentialErrorCode::InvalidTransactionId)),
                    Stand::Deferred { .. },
                ) => self.stands(offered, Stand::Open).await?,
                (Err(error), _) => return Err(error),
            }
        }
    }

    /// Fresh keys, one for each copy that this wallet wants and the issuer gives at once. Each is written down as soon as it is
    /// made.
    async fn make_keys(&mut self, offered: &OfferedCredential) -> Result<(), ReceiveError> {
        let wanted = issuance::copies(&self.offer);
        while self.part(offered)?.keys.len() < wanted {
            if !matches!(self.part(offered)?.stand, Stand::Open) {
                return Ok(());
            }
            let key = issuance::new_key(self.context, &self.offer, offered).await?;
            self.part(offered)?.keys.push(StoredKey::of(&key));
            self.save(Stage::Later).await?;
        }
        Ok(())
    }

    fn is_expired(&self) -> bool {
        self.row.grant.until.is_some_and(|until| until <= self.context.now())
    }

    fn may_come_back(&self) -> bool {
        self.grant.dpop.is_some() && self.grant.token.refresh_token.is_some()
    }

    async fn refresh(&mut self) -> Result<(), ReceiveError> {
        let (Some(dpop), Some(before)) = (&self.grant.dpop, &self.grant.token.refresh_token) else {
            return Err(ReceiveError::CodeRefused);
        };
        let mut token = refresh::refresh(self.context, &self.grant.token_endpoint, before, dpop).await?;
        if token.authorization_details.is_none() {
            token.authorization_details = self.grant.token.authorization_details.take();
        }
        self.grant.token = token;
        self.row.grant = StoredGrant::of(self.context, &self.grant);
        self.save(Stage::Later).await
    }

    /// Whether the wallet need not ask for a part again after this.
    fn is_over(&self, part: &Part, error: &ReceiveError) -> bool {
        match (error, &part.stand) {
            (ReceiveError::CredentialRefused(CredentialErrorCode::InvalidToken), _) => !self.may_come_back(),
            (
                ReceiveError::CredentialRefused(CredentialErrorCode::CredentialRequestDenied)
                | ReceiveError::CodeRefused
                | ReceiveError::Rejected(_)
                | ReceiveError::Keys(KeyStoreError::Gone),
                _,
            ) => true,
            // Nothing else says that it will never be given: a key that changes, a status list that is not open pass.
            (_, Stand::Deferred { .. }) => false,
            (error, Stand::Open | Stand::Came { .. }) => !error.is_passing(),
        }
    }

    /// Keeps what is good, and what is still to come.
    async fn end(
        mut self,
        judged: Vec<(OfferedCredential, Result<Good, ReceiveError>)>,
    ) -> Result<Vec<Outcome>, ReceiveError> {
        let (mut good, mut loose, mut said, mut verdicts) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let before = self.row.parts.len();
        for (offered, result) in judged {
            let Some(part) = self.row.parts.remove(&offered.configuration) else { continue };
            let over = result.as_ref().err().is_none_or(|error| self.is_over(&part, error));
            let (used, event) = match &result {
                Ok(good) => (good.credentials.len(), NotificationEvent::Accepted),
                Err(_) => (0, NotificationEvent::Failure),
            };
            if !over {
                self.row.parts.insert(offered.configuration.clone(), part);
            } else {
                loose.extend(part.keys.into_iter().skip(used).map(|StoredKey(handle, _)| handle));
                if let Stand::Came { notification_id: Some(id), .. } = part.stand {
                    said.push((id, event));
                }
            }
            if over && result.is_err() {
                // What stays is not all that was.
                self.row.replaces = None;
            }
            let verdict = match result {
                Ok(one) => {
                    good.push(one);
                    Ok(())
                }
                Err(error) => Err(error),
            };
            verdicts.push((offered, verdict, over));
        }
        let mut kept = Vec::new().into_iter();
        if self.row.parts.len() < before {
            let is_all = self.row.parts.is_empty();
            let ending = Ending {
                name: self.name.clone(),
                good,
                collected_at: self.row.issuer().clone(),
                renewal: Renewal::of(&self.offer, &self.grant),
                replaced: if is_all { self.row.replaces.clone() } else { None },
                rest: (!is_all).then(|| self.row.clone()),
                loose,
            };
            kept = keep::keep(self.context, ending).await?.into_iter();
            for (id, event) in said {
                later::notify(self.context, &self.row.metadata, &self.grant, id, event).await;
            }
            if let Some(dpop) = self.grant.dpop {
                instance::let_go(self.context, dpop).await?;
            }
        }
        let outcome = |(offered, verdict, over): (OfferedCredential, Result<(), ReceiveError>, bool)| {
            let mut card = || kept.next().ok_or(ReceiveError::Unreadable("the credential"));
            Outcome { offered, result: verdict.and_then(|()| card()), over }
        };
        Ok(verdicts.into_iter().map(outcome).collect())
    }
}
