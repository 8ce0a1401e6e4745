//! The keys that an unlocked vault works with, all from the one store key.

use std::sync::Arc;

use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::{
    ports::{NoRandomness, Randomness},
    seal::{self, NotAuthentic, SecretKey},
};

/// Seals and opens records. Wiped when dropped.
pub(super) struct Keys {
    records: SecretKey,
    inventory: SecretKey,
    names: SecretKey,
    id: [u8; 16],
    random: Arc<dyn Randomness>,
}

/// Where a record stands and which of its versions it is.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) table: &'a str,
    pub(super) key: &'a str,
    pub(super) version: u64,
}

impl Keys {
    pub(super) fn new(store_key: &SecretKey, id: [u8; 16], random: Arc<dyn Randomness>) -> Self {
        Self {
            records: seal::derive(store_key.as_slice(), &id, "huizheng/vault/records/1"),
            inventory: seal::derive(store_key.as_slice(), &id, "huizheng/vault/inventory/1"),
            names: seal::derive(store_key.as_slice(), &id, "huizheng/vault/names/1"),
            id,
            random,
        }
    }

    pub(super) fn seal(&self, place: Place<'_>, plain: &[u8]) -> Result<Vec<u8>, NoRandomness> {
        seal::seal(&self.records, &self.associated(place), plain, self.random.as_ref())
    }

    pub(super) fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<seal::Plain, NotAuthentic> {
        seal::open(&self.records, &self.associated(place), sealed)
    }

    /// A record's share in the inventory: nobody without the key can find records with a given sum.
    pub(super) fn share(&self, place: Place<'_>) -> [u8; 32] {
        hmac(&self.inventory, &self.associated(place))
    }

    /// A name for a record whose own would tell something: always the same for the same, and nothing to anyone else.
    pub(super) fn blind(&self, name: &str) -> String {
        let blind = hmac(&self.names, name.as_bytes());
        let number = blind.iter().take(16).fold(0, |number, byte| number << 8 | u128::from(*byte));
        format!("{number:032x}")
    }

    fn associated(&self, Place { table, key, version }: Place<'_>) -> Vec<u8> {
        let mut bytes = self.id.to_vec();
        for part in [table, key] {
            bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
            bytes.extend_from_slice(part.as_bytes());
        }
        bytes.extend_from_slice(&version.to_be_bytes());
        bytes
    }
}

fn hmac(key: &SecretKey, message: &[u8]) -> [u8; 32] {
    // HMAC takes keys of any length.
    let Ok(mut mac) = <Hmac<Sha256> as Mac>::new_from_slice(key.as_slice()) else { return [0; 32] };
    mac.update(message);
    mac.finalize().into_bytes().into()
}
