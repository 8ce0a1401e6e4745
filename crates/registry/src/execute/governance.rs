//! What the departments decide together: who governs, and which schemas there are.

use std::collections::BTreeSet;

use crate::execute::{Receipt, Step, TextField, TxError};
use crate::hash::Hash32;
use crate::record::{GovernanceRecord, Member, Record, RecordKey, SchemaRecord};
use crate::text::{LocalText, Slug};
use crate::transaction::Transaction;

const MAX_MEMBERS: usize = 64;
/// Longest name shown to people, in characters.
pub(super) const MAX_NAME: usize = 120;
const MAX_URL: usize = 300;

impl Step<'_, '_> {
    /// Enough different members signed, and nobody else did. A member who signed twice counts once.
    pub(super) fn authorise_governance(&mut self, transaction: &Transaction) -> Receipt {
        let governance = self.overlay.governance()?;
        if let Some(signature) =
            transaction.signatures.iter().position(|s| governance.member(&s.key).is_none())
        {
            return Err(TxError::NotAuthorised { signature });
        }
        let have = transaction.signatures.iter().map(|s| s.key).collect::<BTreeSet<_>>().len();
        let need = usize::from(governance.threshold);
        if have < need { Err(TxError::BelowThreshold { have, need }) } else { Ok(()) }
    }

    pub(super) fn update_governance(&mut self, members: &[Member], threshold: u16) -> Receipt {
        check(members, threshold)?;
        let record = GovernanceRecord { members: members.to_vec(), threshold, from: self.context.time };
        self.overlay.put(Record::Governance(record));
        Ok(())
    }

    pub(super) fn register_schema(
        &mut self,
        credential_type: &Slug,
        name: &LocalText,
        digest: Hash32,
        url: &str,
    ) -> Receipt {
        check_text(name, MAX_NAME, TextField::SchemaName)?;
        check_url(url)?;
        let version = match self.overlay.record(&RecordKey::Schema(credential_type.clone()))? {
            None => 1,
            Some(Record::Schema(record)) => record.version + 1,
            Some(_) => return Err(TxError::StateDamaged),
        };
        self.overlay.put(Record::Schema(SchemaRecord {
            credential_type: credential_type.clone(),
            name: name.clone(),
            digest,
            url: url.to_owned(),
            version,
            from: self.context.time,
        }));
        Ok(())
    }
}

/// The rules every governance keeps, the genesis' too.
pub(crate) fn check(members: &[Member], threshold: u16) -> Receipt {
    let distinct: BTreeSet<_> = members.iter().map(|member| member.key).collect();
    let sized = (1..=MAX_MEMBERS).contains(&members.len()) && distinct.len() == members.len();
    if !sized || !(1..=members.len()).contains(&usize::from(threshold)) {
        return Err(TxError::GovernanceShape);
    }
    members.iter().try_for_each(|member| check_text(&member.name, MAX_NAME, TextField::MemberName))
}

pub(super) fn check_text(text: &LocalText, limit: usize, field: TextField) -> Receipt {
    if text.is_within(limit) { Ok(()) } else { Err(TxError::Text { field }) }
}

pub(super) fn check_url(url: &str) -> Receipt {
    let web = url.starts_with("https://") || url.starts_with("http://");
    if web && url.len() <= MAX_URL && url.bytes().all(|b| b.is_ascii_graphic()) {
        Ok(())
    } else {
        Err(TxError::Text { field: TextField::Url })
    }
}
