//! Status lists: open one, set entries. Revocation is final, suspension is not.

use std::collections::{BTreeMap, BTreeSet};

use crate::action::StatusChange;
use crate::did::Did;
use crate::execute::{Receipt, Step, TxError};
use crate::record::{
    CHUNK_ENTRIES, DEFAULT_LIST_LENGTH, MAX_LIST_LENGTH, Record, RecordKey, Status, StatusChunk,
    StatusListId, StatusListRecord,
};
use crate::transaction::Transaction;

const MAX_CHANGES: usize = 4096;

impl Step<'_, '_> {
    pub(super) fn status_list_create(
        &mut self,
        did: &Did,
        number: u32,
        length: u32,
        transaction: &Transaction,
    ) -> Receipt {
        self.authorised_did(did, transaction)?;
        if !(DEFAULT_LIST_LENGTH..=MAX_LIST_LENGTH).contains(&length) || !length.is_multiple_of(CHUNK_ENTRIES)
        {
            return Err(TxError::ListLength);
        }
        let list = StatusListId { owner: did.clone(), number };
        if self.overlay.record(&RecordKey::StatusList(list.clone()))?.is_some() {
            return Err(TxError::ListExists { list });
        }
        self.overlay.put(Record::StatusList(StatusListRecord { list, length, created: self.context.time }));
        Ok(())
    }

    pub(super) fn status_update(
        &mut self,
        did: &Did,
        number: u32,
        changes: &[StatusChange],
        transaction: &Transaction,
    ) -> Receipt {
        self.authorised_did(did, transaction)?;
        if !(1..=MAX_CHANGES).contains(&changes.len()) {
            return Err(TxError::ChangeCount);
        }
        let list = StatusListId { owner: did.clone(), number };
        let length = self.list_length(&list)?;
        let mut seen = BTreeSet::new();
        let mut chunks = BTreeMap::new();
        for StatusChange { index, status } in changes.iter().copied() {
            if index >= length {
                return Err(TxError::IndexOutOfRange { index });
            }
            if !seen.insert(index) {
                return Err(TxError::DuplicateIndex { index });
            }
            let at = StatusListId::chunk_of(index);
            let chunk = match chunks.remove(&at) {
                Some(chunk) => chunk,
                None => self.chunk(&list, at)?,
            };
            chunks.insert(at, changed(chunk, index, status)?);
        }
        for chunk in chunks.into_values() {
            self.overlay.put(Record::StatusChunk(chunk));
        }
        Ok(())
    }

    /// How many entries a list has that must be there.
    pub(super) fn list_length(&mut self, list: &StatusListId) -> Result<u32, TxError> {
        match self.overlay.record(&RecordKey::StatusList(list.clone()))? {
            None => Err(TxError::UnknownList { list: list.clone() }),
            Some(Record::StatusList(record)) => Ok(record.length),
            Some(_) => Err(TxError::StateDamaged),
        }
    }

    fn chunk(&mut self, list: &StatusListId, at: u32) -> Result<StatusChunk, TxError> {
        match self.overlay.record(&RecordKey::StatusChunk(list.clone(), at))? {
            None => Ok(StatusChunk::new(list.clone(), at)),
            Some(Record::StatusChunk(chunk)) => Ok(chunk.clone()),
            Some(_) => Err(TxError::StateDamaged),
        }
    }
}

fn changed(mut chunk: StatusChunk, index: u32, status: Status) -> Result<StatusChunk, TxError> {
    if chunk.status(index) == Some(Status::Revoked) && status != Status::Revoked {
        return Err(TxError::RevocationFinal { index });
    }
    if chunk.set(index, status) { Ok(chunk) } else { Err(TxError::IndexOutOfRange { index }) }
}
