//! The state as a block's transactions see it: what stood before, what they changed so far, and what the transaction
//! being executed would change.

use std::collections::BTreeMap;

use crate::did::Did;
use crate::execute::TxError;
use crate::record::{DidRecord, GovernanceRecord, Record, RecordKey, ValidatorsRecord};
use crate::state::State;
use crate::transaction::Author;

pub(super) struct Overlay<'s> {
    before: &'s State,
    /// Records read or written in this block, decoded once; the flag says written. Boxed: the map moves what it holds.
    block: BTreeMap<RecordKey, (Box<Record>, bool)>,
    pending: Vec<Record>,
}

impl<'s> Overlay<'s> {
    pub(super) fn new(before: &'s State) -> Self {
        Self { before, block: BTreeMap::new(), pending: Vec::new() }
    }

    /// What stands at `key`, the transaction's own changes not counted.
    pub(super) fn record(&mut self, key: &RecordKey) -> Result<Option<&Record>, TxError> {
        if !self.block.contains_key(key) {
            let Some(record) = self.before.record(key).map_err(|_| TxError::StateDamaged)? else {
                return Ok(None);
            };
            self.block.insert(key.clone(), (Box::new(record), false));
        }
        Ok(self.block.get(key).map(|(record, _)| &**record))
    }

    /// Puts a record at its key, if the transaction succeeds.
    pub(super) fn put(&mut self, record: Record) {
        self.pending.push(record);
    }

    /// The transaction succeeded.
    pub(super) fn keep(&mut self) {
        self.block.extend(self.pending.drain(..).map(|record| (record.key(), (Box::new(record), true))));
    }

    /// The transaction was refused.
    pub(super) fn drop_pending(&mut self) {
        self.pending.clear();
    }

    pub(super) fn finish(self) -> (State, BTreeMap<RecordKey, Record>) {
        let written =
            self.block.into_iter().filter_map(|(key, (record, written))| written.then_some((key, *record)));
        let updates: BTreeMap<_, _> = written.collect();
        (self.before.with(updates.values()), updates)
    }

    pub(super) fn nonce(&mut self, author: &Author) -> Result<u64, TxError> {
        match self.record(&RecordKey::Nonce(author.clone()))? {
            None => Ok(0),
            Some(Record::Nonce(record)) => Ok(record.next),
            Some(_) => Err(TxError::StateDamaged),
        }
    }

    pub(super) fn did(&mut self, did: &Did) -> Result<Option<DidRecord>, TxError> {
        match self.record(&RecordKey::Did(did.clone()))? {
            None => Ok(None),
            Some(Record::Did(record)) => Ok(Some(record.clone())),
            Some(_) => Err(TxError::StateDamaged),
        }
    }

    pub(super) fn governance(&mut self) -> Result<GovernanceRecord, TxError> {
        match self.record(&RecordKey::Governance)? {
            Some(Record::Governance(record)) => Ok(record.clone()),
            _ => Err(TxError::StateDamaged),
        }
    }

    pub(super) fn validators(&mut self) -> Result<ValidatorsRecord, TxError> {
        match self.record(&RecordKey::Validators)? {
            Some(Record::Validators(record)) => Ok(record.clone()),
            _ => Err(TxError::StateDamaged),
        }
    }
}
