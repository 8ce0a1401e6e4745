//! The counter's own journal of decisions made without the node: written in the write that decides, looked at once more when the
//! node answers again, then without anything that leads to a holder.
//!
//! The entries are those of [`offline::journal`](crate::offline::journal), in rows of the store: so all instances have one journal,
//! and none is without its decision. Each row is sealed with a key of its own, bound to its number.

mod forget;
mod keeper;
mod recheck;

use std::sync::Arc;
use std::time::Duration;

use registry::UnixMillis;
use serde::{Deserialize, Serialize};
use service::audit::{Deed, Digest, Noting};
use store::{Range, Store, StoreError, Table, Tx};

use crate::account::{Taken, note};
use crate::codes::Place;
use crate::offline::journal::{Decided, Finding, Rechecked};
use crate::row_key::{RowKey, SealedRowError};

pub(crate) use keeper::Keeper;
pub(crate) use recheck::Rechecks;

/// Entries by number, sealed.
const ROWS: Table<u64, String> = Table::new("journal");
/// The last number that was given.
const LAST: Table<str, u64> = Table::new("journal-last");
/// Entries that were not looked at again yet.
const WAITING: Table<u64, Waiting> = Table::new("journal-waiting");
/// Entries of which something does not hold, until somebody has seen to it.
const FLAGGED: Table<u64, ()> = Table::new("journal-flagged");
/// When an entry is to be forgotten, in milliseconds since 1970, and which.
const DUE: Table<(u64, u64), ()> = Table::new("journal-due");
/// What tells the key that rows are sealed with.
const SEALED_BY: Table<str, String> = Table::new("journal-sealed-by");
/// The one row of tables that have one.
const ONLY: &str = "journal";
/// Flags are counted up to here.
const MANY: usize = 100;

/// The journal of one organisation. Clones share it.
#[derive(Clone)]
pub(crate) struct Journal {
    store: Store,
    key: Arc<RowKey>,
    /// How long an entry stays after its second look, and how long it waits for that at most.
    kept: Duration,
}

/// What the journal says of one decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) decided: Decided,
    /// The request, by the digest that the audit log has.
    pub(crate) presentation: String,
    /// Who asked.
    pub(crate) asked_by: String,
    /// Of a one-way code: the place that it was printed for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) place: Option<Place>,
    /// What was found later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) rechecked: Option<Rechecked>,
    /// Who saw to what was found, and when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) seen_to: Option<(String, UnixMillis)>,
    /// When it is forgotten.
    due: UnixMillis,
}

/// An entry that waits for its second look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Waiting {
    /// When it was decided.
    at: UnixMillis,
    /// Until when the instance that looks at it has it to itself.
    claimed: UnixMillis,
}

/// An entry to be written.
pub(crate) struct Note {
    key: Arc<RowKey>,
    entry: Entry,
}

impl Entry {
    /// What the second look came to; none before it.
    pub(crate) fn finding(&self) -> Option<Finding> {
        self.rechecked.as_ref().map(Rechecked::finding)
    }
}

impl Note {
    /// Writes it.
    pub(crate) fn write(self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        let number = tx.get(&LAST, ONLY)?.unwrap_or_default() + 1;
        tx.put(&LAST, ONLY, &number)?;
        let waiting = Waiting { at: self.entry.decided.at, claimed: UnixMillis(0) };
        tx.put(&WAITING, number, &waiting)?;
        tx.put(&DUE, (self.entry.due.0, number), &())?;
        put(tx, &self.key, number, &self.entry)
    }
}

impl Journal {
    pub(crate) fn new(store: Store, key: Arc<RowKey>, kept: Duration) -> Self {
        Self { store, key, kept }
    }

    /// Notes which key seals the rows; false where they are sealed with another.
    pub(crate) async fn begin(&self) -> Result<bool, StoreError> {
        let check = self.key.check();
        self.store
            .write_async(move |tx| match tx.get(&SEALED_BY, ONLY)? {
                Some(known) => Ok(known == check),
                None => tx.put(&SEALED_BY, ONLY, &check).map(|()| true),
            })
            .await
    }

    /// What is to be noted of an outcome: of a decision that was made without the node.
    pub(crate) fn of(&self, taken: &Taken<'_>) -> Option<Note> {
        let decided = taken.without_node.cloned()?;
        let entry = Entry {
            presentation: service::audit::About::text(Digest::of(taken.id.as_str().as_bytes())),
            asked_by: taken.request.asked_by.clone(),
            place: taken.request.manner.place.clone(),
            rechecked: None,
            seen_to: None,
            due: decided.at.after(self.kept),
            decided,
        };
        Some(Note { key: self.key.clone(), entry })
    }

    /// At most `limit` entries before number `before`, newest first.
    pub(crate) fn newest(
        &self,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<(u64, Entry)>, SealedRowError> {
        let range = Range::all().reversed();
        let range = if let Some(before) = before { range.after(before) } else { range };
        self.opened(self.store.page(&ROWS, &range, limit)?)
    }

    /// At most `limit` entries after a number, oldest first.
    pub(crate) fn after(&self, after: u64, limit: usize) -> Result<Vec<(u64, Entry)>, SealedRowError> {
        self.opened(self.store.page(&ROWS, &Range::all().after(after), limit)?)
    }

    /// Of how many decisions something does not hold that nobody saw to yet; none where there are more than are counted.
    pub(crate) fn flagged(&self) -> Result<Option<usize>, StoreError> {
        let count = self.store.page(&FLAGGED, &Range::all(), MANY)?.len();
        Ok((count < MANY).then_some(count))
    }

    /// When the oldest decision was made that still waits for its second look.
    pub(crate) fn oldest_waiting(&self) -> Result<Option<UnixMillis>, StoreError> {
        let first = self.store.page(&WAITING, &Range::all(), 1)?;
        Ok(first.first().map(|(_, waiting)| waiting.at))
    }

    /// Notes that a clerk saw to what was found of a decision; false where there was nothing to see to.
    pub(crate) async fn see_to(&self, number: u64, by: String, noting: Noting) -> Result<bool, StoreError> {
        let key = self.key.clone();
        let at = service::clock::now();
        self.store
            .write_async(move |tx| {
                if !tx.contains(&FLAGGED, number)? {
                    return Ok(false);
                }
                tx.remove(&FLAGGED, number)?;
                let Some(mut entry) = get(tx, &key, number)? else { return Ok(false) };
                let deed = Deed::new("offline-seen-to").about("presentation", Request(&entry.presentation));
                note(tx, &noting, deed)?;
                entry.seen_to = Some((by, at));
                put(tx, &key, number, &entry)?;
                Ok(true)
            })
            .await
    }

    fn opened(&self, rows: Vec<(u64, String)>) -> Result<Vec<(u64, Entry)>, SealedRowError> {
        let open = |(number, row): (u64, String)| Ok((number, self.key.open(&binding(number), &row)?));
        rows.into_iter().map(open).collect()
    }
}

/// The digest of a request's name, as an entry has it.
#[derive(Clone, Copy)]
struct Request<'a>(&'a str);

impl service::audit::About for Request<'_> {
    fn text(self) -> String {
        self.0.to_owned()
    }
}

fn put(tx: &mut Tx<'_>, key: &RowKey, number: u64, entry: &Entry) -> Result<(), StoreError> {
    let sealed = key.seal(&binding(number), entry).map_err(|error| StoreError::Failed(error.to_string()))?;
    tx.put(&ROWS, number, &sealed)
}

fn get(tx: &Tx<'_>, key: &RowKey, number: u64) -> Result<Option<Entry>, StoreError> {
    let row = tx.get(&ROWS, number)?;
    let open = |row: String| key.open(&binding(number), &row);
    row.map(open).transpose().map_err(|error| StoreError::Failed(error.to_string()))
}

/// What a row is bound to.
fn binding(number: u64) -> [u8; 8] {
    number.to_be_bytes()
}
