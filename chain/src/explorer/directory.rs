//! Which records there are: the state tree knows them by digest only. Kept in memory, made from the state at first
//! use and then from what each block changed.

use std::collections::BTreeSet;
use std::sync::{PoisonError, RwLock};

use registry::{Record, RecordKey};

use crate::ledger::Tip;

#[derive(Default)]
pub(crate) struct Directory(RwLock<Known>);

#[derive(Default)]
struct Known {
    height: u64,
    /// Keys as text, so that a beginning names a range. Records are never removed.
    keys: BTreeSet<Box<str>>,
}

impl Directory {
    /// Learns of everything up to `tip`. Goes through the whole state when it fell too far behind.
    pub(super) fn catch_up(&self, tip: &Tip) {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner).height;
        if known >= tip.header.height {
            return;
        }
        let mut inner = self.0.write().unwrap_or_else(PoisonError::into_inner);
        match tip.news.since(inner.height).filter(|news| inner.height > 0 && !news.is_empty()) {
            Some(news) => {
                let changed = news.iter().flat_map(|block| block.changed.iter());
                inner.keys.extend(changed.map(|key| key.to_string().into()));
            }
            None => {
                let records = tip.state.all_bytes().filter_map(|bytes| Record::from_bytes(bytes).ok());
                inner.keys = records.map(|record| record.key().to_string().into()).collect();
            }
        }
        inner.height = tip.header.height;
    }

    /// The keys that begin with `prefix`, in order of their text, as far as `limit`, after the one given.
    pub(super) fn keys(&self, prefix: &str, after: Option<&str>, limit: usize) -> Vec<RecordKey> {
        use std::ops::Bound::{Excluded, Included, Unbounded};
        let from = match after {
            Some(after) if after >= prefix => Excluded(after),
            _ => Included(prefix),
        };
        let inner = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let found = inner.keys.range::<str, _>((from, Unbounded));
        let found = found.take_while(|key| key.starts_with(prefix));
        found.filter_map(|key| key.parse().ok()).take(limit).collect()
    }
}
