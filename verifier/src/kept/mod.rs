//! The claims that a policy says are kept: encrypted, each credential's for its own time, then deleted.
//!
//! Nothing else that was shown is ever written. What is kept is sealed with a key of its own record, made from a secret in the
//! key folder, and bound to the record's name, its purpose and its end: a row that was moved, or whose end was changed, doesn't open.

mod forget;
mod retention;

use std::sync::Arc;

use registry::{Slug, UnixMillis};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use service::audit::{Deed, Digest, Named, Noting};
use store::{Range, Store, StoreError, Table, Tx};

use crate::account::{Taken, note};
use crate::core::AskedBy;
use crate::decision::Verdict;
use crate::request::{Outcome, RequestId};
use crate::row_key::{RowKey, SealFailed, SealedRowError};

/// The request, and the part of its query that was answered.
type Name = (String, String);

/// What is kept, by the request and the part of its query that it answered.
const KEPT: Table<Name, Row> = Table::new("kept-claims");
/// When it is to be deleted, in milliseconds since 1970, and which.
const DUE: Table<(u64, String, String), ()> = Table::new("kept-claims-due");

/// Rows of one page of a list.
const ROWS: usize = 200;

/// A row as it is on the disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Row {
    purpose: Slug,
    /// When it was shown.
    at: UnixMillis,
    /// When it is to be deleted.
    expires: UnixMillis,
    /// The claims as JSON, sealed: base64url.
    sealed: String,
}

/// A row to be written.
pub(crate) struct KeptClaims {
    key: Name,
    row: Row,
}

/// What is kept of one credential.
#[derive(Serialize)]
pub(crate) struct Record {
    /// The request that it answered.
    pub(crate) request: String,
    /// The credential query that it answered.
    pub(crate) credential: String,
    pub(crate) purpose: Slug,
    pub(crate) at: UnixMillis,
    pub(crate) expires: UnixMillis,
    /// Personal; none in a list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) claims: Option<Map<String, Value>>,
}

/// The kept claims of one verifier. Clones share them.
#[derive(Clone)]
pub(crate) struct Kept {
    store: Store,
    key: Arc<RowKey>,
}

impl Kept {
    pub(crate) fn new(store: Store, key: Arc<RowKey>) -> Self {
        Self { store, key }
    }

    /// What is to be kept of an outcome: of an acceptance, what its policy names, and never for longer than holders were told.
    pub(crate) fn of(&self, taken: &Taken<'_>, now: UnixMillis) -> Result<Vec<KeptClaims>, SealFailed> {
        let Taken { id, query, outcome, shown, retention, .. } = taken;
        let (Some(AskedBy::Policy(policy)), Outcome::Decided(decision)) = (query, outcome) else {
            return Ok(Vec::new());
        };
        if decision.verdict != Verdict::Accepted || retention.is_zero() {
            return Ok(Vec::new());
        }
        let mut kept: Vec<KeptClaims> = Vec::new();
        for one in *shown {
            let rule = policy.rules.of_query(&one.query).and_then(|rule| rule.keep.as_ref());
            let Some(rule) = rule else { continue };
            let named = one.claims.iter().filter(|(name, _)| rule.claims.contains(name));
            let claims: Map<String, Value> = named.cloned().collect();
            // Where several answer one query, each has a number behind its name, which no query's name has.
            let before =
                kept.iter().filter(|other| other.key.1.split('#').next() == Some(one.query.as_str()));
            let name = match before.count() {
                0 => one.query.to_string(),
                number => format!("{}#{number}", one.query),
            };
            let row = Row {
                purpose: policy.id.clone(),
                at: now,
                expires: now.after(rule.period.length().min(*retention)),
                sealed: String::new(),
            };
            let key = (id.to_string(), name);
            let sealed = self.key.seal(&binding(&key, &row), &claims)?;
            kept.push(KeptClaims { key, row: Row { sealed, ..row } });
        }
        Ok(kept)
    }

    /// What is kept, without claims, from after a request on; and after which request it goes on, if it does.
    pub(crate) fn list(
        &self,
        after: Option<&RequestId>,
        now: UnixMillis,
    ) -> Result<(Vec<Record>, Option<String>), StoreError> {
        // Behind every part of that request: no part's name begins so.
        let range = match after {
            Some(after) => Range::all().after((after.to_string(), "\u{7f}".to_owned())),
            None => Range::all(),
        };
        let mut rows = self.store.page(&KEPT, &range, ROWS)?;
        let mut next = None;
        if rows.len() == ROWS
            && let Some(((cut, _), _)) = rows.pop()
        {
            // A request's parts stay together; it never has as many.
            rows.retain(|((request, _), _)| *request != cut);
            next = rows.last().map(|((request, _), _)| request.clone());
        }
        rows.retain(|(_, row)| now < row.expires);
        Ok((rows.into_iter().map(|(key, row)| Record::of(key, row, None)).collect(), next))
    }

    /// What is kept of a request, with claims. That it was read is noted first: nobody sees claims of which the log does not tell.
    pub(crate) async fn read(
        &self,
        id: &RequestId,
        noting: Noting,
        now: UnixMillis,
    ) -> Result<Vec<Record>, SealedRowError> {
        let mut records = Vec::new();
        for (key, row) in self.rows(id)?.into_iter().filter(|(_, row)| now < row.expires) {
            let claims: Map<String, Value> = self.key.open(&binding(&key, &row), &row.sealed)?;
            records.push(Record::of(key, row, Some(claims)));
        }
        if let Some(first) = records.first() {
            let deed = about("claims-read", id, &first.purpose);
            self.store.write_async(move |tx| note(tx, &noting, deed)).await?;
        }
        Ok(records)
    }

    /// Deletes what is kept of a request before its time; whether there was anything.
    pub(crate) async fn delete(&self, id: &RequestId, noting: Noting) -> Result<bool, StoreError> {
        let id = id.clone();
        self.store
            .write_async(move |tx| {
                let rows = tx.page(&KEPT, &Range::prefix((id.to_string(),)), ROWS)?;
                let Some((_, first)) = rows.first() else { return Ok(false) };
                note(tx, &noting, about("claims-deleted", &id, &first.purpose))?;
                for ((request, part), row) in rows {
                    tx.remove(&DUE, (row.expires.0, request.clone(), part.clone()))?;
                    tx.remove(&KEPT, (request, part))?;
                }
                Ok(true)
            })
            .await
    }

    fn rows(&self, id: &RequestId) -> Result<Vec<(Name, Row)>, StoreError> {
        self.store.page(&KEPT, &Range::prefix((id.to_string(),)), ROWS)
    }
}

impl KeptClaims {
    /// Writes it.
    pub(crate) fn write(self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        let Self { key: (request, part), row } = self;
        tx.put(&DUE, (row.expires.0, request.clone(), part.clone()), &())?;
        tx.put(&KEPT, (request, part), &row)
    }
}

impl Record {
    fn of((request, credential): Name, row: Row, claims: Option<Map<String, Value>>) -> Self {
        Self { request, credential, purpose: row.purpose, at: row.at, expires: row.expires, claims }
    }
}

/// What a sealed text is bound to: each part ends with a zero byte, which none has.
fn binding((request, part): &Name, row: &Row) -> Vec<u8> {
    let (at, expires) = (row.at.0.to_string(), row.expires.0.to_string());
    let parts = [request.as_str(), part, row.purpose.as_str(), &at, &expires];
    parts.iter().flat_map(|part| part.bytes().chain([0])).collect()
}

fn about(what: &'static str, id: &RequestId, purpose: &Slug) -> Deed {
    Deed::new(what).about("presentation", Digest::of(id.as_str().as_bytes())).about("purpose", Named(purpose))
}
