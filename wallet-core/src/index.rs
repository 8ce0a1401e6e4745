//! What cards there are, beside the cards: a list or a request then opens only the cards that it shows.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

use registry::UnixMillis;
use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

use crate::{
    card::Format,
    held::{CARDS, StoredCard},
    vault::{Sealed, Vault, VaultError, VaultTx},
};

/// One short record for each card, under the card's id, written with the card.
const INDEX: Sealed<Entry> = Sealed::new("index");

/// Type, formats and age of every card, by the card's id. Read at the first question, and kept up with what is
/// written after. What cards somebody has is personal: it is wiped when the wallet locks.
#[derive(Default)]
pub(crate) struct Index {
    known: Mutex<Option<BTreeMap<String, Entry>>>,
    /// Writes of which nobody knows yet whether they were made. Until then each question is answered from the vault.
    open: AtomicUsize,
}

/// A write of cards that is under way. Whoever gives up waiting drops it, and the write may be made all the same: what is
/// remembered is then believed no more.
#[must_use]
pub(crate) struct Writing<'i>(&'i Index);

#[derive(Clone, Serialize, Deserialize)]
struct Entry {
    kind: String,
    formats: Vec<Format>,
    received: UnixMillis,
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.kind.zeroize();
    }
}

impl Entry {
    fn of(card: &StoredCard) -> Self {
        Self {
            kind: card.kind.to_string(),
            formats: card.credentials.iter().map(|credential| credential.format).collect(),
            received: card.received,
        }
    }
}

/// Makes the index of all cards: for wallets that had none, or lost it.
pub(crate) fn rebuild(
    tx: &mut VaultTx<'_, '_>,
    cards: &[(String, StoredCard)],
    strays: &[String],
) -> Result<(), VaultError> {
    cards.iter().try_for_each(|(id, card)| tx.put(&INDEX, id, &Entry::of(card)))?;
    strays.iter().try_for_each(|id| tx.remove(&INDEX, id))
}

/// Entries of the index without a card.
pub(crate) fn strays(vault: &Vault, cards: &[(String, StoredCard)]) -> Result<Vec<String>, VaultError> {
    let entries = vault.all(&INDEX)?.into_iter().map(|(id, _)| id);
    Ok(entries.filter(|id| !cards.iter().any(|(card, _)| card == id)).collect())
}

/// Writes a card that is new, or whose credentials are.
pub(crate) fn put_card(tx: &mut VaultTx<'_, '_>, id: &str, card: &StoredCard) -> Result<(), VaultError> {
    tx.put(&CARDS, id, card)?;
    tx.put(&INDEX, id, &Entry::of(card))
}

/// The type of a card, if the index has it.
pub(crate) fn kind(tx: &VaultTx<'_, '_>, id: &str) -> Result<Option<String>, VaultError> {
    match tx.get(&INDEX, id) {
        Err(error) if error.is_of_one_record() => Ok(None),
        entry => Ok(entry?.map(|entry| entry.kind.clone())),
    }
}

/// Removes a card.
pub(crate) fn remove_card(tx: &mut VaultTx<'_, '_>, id: &str) -> Result<(), VaultError> {
    tx.remove(&CARDS, id)?;
    tx.remove(&INDEX, id)
}

impl Index {
    /// The ids of the cards that `fits` takes by type and format, the newest first.
    pub(crate) fn find(
        &self,
        vault: &Vault,
        fits: impl Fn(&str, Format) -> bool,
    ) -> Result<Vec<String>, VaultError> {
        let read = || Ok::<_, VaultError>(sorted::collect(vault.all(&INDEX)?));
        let mut known = self.lock();
        let now;
        let entries = if self.open.load(SeqCst) > 0 {
            now = read()?;
            &now
        } else {
            match &mut *known {
                Some(entries) => entries,
                // While it is being filled the lock is held: what is written meanwhile is noted after.
                empty => empty.insert(read()?),
            }
        };
        let found =
            entries.iter().filter(|(_, entry)| entry.formats.iter().any(|format| fits(&entry.kind, *format)));
        Ok(newest_first(found.collect()))
    }

    /// Cards are about to be written.
    pub(crate) fn begin(&self) -> Writing<'_> {
        self.open.fetch_add(1, SeqCst);
        Writing(self)
    }

    fn lock(&self) -> MutexGuard<'_, Option<BTreeMap<String, Entry>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn newest_first(mut found: Vec<(&String, &Entry)>) -> Vec<String> {
    sorted::sort_by_key(&mut found, |(_, entry)| std::cmp::Reverse(entry.received));
    found.into_iter().map(|(id, _)| id.clone()).collect()
}

impl Writing<'_> {
    /// It was made: these cards are there, and these are not.
    pub(crate) fn made<'c>(
        self,
        there: impl IntoIterator<Item = (&'c str, &'c StoredCard)>,
        gone: impl IntoIterator<Item = &'c str>,
    ) {
        let mut known = self.0.lock();
        if let Some(entries) = &mut *known {
            for id in gone {
                entries.remove(id);
            }
            entries.extend(there.into_iter().map(|(id, card)| (id.to_owned(), Entry::of(card))));
        }
        self.0.open.fetch_sub(1, SeqCst);
    }
}
