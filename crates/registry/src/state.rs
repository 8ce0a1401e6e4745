//! The whole state, as a value: a Merkle tree of records that shares what did not change.

mod tree;

use std::sync::Arc;

use crate::hash::Hash32;
use crate::proof::CompactProof;
use crate::record::{Record, RecordBytesError, RecordKey, ValidatorsRecord};
use tree::Tree;

/// The records at one moment. Cloning is free and a clone never changes, so a state can be read and proven from while
/// the next is made, and a proposed block can be executed without deciding for it.
///
/// All of it is in memory: about 500 bytes a record. Only organisations are on the chain, never holders.
#[derive(Clone, Default)]
pub struct State(Tree);

impl State {
    /// No records.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// The state with these records put at their keys.
    #[must_use]
    pub fn with<'a>(&self, records: impl IntoIterator<Item = &'a Record>) -> Self {
        self.with_bytes(records.into_iter().map(|record| (record.key().hash(), record.to_bytes())))
    }

    /// The state with these encodings put at the digests of their keys: how a state is loaded from what was saved.
    /// Check the [`root`](Self::root) against a header before believing it.
    #[must_use]
    pub fn with_bytes(&self, records: impl IntoIterator<Item = (Hash32, Vec<u8>)>) -> Self {
        Self(self.0.with(records.into_iter().map(|(key, bytes)| (key, Arc::from(bytes))).collect()))
    }

    /// The root that headers carry.
    #[must_use]
    pub fn root(&self) -> Hash32 {
        self.0.root()
    }

    /// The record at `key`.
    ///
    /// # Errors
    /// [`RecordBytesError`] when what stands there is no record: the state was not made by executing blocks.
    pub fn record(&self, key: &RecordKey) -> Result<Option<Record>, RecordBytesError> {
        self.bytes(key).map(Record::from_bytes).transpose()
    }

    /// Who signs the block after this state's: the header of this state's block carries the digest of that set.
    ///
    /// # Errors
    /// [`RecordBytesError`] when the state was not made by executing blocks upon a genesis.
    pub fn validators(&self) -> Result<ValidatorsRecord, RecordBytesError> {
        match self.record(&RecordKey::Validators)? {
            Some(Record::Validators(record)) => Ok(record),
            _ => Err(RecordBytesError),
        }
    }

    /// The encoding of the record at `key`.
    #[must_use]
    pub fn bytes(&self, key: &RecordKey) -> Option<&[u8]> {
        self.0.value(&key.hash())
    }

    /// Shows that the record at `key` is what it is, or that there is none.
    #[must_use]
    pub fn prove(&self, key: &RecordKey) -> CompactProof {
        self.prove_hash(&key.hash())
    }

    /// Shows what stands at the digest of a key.
    #[must_use]
    pub fn prove_hash(&self, key: &Hash32) -> CompactProof {
        self.0.prove(key)
    }

    /// Every record's encoding, in the order of their keys' digests.
    pub fn all_bytes(&self) -> impl Iterator<Item = &[u8]> {
        self.0.leaves().map(|(_, value)| value)
    }
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State").field("root", &self.root()).finish_non_exhaustive()
    }
}
