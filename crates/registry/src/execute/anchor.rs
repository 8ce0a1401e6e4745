//! Anchoring a log: it only grows.

use crate::did::Did;
use crate::execute::{Receipt, Step, TxError};
use crate::hash::Hash32;
use crate::record::{LogAnchorRecord, Record, RecordKey};
use crate::text::Slug;
use crate::transaction::Transaction;

impl Step<'_, '_> {
    pub(super) fn anchor_log(
        &mut self,
        did: &Did,
        log: &Slug,
        (entries, head): (u64, Hash32),
        transaction: &Transaction,
    ) -> Receipt {
        self.authorised_did(did, transaction)?;
        let before = match self.overlay.record(&RecordKey::LogAnchor(did.clone(), log.clone()))? {
            None => 0,
            Some(Record::LogAnchor(record)) => record.entries,
            Some(_) => return Err(TxError::StateDamaged),
        };
        if entries <= before {
            return Err(TxError::LogShorter { anchored: before });
        }
        self.overlay.put(Record::LogAnchor(LogAnchorRecord {
            owner: did.clone(),
            log: log.clone(),
            entries,
            head,
            at: self.context.time,
        }));
        Ok(())
    }
}
