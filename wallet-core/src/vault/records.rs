//! Sealed tables.
//!
//! Each record is encrypted with its table, key and version as associated data, so it opens in its own place only.
//! The version is the number of the write that made it. One more record, the root, holds the number of the last write
//! and the inventory: the sum (XOR) of a keyed share of every record's place and version. A record that was removed,
//! or put back to an older version, no longer adds up, and the vault says so when it is opened.
//!
//! What this can't show is a whole store put back to what it once was: that takes a counter in the device.

use std::{marker::PhantomData, sync::Arc};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use store::{BytesTable, Range, Store, Tx};

use super::{
    VaultError,
    keys::{Keys, Place},
};
use crate::ports::Randomness;
use crate::seal::SecretKey;

pub(super) const SEALED: BytesTable<(String, String)> = BytesTable::new("sealed");
pub(super) const ROOT_TABLE: &str = "root";
pub(super) const ROOT_KEY: &str = "";
/// The root's own version in its associated data: its number is inside.
const ROOT_VERSION: u64 = 0;
const FORMAT: u8 = 1;
pub(super) const PAGE: usize = 1000;
/// So many numbers at least are looked through at once.
const LEAST_SPAN: usize = 64;
/// No record has a longer key. Keys come from outside too: one that is longer names nothing.
const MAX_KEY: usize = 256;

/// A sealed table of values `V`, keyed by text. Keys are in the clear: only what says nothing, or is
/// [blinded](Vault::blind), may stand there.
pub(crate) struct Sealed<V> {
    name: &'static str,
    value: PhantomData<fn() -> V>,
}

impl<V> Sealed<V> {
    pub(crate) const fn new(name: &'static str) -> Self {
        Self { name, value: PhantomData }
    }
}

/// The key of a record that is named by the number of its write: in the order of the numbers.
pub(crate) fn number_key(number: u64) -> String {
    format!("{number:020}")
}

/// An unlocked vault. Clones share it; the keys are wiped with the last.
#[derive(Clone)]
pub(crate) struct Vault {
    pub(super) store: Store,
    keys: Arc<Keys>,
}

#[derive(Clone, Default, Serialize, Deserialize)]
pub(super) struct Root {
    pub(super) number: u64,
    pub(super) inventory: [u8; 32],
}

impl Vault {
    /// Takes an unlocked store and checks that nothing in it was changed behind its back.
    pub(super) fn open(
        store: Store,
        store_key: &SecretKey,
        id: [u8; 16],
        random: Arc<dyn Randomness>,
    ) -> Result<Self, VaultError> {
        let vault = Self { store, keys: Arc::new(Keys::new(store_key, id, random)) };
        vault.take_stock()?;
        Ok(vault)
    }

    /// Puts an empty root into a new store.
    pub(super) fn begin(
        tx: &mut Tx<'_>,
        store_key: &SecretKey,
        id: [u8; 16],
        random: Arc<dyn Randomness>,
    ) -> Result<(), VaultError> {
        write_root(tx, &Keys::new(store_key, id, random), &Root::default())
    }

    pub(crate) fn get<V: DeserializeOwned>(
        &self,
        table: &Sealed<V>,
        key: &str,
    ) -> Result<Option<V>, VaultError> {
        if key.len() > MAX_KEY {
            return Ok(None);
        }
        let sealed = self.store.get(&SEALED, (table.name, key))?;
        sealed.map(|sealed| read(&self.keys, table, key, &sealed)).transpose()
    }

    /// Every record of a table, in the order of the keys.
    pub(crate) fn all<V: DeserializeOwned>(&self, table: &Sealed<V>) -> Result<Vec<(String, V)>, VaultError> {
        let mut found = Vec::new();
        let mut range = Range::prefix((table.name,));
        loop {
            let page = self.store.page(&SEALED, &range, PAGE)?;
            let full = page.len() == PAGE;
            for ((_, key), sealed) in page {
                let value = read(&self.keys, table, &key, &sealed)?;
                found.push((key, value));
            }
            match found.last() {
                Some((last, _)) if full => range = Range::prefix((table.name,)).after((table.name, last)),
                _ => return Ok(found),
            }
        }
    }

    /// At most `limit` records before the one of the write `before`, the newest first, of a table whose keys are
    /// [numbers of writes](number_key).
    ///
    /// It reads forwards, in spans of numbers from the newest down: what reads a store backwards is large on a phone.
    pub(crate) fn page_back<V: DeserializeOwned>(
        &self,
        table: &Sealed<V>,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<(String, V)>, VaultError> {
        let newest = || Ok(self.root()?.number.saturating_add(1));
        let mut until = before.map_or_else(newest, Ok::<_, VaultError>)?;
        let (mut found, mut span) = (Vec::new(), limit.clamp(LEAST_SPAN, PAGE));
        while until > 0 && found.len() < limit {
            let from = until.saturating_sub(span as u64);
            let range = Range::prefix((table.name,)).from((table.name, &number_key(from)));
            let end = number_key(until);
            let page = self.store.page(&SEALED, &range, span)?;
            let within = page.into_iter().take_while(|((_, key), _)| *key < end);
            for ((_, key), sealed) in within.collect::<Vec<_>>().into_iter().rev() {
                if found.len() == limit {
                    break;
                }
                let value = read(&self.keys, table, &key, &sealed)?;
                found.push((key, value));
            }
            until = from;
            span = span.saturating_mul(4);
        }
        Ok(found)
    }

    fn root(&self) -> Result<Root, VaultError> {
        read_root(self.store.get(&SEALED, (ROOT_TABLE, ROOT_KEY))?, &self.keys)
    }

    /// A key for a record whose own name would tell something.
    pub(crate) fn blind(&self, name: &str) -> String {
        self.keys.blind(name)
    }

    /// All changes of the closure, or none; on the disk when this returns.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        write: impl FnOnce(&mut VaultTx<'_, '_>) -> Result<T, VaultError> + Send + 'static,
    ) -> Result<T, VaultError> {
        let keys = Arc::clone(&self.keys);
        self.store
            .write_async(move |tx| {
                let root = read_root(tx.get(&SEALED, (ROOT_TABLE, ROOT_KEY))?, &keys)?;
                let number = root.number.checked_add(1).ok_or(VaultError::Tampered)?;
                let mut sealed = VaultTx { tx, keys: &keys, root: Root { number, ..root } };
                let answer = write(&mut sealed)?;
                let VaultTx { tx, root, .. } = sealed;
                write_root(tx, &keys, &root)?;
                Ok(answer)
            })
            .await
    }

    /// Adds up every record and compares with the root.
    fn take_stock(&self) -> Result<(), VaultError> {
        let root = self.root()?;
        let mut sum = [0; 32];
        let mut range = Range::all();
        loop {
            let page = self.store.page(&SEALED, &range, PAGE)?;
            for ((table, key), sealed) in &page {
                if table != ROOT_TABLE {
                    let (version, _) = split(sealed)?;
                    add(&mut sum, &self.keys.share(Place { table, key, version }));
                }
            }
            match page.last() {
                Some(((table, key), _)) if page.len() == PAGE => range = Range::all().after((table, key)),
                _ => break,
            }
        }
        if sum == root.inventory { Ok(()) } else { Err(VaultError::Tampered) }
    }
}

/// What a write closure works on.
pub(crate) struct VaultTx<'a, 'tx> {
    tx: &'a mut Tx<'tx>,
    keys: &'a Keys,
    root: Root,
}

impl VaultTx<'_, '_> {
    pub(crate) fn get<V: DeserializeOwned>(
        &self,
        table: &Sealed<V>,
        key: &str,
    ) -> Result<Option<V>, VaultError> {
        if key.len() > MAX_KEY {
            return Ok(None);
        }
        let sealed = self.tx.get(&SEALED, (table.name, key))?;
        sealed.map(|sealed| read(self.keys, table, key, &sealed)).transpose()
    }

    pub(crate) fn put<V: Serialize>(
        &mut self,
        table: &Sealed<V>,
        key: &str,
        value: &V,
    ) -> Result<(), VaultError> {
        self.forget(table.name, key)?;
        let place = Place { table: table.name, key, version: self.root.number };
        let plain = serde_json::to_vec(value).map_err(|_| VaultError::OtherForm(table.name))?;
        let sealed = self.keys.seal(place, &zeroize::Zeroizing::new(plain))?;
        let stored = [&[FORMAT], place.version.to_be_bytes().as_slice(), &sealed].concat();
        self.tx.put(&SEALED, (table.name, key), &stored)?;
        add(&mut self.root.inventory, &self.keys.share(place));
        Ok(())
    }

    pub(crate) fn remove<V>(&mut self, table: &Sealed<V>, key: &str) -> Result<(), VaultError> {
        if key.len() > MAX_KEY {
            return Ok(());
        }
        self.forget(table.name, key)?;
        Ok(self.tx.remove(&SEALED, (table.name, key))?)
    }

    /// Numbers of writes go on after this one at least.
    pub(crate) fn go_on_after(&mut self, number: u64) {
        self.root.number = self.root.number.max(number);
    }

    /// A number that no other write has, growing.
    pub(crate) fn number(&self) -> u64 {
        self.root.number
    }

    fn forget(&mut self, table: &str, key: &str) -> Result<(), VaultError> {
        if let Some(sealed) = self.tx.get(&SEALED, (table, key))? {
            let (version, _) = split(&sealed)?;
            add(&mut self.root.inventory, &self.keys.share(Place { table, key, version }));
        }
        Ok(())
    }
}

fn read<V: DeserializeOwned>(
    keys: &Keys,
    table: &Sealed<V>,
    key: &str,
    sealed: &[u8],
) -> Result<V, VaultError> {
    let (version, sealed) = split(sealed)?;
    let place = Place { table: table.name, key, version };
    let plain = keys.open(place, sealed).map_err(|_| VaultError::Tampered)?;
    serde_json::from_slice(&plain).map_err(|_| VaultError::OtherForm(table.name))
}

pub(super) fn read_root(stored: Option<Vec<u8>>, keys: &Keys) -> Result<Root, VaultError> {
    let stored = stored.ok_or(VaultError::Tampered)?;
    let place = Place { table: ROOT_TABLE, key: ROOT_KEY, version: ROOT_VERSION };
    let plain = keys.open(place, &stored).map_err(|_| VaultError::Tampered)?;
    serde_json::from_slice(&plain).map_err(|_| VaultError::OtherForm(ROOT_TABLE))
}

pub(super) fn write_root(tx: &mut Tx<'_>, keys: &Keys, root: &Root) -> Result<(), VaultError> {
    let place = Place { table: ROOT_TABLE, key: ROOT_KEY, version: ROOT_VERSION };
    let plain = serde_json::to_vec(root).map_err(|_| VaultError::OtherForm(ROOT_TABLE))?;
    Ok(tx.put(&SEALED, (ROOT_TABLE, ROOT_KEY), &keys.seal(place, &plain)?)?)
}

pub(super) fn split(stored: &[u8]) -> Result<(u64, &[u8]), VaultError> {
    match stored.split_first_chunk::<9>() {
        Some(([FORMAT, version @ ..], sealed)) => Ok((u64::from_be_bytes(*version), sealed)),
        _ => Err(VaultError::Tampered),
    }
}

pub(super) fn add(sum: &mut [u8; 32], share: &[u8; 32]) {
    sum.iter_mut().zip(share).for_each(|(sum, share)| *sum ^= share);
}
