//! Which cards there are, in memory while the wallet is open: a list or a request then finds what it shows without looking at the
//! others.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

use registry::UnixMillis;
use serde::Deserialize;
use zeroize::Zeroize;

use crate::{
    card::Format,
    faces,
    held::{CARDS, StoredCard},
    vault::{Sealed, Vault, VaultError},
};

/// Of each face only what requests go by.
const ENTRIES: Sealed<Entry> = Sealed::new(faces::TABLE);

/// Type, formats and age of every card. Read from their faces at the first question, and kept up with what is written after. What
/// cards somebody has is personal: it is wiped when the wallet locks.
#[derive(Default)]
pub(crate) struct Index {
    known: Mutex<Option<Entries>>,
    /// Writes of which nobody knows yet whether they were made. Until then each question is answered from the vault.
    open: AtomicUsize,
    /// Cards that somebody tried to read and could not.
    damaged: Mutex<BTreeSet<String>>,
}

/// A write of cards that is under way. Whoever gives up waiting drops it, and the write may be made all the same: what is
/// remembered is then believed no more.
#[must_use]
pub(crate) struct Writing<'i>(&'i Index);

/// By age and id of the card: the newest first.
type Entries = BTreeMap<(Reverse<UnixMillis>, String), Entry>;

/// What of a face requests go by.
#[derive(Deserialize)]
struct Entry {
    kind: String,
    received: UnixMillis,
    credentials: Vec<OfFormat>,
}

/// A credential, as far as requests go by it.
#[derive(Deserialize)]
struct OfFormat {
    format: Format,
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.kind.zeroize();
    }
}

impl Entry {
    fn of(card: &StoredCard) -> Self {
        let credentials = card.credentials.iter().map(|credential| OfFormat { format: credential.format });
        Self { kind: card.kind.to_string(), received: card.received, credentials: credentials.collect() }
    }
}

/// The entries of all cards. A damaged face must not hide its card.
fn read(vault: &Vault) -> Result<Entries, VaultError> {
    let (mut entries, mut damaged) = (Entries::new(), Vec::new());
    vault.each(&ENTRIES, |id, entry| match entry {
        Some(entry) => add(&mut entries, id, entry),
        None => damaged.push(id),
    })?;
    for id in damaged {
        if let Some(card) = vault.get_readable(&CARDS, &id)? {
            add(&mut entries, id, Entry::of(&card));
        }
    }
    Ok(entries)
}

fn add(entries: &mut Entries, id: String, entry: Entry) {
    entries.insert((Reverse(entry.received), id), entry);
}

impl Index {
    /// The ids of the cards that `fits` takes by type and format, the newest first.
    pub(crate) fn find(
        &self,
        vault: &Vault,
        fits: impl Fn(&str, Format) -> bool,
    ) -> Result<Vec<String>, VaultError> {
        let mut known = self.lock();
        let now;
        let entries = if self.open.load(SeqCst) > 0 {
            now = read(vault)?;
            &now
        } else {
            match &mut *known {
                Some(entries) => entries,
                // While it is being filled the lock is held: what is written meanwhile is noted after.
                empty => empty.insert(read(vault)?),
            }
        };
        let has = |entry: &Entry| entry.credentials.iter().any(|one| fits(&entry.kind, one.format));
        Ok(entries.iter().filter(|(_, entry)| has(entry)).map(|((_, id), _)| id.clone()).collect())
    }

    /// The credentials of this card can't be read: lists say so from now on.
    pub(crate) fn note_damaged(&self, id: String) {
        self.damaged().insert(id);
    }

    /// Whether anybody found this card damaged.
    pub(crate) fn is_damaged(&self, id: &str) -> bool {
        self.damaged().contains(id)
    }

    fn damaged(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.damaged.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Cards are about to be written.
    pub(crate) fn begin(&self) -> Writing<'_> {
        self.open.fetch_add(1, SeqCst);
        Writing(self)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Entries>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
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
            for gone in gone {
                entries.retain(|(_, id), _| id != gone);
            }
            for (id, card) in there {
                add(entries, id.to_owned(), Entry::of(card));
            }
        }
        self.0.open.fetch_sub(1, SeqCst);
    }
}
