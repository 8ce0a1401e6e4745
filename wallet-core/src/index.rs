//! What kinds of cards there are, in memory: a request then opens only the cards that can answer it.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use registry::UnixMillis;
use zeroize::Zeroizing;

use crate::{
    card::Format,
    held::{CARDS, StoredCard},
    vault::{Vault, VaultError},
};

/// Type, formats and age of every card, by the card's id. Filled at the first question, and kept up with what is
/// written after. What cards somebody has is personal: it is wiped when the wallet locks.
#[derive(Default)]
pub(crate) struct Index(Mutex<Option<BTreeMap<String, Entry>>>);

struct Entry {
    kind: Zeroizing<String>,
    formats: Vec<Format>,
    received: UnixMillis,
}

impl Entry {
    fn of(card: &StoredCard) -> Self {
        Self {
            kind: Zeroizing::new(card.kind.to_string()),
            formats: card.credentials.iter().map(|credential| credential.format).collect(),
            received: card.received,
        }
    }
}

impl Index {
    /// The ids of the cards that `fits` takes by type and format, the newest first.
    pub(crate) fn find(
        &self,
        vault: &Vault,
        fits: impl Fn(&str, Format) -> bool,
    ) -> Result<Vec<String>, VaultError> {
        let mut entries = self.lock();
        let entries = match &mut *entries {
            Some(entries) => entries,
            // While it is being filled the lock is held: what is written meanwhile is noted after.
            empty => {
                let cards = vault.all(&CARDS)?.into_iter();
                empty.insert(cards.map(|(id, card)| (id, Entry::of(&card))).collect())
            }
        };
        let mut found: Vec<_> = entries
            .iter()
            .filter(|(_, entry)| entry.formats.iter().any(|format| fits(&entry.kind, *format)))
            .collect();
        found.sort_by_key(|(_, entry)| std::cmp::Reverse(entry.received));
        Ok(found.into_iter().map(|(id, _)| id.clone()).collect())
    }

    /// A card was written.
    pub(crate) fn put(&self, id: &str, card: &StoredCard) {
        if let Some(entries) = &mut *self.lock() {
            entries.insert(id.to_owned(), Entry::of(card));
        }
    }

    /// A card was deleted.
    pub(crate) fn remove(&self, id: &str) {
        if let Some(entries) = &mut *self.lock() {
            entries.remove(id);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<BTreeMap<String, Entry>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
