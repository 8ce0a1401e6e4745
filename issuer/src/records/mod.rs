//! Records of the department: brought as CSV or by its own system, checked row by row, one for each holder and type.

pub(crate) mod csv;

use std::collections::{BTreeMap, HashMap};

use credentials::catalogue::{Claim, CredentialType, Kind};
use rand_core::OsRng;
use serde::Serialize;
use serde_json::{Map, Value};
use store::{Store, StoreError, Tx};

use crate::audit::{Deed, Note as _, Noting};
use crate::clock::Moment;
use crate::marks;
use crate::model::{Actor, Id, Personal, Record};
use crate::seals::Seals;
use crate::tables::{RECORD_OF, RECORDS, RECORDS_BROUGHT, RECORDS_LEFT, RECORDS_WAITING};
use csv::{MOST_COLUMNS, Row, Rows};

/// Rows of one import at most.
pub(crate) const MOST_ROWS: usize = 100_000;
/// Rows that are reported one by one; the others are only counted.
const REPORTED: usize = 200;
/// Records in one write.
const TOGETHER: usize = 1000;

/// What became of an import.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Report {
    /// Records that are new.
    pub(crate) added: u64,
    /// Records that took the place of one that waited for the same holder.
    pub(crate) replaced: u64,
    /// Rows that were refused.
    pub(crate) refused: u64,
    /// The first of them, one by one.
    pub(crate) problems: Vec<RowProblem>,
}

/// Why a row was refused; its values are not repeated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct RowProblem {
    /// The line in the file, or the record's place in the list, from 1.
    pub(crate) line: u64,
    /// The claim, where one is to blame.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) claim: Option<String>,
    /// What is wrong: the catalogue's codes, `already_prepared`, or a flaw of the row.
    pub(crate) code: String,
}

/// Why nothing of a file was read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FileRefused {
    /// No first row, or it can't be read.
    #[error("the first row must name the columns")]
    NoHeader,
    /// More columns than are read.
    #[error("a file has at most {MOST_COLUMNS} columns")]
    TooManyColumns,
    /// A column that the type doesn't have, or has twice.
    #[error("column {0} is none of this credential type's claims, or is there twice")]
    Column(usize),
    /// A claim that every credential has is not among the columns.
    #[error("the column for `{0}` is missing")]
    Missing(String),
    /// More rows than are read.
    #[error("a file has at most {MOST_ROWS} rows")]
    TooManyRows,
}

/// Where records go, and of what they are.
pub(crate) struct Import<'i> {
    pub(crate) store: &'i Store,
    pub(crate) seals: &'i Seals,
    pub(crate) of: &'static CredentialType,
    /// Who brings them: a member of the staff, or a department's system.
    pub(crate) source: &'i Actor,
    pub(crate) now: Moment,
}

impl Import<'_> {
    /// Reads a CSV file whose first row names the claims, by name or by label. Takes its time: not on a thread that others
    /// need.
    pub(crate) fn csv(&self, bytes: &[u8]) -> Result<Result<Report, StoreError>, FileRefused> {
        let mut rows = Rows::of(bytes);
        let columns = self.columns(rows.next())?;
        if Rows::of(bytes).nth(MOST_ROWS + 1).is_some() {
            return Err(FileRefused::TooManyRows);
        }
        let read = rows.map(|Row { line, cells }| {
            let claims = cells.map_err(|flaw| flaw.code().to_owned()).and_then(|cells| {
                if cells.len() == columns.len() {
                    Ok(named(&columns, &cells))
                } else {
                    Err("columns".to_owned())
                }
            });
            (line, claims)
        });
        Ok(self.take(read))
    }

    /// Takes claims that come as JSON.
    pub(crate) fn json(&self, records: Vec<Map<String, Value>>) -> Result<Report, StoreError> {
        self.take((1..).zip(records.into_iter().map(Ok)))
    }

    fn columns(&self, header: Option<Row>) -> Result<Vec<&'static Claim>, FileRefused> {
        let header = header.ok_or(FileRefused::NoHeader)?.cells.map_err(|flaw| match flaw {
            csv::RowFlaw::TooManyColumns => FileRefused::TooManyColumns,
            _ => FileRefused::NoHeader,
        })?;
        let mut columns: Vec<&'static Claim> = Vec::with_capacity(header.len());
        for (at, name) in header.iter().enumerate() {
            let called = |claim: &&Claim| [&claim.name, &claim.label.zh, &claim.label.en].contains(&name);
            match self.of.asked().find(called) {
                Some(claim) if !columns.iter().any(|known| known.name == claim.name) => columns.push(claim),
                _ => return Err(FileRefused::Column(at + 1)),
            }
        }
        let missing =
            |claim: &&Claim| claim.required && !columns.iter().any(|known| known.name == claim.name);
        match self.of.asked().find(missing) {
            Some(claim) => Err(FileRefused::Missing(claim.name.clone())),
            None => Ok(columns),
        }
    }

    fn take(
        &self,
        rows: impl Iterator<Item = (u64, Result<Map<String, Value>, String>)>,
    ) -> Result<Report, StoreError> {
        let mut report = Report::default();
        let mut batch = Vec::with_capacity(TOGETHER);
        for (line, claims) in rows {
            match claims.map_err(|code| (None, code)).and_then(|claims| self.record(claims)) {
                Ok(record) => batch.push((line, record)),
                Err((claim, code)) => report.refuse(line, claim, code),
            }
            if batch.len() == TOGETHER {
                self.write(&mut report, std::mem::take(&mut batch))?;
            }
        }
        self.write(&mut report, batch)?;
        Ok(report)
    }

    fn record(&self, mut claims: Map<String, Value>) -> Result<Record, (Option<String>, String)> {
        claims.retain(|_, value| value.as_str() != Some(""));
        let value = Value::Object(claims);
        if let Err(errors) = self.of.validate_claims(&value, self.now.seconds) {
            let first = errors.into_iter().next();
            return Err(first.map_or((None, "claims".to_owned()), |error| {
                let code = serde_json::to_value(error.problem).ok();
                let code = code.as_ref().and_then(Value::as_str).unwrap_or("claims").to_owned();
                (Some(error.claim), code)
            }));
        }
        let Value::Object(claims) = value else { return Err((None, "claims".to_owned())) };
        Ok(Record {
            id: Id::new(self.now.ms, &mut OsRng),
            credential_type: self.of.id.clone(),
            mark: marks::of(self.seals, self.of, &claims).swap_remove(0),
            claims: Personal(claims),
            source: self.source.clone(),
            at: self.now.seconds,
            application: None,
        })
    }

    fn write(&self, report: &mut Report, batch: Vec<(u64, Record)>) -> Result<(), StoreError> {
        if batch.is_empty() {
            return Ok(());
        }
        let (of, noting) = (self.of.id.as_str(), Noting::by(self.source, self.now));
        let (added, replaced, refused) = self.store.write(move |tx| {
            let (added, replaced, refused) = put_all(tx, of, batch)?;
            let deed = Deed::new("records-imported").about("type", of);
            noting.note(tx, deed.about("added", added).about("replaced", replaced))?;
            Ok::<_, StoreError>((added, replaced, refused))
        })?;
        report.added += added;
        report.replaced += replaced;
        for line in refused {
            report.refuse(line, None, "already_prepared".to_owned());
        }
        Ok(())
    }
}

impl Report {
    fn refuse(&mut self, line: u64, claim: Option<String>, code: String) {
        self.refused += 1;
        if self.problems.len() < REPORTED {
            self.problems.push(RowProblem { line, claim, code });
        }
    }
}

/// Writes records; says how many are new, how many took another's place, and the lines of those that came too late.
fn put_all(tx: &mut Tx<'_>, of: &str, batch: Vec<(u64, Record)>) -> Result<(u64, u64, Vec<u64>), StoreError> {
    let (mut added, mut replaced, mut moved, mut late) = (0, 0, Moved::default(), Vec::new());
    for (line, mut record) in batch {
        let before = match tx.get(&RECORD_OF, record.mark.as_str())? {
            Some(id) => tx.get(&RECORDS, id.key())?,
            None => None,
        };
        match before {
            // What was prepared from it is the holder's: corrections go through the credential.
            Some(Record { application: Some(_), .. }) => {
                late.push(line);
                continue;
            }
            Some(before) => {
                record.id = before.id;
                replaced += 1;
                // One that a bulk issuance had to leave waits again with what is new.
                if tx.contains(&RECORDS_WAITING, (of, record.id.key()))? {
                    moved.add(&before.source, -1);
                }
            }
            None => {
                added += 1;
                tx.put(&RECORD_OF, record.mark.as_str(), &record.id)?;
            }
        }
        moved.add(&record.source, 1);
        tx.put(&RECORDS_WAITING, (of, record.id.key()), &())?;
        tx.put(&RECORDS, record.id.key(), &record)?;
    }
    moved.write(tx, of)?;
    Ok((added, replaced, late))
}

/// Records that begin to wait or cease to, by who brought them, within one write.
#[derive(Default)]
pub(crate) struct Moved(BTreeMap<(&'static str, String), i64>);

impl Moved {
    /// So many more of this one's wait.
    pub(crate) fn add(&mut self, source: &Actor, change: i64) {
        let (kind, name) = source_key(source);
        *self.0.entry((kind, name.to_owned())).or_default() += change;
    }

    /// Writes it down.
    pub(crate) fn write(self, tx: &mut Tx<'_>, of: &str) -> Result<(), StoreError> {
        let left = tx.get(&RECORDS_LEFT, of)?.unwrap_or_default();
        tx.put(&RECORDS_LEFT, of, &left.saturating_add_signed(self.0.values().sum()))?;
        for ((kind, name), change) in self.0 {
            let key = (of, kind, name.as_str());
            let left = tx.get(&RECORDS_BROUGHT, key)?.unwrap_or_default().saturating_add_signed(change);
            if left == 0 {
                tx.remove(&RECORDS_BROUGHT, key)?;
            } else {
                tx.put(&RECORDS_BROUGHT, key, &left)?;
            }
        }
        Ok(())
    }
}

const STAFF: &str = "staff";
const SYSTEM: &str = "system";

/// What a source is counted under: accounts and API keys may have the same name.
fn source_key(source: &Actor) -> (&'static str, &str) {
    let kind = if matches!(source, Actor::System { .. }) { SYSTEM } else { STAFF };
    (kind, source.name().unwrap_or_default())
}

/// Whether any record of a type that waits was brought by this one.
pub(crate) fn brought(tx: &Tx<'_>, of: &str, by: &Actor) -> Result<bool, StoreError> {
    let (kind, name) = source_key(by);
    tx.contains(&RECORDS_BROUGHT, (of, kind, name))
}

/// Who brought the records of a type that wait, and how many each.
pub(crate) fn sources(store: &Store, of: &str) -> Result<Vec<(Actor, u64)>, StoreError> {
    let rows = store.page(&RECORDS_BROUGHT, &store::Range::prefix((of,)), 100)?;
    let source = |kind: &str, name| if kind == SYSTEM { Actor::system(name) } else { Actor::staff(name) };
    Ok(rows.into_iter().map(|((_, kind, name), count)| (source(&kind, name), count)).collect())
}

/// A row's cells as claims: numbers and lists where the catalogue has them, texts otherwise.
fn named(columns: &[&'static Claim], cells: &[String]) -> Map<String, Value> {
    let value = |claim: &Claim, cell: &str| match claim.kind {
        Kind::MoneyFen => cell.parse::<u64>().map_or_else(|_| cell.into(), Value::from),
        Kind::Bool => match cell {
            "true" | "是" => true.into(),
            "false" | "否" => false.into(),
            other => other.into(),
        },
        Kind::Choices => cell.split([';', '；']).map(|one| choice(claim, one.trim())).collect(),
        Kind::Enum => choice(claim, cell),
        _ => cell.into(),
    };
    let filled = columns.iter().zip(cells).filter(|(_, cell)| !cell.is_empty());
    filled.map(|(claim, cell)| (claim.name.clone(), value(claim, cell))).collect()
}

/// A choice by its value or by its label.
fn choice(claim: &Claim, text: &str) -> Value {
    let called = claim.values.iter().find(|choice| {
        [&choice.value, &choice.label.zh, &choice.label.en].iter().any(|name| name.as_str() == text)
    });
    called.map_or_else(|| text.into(), |choice| choice.value.as_str().into())
}

/// How many records wait, for each type.
pub(crate) fn waiting(store: &Store) -> Result<HashMap<String, u64>, StoreError> {
    Ok(store.page(&RECORDS_LEFT, &store::Range::all(), 100)?.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use credentials::UnixSeconds;
    use credentials::catalogue::Catalogue;
    use zeroize::Zeroizing;

    fn import(csv: &str) -> Result<Report, FileRefused> {
        let store = crate::audit::kept();
        imported(&store, csv)
    }

    fn imported(store: &Store, csv: &str) -> Result<Report, FileRefused> {
        let seals = Seals::new(&Zeroizing::new([1; 32]));
        let of = Catalogue::bundled().expect("catalogue").by_id("social-security-card").expect("type");
        let now = Moment { ms: 1_772_424_000_000, seconds: UnixSeconds(1_772_424_000) };
        let import = Import { store, seals: &seals, of, source: &Actor::staff("li"), now };
        Ok(import.csv(csv.as_bytes())?.expect("stored"))
    }

    const HEADER: &str = "姓名,idNumber,Card number,region\n";

    #[test]
    fn rows_come_in_and_the_others_are_reported_by_line_and_claim() {
        let csv = format!(
            "{HEADER}程知夏,34010219880321214X,H12345678,合肥市\n方云舒,11010519491231002X,H12345678,999\n\
             方云舒,11010519491231002X,=1,340100\n方云舒,11010519491231002X,H12345678\n"
        );
        let report = import(&csv).expect("read");
        assert_eq!((report.added, report.replaced, report.refused), (1, 0, 3));
        let problem = |line, claim: Option<&str>, code: &str| RowProblem {
            line,
            claim: claim.map(str::to_owned),
            code: code.to_owned(),
        };
        assert_eq!(
            report.problems,
            [
                problem(3, Some("region"), "not_a_choice"),
                problem(4, None, "formula"),
                problem(5, None, "columns")
            ]
        );
    }

    #[test]
    fn the_same_holder_again_takes_the_record_s_place() {
        let store = crate::audit::kept();
        let csv = |card: &str| format!("{HEADER}程知夏,34010219880321214X,{card},340100\n");
        assert_eq!(imported(&store, &csv("H12345678")).expect("read").added, 1);
        let again = imported(&store, &csv("H12345679")).expect("read");
        assert_eq!((again.added, again.replaced), (0, 1));
        assert_eq!(waiting(&store).expect("read")["social-security-card"], 1);
        let (_, record) = store.page(&RECORDS, &store::Range::all(), 9).expect("read").remove(0);
        assert_eq!(record.claims["cardNumber"], "H12345679");
        assert!(!format!("{record:?}").contains("程知夏"));
    }

    #[test]
    fn a_file_has_a_hundred_thousand_rows_and_not_one_more() {
        let rows = |count| format!("{HEADER}{}", "x\n".repeat(count));
        let report = import(&rows(100_000)).expect("read");
        assert_eq!((report.refused, report.problems.len()), (100_000, REPORTED), "each row was looked at");
        assert_eq!(import(&rows(100_001)).expect_err("too many"), FileRefused::TooManyRows);
    }

    #[test]
    fn a_file_is_refused_whole_when_its_columns_are_not_the_claims() {
        let wide = ",".repeat(999);
        for (name, csv, refused) in [
            ("empty", "", FileRefused::NoHeader),
            ("unknown", "姓名,password\n", FileRefused::Column(2)),
            ("twice", "姓名,name\n", FileRefused::Column(2)),
            ("derived", "姓名,validUntil\n", FileRefused::Column(2)),
            ("missing", "姓名,idNumber,cardNumber\n", FileRefused::Missing("region".into())),
            ("a_thousand", wide.as_str(), FileRefused::TooManyColumns),
        ] {
            assert_eq!(import(csv).expect_err(name), refused, "{name}");
        }
    }
}
