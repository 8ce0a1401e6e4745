//! What a store needs of an engine: ordered bytes, atomic changes, and a sync that means it.

pub(crate) mod memory;
#[cfg(feature = "postgres")]
pub(crate) mod postgres;
pub(crate) mod sled;

use std::collections::BTreeMap;

use crate::{StoreError, range::Span};

/// Keys with their new values; `None` removes.
pub(crate) type Changes = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// Keys with their values, in the order asked for.
pub(crate) type Rows = Vec<(Vec<u8>, Vec<u8>)>;

/// Rows that can be read.
pub(crate) trait Reads {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    fn page(&self, span: &Span, limit: usize) -> Result<Rows, StoreError>;
}

/// An engine. The store serialises `apply` against everything else, and calls `begin`, `apply`, `leave` and `sync` from
/// one thread. Its [`Reads`] are that thread's: they see what stood at `begin`.
pub(crate) trait Backend: Reads + Send + Sync {
    /// Before a group of writes is run: keeps the writers of other processes out, where there can be any.
    fn begin(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// Makes all changes or, after a crash, none.
    fn apply(&self, changes: Changes) -> Result<(), StoreError>;

    /// Instead of `apply`, when a group changed nothing.
    fn leave(&self) {}

    /// Returns once everything applied so far would survive a power cut.
    fn sync(&self) -> Result<(), StoreError>;

    /// One state for a reader, where the engine keeps states apart by itself; `None` where the store's own lock does.
    fn view(&self) -> Option<Box<dyn Reads + '_>> {
        None
    }

    /// Whether other processes may use the same rows.
    fn is_shared(&self) -> bool {
        false
    }

    /// Whether the engine can be trusted again after it refused something. A disk that lost a write can't.
    fn recovers(&self) -> bool {
        false
    }
}
