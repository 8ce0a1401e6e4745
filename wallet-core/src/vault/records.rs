//! Sealed tables.
//!
//! Each record is encrypted with its table, key and version as associated data, so it opens in its own place only.
//! The version is the number of the write that made it. One more record, the root, holds the number of the last write
//! and the inventory: the sum (XOR) of a keyed share of every record's place and version. A record that was removed,
//! or put back to an older version, no longer adds up, and the vault says so when it is opened.
//!
//! The content of a large record lies apart, under the same name: opening reads every place and version, and must not
//! read every content for it. Content of another version does not decrypt; content that is missing is noticed when it is read.
//!
//! What this can't show is a whole store put back to what it once was: that takes a counter in the device.

use std::{
    marker::PhantomData,
    sync::{Arc, Mutex, PoisonError},
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use store::{BytesTable, Range, Store, StoreError, Tx, Writing};

use super::{
    VaultError,
    keys::{Keys, Place},
    stock::Stock,
};
use crate::ports::Randomness;
use crate::seal::{self, SecretKey};

pub(super) const SEALED: BytesTable<(String, String)> = BytesTable::new("sealed");
/// The content of large records.
pub(super) const APART: BytesTable<(String, String)> = BytesTable::new("sealed-apart");
pub(super) const ROOT_TABLE: &str = "root";
pub(super) const ROOT_KEY: &str = "";
/// The root's own version in its associated data: its number is inside.
const ROOT_VERSION: u64 = 0;
/// A row with the content in it, and one of a record whose content lies apart.
const WHOLE: u8 = 1;
const PLACE: u8 = 2;
/// Sealed content from this length on lies apart.
const LARGE: usize = 512;
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
        let stock = Stock::of(&store)?;
        Self::open_with(store, store_key, id, random, &stock)
    }

    /// The same with what was found in the store meanwhile.
    pub(super) fn open_with(
        store: Store,
        store_key: &SecretKey,
        id: [u8; 16],
        random: Arc<dyn Randomness>,
        stock: &Stock,
    ) -> Result<Self, VaultError> {
        let vault = Self { store, keys: Arc::new(Keys::new(store_key, id, random)) };
        let root = vault.root()?;
        if stock.sum(&vault.keys) == root.inventory { Ok(vault) } else { Err(VaultError::Tampered) }
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
        // Of one moment: between place and content nothing may be written.
        self.store.read(|view| {
            let row = view.get(&SEALED, (table.name, key))?;
            row.map(|row| read(&self.keys, table, key, &row, || view.get(&APART, (table.name, key))))
                .transpose()
        })
    }

    /// As [`Vault::get`]; what can't be read is as if it were not there.
    pub(crate) fn get_readable<V: DeserializeOwned>(
        &self,
        table: &Sealed<V>,
        key: &str,
    ) -> Result<Option<V>, VaultError> {
        Ok(readable(self.get(table, key))?.flatten())
    }

    /// Every record of a table that can be read, in the order of the keys. One that is damaged must not take the others along:
    /// it is left out, and [`Vault::unreadable`] names it.
    pub(crate) fn all<V: DeserializeOwned>(&self, table: &Sealed<V>) -> Result<Vec<(String, V)>, VaultError> {
        let mut found = Vec::new();
        self.each(table, |key, value| found.extend(value.map(|value| (key, value))))?;
        Ok(found)
    }

    /// The keys of the records of a table that are there and can't be read.
    pub(crate) fn unreadable<V: DeserializeOwned>(
        &self,
        table: &Sealed<V>,
    ) -> Result<Vec<String>, VaultError> {
        let mut found = Vec::new();
        self.each(table, |key, value| found.extend(value.is_none().then_some(key)))?;
        Ok(found)
    }

    /// Looks at every record of a table, in the order of the keys; those that can't be read are `None`.
    pub(crate) fn each<V: DeserializeOwned>(
        &self,
        table: &Sealed<V>,
        mut look: impl FnMut(String, Option<V>),
    ) -> Result<(), VaultError> {
        let mut range = Range::prefix((table.name,));
        loop {
            let page = self.page(table, &range, PAGE)?;
            let last = page.last().filter(|_| page.len() == PAGE).map(|(last, _)| last.clone());
            page.into_iter().for_each(|(key, value)| look(key, value));
            match last {
                Some(last) => range = Range::prefix((table.name,)).after((table.name, &last)),
                None => return Ok(()),
            }
        }
    }

    /// At most `limit` records that can be read before the one of the write `before`, the newest first, of a table whose keys are
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
            self.store.read(|view| {
                let page = view.page(&SEALED, &range, span)?;
                let within = page.into_iter().take_while(|((_, key), _)| *key < end);
                for ((_, key), row) in within.collect::<Vec<_>>().into_iter().rev() {
                    if found.len() == limit {
                        break;
                    }
                    let apart = || view.get(&APART, (table.name, key.as_str()));
                    let value = readable(read(&self.keys, table, &key, &row, apart))?;
                    found.extend(value.map(|value| (key, value)));
                }
                Ok::<_, VaultError>(())
            })?;
            until = from;
            span = span.saturating_mul(4);
        }
        Ok(found)
    }

    fn page<V: DeserializeOwned>(
        &self,
        table: &Sealed<V>,
        range: &Range<(String, String)>,
        limit: usize,
    ) -> Result<Vec<(String, Option<V>)>, VaultError> {
        self.store.read(|view| {
            let rows = view.page(&SEALED, range, limit)?.into_iter();
            rows.map(|((_, key), row)| {
                let apart = || view.get(&APART, (table.name, key.as_str()));
                let value = readable(read(&self.keys, table, &key, &row, apart))?;
                Ok((key, value))
            })
            .collect()
        })
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
        let answer = Arc::new(Mutex::new(None));
        let told = Arc::clone(&answer);
        let write: Write = Box::new(move |tx| {
            let said = write(tx)?;
            *told.lock().unwrap_or_else(PoisonError::into_inner) = Some(said);
            Ok(())
        });
        self.write_one(write).await?;
        let answer = answer.lock().unwrap_or_else(PoisonError::into_inner).take();
        answer.ok_or(VaultError::Store(StoreError::Closed))
    }

    /// The one kind of write that the store is asked for: what is around it is compiled once, and on a phone every byte counts.
    fn write_one(&self, write: Write) -> Writing<(), VaultError> {
        let keys = Arc::clone(&self.keys);
        self.store.write_async(move |tx| {
            let root = read_root(tx.get(&SEALED, (ROOT_TABLE, ROOT_KEY))?, &keys)?;
            let number = root.number.checked_add(1).ok_or(VaultError::Tampered)?;
            let mut sealed = VaultTx { tx, keys: &keys, root: Root { number, ..root } };
            write(&mut sealed)?;
            let VaultTx { tx, root, .. } = sealed;
            write_root(tx, &keys, &root)
        })
    }
}

type Write = Box<dyn FnOnce(&mut VaultTx<'_, '_>) -> Result<(), VaultError> + Send>;

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
        let row = self.tx.get(&SEALED, (table.name, key))?;
        row.map(|row| read(self.keys, table, key, &row, || self.tx.get(&APART, (table.name, key))))
            .transpose()
    }

    /// As [`VaultTx::get`]; what can't be read is as if it were not there.
    pub(crate) fn get_readable<V: DeserializeOwned>(
        &self,
        table: &Sealed<V>,
        key: &str,
    ) -> Result<Option<V>, VaultError> {
        Ok(readable(self.get(table, key))?.flatten())
    }

    /// Whether there is a record, readable or not.
    pub(crate) fn contains<V>(&self, table: &Sealed<V>, key: &str) -> Result<bool, VaultError> {
        Ok(key.len() <= MAX_KEY && self.tx.contains(&SEALED, (table.name, key))?)
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
        let version = place.version.to_be_bytes();
        if sealed.len() < LARGE {
            self.tx.put(&SEALED, (table.name, key), &[&[WHOLE], version.as_slice(), &sealed].concat())?;
        } else {
            self.tx.put(&APART, (table.name, key), &sealed)?;
            self.tx.put(&SEALED, (table.name, key), &[&[PLACE], version.as_slice()].concat())?;
        }
        add(&mut self.root.inventory, &self.keys.share(place));
        Ok(())
    }

    pub(crate) fn remove<V>(&mut self, table: &Sealed<V>, key: &str) -> Result<(), VaultError> {
        if key.len() > MAX_KEY {
            return Ok(());
        }
        self.forget(table.name, key)?;
        self.tx.remove(&SEALED, (table.name, key)).map_err(VaultError::from)
    }

    /// As [`Vault::blind`].
    pub(crate) fn blind(&self, name: &str) -> String {
        self.keys.blind(name)
    }

    /// Numbers of writes go on after this one at least.
    pub(crate) fn go_on_after(&mut self, number: u64) {
        self.root.number = self.root.number.max(number);
    }

    /// A number that nothing else has, growing.
    pub(crate) fn number(&mut self) -> u64 {
        let number = self.root.number;
        self.root.number = number.saturating_add(1);
        number
    }

    fn forget(&mut self, table: &str, key: &str) -> Result<(), VaultError> {
        if let Some(sealed) = self.tx.get(&SEALED, (table, key))? {
            let row = Row::of(&sealed)?;
            add(&mut self.root.inventory, &self.keys.share(Place { table, key, version: row.version() }));
            if let Row::Place(_) = row {
                self.tx.remove(&APART, (table, key))?;
            }
        }
        Ok(())
    }
}

/// What stands at a record's place.
pub(super) enum Row<'a> {
    /// Its version and its content.
    Whole(u64, &'a [u8]),
    /// Its version; the content lies apart.
    Place(u64),
}

impl<'a> Row<'a> {
    pub(super) fn of(stored: &'a [u8]) -> Result<Self, VaultError> {
        match stored.split_first_chunk::<9>() {
            Some(([WHOLE, version @ ..], sealed)) => Ok(Self::Whole(u64::from_be_bytes(*version), sealed)),
            Some(([PLACE, version @ ..], [])) => Ok(Self::Place(u64::from_be_bytes(*version))),
            _ => Err(VaultError::Tampered),
        }
    }

    pub(super) fn version(&self) -> u64 {
        match self {
            Self::Whole(version, _) | Self::Place(version) => *version,
        }
    }

    /// The content in clear, if it is authentic at this place.
    pub(super) fn open(
        &self,
        keys: &Keys,
        (table, key): (&str, &str),
        apart: impl FnOnce() -> Result<Option<Vec<u8>>, StoreError>,
    ) -> Result<seal::Plain, VaultError> {
        let place = Place { table, key, version: self.version() };
        let opened = match self {
            Self::Whole(_, sealed) => keys.open(place, sealed),
            Self::Place(_) => keys.open(place, &apart()?.ok_or(VaultError::Tampered)?),
        };
        opened.map_err(|_| VaultError::Tampered)
    }
}

fn read<V: DeserializeOwned>(
    keys: &Keys,
    table: &Sealed<V>,
    key: &str,
    row: &[u8],
    apart: impl FnOnce() -> Result<Option<Vec<u8>>, StoreError>,
) -> Result<V, VaultError> {
    let plain = Row::of(row)?.open(keys, (table.name, key), apart)?;
    objects::from_slice(&plain).map_err(|_| VaultError::OtherForm(table.name))
}

/// What was read; `None` if this record is damaged.
fn readable<V>(read: Result<V, VaultError>) -> Result<Option<V>, VaultError> {
    match read {
        Err(error) if error.is_of_one_record() => {
            tracing::warn!(%error, "a record is left out");
            Ok(None)
        }
        read => read.map(Some),
    }
}

pub(super) fn read_root(stored: Option<Vec<u8>>, keys: &Keys) -> Result<Root, VaultError> {
    let stored = stored.ok_or(VaultError::Tampered)?;
    let place = Place { table: ROOT_TABLE, key: ROOT_KEY, version: ROOT_VERSION };
    let plain = keys.open(place, &stored).map_err(|_| VaultError::Tampered)?;
    objects::from_slice(&plain).map_err(|_| VaultError::OtherForm(ROOT_TABLE))
}

pub(super) fn write_root(tx: &mut Tx<'_>, keys: &Keys, root: &Root) -> Result<(), VaultError> {
    let place = Place { table: ROOT_TABLE, key: ROOT_KEY, version: ROOT_VERSION };
    let plain = serde_json::to_vec(root).map_err(|_| VaultError::OtherForm(ROOT_TABLE))?;
    Ok(tx.put(&SEALED, (ROOT_TABLE, ROOT_KEY), &keys.seal(place, &plain)?)?)
}

pub(super) fn add(sum: &mut [u8; 32], share: &[u8; 32]) {
    sum.iter_mut().zip(share).for_each(|(sum, share)| *sum ^= share);
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::{
        ports::{NoNetwork, Ports},
        software::{DeviceSecret, SoftwareKeyStore},
        vault::PinCost,
    };

    const NOTES: Sealed<String> = Sealed::new("notes");

    fn ports(folder: &Path) -> Ports {
        let keys = SoftwareKeyStore::open(folder.join("keys"), &DeviceSecret::from_bytes(b"device"));
        Ports::new(Arc::new(keys.unwrap()), Arc::new(NoNetwork), Arc::new(|| registry::UnixMillis(1)))
    }

    fn row(vault: &Vault) -> Vec<u8> {
        vault.store.get(&SEALED, ("notes", "a")).unwrap().unwrap()
    }

    #[tokio::test]
    async fn a_large_record_of_an_earlier_version_is_read_where_it_lies_and_moves_when_it_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let (path, ports) = (folder.path().join("vault"), ports(folder.path()));
        let cost = PinCost { memory_kib: 64, passes: 1 };
        let vault = Vault::create(&path, "246810", &ports, cost).await.unwrap();
        let large = "large ".repeat(1000);
        // As earlier versions wrote: whole, whatever its length.
        let (keys, note) = (Arc::clone(&vault.keys), serde_json::to_vec(&large).unwrap());
        vault
            .store
            .write_async(move |tx| {
                let mut root = read_root(tx.get(&SEALED, (ROOT_TABLE, ROOT_KEY))?, &keys)?;
                root.number += 1;
                let place = Place { table: "notes", key: "a", version: root.number };
                let sealed = keys.seal(place, &note)?;
                let row = [&[WHOLE], place.version.to_be_bytes().as_slice(), &sealed].concat();
                tx.put(&SEALED, ("notes", "a"), &row)?;
                add(&mut root.inventory, &keys.share(place));
                write_root(tx, &keys, &root)
            })
            .await
            .unwrap();
        drop(vault);
        let vault = Vault::unlock(&path, "246810", &ports, None).await.unwrap();
        assert_eq!(vault.get(&NOTES, "a").unwrap().as_deref(), Some(large.as_str()));
        assert!(row(&vault).len() > LARGE);

        let again = large.clone();
        vault.write(move |tx| tx.put(&NOTES, "a", &again)).await.unwrap();
        assert_eq!(row(&vault).len(), 9, "its place alone");
        drop(vault);
        let vault = Vault::unlock(&path, "246810", &ports, None).await.unwrap();
        assert_eq!(vault.all(&NOTES).unwrap(), [("a".to_owned(), large)]);
        // A short one in its place leaves nothing apart, nor does its removal.
        for value in [Some("short".to_owned()), None] {
            vault
                .write(move |tx| match &value {
                    Some(value) => tx.put(&NOTES, "a", value),
                    None => tx.remove(&NOTES, "a"),
                })
                .await
                .unwrap();
            assert_eq!(vault.store.get(&APART, ("notes", "a")).unwrap(), None);
        }
        drop(vault);
        assert!(Vault::unlock(&path, "246810", &ports, None).await.is_ok());
    }
}
