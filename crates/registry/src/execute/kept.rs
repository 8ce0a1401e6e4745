//! Keeping what was signed before a key was compromised: it only grows.

use std::collections::BTreeMap;

use crate::did::Did;
use crate::execute::{Receipt, Step, TxError};
use crate::record::{KEPT_ENTRIES, KeptRecord, KeptSignature, MAX_KEPT, Record, RecordKey, StatusListId};
use crate::transaction::Transaction;

const MAX_AT_ONCE: usize = 1024;

impl Step<'_, '_> {
    pub(super) fn keep_signed(
        &mut self,
        did: &Did,
        number: u32,
        kept: &[KeptSignature],
        transaction: &Transaction,
    ) -> Receipt {
        self.authorised_did(did, transaction)?;
        if !(1..=MAX_AT_ONCE).contains(&kept.len()) {
            return Err(TxError::ChangeCount);
        }
        let list = StatusListId { owner: did.clone(), number };
        let length = self.list_length(&list)?;
        let mut parts: BTreeMap<u32, Vec<KeptSignature>> = BTreeMap::new();
        for one in kept {
            if one.index >= length {
                return Err(TxError::IndexOutOfRange { index: one.index });
            }
            parts.entry(one.index / KEPT_ENTRIES).or_default().push(*one);
        }
        let mut records = Vec::with_capacity(parts.len());
        for (part, added) in parts {
            let mut kept = match self.overlay.record(&RecordKey::Kept(list.clone(), part))? {
                None => Vec::new(),
                Some(Record::Kept(record)) => record.kept.clone(),
                Some(_) => return Err(TxError::StateDamaged),
            };
            kept.extend(added);
            kept.sort_unstable();
            kept.dedup();
            if kept.len() > MAX_KEPT {
                return Err(TxError::ChangeCount);
            }
            records.push(KeptRecord { list: list.clone(), part, kept });
        }
        for record in records {
            self.overlay.put(Record::Kept(record));
        }
        Ok(())
    }
}
