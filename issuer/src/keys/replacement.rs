//! Replacing the author's key: one asks, another approves, and then it is done as with any key.
//!
//! Whoever has this key is the department as far as the chain can tell: it may revoke everything and replace every other key.
//! So no one person puts another in its place.

use credentials::UnixSeconds;
use registry::Slug;
use serde::{Deserialize, Serialize};

use super::{Keys, KeysError};
use crate::audit::{Deed, Note as _, Noting};
use crate::clock::Moment;
use crate::identity::Slot;
use crate::model::{Actor, Personal};
use crate::tables::REPLACEMENTS;

/// A wish that the author's key be replaced. It is there until it is done or taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Replacement {
    pub(crate) reason: Personal<String>,
    pub(crate) asked_by: Actor,
    pub(crate) asked_at: UnixSeconds,
    pub(crate) approved_by: Option<Actor>,
    /// The key that is to go: once another is in its place, the wish is fulfilled, whatever broke off in between.
    pub(crate) replaces: Slug,
}

/// The one slot that takes two.
const SLOT: Slot = Slot::Author;

impl Keys {
    /// Asks for another author's key. Nothing happens before somebody else approves.
    pub(crate) async fn ask_to_replace(
        &self,
        reason: String,
        by: Actor,
        now: Moment,
    ) -> Result<Replacement, KeysError> {
        let noting = Noting::by(&by, now);
        let asked = Replacement {
            reason: Personal(reason),
            asked_by: by,
            asked_at: now.seconds,
            approved_by: None,
            replaces: self.current(SLOT)?,
        };
        self.store
            .write_async(move |tx| {
                if tx.contains(&REPLACEMENTS, SLOT.code())? {
                    return Err(KeysError::Already);
                }
                tx.put(&REPLACEMENTS, SLOT.code(), &asked)?;
                noting.note(tx, Deed::new("key-replacement-asked").about("slot", SLOT.code()))?;
                Ok(asked)
            })
            .await
    }

    /// Takes back what was asked and not approved.
    pub(crate) async fn take_back_replacement(&self, by: Actor, now: Moment) -> Result<(), KeysError> {
        let noting = Noting::by(&by, now);
        self.store
            .write_async(move |tx| {
                let asked = tx.get(&REPLACEMENTS, SLOT.code())?.ok_or(KeysError::Unknown)?;
                if asked.approved_by.is_some() {
                    return Err(KeysError::Already);
                }
                tx.remove(&REPLACEMENTS, SLOT.code())?;
                noting.note(tx, Deed::new("key-replacement-withdrawn").about("slot", SLOT.code()))?;
                Ok(())
            })
            .await
    }

    /// Approves what another asked. The new key authors when it returns `Ok`; what was approved and can't be done now is done
    /// once the chain answers.
    pub(crate) async fn approve_replacement(&self, by: Actor, now: Moment) -> Result<Slug, KeysError> {
        let (approver, noting) = (by.clone(), Noting::by(&by, now));
        self.store
            .write_async(move |tx| {
                let mut asked = tx.get(&REPLACEMENTS, SLOT.code())?.ok_or(KeysError::Unknown)?;
                if asked.approved_by.is_some() {
                    return Err(KeysError::Already);
                }
                if asked.asked_by == approver {
                    return Err(KeysError::SamePerson);
                }
                asked.approved_by = Some(approver);
                tx.put(&REPLACEMENTS, SLOT.code(), &asked)?;
                noting.note(tx, Deed::new("key-replacement-approved").about("slot", SLOT.code()))?;
                Ok(())
            })
            .await?;
        let _one = self.one.lock().await;
        match self.replace_author(by, now).await {
            Err(KeysError::Away(_)) => {
                self.left_behind.notify_one();
                Err(KeysError::Queued)
            }
            done => done,
        }
    }

    /// What was asked and is not done.
    pub(super) fn replacement(&self) -> Result<Option<Replacement>, KeysError> {
        Ok(self.store.get(&REPLACEMENTS, SLOT.code())?)
    }

    /// Carries out what was approved and not completed. True when nothing is left.
    pub(super) async fn go_on_replacing(&self, now: Moment) -> Result<bool, KeysError> {
        let Some(Replacement { approved_by: Some(by), .. }) = self.replacement()? else { return Ok(true) };
        match self.replace_author(by, now).await {
            Ok(_) => Ok(true),
            Err(error) => {
                tracing::warn!(%error, "the author's key is not replaced yet");
                Ok(matches!(error, KeysError::ChainRefuses { .. }))
            }
        }
    }

    /// Replaces the key for the wish that was approved, once. What the chain refuses is over too.
    async fn replace_author(&self, by: Actor, now: Moment) -> Result<Slug, KeysError> {
        let Some(wish) = self.replacement()? else { return self.current(SLOT) };
        let current = self.current(SLOT)?;
        let done = if current == wish.replaces { self.replaced(SLOT, by, now).await } else { Ok(current) };
        if matches!(done, Ok(_) | Err(KeysError::ChainRefuses { .. })) {
            self.store.write_async(move |tx| tx.remove(&REPLACEMENTS, SLOT.code())).await?;
        }
        done
    }
}
