//! Which rows of a table a page shows.

use std::marker::PhantomData;

use crate::{
    key::{KeyFor, PrefixOf},
    scope::Scope,
    table::Table,
};

/// Rows in key order: all of a table, or those with a prefix; from a key or after one; forwards or backwards.
///
/// To page, ask for the next page with [`Range::after`] the last key of the one before.
pub struct Range<K: ?Sized> {
    prefix: Vec<u8>,
    start: Option<Start>,
    reversed: bool,
    key: PhantomData<fn() -> PhantomData<K>>,
}

enum Start {
    From(Vec<u8>),
    After(Vec<u8>),
}

/// The same as byte strings: first and last as the engine sees them.
#[derive(Debug, Clone)]
pub(crate) struct Span {
    /// Keys at or above this.
    pub(crate) from: Vec<u8>,
    /// Keys below this; `None` is no bound.
    pub(crate) until: Option<Vec<u8>>,
    pub(crate) reversed: bool,
}

impl Span {
    /// Whether no key can lie in it. Engines panic on such ranges, so they are asked first.
    pub(crate) fn is_empty(&self) -> bool {
        self.until.as_ref().is_some_and(|until| self.from >= *until)
    }
}

impl<K: ?Sized> Range<K> {
    /// Every row.
    #[must_use]
    pub fn all() -> Self {
        Self { prefix: Vec::new(), start: None, reversed: false, key: PhantomData }
    }

    /// The rows whose keys begin so.
    #[must_use]
    pub fn prefix(prefix: impl PrefixOf<K>) -> Self {
        let mut bytes = Vec::new();
        prefix.write_prefix(&mut bytes);
        Self { prefix: bytes, ..Self::all() }
    }

    /// Begins at this key, or at the next one in the direction of travel.
    #[must_use]
    pub fn from(mut self, key: impl KeyFor<K>) -> Self {
        let mut bytes = Vec::new();
        key.write_last(&mut bytes);
        self.start = Some(Start::From(bytes));
        self
    }

    /// Begins behind this key in the direction of travel.
    #[must_use]
    pub fn after(mut self, key: impl KeyFor<K>) -> Self {
        let mut bytes = Vec::new();
        key.write_last(&mut bytes);
        self.start = Some(Start::After(bytes));
        self
    }

    /// Travels from the last key to the first.
    #[cfg(feature = "backwards")]
    #[must_use]
    pub fn reversed(mut self) -> Self {
        self.reversed = true;
        self
    }

    pub(crate) fn span<V, C>(&self, scope: &Scope, table: &Table<K, V, C>) -> Span {
        let base = table.prefix(scope);
        let whole = |key: &[u8]| [base.as_slice(), key].concat();
        let mut from = whole(&self.prefix);
        let mut until = successor_of_prefix(&from);
        match (&self.start, self.reversed) {
            (None, _) => {}
            (Some(Start::From(key)), false) => from = from.max(whole(key)),
            (Some(Start::After(key)), false) => from = from.max(next(whole(key))),
            (Some(Start::From(key)), true) => until = lower(until, next(whole(key))),
            (Some(Start::After(key)), true) => until = lower(until, whole(key)),
        }
        Span { from, until, reversed: self.reversed }
    }
}

/// The first key behind this one.
fn next(mut key: Vec<u8>) -> Vec<u8> {
    key.push(0);
    key
}

fn lower(bound: Option<Vec<u8>>, other: Vec<u8>) -> Option<Vec<u8>> {
    Some(bound.map_or(other.clone(), |bound| bound.min(other)))
}

/// The first key behind all that begin with `prefix`.
fn successor_of_prefix(prefix: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = prefix.to_vec();
    while let Some(last) = bytes.pop() {
        if last < 0xff {
            bytes.push(last + 1);
            return Some(bytes);
        }
    }
    None
}
