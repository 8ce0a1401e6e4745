//! Forgetting entries that were there for long enough.

use registry::UnixMillis;
use service::audit::Noting;
use store::{Range, StoreError, Tx};

use super::recheck::found;
use super::{DUE, Entry, FLAGGED, Journal, ROWS, get};
use crate::decision::{CheckId, Verdict};
use crate::offline::journal::{Flag, Rechecked};

/// How many rows are looked at in one write.
const BATCH: usize = 500;

impl Journal {
    /// Forgets what is due, at most [`BATCH`] rows; whether there may be more. What waited as long for a second look gets none any
    /// more: that nobody can tell is noted, and nothing that leads to a holder stays. These entries are what comes back.
    pub(super) async fn forget(&self, now: UnixMillis) -> Result<(Vec<Entry>, bool), StoreError> {
        let mut due = self.store.page(&DUE, &Range::all(), BATCH)?;
        due.retain(|((at, _), ())| *at <= now.0);
        let is_full = due.len() == BATCH;
        if due.is_empty() {
            return Ok((Vec::new(), false));
        }
        let (key, again, noting) = (self.key.clone(), now.after(self.kept), Noting::by_verifier(now));
        let write = move |tx: &mut Tx<'_>| {
            let mut given_up = Vec::new();
            for ((at, number), ()) in due {
                if !tx.contains(&DUE, (at, number))? {
                    // Another instance was quicker.
                    continue;
                }
                match get(tx, &key, number)? {
                    Some(entry) if entry.rechecked.is_none() => {
                        let rechecked = never(number, &entry, now);
                        given_up.push(found(tx, &key, number, entry, rechecked, again, &noting)?);
                    }
                    _ => {
                        tx.remove(&DUE, (at, number))?;
                        tx.remove(&ROWS, number)?;
                        tx.remove(&FLAGGED, number)?;
                    }
                }
            }
            Ok::<_, StoreError>(given_up)
        };
        Ok((self.store.write_async(write).await?, is_full))
    }
}

/// What is found of a decision that nobody looked at in time.
fn never(number: u64, entry: &Entry, now: UnixMillis) -> Rechecked {
    let is_news = entry.decided.decision != Verdict::Refused;
    let untold = (0..entry.decided.credentials.len()).filter(|_| is_news);
    let one = |credential| Flag { credential, check: CheckId::Status, code: "not_in_time".to_owned() };
    Rechecked { entry: number, at: now, block: None, flags: Vec::new(), untold: untold.map(one).collect() }
}
