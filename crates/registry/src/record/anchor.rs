//! Logs that organisations keep elsewhere, anchored here.

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

use crate::did::Did;
use crate::hash::Hash32;
use crate::text::Slug;
use crate::time::UnixMillis;

/// How far an organisation's log had come when it was last anchored. Whoever is shown the log counts its entries and hashes
/// them: what was there at the anchor can't be left out, altered or added to unnoticed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogAnchorRecord {
    /// Whose log.
    pub owner: Did,
    /// Which, for instance `audit`.
    pub log: Slug,
    /// How many entries it had; only ever more.
    pub entries: u64,
    /// The head of its hash chain after them.
    pub head: Hash32,
    /// Block time of the anchor: all those entries are older.
    pub at: UnixMillis,
}
