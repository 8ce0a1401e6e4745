//! From what was presented to an application, with nothing retyped: what the presented credential says, what the department's own
//! record says, what the department says of everyone, in this order. Runs inside the write that takes the answer.

use rand_core::OsRng;
use serde_json::{Map, Value};
use store::{Range, StoreError, Tx};

use super::config::{Approval, Step};
use crate::citizens;
use crate::clock::Moment;
use crate::collect::holder_of;
use crate::desk::put_new;
use crate::marks;
use crate::model::{Application, Id, Presented, Record, State};
use crate::records::Moved;
use crate::seals::Seals;
use crate::tables::{APPLICATIONS, BY_MARK, READY, RECORD_OF, RECORDS, RECORDS_WAITING};

/// Other applications of the same holder that are looked at.
const LOOKED_AT: usize = 64;

/// Why what was presented makes no application. Nothing was written.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Misfit {
    /// It is none of those whom the one who logged in represents.
    AnotherHolder,
    /// The department's own record of the same holder says otherwise in these claims.
    ContradictsRecords(Vec<String>),
    /// These claims don't pass the checks of what is applied for.
    Claims(Vec<String>),
}

/// What an application is filled with.
pub(super) struct Filling<'f> {
    pub(super) step: &'f Step,
    pub(super) seals: &'f Seals,
    /// The claims that were presented, by their names in the application.
    pub(super) taken: Map<String, Value>,
    /// Whom it must be of, if somebody logged in before.
    pub(super) holders: Option<&'f [String]>,
    /// What is kept of how it was presented.
    pub(super) presented: Presented,
    pub(super) now: Moment,
}

impl Filling<'_> {
    /// Writes the application, or says why there is none.
    pub(super) fn write(self, tx: &mut Tx<'_>) -> Result<Result<Application, Misfit>, StoreError> {
        let Step { of, given, approval, .. } = self.step;
        let marks = marks::of(self.seals, of, &self.taken);
        if let Some(holders) = self.holders
            && citizens::name_of(self.seals, of, &self.taken).is_none_or(|name| !holders.contains(&name))
        {
            return Ok(Err(Misfit::AnotherHolder));
        }
        let record = match marks.first().map(|mark| tx.get(&RECORD_OF, mark.as_str())).transpose()?.flatten()
        {
            Some(id) => tx.get(&RECORDS, id.key())?.filter(|record| record.application.is_none()),
            None => None,
        };
        let mut claims = given.clone();
        if let Some(record) = &record {
            let otherwise = contradictions(&record.claims, &self.taken);
            if !otherwise.is_empty() {
                return Ok(Err(Misfit::ContradictsRecords(otherwise)));
            }
            claims.extend(record.claims.0.clone());
        }
        claims.extend(self.taken);
        if let Err(errors) = of.validate_claims(&Value::Object(claims.clone()), self.now.seconds) {
            return Ok(Err(Misfit::Claims(errors.into_iter().map(|error| error.claim).collect())));
        }

        let id = Id::new(self.now.ms, &mut OsRng);
        let mut made = Application::submitted(id, &of.id, holder_of(of, &claims), self.now.seconds);
        made.presented = Some(Presented { recorded: record.is_some(), ..self.presented });
        let nobody_decides = match approval {
            Approval::ByClerk => false,
            Approval::WhenRecorded => record.is_some(),
            Approval::AtOnce => true,
        };
        if nobody_decides && !has_another(tx, &of.id, &marks)? {
            made.approve_by_rule(self.now.seconds);
        }
        made.marks = marks::of(self.seals, of, &claims);
        put_new(tx, &made, &claims)?;
        if let Some(record) = record {
            use_up(tx, record, id)?;
        }
        Ok(Ok(made))
    }
}

/// The claims in which a record says otherwise than what was presented.
fn contradictions(record: &Map<String, Value>, taken: &Map<String, Value>) -> Vec<String> {
    let same = |a: &Value, b: &Value| match (a.as_str(), b.as_str()) {
        (Some(a), Some(b)) => marks::normal(a) == marks::normal(b),
        _ => a == b,
    };
    let differs =
        |(name, value): &(&String, &Value)| record.get(*name).is_some_and(|known| !same(known, value));
    taken.iter().filter(differs).map(|(name, _)| name.clone()).collect()
}

/// Whether the holder has another application for this type that was not rejected: then a clerk looks first.
fn has_another(tx: &mut Tx<'_>, credential_type: &str, marks: &[String]) -> Result<bool, StoreError> {
    let Some(mark) = marks.first() else { return Ok(true) };
    if !tx.page(&READY, &Range::prefix((mark.as_str(), credential_type)), 1)?.is_empty() {
        return Ok(true);
    }
    for ((_, key), ()) in tx.page(&BY_MARK, &Range::prefix((mark.as_str(),)).reversed(), LOOKED_AT)? {
        let other = tx.get(&APPLICATIONS, key)?;
        if other
            .is_some_and(|other| other.credential_type == credential_type && other.state != State::Rejected)
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A record is the application's from here on: no bulk issuance prepares another from it.
fn use_up(tx: &mut Tx<'_>, mut record: Record, application: Id) -> Result<(), StoreError> {
    let of = record.credential_type.clone();
    if tx.contains(&RECORDS_WAITING, (of.as_str(), record.id.key()))? {
        tx.remove(&RECORDS_WAITING, (of.as_str(), record.id.key()))?;
        let mut moved = Moved::default();
        moved.add(&record.source, -1);
        moved.write(tx, &of)?;
    }
    record.claims.0.clear();
    record.application = Some(application);
    tx.put(&RECORDS, record.id.key(), &record)
}
