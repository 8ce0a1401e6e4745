//! What a store needs of an engine: ordered bytes, atomic changes, and a sync that means it.

pub(crate) mod memory;
pub(crate) mod sled;

use std::collections::BTreeMap;

use crate::{StoreError, range::Span};

/// Keys with their new values; `None` removes.
pub(crate) type Changes = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// Keys with their values, in the order asked for.
pub(crate) type Rows = Vec<(Vec<u8>, Vec<u8>)>;

/// An engine. The store serialises `apply` against everything else, and calls `apply` and `sync` from one thread.
pub(crate) trait Backend: Send + Sync {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    fn page(&self, span: &Span, limit: usize) -> Result<Rows, StoreError>;

    /// Makes all changes or, after a crash, none.
    fn apply(&self, changes: Changes) -> Result<(), StoreError>;

    /// Returns once everything applied so far would survive a power cut.
    fn sync(&self) -> Result<(), StoreError>;
}
