//! What a node tells those who listen (`text/event-stream`, HTML Living Standard, section 9.2).
//!
//! The `id` of every event is a height. A listener who comes back with it in `Last-Event-ID` is told everything since,
//! or [`RESET`] when the node no longer remembers that far. Between events the node sends comments, so that silence
//! means that it is gone.
//!
//! Nothing here is proven: an event says when to ask for evidence again, never what the chain says.

use serde::{Deserialize, Serialize};

use crate::hash::Hash32;
use crate::record::RecordKey;
use crate::time::UnixMillis;

/// The first event of a listener who asks for nothing past: where the chain is. Everything after is told.
pub const HEAD: &str = "head";
/// A new block, see [`BlockEvent`].
pub const BLOCK: &str = "block";
/// What happened since `Last-Event-ID` is not remembered: take everything for changed. Everything after is told.
pub const RESET: &str = "reset";

/// The data of [`HEAD`] and [`RESET`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PositionEvent {
    /// The newest block.
    pub height: u64,
}

/// A new block and what it changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BlockEvent {
    /// Its height.
    pub height: u64,
    /// Its id.
    pub id: Hash32,
    /// Its time.
    pub time: UnixMillis,
    /// How many transactions it has.
    pub transactions: usize,
    /// The records it changed, of those listened for.
    pub changed: Vec<RecordKey>,
}
