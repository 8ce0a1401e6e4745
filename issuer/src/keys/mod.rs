//! The issuer's keys over time: which one counts, replacing one, saying that one was stolen.
//!
//! A new key is made as a file first, then noted in the store, then written on the chain, then used, and last the old file is
//! erased. Whatever breaks in between leaves one key that works: the keeper, or the next start, goes on from the note. While a
//! key is noted and nobody knows whether the chain has it, nothing is signed in its slot. See docs/adr/0028.

mod compromise;
mod keep;
mod replacement;
mod rotate;
mod row;
mod view;

use std::sync::Arc;

use registry::{DidRecord, Slug};
use service::OrganisationError;
use service::node::NodeError;
use store::{Range, Store, StoreError};
use tokio::sync::Notify;

use crate::clock::Moment;
use crate::identity::{Identity, Slot};
use crate::ledger::Ledger;
use crate::status::Served;
use crate::tables::{KEYS, MDOC_ROOTS};

pub(crate) use compromise::{Compromise, Progress, Wish};
pub(crate) use replacement::Replacement;
pub(crate) use row::{KeyRow, OldRoot, Signed, may_sign, may_sign_in};
pub(crate) use view::{KeyState, KeyView, KeysView};

/// The keys and what is done with them. Clones share it.
#[derive(Clone)]
pub(crate) struct Keys {
    store: Store,
    ledger: Ledger,
    identity: Arc<Identity>,
    served: Served,
    /// One change at a time in this instance.
    one: Arc<tokio::sync::Mutex<()>>,
    /// Rung when something was left behind.
    pub(crate) left_behind: Arc<Notify>,
}

/// Why nothing changed, or not yet.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// One alone may not replace it.
    #[error("this key is replaced by two")]
    ByTwo,
    /// There is no such key, or it signs no credentials.
    #[error("there is no such key")]
    Unknown,
    /// Another change of this key is under way.
    #[error("another change of this key is under way")]
    Busy,
    /// The chain can't be asked; nothing was begun.
    #[error("the chain can't be asked: {0}")]
    Away(#[from] NodeError),
    /// It is noted and will be done once the chain answers. Until then nothing is signed with this key.
    #[error("the chain does not answer; it is noted and will be done")]
    Queued,
    /// The chain refuses it; the keys are as before.
    #[error("the chain refuses it ({code})")]
    ChainRefuses {
        /// The chain's name for the reason.
        code: String,
    },
    /// From a time to come, or from before the key was there.
    #[error("a key can't have been compromised from then on")]
    Date,
    /// It is declared already, or on its way.
    #[error("it is declared already")]
    Already,
    /// What waits is not what the one who approves saw.
    #[error("another wish waits than the one that was seen")]
    AnotherWish,
    /// Whoever asked can't be the one who approves.
    #[error("somebody else must approve")]
    SamePerson,
    /// The key files.
    #[error(transparent)]
    Files(#[from] OrganisationError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Keys {
    pub(crate) fn new(store: Store, ledger: Ledger, identity: Arc<Identity>, served: Served) -> Self {
        Self { store, ledger, identity, served, one: Arc::default(), left_behind: Arc::default() }
    }

    /// Uses the keys that the store says count. Needs no chain: done at every start, before anything is signed, and whenever
    /// the keeper looks, since another instance may have changed them.
    pub(crate) fn follow(&self) -> Result<(), KeysError> {
        for slot in Slot::ALL {
            let row = self.store.get(&KEYS, slot.code())?;
            let (current, since) = match &row {
                Some(row) => (row.current.clone(), row.since),
                None => (first(slot)?, credentials::UnixSeconds(0)),
            };
            if self.identity.in_slot(slot) != current || self.identity.since(slot) != since {
                if !self.identity.switch(slot, &current, since)? {
                    tracing::error!(slot = slot.code(), key = %current, "another instance made a key that is not here: copy its file");
                    continue;
                }
                self.served.forget_all();
            }
        }
        for (name, _) in self.store.page(&MDOC_ROOTS, &Range::all(), 256)? {
            if let Ok(name) = Slug::new(&name) {
                self.identity.erase(Slot::MdocRoot, &name)?;
            }
        }
        Ok(())
    }

    /// Completes what was left behind, and agrees with the chain about which keys count. True when nothing is left.
    pub(crate) async fn work(&self, now: Moment) -> Result<bool, KeysError> {
        // A request that is changing a key just now carries it through, or leaves it for the next round.
        let Ok(_one) = self.one.try_lock() else { return Ok(true) };
        self.follow()?;
        let mut left = false;
        for slot in Slot::ON_CHAIN {
            let row = self.store.get(&KEYS, slot.code())?;
            if let Some(next) = row.and_then(|row| row.next)
                && self.identity.holds(slot, &next.name)?.is_some()
            {
                left |= self.finish(slot, now).await.is_err();
            }
        }
        self.agree(now).await?;
        left |= !self.go_on_replacing(now).await?;
        left |= !self.go_on_declaring(now).await?;
        Ok(!left)
    }

    /// Where the chain has another key than the store says, and its file is here, the chain is right: the store was restored
    /// from a backup, or lost the last step of a rotation.
    pub(crate) async fn agree(&self, now: Moment) -> Result<(), KeysError> {
        let Ok(Some(record)) = self.ledger.document().await else { return Ok(()) };
        for slot in Slot::ON_CHAIN {
            self.erase_retired(slot, &record)?;
            let row = self.store.get(&KEYS, slot.code())?;
            let current = match &row {
                Some(KeyRow { next: Some(_), .. }) => continue,
                Some(row) => row.current.clone(),
                None => first(slot)?,
            };
            if record.current_keys().any(|key| key.fragment == current) {
                continue;
            }
            let candidates = record.current_keys().filter(|key| slot.takes(key));
            let mut found = None;
            for key in candidates {
                if self.identity.holds(slot, &key.fragment)? == Some(key.key) {
                    found = Some(key);
                }
            }
            match found {
                Some(key) => {
                    let settled = KeyRow {
                        current: key.fragment.clone(),
                        since: credentials::UnixSeconds(key.from.seconds()),
                        next: None,
                    };
                    self.settle(slot, row, settled, now).await?;
                    self.erase_retired(slot, &record)?;
                }
                None => {
                    tracing::error!(slot = slot.code(), key = %current, "the chain has another key than this issuer");
                }
            }
        }
        Ok(())
    }

    /// Erases the files of keys that the chain says are retired, and of no others: a key that is gone can't be stolen.
    fn erase_retired(&self, slot: Slot, record: &DidRecord) -> Result<(), KeysError> {
        let in_use = self.identity.in_slot(slot);
        let retired = record.keys.iter().filter(|key| key.until.is_some() && key.fragment != in_use);
        for key in retired {
            self.identity.erase(slot, &key.fragment)?;
        }
        Ok(())
    }

    /// The DID's document as proven.
    async fn document(&self) -> Result<DidRecord, KeysError> {
        self.ledger.document().await?.ok_or(KeysError::Unknown)
    }
}

/// The name of a slot's first key.
fn first(slot: Slot) -> Result<Slug, KeysError> {
    Slug::new(slot.first()).map_err(|_| KeysError::Unknown)
}
