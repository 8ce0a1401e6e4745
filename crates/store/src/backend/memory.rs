//! An engine that lives and dies with the process.

use std::{
    collections::BTreeMap,
    ops::Bound,
    sync::{PoisonError, RwLock},
};

use super::{Backend, Changes, Reads, Rows};
use crate::{StoreError, range::Span};

#[derive(Default)]
pub(crate) struct Memory {
    rows: RwLock<BTreeMap<Vec<u8>, Vec<u8>>>,
}

impl Reads for Memory {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.rows.read().unwrap_or_else(PoisonError::into_inner).get(key).cloned())
    }

    fn page(&self, span: &Span, limit: usize) -> Result<Rows, StoreError> {
        if span.is_empty() {
            return Ok(Rows::new());
        }
        let rows = self.rows.read().unwrap_or_else(PoisonError::into_inner);
        let until = span.until.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        let range = rows.range::<[u8], _>((Bound::Included(span.from.as_slice()), until));
        let own = |(key, value): (&Vec<u8>, &Vec<u8>)| (key.clone(), value.clone());
        Ok(if span.reversed {
            range.rev().take(limit).map(own).collect()
        } else {
            range.take(limit).map(own).collect()
        })
    }
}

impl Backend for Memory {
    fn apply(&self, changes: Changes) -> Result<(), StoreError> {
        let mut rows = self.rows.write().unwrap_or_else(PoisonError::into_inner);
        for (key, change) in changes {
            match change {
                Some(value) => rows.insert(key, value),
                None => rows.remove(&key),
            };
        }
        Ok(())
    }

    fn sync(&self) -> Result<(), StoreError> {
        Ok(())
    }
}
