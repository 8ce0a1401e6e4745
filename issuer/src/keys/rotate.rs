//! Replacing a key.

use credentials::UnixSeconds;
use registry::{DidDocument, DidRecord, DocumentKey, Slug};
use service::node::SubmitError;
use store::{StoreError, Tx};

use super::row::{KeyRow, Next, OldRoot};
use super::{Keys, KeysError, first};
use crate::audit::{Deed, Note as _, Noting, OwnKey};
use crate::clock::Moment;
use crate::identity::{Slot, number};
use crate::ledger::Alone;
use crate::model::Actor;
use crate::tables::{KEYS, MDOC_ROOTS};

impl Keys {
    /// Puts a new key into a slot; it counts when this returns `Ok`, and what the old one signed goes on counting. The author's
    /// key takes two: see [`Keys::ask_to_replace`].
    pub(crate) async fn rotate(&self, slot: Slot, by: Actor, now: Moment) -> Result<Slug, KeysError> {
        if !Slot::BY_ONE.contains(&slot) {
            return Err(KeysError::ByTwo);
        }
        let _one = self.one.lock().await;
        self.replaced(slot, by, now).await
    }

    pub(super) async fn replaced(&self, slot: Slot, by: Actor, now: Moment) -> Result<Slug, KeysError> {
        if slot == Slot::MdocRoot {
            return self.replace_root(by, now).await;
        }
        // A proven fact may be from before the chain went away; whoever begins now must reach it.
        self.ledger.health().await?;
        let record = self.document().await?;
        let seen = self.store.get(&KEYS, slot.code())?;
        let current = current(slot, seen.as_ref())?;
        let begun = seen.as_ref().and_then(|row| row.next.as_ref());
        if let Some(next) = begun
            && self.identity.holds(slot, &next.name)?.is_some()
        {
            return self.finish(slot, now).await;
        }
        let name = next_name(&record, begun)?;
        let public = self.identity.stage(slot, &name)?;
        let next = Next { name: name.clone(), public, by: by.clone(), at: now.seconds };
        let since = seen.as_ref().map_or(UnixSeconds(0), |row| row.since);
        let said = Said { noting: Noting::by(&by, now), what: "key-rotation-begun", key: name };
        self.put(slot, seen, KeyRow { current, since, next: Some(next) }, said).await?;
        self.finish(slot, now).await
    }

    /// Completes a rotation that is noted. The new key counts when this returns `Ok`.
    pub(super) async fn finish(&self, slot: Slot, now: Moment) -> Result<Slug, KeysError> {
        // Whoever authors changes between two transactions, never while one is under way.
        let alone = match slot {
            Slot::Author => Some(self.ledger.alone().await),
            Slot::Ed25519 | Slot::P256 | Slot::MdocRoot => None,
        };
        let seen = self.store.get(&KEYS, slot.code())?;
        let Some(KeyRow { current: old, since, next: Some(next) }) = seen.clone() else {
            return current(slot, seen.as_ref());
        };
        let record = self.document().await.map_err(|_| KeysError::Queued)?;
        let record = if holds(&record, &next.name) {
            record
        } else {
            let refused = match self.written(alone.as_ref(), replacing(slot, &record, &old, &next)).await {
                Ok(_) => None,
                Err(SubmitError::Rejected { code, .. }) => Some(code),
                Err(error) => {
                    tracing::warn!(%error, slot = slot.code(), "a new key is not on the chain yet");
                    self.left_behind.notify_one();
                    return Err(KeysError::Queued);
                }
            };
            let record = self.document().await.map_err(|_| KeysError::Queued)?;
            if let (Some(code), false) = (refused, holds(&record, &next.name)) {
                tracing::error!(%code, slot = slot.code(), "the chain refuses a new key");
                let said =
                    Said { noting: Noting::by_issuer(now), what: "key-rotation-refused", key: next.name };
                self.put(slot, seen, KeyRow { current: old, since, next: None }, said).await?;
                return Err(KeysError::ChainRefuses { code });
            }
            record
        };
        let since = record.key(&next.name).map_or(now.seconds, |key| UnixSeconds(key.from.seconds()));
        self.settle(slot, seen, KeyRow { current: next.name.clone(), since, next: None }, now).await?;
        self.erase_retired(slot, &record)?;
        Ok(next.name)
    }

    async fn written(&self, alone: Option<&Alone>, document: DidDocument) -> Result<(), SubmitError> {
        match alone {
            Some(alone) => self.ledger.rotate_alone(alone, document).await.map(drop),
            None => self.ledger.rotate(document).await.map(drop),
        }
    }

    /// Writes down which key counts, and uses it.
    pub(super) async fn settle(
        &self,
        slot: Slot,
        seen: Option<KeyRow>,
        row: KeyRow,
        now: Moment,
    ) -> Result<(), KeysError> {
        tracing::info!(slot = slot.code(), key = %row.current, "a new key counts");
        let key = row.current.clone();
        self.put(slot, seen, row, Said { noting: Noting::by_issuer(now), what: "key-rotated", key }).await?;
        self.follow()
    }

    /// Writes a row, unless another instance wrote it since it was seen.
    async fn put(&self, slot: Slot, seen: Option<KeyRow>, row: KeyRow, said: Said) -> Result<(), KeysError> {
        self.store
            .write_async(move |tx| {
                if tx.get(&KEYS, slot.code())? != seen {
                    return Err(KeysError::Busy);
                }
                tx.put(&KEYS, slot.code(), &row)?;
                said.note(tx, slot)?;
                Ok(())
            })
            .await
    }

    /// The root is not on the chain: the store alone says which one counts. What the old one certified goes on counting for
    /// readers who keep it.
    async fn replace_root(&self, by: Actor, now: Moment) -> Result<Slug, KeysError> {
        let slot = Slot::MdocRoot;
        let seen = self.store.get(&KEYS, slot.code())?;
        let old = current(slot, seen.as_ref())?;
        let here = self.identity.root();
        if *here.name() != old {
            // Another instance has the newer one.
            return Err(KeysError::Busy);
        }
        let name = Slug::new(&format!("root-{}", number(&old) + 1)).map_err(|_| KeysError::Unknown)?;
        self.identity.stage(slot, &name)?;
        let row = KeyRow { current: name.clone(), since: now.seconds, next: None };
        let retired = old.clone();
        let said = Said { noting: Noting::by(&by, now), what: "key-rotated", key: name.clone() };
        let kept = OldRoot {
            certificate: here.certificates().root().to_vec(),
            until: now.seconds,
            withdrawn: false,
        };
        self.store
            .write_async(move |tx| {
                if tx.get(&KEYS, slot.code())? != seen {
                    return Err(KeysError::Busy);
                }
                tx.put(&MDOC_ROOTS, old.as_str(), &kept)?;
                tx.put(&KEYS, slot.code(), &row)?;
                said.note(tx, slot)?;
                Ok(())
            })
            .await?;
        self.follow()?;
        self.identity.erase(slot, &retired)?;
        Ok(name)
    }
}

/// What the audit log says of a change.
struct Said {
    noting: Noting,
    what: &'static str,
    key: Slug,
}

impl Said {
    fn note(&self, tx: &mut Tx<'_>, slot: Slot) -> Result<(), StoreError> {
        let deed = Deed::new(self.what).about("slot", slot.code()).about("key", OwnKey(&self.key));
        self.noting.note(tx, deed)
    }
}

/// The name of the key that counts.
pub(super) fn current(slot: Slot, row: Option<&KeyRow>) -> Result<Slug, KeysError> {
    row.map_or_else(|| first(slot), |row| Ok(row.current.clone()))
}

fn holds(record: &DidRecord, name: &Slug) -> bool {
    record.current_keys().any(|key| key.fragment == *name)
}

/// A name that no key of this DID ever had, nor one that was begun: the chain gives none out twice.
fn next_name(record: &DidRecord, begun: Option<&Next>) -> Result<Slug, KeysError> {
    record.free_fragments().find(|name| begun.is_none_or(|next| next.name != *name)).ok_or(KeysError::Unknown)
}

/// The document as it is, with one key in another's place.
fn replacing(slot: Slot, record: &DidRecord, old: &Slug, next: &Next) -> DidDocument {
    let new = DocumentKey {
        fragment: next.name.clone(),
        key: next.public,
        purposes: record.key(old).map_or(slot.purposes(), |key| key.purposes),
    };
    let others = record.current_keys().filter(|key| key.fragment != *old).map(|key| DocumentKey {
        fragment: key.fragment.clone(),
        key: key.key,
        purposes: key.purposes,
    });
    DidDocument { keys: others.chain(std::iter::once(new)).collect(), services: record.services.clone() }
}
