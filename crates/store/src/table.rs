//! Tables: a name, a key type, and how values are written.

use std::marker::PhantomData;

use serde::{Serialize, de::DeserializeOwned};

use crate::{StoreError, key::KeyFor, scope::Scope};

const KEY_LIMIT: usize = 1024;
const VALUE_LIMIT: usize = 16 * 1024 * 1024;

/// A typed table, declared as a constant: `const ACCOUNTS: Table<str, Account> = Table::new("accounts");`.
///
/// The name is part of every stored key and can't change without a migration: ASCII, not empty, no control
/// characters.
pub struct Table<K: ?Sized, V, C = Json> {
    name: &'static str,
    key: PhantomData<fn(&K)>,
    value: PhantomData<fn() -> (V, C)>,
}

/// A table whose values are bytes as they are.
pub type BytesTable<K> = Table<K, Vec<u8>, Raw>;

/// How a table's values become bytes and are read back.
pub trait Codec<V> {
    /// What is handed in to be written.
    type Borrowed: ?Sized;

    /// The bytes of a value; `None` if it has no such form.
    fn encode(value: &Self::Borrowed) -> Option<Vec<u8>>;

    /// The value of bytes; `None` if they are no such value.
    fn decode(bytes: Vec<u8>) -> Option<V>;
}

/// Values as JSON.
pub enum Json {}

/// Values as the bytes they are.
pub enum Raw {}

impl<V: Serialize + DeserializeOwned> Codec<V> for Json {
    type Borrowed = V;
    fn encode(value: &V) -> Option<Vec<u8>> {
        serde_json::to_vec(value).ok()
    }
    fn decode(bytes: Vec<u8>) -> Option<V> {
        serde_json::from_slice(&bytes).ok()
    }
}

impl Codec<Vec<u8>> for Raw {
    type Borrowed = [u8];
    fn encode(value: &[u8]) -> Option<Vec<u8>> {
        Some(value.to_vec())
    }
    fn decode(bytes: Vec<u8>) -> Option<Vec<u8>> {
        Some(bytes)
    }
}

impl<K: ?Sized, V, C> Table<K, V, C> {
    /// A table of this name. A bad name doesn't compile when the table is a constant.
    ///
    /// # Panics
    /// When `name` is empty or holds anything but visible ASCII.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        let bytes = name.as_bytes();
        assert!(!bytes.is_empty(), "a table needs a name");
        let mut at = 0;
        while at < bytes.len() {
            assert!(bytes[at].is_ascii_graphic(), "a table's name is visible ASCII");
            at += 1;
        }
        Self { name, key: PhantomData, value: PhantomData }
    }

    /// The table's name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// What every key of this table begins with, in this scope.
    pub(crate) fn prefix(&self, scope: &Scope) -> Vec<u8> {
        let mut out = Vec::with_capacity(scope.bytes().len() + self.name.len() + 1 + 32);
        out.extend_from_slice(scope.bytes());
        out.extend_from_slice(self.name.as_bytes());
        out.push(0);
        out
    }

    pub(crate) fn key(&self, scope: &Scope, key: impl KeyFor<K>) -> Result<Vec<u8>, StoreError> {
        let mut out = self.prefix(scope);
        key.write_last(&mut out);
        if out.len() > KEY_LIMIT { Err(StoreError::KeyTooLong { table: self.name }) } else { Ok(out) }
    }

    pub(crate) fn encode(&self, value: &C::Borrowed) -> Result<Vec<u8>, StoreError>
    where
        C: Codec<V>,
    {
        let bytes = C::encode(value).ok_or(StoreError::Unencodable { table: self.name })?;
        if bytes.len() > VALUE_LIMIT {
            return Err(StoreError::ValueTooLarge { table: self.name });
        }
        Ok(bytes)
    }

    pub(crate) fn decode(&self, bytes: Vec<u8>) -> Result<V, StoreError>
    where
        C: Codec<V>,
    {
        C::decode(bytes).ok_or(StoreError::Undecodable { table: self.name })
    }
}
