//! What governance grants and takes back: accreditations and verifiers' purposes.

use std::collections::BTreeSet;

use crate::action::PurposeDraft;
use crate::did::Did;
use crate::execute::governance::{MAX_NAME, check_text};
use crate::execute::{Receipt, Step, TextField, TxError};
use crate::record::{Ask, Interval, MAX_INTERVALS, PurposeRecord, Record, RecordKey, TrustRecord};
use crate::text::{LocalText, Slug};
use crate::time::UnixMillis;

const MAX_LEGAL_TEXT: usize = 600;
const MAX_ASKS: usize = 16;
const MAX_CLAIMS: usize = 64;
const MAX_CLAIM: usize = 64;

type Span = (UnixMillis, Option<UnixMillis>);

impl Step<'_, '_> {
    pub(super) fn accredit(
        &mut self,
        did: &Did,
        credential_type: &Slug,
        name: &LocalText,
        span: Span,
    ) -> Receipt {
        check_text(name, MAX_NAME, TextField::OrganisationName)?;
        self.active_did(did)?;
        let mut intervals =
            self.trust(did, credential_type)?.map_or_else(Vec::new, |record| record.intervals);
        grant(&mut intervals, span, self.context.time)?;
        self.overlay.put(Record::Trust(TrustRecord {
            did: did.clone(),
            credential_type: credential_type.clone(),
            issuer_name: name.clone(),
            intervals,
        }));
        Ok(())
    }

    pub(super) fn withdraw_accreditation(&mut self, did: &Did, credential_type: &Slug) -> Receipt {
        let mut record = self.trust(did, credential_type)?.ok_or(TxError::NothingGranted)?;
        withdraw(&mut record.intervals, self.context.time)?;
        self.overlay.put(Record::Trust(record));
        Ok(())
    }

    pub(super) fn register_purpose(&mut self, draft: &PurposeDraft) -> Receipt {
        check_text(&draft.verifier_name, MAX_NAME, TextField::OrganisationName)?;
        check_text(&draft.purpose_name, MAX_NAME, TextField::PurposeName)?;
        check_text(&draft.legal_text, MAX_LEGAL_TEXT, TextField::LegalText)?;
        check_asks(&draft.asks)?;
        self.active_did(&draft.did)?;
        let mut intervals =
            self.purpose(&draft.did, &draft.purpose)?.map_or_else(Vec::new, |record| record.intervals);
        grant(&mut intervals, (draft.valid_from, draft.valid_until), self.context.time)?;
        self.overlay.put(Record::Purpose(PurposeRecord {
            did: draft.did.clone(),
            purpose: draft.purpose.clone(),
            verifier_name: draft.verifier_name.clone(),
            purpose_name: draft.purpose_name.clone(),
            legal_basis: draft.legal_basis,
            legal_text: draft.legal_text.clone(),
            asks: draft.asks.clone(),
            retention_days: draft.retention_days,
            intervals,
        }));
        Ok(())
    }

    pub(super) fn withdraw_purpose(&mut self, did: &Did, purpose: &Slug) -> Receipt {
        let mut record = self.purpose(did, purpose)?.ok_or(TxError::NothingGranted)?;
        withdraw(&mut record.intervals, self.context.time)?;
        self.overlay.put(Record::Purpose(record));
        Ok(())
    }

    fn trust(&mut self, did: &Did, credential_type: &Slug) -> Result<Option<TrustRecord>, TxError> {
        match self.overlay.record(&RecordKey::Trust(did.clone(), credential_type.clone()))? {
            None => Ok(None),
            Some(Record::Trust(record)) => Ok(Some(record.clone())),
            Some(_) => Err(TxError::StateDamaged),
        }
    }

    fn purpose(&mut self, did: &Did, purpose: &Slug) -> Result<Option<PurposeRecord>, TxError> {
        match self.overlay.record(&RecordKey::Purpose(did.clone(), purpose.clone()))? {
            None => Ok(None),
            Some(Record::Purpose(record)) => Ok(Some(record.clone())),
            Some(_) => Err(TxError::StateDamaged),
        }
    }
}

/// Adds a grant. It never reaches back before the block that makes it: what was not granted when it was done stays so.
fn grant(intervals: &mut Vec<Interval>, (from, until): Span, now: UnixMillis) -> Receipt {
    let from = from.max(now);
    if until.is_some_and(|until| until <= from) {
        return Err(TxError::EndsBeforeStart);
    }
    if let Some(running) = intervals.iter().find(|interval| interval.end().is_none_or(|end| end > from)) {
        return Err(TxError::AlreadyGranted { until: running.end() });
    }
    if intervals.len() >= MAX_INTERVALS {
        return Err(TxError::HistoryFull);
    }
    intervals.push(Interval { from, until, withdrawn: None });
    Ok(())
}

/// Ends every grant that runs or is still to start.
fn withdraw(intervals: &mut [Interval], now: UnixMillis) -> Receipt {
    let running: Vec<_> =
        intervals.iter_mut().filter(|interval| interval.end().is_none_or(|end| end > now)).collect();
    if running.is_empty() {
        return Err(TxError::NothingGranted);
    }
    for interval in running {
        interval.withdrawn = Some(now);
    }
    Ok(())
}

fn check_asks(asks: &[Ask]) -> Receipt {
    let types: BTreeSet<_> = asks.iter().map(|ask| &ask.credential_type).collect();
    if !(1..=MAX_ASKS).contains(&asks.len()) || types.len() != asks.len() {
        return Err(TxError::Asks);
    }
    for Ask { claims, .. } in asks {
        let distinct: BTreeSet<_> = claims.iter().collect();
        if !(1..=MAX_CLAIMS).contains(&claims.len()) || distinct.len() != claims.len() {
            return Err(TxError::Asks);
        }
        let named = |claim: &String| {
            (1..=MAX_CLAIM).contains(&claim.len()) && claim.bytes().all(|b| b.is_ascii_graphic())
        };
        if !claims.iter().all(named) {
            return Err(TxError::Text { field: TextField::Claim });
        }
    }
    Ok(())
}
