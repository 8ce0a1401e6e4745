//! Taking what is left of a damaged vault: each record that is authentic in its own place stays, any other is removed
//! and counted. It needs device and PIN like any opening, and somebody who was told what it costs: a record that was put
//! back to an older one, or taken away, can't be told from one that the disk lost.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use store::{OpenError, Range, Store};

use super::{
    NotUnlocked, Vault, VaultError,
    keys::{Keys, Place},
    records::{APART, PAGE, ROOT_KEY, ROOT_TABLE, Root, Row, SEALED, add, read_root, write_root},
    unlock::{HEADER, ONLY, try_pin_before_wiping},
};
use crate::ports::Ports;

/// What a repair found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Repaired {
    /// Records that could not be read and were removed, by table.
    pub(crate) unreadable: BTreeMap<String, usize>,
    /// Whether records are missing or older than they should be, beyond those that could not be read; also when nobody can tell.
    pub(crate) incomplete: bool,
}

/// A table whose records go with those of another, by the same keys.
pub(crate) struct GoesWith {
    pub(crate) table: &'static str,
    pub(crate) of: &'static str,
}

impl Vault {
    /// `wipe_after` as for [`Vault::unlock`]. What could not be read and was removed takes what `goes_with` it along, in one write.
    pub(crate) async fn repair(
        path: &Path,
        pin: &str,
        ports: &Ports,
        wipe_after: Option<u32>,
        goes_with: GoesWith,
    ) -> Result<(Self, Repaired), NotUnlocked> {
        if !Store::exists(path) {
            return Err(NotUnlocked::NoWallet);
        }
        let (store, is_short) = with_what_is_left(path)?;
        let header = store.get(&HEADER, ONLY)?.ok_or(NotUnlocked::Header)?;
        let store_key = try_pin_before_wiping(&store, &header, pin, ports, wipe_after).await?;
        let (id, random) = (header.id()?, Arc::clone(&ports.random));
        let keys = Keys::new(&store_key, id, Arc::clone(&random));
        let mut repaired = sift(&store, keys, goes_with).await?;
        // What is left of a database that lost its end may be whole in itself: an older state, with fewer cards.
        repaired.incomplete |= is_short;
        Ok((Self::open(store, &store_key, id, random)?, repaired))
    }
}

/// The database, and whether it lost what it had acknowledged.
fn with_what_is_left(path: &Path) -> Result<(Store, bool), OpenError> {
    let strict = store::Options::default();
    match Store::persistent(path, &strict) {
        Err(OpenError::CutShort { .. } | OpenError::MarkerDamaged { .. }) => {
            let accepting = store::Options { accept_loss: true, ..strict };
            Ok((Store::persistent(path, &accepting)?, true))
        }
        opened => Ok((opened?, false)),
    }
}

async fn sift(store: &Store, keys: Keys, goes_with: GoesWith) -> Result<Repaired, VaultError> {
    let root = read_root(store.get(&SEALED, (ROOT_TABLE, ROOT_KEY))?, &keys).ok();
    // What is there by its places and versions, readable or not, and what of it stays.
    let (mut there, mut stays) = ([0; 32], [0; 32]);
    let (mut last, mut bad, mut followers) = (0, Vec::<(String, String)>::new(), Vec::new());
    let mut is_told = true;
    let mut range = Range::all();
    loop {
        let page = store.page(&SEALED, &range, PAGE)?;
        for ((table, key), sealed) in &page {
            if table == ROOT_TABLE {
                continue;
            }
            let Ok(row) = Row::of(sealed) else {
                is_told = false;
                bad.push((table.clone(), key.clone()));
                continue;
            };
            let share = keys.share(Place { table, key, version: row.version() });
            add(&mut there, &share);
            match row.open(&keys, (table, key), || store.get(&APART, (&**table, &**key))) {
                Ok(_) => {
                    add(&mut stays, &share);
                    last = last.max(row.version());
                    if table == goes_with.table {
                        followers.push((key.clone(), share));
                    }
                }
                Err(VaultError::Store(error)) => return Err(error.into()),
                Err(_) => bad.push((table.clone(), key.clone())),
            }
        }
        match page.last() {
            Some(((table, key), _)) if page.len() == PAGE => range = Range::all().after((table, key)),
            _ => break,
        }
    }
    let mut repaired = Repaired::default();
    for (table, _) in &bad {
        *repaired.unreadable.entry(table.clone()).or_default() += 1;
    }
    repaired.incomplete = !is_told || root.as_ref().is_none_or(|root| root.inventory != there);
    let is_orphan = |key: &String| bad.iter().any(|(table, lost)| table == goes_with.of && lost == key);
    let orphans: Vec<_> = followers.into_iter().filter(|(key, _)| is_orphan(key)).collect();
    for (key, share) in orphans {
        // A share is added and taken away alike.
        add(&mut stays, &share);
        bad.push((goes_with.table.to_owned(), key));
    }
    // Beyond every number that was ever used, as far as anyone can tell.
    let number = root.map_or(0, |root| root.number).max(last).saturating_add(1);
    store
        .write_async(move |tx| {
            for (table, key) in &bad {
                tx.remove(&SEALED, (table, key))?;
                tx.remove(&APART, (table, key))?;
            }
            write_root(tx, &keys, &Root { number, inventory: stays })
        })
        .await?;
    Ok(repaired)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ports::NoNetwork,
        software::{DeviceSecret, SoftwareKeyStore},
        vault::{PinCost, Sealed},
    };

    const PIN: &str = "246810";
    const THINGS: Sealed<String> = Sealed::new("things");
    const NAMES: Sealed<String> = Sealed::new("names");
    const NOTES: Sealed<String> = Sealed::new("notes");

    struct Kept {
        folder: tempfile::TempDir,
        vault: Option<Vault>,
    }

    impl Kept {
        /// Two things with their names, and a note.
        async fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let cost = PinCost { memory_kib: 64, passes: 1 };
            let (path, ports) = (folder.path().join("vault"), ports(folder.path()));
            let vault = Vault::create(&path, PIN, &ports, cost).await.unwrap();
            vault.write(|tx| tx.put(&NOTES, "n", &"before".to_owned())).await.unwrap();
            let things = |tx: &mut crate::vault::VaultTx<'_, '_>| {
                ["a", "b"].into_iter().try_for_each(|key| {
                    tx.put(&THINGS, key, &"thing".to_owned())?;
                    tx.put(&NAMES, key, &"name".to_owned())
                })
            };
            vault.write(things).await.unwrap();
            Self { folder, vault: Some(vault) }
        }

        fn row(&self, table: &str, key: &str) -> Vec<u8> {
            self.vault.as_ref().unwrap().store.get(&SEALED, (table, key)).unwrap().unwrap()
        }

        fn put_back(&self, table: &'static str, key: &'static str, row: Vec<u8>) {
            let store = &self.vault.as_ref().unwrap().store;
            store.write(move |tx| tx.put(&SEALED, (table, key), &row)).unwrap();
        }

        fn damage(&self, table: &'static str, key: &'static str) {
            let mut row = self.row(table, key);
            *row.last_mut().unwrap() ^= 1;
            self.put_back(table, key, row);
        }

        async fn repaired(&mut self) -> Repaired {
            self.vault = None;
            let (path, ports) = (self.folder.path().join("vault"), ports(self.folder.path()));
            let goes_with = GoesWith { table: "names", of: "things" };
            let repaired = Vault::repair(&path, PIN, &ports, None, goes_with).await.unwrap().1;
            self.vault = Some(Vault::unlock(&path, PIN, &ports, None).await.unwrap());
            repaired
        }
    }

    fn ports(folder: &Path) -> Ports {
        let keys = SoftwareKeyStore::open(folder.join("keys"), &DeviceSecret::from_bytes(b"device"));
        Ports::new(Arc::new(keys.unwrap()), Arc::new(NoNetwork), Arc::new(|| registry::UnixMillis(1)))
    }

    #[tokio::test]
    async fn what_goes_with_a_damaged_record_goes_with_it_in_the_same_write() {
        let mut kept = Kept::new().await;
        kept.damage("things", "a");
        let repaired = kept.repaired().await;
        assert_eq!(repaired.unreadable, BTreeMap::from([("things".to_owned(), 1)]));
        assert!(!repaired.incomplete, "everything else is there");
        let vault = kept.vault.as_ref().unwrap();
        let keys = |table| vault.all(table).unwrap().into_iter().map(|(key, _)| key).collect::<Vec<_>>();
        assert_eq!((keys(&THINGS), keys(&NAMES)), (vec!["b".to_owned()], vec!["b".to_owned()]));
    }

    #[tokio::test]
    async fn damage_hides_neither_an_older_record_nor_one_that_is_gone() {
        let mut kept = Kept::new().await;
        let before = kept.row("notes", "n");
        let vault = kept.vault.as_ref().unwrap();
        vault.write(|tx| tx.put(&NOTES, "n", &"after".to_owned())).await.unwrap();
        kept.put_back("notes", "n", before);
        kept.damage("things", "a");
        assert!(kept.repaired().await.incomplete, "a note is older than it was");

        let mut kept = Kept::new().await;
        let store = &kept.vault.as_ref().unwrap().store;
        store.write(|tx| tx.remove(&SEALED, ("notes", "n"))).unwrap();
        kept.damage("things", "a");
        assert!(kept.repaired().await.incomplete, "a note is gone");

        let mut kept = Kept::new().await;
        kept.put_back("things", "a", vec![9]);
        assert!(kept.repaired().await.incomplete, "nobody can tell what stood there");
    }
}
