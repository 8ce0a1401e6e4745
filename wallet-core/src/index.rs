//! The face of each card, kept beside it: by it a request finds the card and opens no other, and a list shows it and opens none.
//!
//! A face follows from its card. A card that lost its face is found and shown all the same; one that is damaged itself keeps its
//! face, so that its holder is told which it is.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

use credentials::catalogue::Catalogue;
use registry::UnixMillis;
use serde::Deserialize;
use zeroize::Zeroize;

use crate::{
    card::{Face, Format},
    held::{CARDS, StoredCard},
    vault::{Sealed, Vault, VaultError, VaultTx},
};

/// One for each card, under the card's id, written with the card.
const FACES: Sealed<Face> = Sealed::new("faces");
/// The same, and of each only what requests go by.
const ENTRIES: Sealed<Entry> = Sealed::new("faces");

/// Type, formats and age of every card, by the card's id. Read at the first question, and kept up with what is
/// written after. What cards somebody has is personal: it is wiped when the wallet locks.
#[derive(Default)]
pub(crate) struct Index {
    known: Mutex<Option<BTreeMap<String, Entry>>>,
    /// Writes of which nobody knows yet whether they were made. Until then each question is answered from the vault.
    open: AtomicUsize,
    /// Cards that somebody tried to read and could not.
    damaged: Mutex<BTreeSet<String>>,
}

/// A write of cards that is under way. Whoever gives up waiting drops it, and the write may be made all the same: what is
/// remembered is then believed no more.
#[must_use]
pub(crate) struct Writing<'i>(&'i Index);

/// What of a face requests go by.
#[derive(Clone, Deserialize)]
struct Entry {
    kind: String,
    received: UnixMillis,
    credentials: Vec<Held>,
}

#[derive(Clone, Deserialize)]
struct Held {
    format: Format,
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.kind.zeroize();
    }
}

impl Entry {
    fn of(card: &StoredCard) -> Self {
        let held = card.credentials.iter().map(|credential| Held { format: credential.format });
        Self { kind: card.kind.to_string(), received: card.received, credentials: held.collect() }
    }
}

/// Makes the faces of all cards: for wallets that had none, or lost some.
pub(crate) fn rebuild(
    tx: &mut VaultTx<'_, '_>,
    catalogue: &Catalogue,
    cards: &[(String, StoredCard)],
    strays: &[String],
) -> Result<(), VaultError> {
    for (id, card) in cards {
        // A card that this version can't show keeps the face it has.
        if let Ok(face) = Face::of(card, catalogue) {
            tx.put(&FACES, id, &face)?;
        }
    }
    strays.iter().try_for_each(|id| tx.remove(&FACES, id))
}

/// Faces without a card.
pub(crate) fn strays(vault: &Vault, cards: &[(String, StoredCard)]) -> Result<Vec<String>, VaultError> {
    let faces = vault.all(&FACES)?.into_iter().map(|(id, _)| id);
    Ok(faces.filter(|id| !cards.iter().any(|(card, _)| card == id)).collect())
}

/// Writes a card that is new, with its face.
pub(crate) fn put_card(
    tx: &mut VaultTx<'_, '_>,
    id: &str,
    card: &StoredCard,
    face: &Face,
) -> Result<(), VaultError> {
    tx.put(&CARDS, id, card)?;
    tx.put(&FACES, id, face)
}

/// The face of a card, also of one that is damaged itself; `None` if nothing of it can be read.
pub(crate) fn face(vault: &Vault, catalogue: &Catalogue, id: &str) -> Result<Option<Face>, VaultError> {
    if let Some(face) = vault.get_readable(&FACES, id)? {
        return Ok(Some(face));
    }
    Ok(vault.get_readable(&CARDS, id)?.and_then(|card| Face::of(&card, catalogue).ok()))
}

/// The face that is kept of a card, in a write.
pub(crate) fn kept_face(tx: &VaultTx<'_, '_>, id: &str) -> Result<Option<Face>, VaultError> {
    match tx.get(&FACES, id) {
        Err(error) if error.is_of_one_record() => Ok(None),
        face => face,
    }
}

/// Removes a card.
pub(crate) fn remove_card(tx: &mut VaultTx<'_, '_>, id: &str) -> Result<(), VaultError> {
    tx.remove(&CARDS, id)?;
    tx.remove(&FACES, id)
}

/// The entries of all cards. A damaged face must not hide its card.
fn read(vault: &Vault) -> Result<BTreeMap<String, Entry>, VaultError> {
    let (mut entries, mut damaged) = (Vec::new(), Vec::new());
    vault.each(&ENTRIES, |id, entry| match entry {
        Some(entry) => entries.push((id, entry)),
        None => damaged.push(id),
    })?;
    for id in damaged {
        let card = vault.get_readable(&CARDS, &id)?;
        entries.extend(card.map(|card| (id, Entry::of(&card))));
    }
    Ok(sorted::collect(entries))
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
        let has = |entry: &Entry| entry.credentials.iter().any(|held| fits(&entry.kind, held.format));
        let found = entries.iter().filter(|(_, entry)| has(entry));
        Ok(newest_first(found.collect()))
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
