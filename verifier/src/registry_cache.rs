//! What was proven of the chain, kept beside the store: so that a verifier that starts while no node answers still knows it.
//!
//! Each instance has its own, for what is kept costs nothing to get again. Nobody believes it because it was here: it is verified from
//! the pinned anchor on when it is read back.

use std::fmt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use service::node::{Keep, Row};
use store::{BytesTable, OpenError, Options, Range, Store, StoreError};

/// Rows by their names.
const KEPT: BytesTable<[u8]> = BytesTable::new("registry");
/// Rows read at once.
const TOGETHER: usize = 512;

/// A store of its own. None once it is closed.
pub(crate) struct RegistryCache(Mutex<Option<Store>>);

impl RegistryCache {
    /// In this folder. What is damaged is opened with what is left, or begun anew: nothing in it can't be had again.
    ///
    /// # Errors
    /// [`OpenError`].
    pub(crate) fn open(folder: &Path) -> Result<Self, OpenError> {
        let options = Options { cache_bytes: 8 << 20, accept_loss: true };
        let store = match Store::persistent(folder, &options) {
            Err(error @ OpenError::InUse { .. }) => return Err(error),
            Err(error) => {
                tracing::warn!(%error, "what was kept of the chain is thrown away");
                // Where it can't be removed, it can't be opened again either, and that is said.
                _ = std::fs::remove_dir_all(folder);
                Store::persistent(folder, &options)?
            }
            Ok(store) => store,
        };
        Ok(Self(Mutex::new(Some(store))))
    }

    /// Writes what is queued, and lets the folder go. From here on nothing is kept.
    pub(crate) fn close(&self) {
        let store = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(store) = store {
            store.close();
        }
    }

    fn store(&self) -> Option<Store> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Queued behind what came before, and not waited for.
    fn write(&self, write: impl FnOnce(&mut store::Tx<'_>) -> Result<(), StoreError> + Send + 'static) {
        if let Some(store) = self.store() {
            drop(store.write_async(write));
        }
    }
}

impl fmt::Debug for RegistryCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RegistryCache")
    }
}

impl Keep for RegistryCache {
    fn all(&self) -> Vec<Row> {
        let (mut rows, mut range) = (Vec::new(), Range::all());
        let Some(store) = self.store() else { return rows };
        loop {
            match store.page(&KEPT, &range, TOGETHER) {
                Ok(page) => match page.last() {
                    Some((last, _)) => {
                        range = Range::all().after(last.as_slice());
                        rows.extend(page);
                    }
                    None => return rows,
                },
                Err(error) => {
                    tracing::warn!(%error, "facts of the chain that were kept can't be read");
                    return rows;
                }
            }
        }
    }

    fn put(&self, rows: Vec<Row>) {
        if !rows.is_empty() {
            self.write(|tx| {
                rows.into_iter().try_for_each(|(name, bytes)| tx.put(&KEPT, name.as_slice(), &bytes))
            });
        }
    }

    fn remove(&self, names: Vec<Vec<u8>>) {
        if !names.is_empty() {
            self.write(|tx| names.into_iter().try_for_each(|name| tx.remove(&KEPT, name.as_slice())));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_outlives_its_closing_and_a_damage_costs_what_was_kept_and_no_more() {
        let dir = tempfile::tempdir().expect("dir");
        let folder = dir.path().join("registry");
        let row = |n: u16| (n.to_be_bytes().to_vec(), vec![7; 100]);
        let cache = RegistryCache::open(&folder).expect("made");
        assert!(matches!(RegistryCache::open(&folder), Err(OpenError::InUse { .. })));
        cache.put((0..1_500).map(row).collect());
        cache.remove(vec![row(3).0]);
        cache.close();
        cache.put(vec![row(9_999)]);
        let again = RegistryCache::open(&folder).expect("opened");
        let mut kept = again.all();
        kept.sort();
        assert_eq!((kept.len(), &kept[3]), (1_499, &row(4)), "more than one page, without what was removed");
        again.close();
        std::fs::write(folder.join("generation"), b"no generation").expect("damaged");
        for entry in std::fs::read_dir(folder.join("sled")).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_file() {
                std::fs::write(path, b"nothing of a store").expect("damaged");
            }
        }
        let anew = RegistryCache::open(&folder).expect("begun anew");
        assert!(anew.all().is_empty());
        anew.put(vec![row(1)]);
        anew.close();
        assert_eq!(RegistryCache::open(&folder).expect("opened").all(), [row(1)]);
    }
}
