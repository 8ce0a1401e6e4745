//! Saying that a key was stolen: one asks, another approves, and then it is on the chain for good.

use credentials::UnixSeconds;
use registry::{Purpose, Slug, UnixMillis};
use serde::{Deserialize, Serialize};
use service::node::SubmitError;
use sha2::{Digest, Sha256};
use store::Range;

use super::rotate::current;
use super::{Keys, KeysError, first};
use crate::audit::{Deed, Note as _, Noting, OwnKey};
use crate::clock::Moment;
use crate::identity::{Slot, number};
use crate::model::{Actor, Personal};
use crate::tables::{COMPROMISED, KEYS, MDOC_ROOTS};

/// What is wished.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    /// The key's name.
    pub(crate) key: Slug,
    /// From when on it was not ours alone.
    pub(crate) since: UnixMillis,
    /// Whether we stand by what we signed with it before: each signature is then named on the chain. Otherwise nothing by it
    /// counts any more, and holders collect again.
    pub(crate) keep: bool,
    /// Why.
    pub(crate) reason: String,
}

/// A declaration and how far it came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Compromise {
    pub(crate) key: Slug,
    pub(crate) slot: Slot,
    pub(crate) since: UnixMillis,
    pub(crate) keep: bool,
    pub(crate) reason: Personal<String>,
    pub(crate) asked_by: Actor,
    pub(crate) asked_at: UnixSeconds,
    pub(crate) approved_by: Option<Actor>,
    pub(crate) progress: Progress,
    /// Signatures that were named on the chain.
    pub(crate) kept: u64,
    /// Signatures that were looked at and not named: from after the date, revoked, or refused.
    pub(crate) left_out: u64,
    /// The last that was looked at.
    pub(super) cursor: Option<u128>,
}

impl Compromise {
    /// A digest of what is asked: whoever approves says by it what was seen.
    pub(crate) fn wish(&self) -> String {
        let (since, keep, asked_at) = (self.since.0, self.keep, self.asked_at.0);
        // The reason is last, so that no two wishes are one text.
        let text = format!("{since}|{keep}|{asked_at}|{}", self.reason.as_str());
        hex::encode(Sha256::digest(text))
    }
}

/// How far a declaration came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Progress {
    /// Somebody else must approve.
    Asked,
    /// It must be put on the chain.
    Approved,
    /// It is on the chain; what we stand by is still being named.
    Declared,
    /// All is done.
    Done,
}

impl Progress {
    /// Its stable text.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Approved => "approved",
            Self::Declared => "declared",
            Self::Done => "done",
        }
    }
}

impl Keys {
    /// Asks to declare a key compromised. Nothing happens before somebody else approves. What waits is withdrawn before another
    /// wish takes its place.
    pub(crate) async fn ask(&self, wish: Wish, by: Actor, now: Moment) -> Result<Compromise, KeysError> {
        let Wish { key, since, keep, reason } = wish;
        if since > UnixMillis(now.ms) {
            return Err(KeysError::Date);
        }
        let root = key.as_str().starts_with("root-");
        let (slot, since) = if root {
            let row = self.store.get(&KEYS, Slot::MdocRoot.code())?;
            if !(1..=number(&current(Slot::MdocRoot, row.as_ref())?)).contains(&number(&key)) {
                return Err(KeysError::Unknown);
            }
            (Slot::MdocRoot, since)
        } else {
            let record = self.document().await?;
            let found = record.key(&key).ok_or(KeysError::Unknown)?;
            if !found.purposes.contains(Purpose::AssertionMethod) {
                return Err(KeysError::Unknown);
            }
            if found.compromised_since.is_some_and(|earlier| earlier <= since) {
                return Err(KeysError::Already);
            }
            if found.until.is_some_and(|until| until < since) {
                // Retired before: whatever it signed since counts for nothing anyway.
                return Err(KeysError::Date);
            }
            let slot = match found.key {
                registry::PublicKey::Ed25519(_) => Slot::Ed25519,
                registry::PublicKey::P256(_) => Slot::P256,
            };
            (slot, since.max(found.from))
        };
        let asked = Compromise {
            key,
            slot,
            since,
            keep: keep && !root,
            reason: Personal(reason),
            asked_by: by,
            asked_at: now.seconds,
            approved_by: None,
            progress: Progress::Asked,
            kept: 0,
            left_out: 0,
            cursor: None,
        };
        let noting = Noting::by(&asked.asked_by, now);
        self.store
            .write_async(move |tx| {
                let before = tx.get(&COMPROMISED, asked.key.as_str())?;
                // Declared, it may be asked for again from an earlier date.
                if before.is_some_and(|before| before.progress != Progress::Done) {
                    return Err(KeysError::Already);
                }
                tx.put(&COMPROMISED, asked.key.as_str(), &asked)?;
                let policy = if asked.keep { "keep" } else { "none" };
                let deed = Deed::new("key-compromise-asked").about("key", OwnKey(&asked.key));
                noting.note(tx, deed.about("since", asked.since.0).about("before", policy))?;
                Ok(asked)
            })
            .await
    }

    /// Takes back what was asked and not approved.
    pub(crate) async fn take_back(&self, key: Slug, by: Actor, now: Moment) -> Result<(), KeysError> {
        let noting = Noting::by(&by, now);
        self.store
            .write_async(move |tx| {
                let asked = tx.get(&COMPROMISED, key.as_str())?.ok_or(KeysError::Unknown)?;
                if asked.progress != Progress::Asked {
                    return Err(KeysError::Already);
                }
                tx.remove(&COMPROMISED, key.as_str())?;
                noting.note(tx, Deed::new("key-compromise-withdrawn").about("key", OwnKey(&key)))?;
                Ok(())
            })
            .await
    }

    /// Approves what another asked, as it was seen: `wish` is its [`Compromise::wish`]. Declared on the chain when it returns
    /// `Ok`; what we stand by is named then, or soon after.
    pub(crate) async fn approve(
        &self,
        key: Slug,
        wish: String,
        by: Actor,
        now: Moment,
    ) -> Result<Compromise, KeysError> {
        let (name, noting) = (key.clone(), Noting::by(&by, now));
        self.store
            .write_async(move |tx| {
                let mut asked = tx.get(&COMPROMISED, name.as_str())?.ok_or(KeysError::Unknown)?;
                if asked.progress != Progress::Asked {
                    return Err(KeysError::Already);
                }
                if asked.asked_by == by {
                    return Err(KeysError::SamePerson);
                }
                if asked.wish() != wish {
                    return Err(KeysError::AnotherWish);
                }
                asked.approved_by = Some(by);
                asked.progress = Progress::Approved;
                tx.put(&COMPROMISED, name.as_str(), &asked)?;
                noting.note(tx, Deed::new("key-compromise-approved").about("key", OwnKey(&name)))?;
                Ok(())
            })
            .await?;
        let _one = self.one.lock().await;
        let declared = self.declare(&key, now).await?;
        self.stand_by(&key, now).await?;
        Ok(self.store.get(&COMPROMISED, key.as_str())?.unwrap_or(declared))
    }

    /// Carries out what was approved and not completed. True when nothing is left.
    pub(super) async fn go_on_declaring(&self, now: Moment) -> Result<bool, KeysError> {
        let mut left = false;
        for (key, found) in self.store.page(&COMPROMISED, &Range::all(), 256)? {
            if matches!(found.progress, Progress::Asked | Progress::Done) {
                continue;
            }
            let Ok(key) = Slug::new(&key) else { continue };
            let done = match self.declare(&key, now).await {
                Ok(_) => self.stand_by(&key, now).await,
                Err(error) => Err(error),
            };
            match done {
                Ok(whole) => left |= !whole,
                Err(error) => {
                    left = true;
                    tracing::warn!(%error, %key, "a declaration is not complete yet");
                }
            }
        }
        Ok(!left)
    }

    /// Puts an approved declaration on the chain; a key in use is replaced first.
    async fn declare(&self, key: &Slug, now: Moment) -> Result<Compromise, KeysError> {
        let found = self.store.get(&COMPROMISED, key.as_str())?.ok_or(KeysError::Unknown)?;
        if found.progress != Progress::Approved {
            return Ok(found);
        }
        let by = found.approved_by.clone().ok_or(KeysError::Unknown)?;
        let row = self.store.get(&KEYS, found.slot.code())?;
        if current(found.slot, row.as_ref())? == *key {
            self.replaced(found.slot, by, now).await?;
        }
        if found.slot == Slot::MdocRoot {
            return self.progressed(key, Progress::Done, now).await;
        }
        let record = self.document().await?;
        let declared = record.key(key).and_then(|held| held.compromised_since);
        if declared.is_none_or(|earlier| earlier > found.since) {
            match self.ledger.declare(key.clone(), found.since).await {
                Ok(_) => {}
                // The chain's clock is behind ours: in a moment it is not.
                Err(SubmitError::Rejected { code, .. }) if code == "compromise-date" => {
                    return Err(KeysError::Queued);
                }
                Err(SubmitError::Rejected { code, .. }) => return Err(KeysError::ChainRefuses { code }),
                Err(error) => {
                    tracing::warn!(%error, %key, "a compromise is not on the chain yet");
                    return Err(KeysError::Queued);
                }
            }
        }
        self.progressed(key, if found.keep { Progress::Declared } else { Progress::Done }, now).await
    }

    /// Notes how far a declaration came.
    pub(super) async fn progressed(
        &self,
        key: &Slug,
        progress: Progress,
        now: Moment,
    ) -> Result<Compromise, KeysError> {
        let (key, noting) = (key.clone(), Noting::by_issuer(now));
        self.store
            .write_async(move |tx| {
                let mut found = tx.get(&COMPROMISED, key.as_str())?.ok_or(KeysError::Unknown)?;
                if found.progress == Progress::Approved {
                    noting.note(tx, Deed::new("key-compromised").about("key", OwnKey(&key)))?;
                }
                found.progress = progress;
                if found.slot == Slot::MdocRoot
                    && let Some(mut root) = tx.get(&MDOC_ROOTS, key.as_str())?
                {
                    root.withdrawn = true;
                    tx.put(&MDOC_ROOTS, key.as_str(), &root)?;
                }
                tx.put(&COMPROMISED, key.as_str(), &found)?;
                Ok(found)
            })
            .await
    }

    /// The declarations there are, by key.
    pub(crate) fn declarations(&self) -> Result<Vec<Compromise>, KeysError> {
        Ok(self.store.page(&COMPROMISED, &Range::all(), 256)?.into_iter().map(|(_, found)| found).collect())
    }

    /// The name of the key that counts in a slot.
    pub(crate) fn current(&self, slot: Slot) -> Result<Slug, KeysError> {
        match self.store.get(&KEYS, slot.code())? {
            Some(row) => Ok(row.current),
            None => first(slot),
        }
    }
}
