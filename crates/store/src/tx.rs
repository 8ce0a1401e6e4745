//! What a write closure works on.

use std::collections::BTreeMap;

use crate::{
    StoreError,
    backend::{Changes, Reads, Rows},
    key::{Key, KeyFor},
    range::{Range, Span},
    scope::Scope,
    table::{Codec, Table},
};

/// All tables, with the writes of this closure and of those before it. Nothing leaves it until the closure returns.
pub struct Tx<'a> {
    backend: &'a dyn Reads,
    changes: Changes,
    undo: Vec<Undo>,
    scope: Scope,
}

/// A key, and the change that stood there before; `None` if none did.
struct Undo {
    key: Vec<u8>,
    before: Option<Option<Vec<u8>>>,
}

impl<'a> Tx<'a> {
    pub(crate) fn new(backend: &'a dyn Reads) -> Self {
        Self { backend, changes: BTreeMap::new(), undo: Vec::new(), scope: Scope::default() }
    }

    /// From here on tables are those of this scope.
    pub(crate) fn enter(&mut self, scope: Scope) {
        self.scope = scope;
    }

    /// The value at a key.
    ///
    /// # Errors
    /// [`StoreError::Undecodable`] if it isn't what the table says; [`StoreError::Failed`] if the engine refuses.
    pub fn get<K: ?Sized, V, C: Codec<V>>(
        &self,
        table: &Table<K, V, C>,
        key: impl KeyFor<K>,
    ) -> Result<Option<V>, StoreError> {
        let key = table.key(&self.scope, key)?;
        let bytes = match self.changes.get(&key) {
            Some(change) => change.clone(),
            None => self.backend.get(&key)?,
        };
        bytes.map(|bytes| table.decode(bytes)).transpose()
    }

    /// Whether a key has a value.
    ///
    /// # Errors
    /// [`StoreError::Failed`] if the engine refuses.
    pub fn contains<K: ?Sized, V, C>(
        &self,
        table: &Table<K, V, C>,
        key: impl KeyFor<K>,
    ) -> Result<bool, StoreError> {
        let key = table.key(&self.scope, key)?;
        Ok(match self.changes.get(&key) {
            Some(change) => change.is_some(),
            None => self.backend.get(&key)?.is_some(),
        })
    }

    /// Writes a value, over another if there is one.
    ///
    /// # Errors
    /// Only for a value or key that is too large, or a value that has no JSON form.
    pub fn put<K: ?Sized, V, C: Codec<V>>(
        &mut self,
        table: &Table<K, V, C>,
        key: impl KeyFor<K>,
        value: &C::Borrowed,
    ) -> Result<(), StoreError> {
        let key = table.key(&self.scope, key)?;
        let value = table.encode(value)?;
        self.change(key, Some(value));
        Ok(())
    }

    /// Removes a row if it is there.
    ///
    /// # Errors
    /// Only for a key that is too long.
    pub fn remove<K: ?Sized, V, C>(
        &mut self,
        table: &Table<K, V, C>,
        key: impl KeyFor<K>,
    ) -> Result<(), StoreError> {
        let key = table.key(&self.scope, key)?;
        self.change(key, None);
        Ok(())
    }

    /// Writes a row as the engine has it.
    pub(crate) fn put_row(&mut self, key: Vec<u8>, value: Vec<u8>) {
        self.change(key, Some(value));
    }

    /// At most `limit` rows of a range, in its order.
    ///
    /// # Errors
    /// As [`Tx::get`].
    pub fn page<K: Key + ?Sized, V, C: Codec<V>>(
        &self,
        table: &Table<K, V, C>,
        range: &Range<K>,
        limit: usize,
    ) -> Result<Vec<(K::Owned, V)>, StoreError> {
        decode_rows(&self.scope, table, self.rows(&range.span(&self.scope, table), limit)?)
    }

    fn rows(&self, span: &Span, limit: usize) -> Result<Rows, StoreError> {
        let changed: Vec<_> = self
            .changes
            .range(span.from.clone()..)
            .take_while(|(key, _)| span.until.as_ref().is_none_or(|until| *key < until))
            .collect();
        // Each change hides at most one row below it.
        let below = self.backend.page(span, limit.saturating_add(changed.len()))?;
        let mut merged: BTreeMap<Vec<u8>, Vec<u8>> = below.into_iter().collect();
        for (key, change) in changed {
            match change {
                Some(value) => merged.insert(key.clone(), value.clone()),
                None => merged.remove(key),
            };
        }
        Ok(if span.reversed {
            merged.into_iter().rev().take(limit).collect()
        } else {
            merged.into_iter().take(limit).collect()
        })
    }

    fn change(&mut self, key: Vec<u8>, value: Option<Vec<u8>>) {
        let before = self.changes.insert(key.clone(), value);
        self.undo.push(Undo { key, before });
    }

    /// What has been written since the last settle stays.
    pub(crate) fn settle(&mut self) {
        self.undo.clear();
    }

    /// What has been written since the last settle never was.
    pub(crate) fn roll_back(&mut self) {
        while let Some(Undo { key, before }) = self.undo.pop() {
            match before {
                Some(before) => self.changes.insert(key, before),
                None => self.changes.remove(&key),
            };
        }
    }

    pub(crate) fn into_changes(self) -> Changes {
        self.changes
    }
}

pub(crate) fn decode_rows<K: Key + ?Sized, V, C: Codec<V>>(
    scope: &Scope,
    table: &Table<K, V, C>,
    rows: Rows,
) -> Result<Vec<(K::Owned, V)>, StoreError> {
    let skip = table.prefix(scope).len();
    rows.into_iter()
        .map(|(key, value)| {
            let key = key.get(skip..).and_then(K::read_last);
            let key = key.ok_or(StoreError::Undecodable { table: table.name() })?;
            Ok((key, table.decode(value)?))
        })
        .collect()
}
