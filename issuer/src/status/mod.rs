//! Revoke, suspend, reinstate: said only when the chain says it.
//!
//! The order of writes is: note in the store what is asked (durable), set it on the chain (final), settle it in the store
//! (durable), answer. Whatever breaks in between leaves a note; the keeper carries it out or finds it done. So no
//! credential is ever said to be revoked that is not, and no revocation that was asked for is ever lost.

mod claim;
mod keeper;
mod served;
mod writer;

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use store::{Range, Store, StoreError};
use tokio::sync::Notify;

use crate::audit::{Deed, Note as _, Noting};
use crate::clock::Moment;
use crate::ledger::Ledger;
use crate::model::{
    Actor, Change, ChangeRefused, CredentialRecord, Id, Notified, Pending, Personal, Standing,
};
use crate::tables::{CREDENTIALS, OFFERS, PENDING, count};

pub(crate) use claim::Claim;
use claim::Instance;
pub(crate) use keeper::Keeper;
pub use keeper::OpenListError;
pub(crate) use served::{Served, ServedError};
use writer::{Unwritten, Writer};

/// The credentials that were issued, and changes of their status. Clones share it.
#[derive(Clone)]
pub(crate) struct Statuses {
    store: Store,
    writer: Writer,
    served: Served,
    instance: Instance,
    /// Changes that a request is carrying out just now: the keeper leaves them alone.
    under_way: Arc<Mutex<HashSet<Id>>>,
    /// Rung when a change was left behind.
    left_behind: Arc<Notify>,
}

/// Why a status changes: the catalogue's code, if one was named, and words.
#[derive(Clone, Debug)]
pub(crate) struct Why {
    pub(crate) code: Option<String>,
    pub(crate) text: String,
}

impl Why {
    /// In words alone.
    pub(crate) fn words(text: impl Into<String>) -> Self {
        Self { code: None, text: text.into() }
    }
}

/// Why a status was not changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ChangeError {
    /// There is no such credential.
    #[error("there is no such credential")]
    Unknown,
    /// Its standing doesn't allow it.
    #[error(transparent)]
    Refused(#[from] ChangeRefused),
    /// The chain refuses it; nothing was changed.
    #[error("the chain refuses the change ({code})")]
    ChainRefuses {
        /// The chain's name for the reason.
        code: String,
    },
    /// The chain can't be reached. The change is noted and will be made; until then the status stays as it is.
    #[error("the chain can't be reached; the change is noted")]
    Queued,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Statuses {
    pub(crate) fn new(store: Store, ledger: Ledger, served: Served) -> Self {
        let writer = Writer::start(ledger);
        let instance = Instance::new(store.is_shared(), &mut rand_core::OsRng);
        Self { store, writer, served, instance, under_way: Arc::default(), left_behind: Arc::default() }
    }

    /// The record of a credential.
    pub(crate) fn find(&self, id: Id) -> Result<Option<CredentialRecord>, StoreError> {
        self.store.get(&CREDENTIALS, id.key())
    }

    /// At most `limit` records, newest first, older than `before` if given.
    pub(crate) fn list(&self, before: Option<Id>, limit: usize) -> Result<Vec<CredentialRecord>, StoreError> {
        let range = Range::all().reversed();
        let range = if let Some(id) = before { range.after(id.key()) } else { range };
        Ok(self.store.page(&CREDENTIALS, &range, limit)?.into_iter().map(|(_, record)| record).collect())
    }

    /// Changes a credential's status; final on the chain when it returns `Ok`.
    pub(crate) async fn change(
        &self,
        id: Id,
        change: Change,
        by: Actor,
        why: Why,
        now: Moment,
    ) -> Result<CredentialRecord, ChangeError> {
        let noting = Noting::by(&by, now);
        let pending = Pending { change, by, at: now.seconds, code: why.code, reason: Personal(why.text) };
        let mut under_way = UnderWay::begin(self, id)?;
        let claim = self.instance.claim(now);
        let noted = self
            .store
            .write_async(move |tx| {
                let mut record = tx.get(&CREDENTIALS, id.key())?.ok_or(ChangeError::Unknown)?;
                record.ask(pending)?;
                tx.put(&PENDING, id.key(), &Some(claim))?;
                let deed = Deed::new("status-change-asked").about("credential", id);
                noting.note(tx, deed.about("change", change.code()))?;
                tx.put(&CREDENTIALS, id.key(), &record)?;
                Ok::<_, ChangeError>(record)
            })
            .await;
        match noted {
            Ok(noted) => self.carry_out(noted, &mut under_way, now).await,
            Err(error) => {
                under_way.left_behind = false;
                Err(error)
            }
        }
    }

    /// Notes what a wallet says became of a credential, each event once. `false` if this offer's token has no such credential.
    pub(crate) async fn notified(
        &self,
        id: Id,
        offer: Id,
        event: String,
        now: Moment,
    ) -> Result<bool, StoreError> {
        let noting = Noting::by_wallet(now);
        self.store
            .write_async(move |tx| {
                let (Some(mut record), Some(offer)) =
                    (tx.get(&CREDENTIALS, id.key())?, tx.get(&OFFERS, offer.key())?)
                else {
                    return Ok(false);
                };
                if record.application != offer.application {
                    return Ok(false);
                }
                if !record.notified.iter().any(|said| said.event == event) {
                    record.notified.push(Notified { event, at: now.seconds });
                    tx.put(&CREDENTIALS, id.key(), &record)?;
                    noting.note(tx, Deed::new("wallet-notified").about("credential", id))?;
                }
                Ok(true)
            })
            .await
    }

    /// Carries out a change that something else has noted, and rings the keeper if it can't.
    pub(crate) async fn complete(&self, id: Id, now: Moment) -> Result<CredentialRecord, ChangeError> {
        let mut under_way = UnderWay::begin(self, id)?;
        match self.take_over(id, now).await? {
            Some(noted) => self.carry_out(noted, &mut under_way, now).await,
            // Another was first, and carries it out or has.
            None => Err(ChangeError::Queued),
        }
    }

    /// How many changes are not final yet, counted up to `limit`.
    pub(crate) fn pending(&self, limit: usize) -> Result<usize, StoreError> {
        Ok(self.store.page(&PENDING, &Range::all(), limit)?.len())
    }

    /// Carries out the change that is noted in a record.
    async fn carry_out(
        &self,
        noted: CredentialRecord,
        under_way: &mut UnderWay<'_>,
        now: Moment,
    ) -> Result<CredentialRecord, ChangeError> {
        let (id, list) = (noted.id, noted.status.list);
        let places: Vec<_> = noted.places().map(|(_, place)| place.index).collect();
        let Some(pending) = noted.pending else { return Ok(noted) };
        let (noting, change) = (Noting::by(&pending.by, now), pending.change.code());
        let outcome = self.writer.set(list, places, pending.change.leads_to()).await;
        let refused = match outcome {
            Err(Unwritten::Away) => return Err(ChangeError::Queued),
            Err(Unwritten::Refused { code }) => Some(code),
            Ok(()) => None,
        };
        self.served.forget(list);
        let (said, at) = (refused.clone(), now.seconds);
        let record = self
            .store
            .write_async(move |tx| {
                let mut record = tx.get(&CREDENTIALS, id.key())?.ok_or(ChangeError::Unknown)?;
                if record.pending.as_ref() != Some(&pending) {
                    // Settled already, and perhaps another asked for since, which is not this one's to settle.
                    return Ok(record);
                }
                if let Some(code) = &said {
                    record.refuse(code, at);
                } else {
                    for (standing, by) in [(record.standing, -1), (pending.change.leads_to(), 1)] {
                        if standing != Standing::Valid {
                            count(tx, standing.code(), by)?;
                        }
                    }
                    record.settle();
                }
                tx.remove(&PENDING, id.key())?;
                let what = if said.is_none() { "status-changed" } else { "status-change-refused" };
                noting.note(tx, Deed::new(what).about("credential", id).about("change", change))?;
                tx.put(&CREDENTIALS, id.key(), &record)?;
                Ok::<_, ChangeError>(record)
            })
            .await?;
        under_way.left_behind = false;
        match refused {
            None => Ok(record),
            Some(code) => {
                tracing::error!(%code, credential = %id, "the chain refuses a status change that our record allows");
                Err(ChangeError::ChainRefuses { code })
            }
        }
    }

    /// Claims a noted change; `None` if it is carried out already or another instance was first.
    async fn take_over(&self, id: Id, now: Moment) -> Result<Option<CredentialRecord>, StoreError> {
        let instance = self.instance;
        self.store
            .write_async(move |tx| {
                match tx.get(&PENDING, id.key())? {
                    Some(claim) if !instance.leaves(claim, now) => {}
                    _ => return Ok(None),
                }
                tx.put(&PENDING, id.key(), &Some(instance.claim(now)))?;
                tx.get(&CREDENTIALS, id.key())
            })
            .await
    }

    /// Carries out whatever was left behind by a crash or while the chain was away. True when nothing is left.
    async fn heal(&self, now: Moment) -> Result<bool, StoreError> {
        let mut left = false;
        for (key, claim) in self.store.page(&PENDING, &Range::all(), 1000)? {
            let id = Id::from_key(key);
            if self.instance.leaves(claim, now) {
                continue;
            }
            let Ok(mut under_way) = UnderWay::begin(self, id) else { continue };
            // The keeper knows that it left something; it need not ring for itself.
            let record = self.take_over(id, now).await?;
            let outcome = match record {
                Some(record) => self.carry_out(record, &mut under_way, now).await,
                None => continue,
            };
            under_way.left_behind = false;
            match outcome {
                Ok(record) => {
                    tracing::info!(credential = %id, standing = record.standing.code(), "a status change was completed");
                }
                Err(ChangeError::Store(error)) => return Err(error),
                Err(ChangeError::Queued) => {
                    left = true;
                    break;
                }
                Err(ChangeError::Unknown | ChangeError::Refused(_) | ChangeError::ChainRefuses { .. }) => {}
            }
        }
        Ok(!left)
    }
}

/// While it lives, the keeper leaves the credential's change alone. When it goes and something is left behind, because
/// the chain was away or the request was given up half-way, the keeper is rung for.
struct UnderWay<'s> {
    statuses: &'s Statuses,
    id: Id,
    left_behind: bool,
}

impl<'s> UnderWay<'s> {
    fn begin(statuses: &'s Statuses, id: Id) -> Result<Self, ChangeRefused> {
        let mut under_way = statuses.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        if under_way.insert(id) {
            Ok(Self { statuses, id, left_behind: true })
        } else {
            Err(ChangeRefused::Busy)
        }
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.statuses.under_way.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.id);
        if self.left_behind {
            self.statuses.left_behind.notify_one();
        }
    }
}
