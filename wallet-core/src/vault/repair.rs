//! Taking what is left of a damaged vault: each record that is authentic in its own place stays, any other is removed
//! and counted. It needs device and PIN like any opening, and somebody who was told what it costs: a record that was put
//! back to an older one, or taken away, can't be told from one that the disk lost.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use store::{OpenError, Range, Store};

use super::{
    NotUnlocked, Vault, VaultError,
    keys::{Keys, Place},
    records::{APART, PAGE, ROOT_KEY, ROOT_TABLE, Root, Row, SEALED, add, read_root, write_root},
    unlock::{HEADER, ONLY, try_pin},
};
use crate::ports::Ports;

/// What a repair found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Repaired {
    /// Records that could not be read and were removed, by table.
    pub(crate) unreadable: BTreeMap<String, usize>,
    /// Whether records are missing or older than they should be, beyond those that could not be read.
    pub(crate) incomplete: bool,
}

impl Vault {
    pub(crate) async fn repair(
        path: &Path,
        pin: &str,
        ports: &Ports,
    ) -> Result<(Self, Repaired), NotUnlocked> {
        if !Store::exists(path) {
            return Err(NotUnlocked::NoWallet);
        }
        let (store, is_short) = with_what_is_left(path)?;
        let header = store.get(&HEADER, ONLY)?.ok_or(NotUnlocked::Header)?;
        let store_key = try_pin(&store, &header, pin, ports).await?;
        let (id, random) = (header.id()?, Arc::clone(&ports.random));
        let keys = Keys::new(&store_key, id, Arc::clone(&random));
        let mut repaired = sift(&store, keys).await?;
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

async fn sift(store: &Store, keys: Keys) -> Result<Repaired, VaultError> {
    let root = read_root(store.get(&SEALED, (ROOT_TABLE, ROOT_KEY))?, &keys).ok();
    let (mut sum, mut last, mut bad) = ([0; 32], 0, Vec::new());
    let mut range = Range::all();
    loop {
        let page = store.page(&SEALED, &range, PAGE)?;
        for ((table, key), sealed) in &page {
            if table == ROOT_TABLE {
                continue;
            }
            let authentic = match Row::of(sealed) {
                Ok(row) => match row.open(&keys, (table, key), || store.get(&APART, (&**table, &**key))) {
                    Ok(_) => Some(Place { table, key, version: row.version() }),
                    Err(VaultError::Store(error)) => return Err(error.into()),
                    Err(_) => None,
                },
                Err(_) => None,
            };
            match authentic {
                Some(place) => {
                    add(&mut sum, &keys.share(place));
                    last = last.max(place.version);
                }
                None => bad.push((table.clone(), key.clone())),
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
    let known = root.as_ref().map(|root| root.inventory);
    repaired.incomplete = known != Some(sum) && (bad.is_empty() || known.is_none());
    // Beyond every number that was ever used, as far as anyone can tell.
    let number = root.map_or(0, |root| root.number).max(last).saturating_add(1);
    store
        .write_async(move |tx| {
            for (table, key) in &bad {
                tx.remove(&SEALED, (table, key))?;
                tx.remove(&APART, (table, key))?;
            }
            write_root(tx, &keys, &Root { number, inventory: sum })
        })
        .await?;
    Ok(repaired)
}
