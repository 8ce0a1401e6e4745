//! What is in the store, as far as it can be told without the key: read while the PIN is being hashed, which takes longer.

use store::{Range, Store};

use super::{
    VaultError,
    keys::{Keys, Place},
    records::{ROOT_TABLE, Row, SEALED, add},
};

/// Rows that are in memory at the same time. Vaults of earlier versions have large ones.
const PAGE: usize = 256;

/// Every sealed record's place and version. What they are worth, the inventory says.
pub(super) struct Stock(Vec<(String, String, u64)>);

impl Stock {
    /// Reads the store from one end to the other.
    pub(super) fn of(store: &Store) -> Result<Self, VaultError> {
        let mut found = Vec::new();
        let mut range = Range::all();
        loop {
            let page = store.page(&SEALED, &range, PAGE)?;
            let full = page.len() == PAGE;
            let last = page.last().map(|(key, _)| key.clone());
            for ((table, key), sealed) in page {
                if table != ROOT_TABLE {
                    let version = Row::of(&sealed)?.version();
                    found.push((table, key, version));
                }
            }
            match last {
                Some((table, key)) if full => range = Range::all().after((&*table, &*key)),
                _ => return Ok(Self(found)),
            }
        }
    }

    /// The sum of the records' shares: what the root must say.
    pub(super) fn sum(&self, keys: &Keys) -> [u8; 32] {
        let mut sum = [0; 32];
        for (table, key, version) in &self.0 {
            add(&mut sum, &keys.share(Place { table, key, version: *version }));
        }
        sum
    }
}
