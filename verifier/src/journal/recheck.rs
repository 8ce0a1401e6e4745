//! The second look at what was decided without the node.

use std::time::Duration;

use registry::UnixMillis;
use service::NodeClient;
use service::audit::{Deed, Noting};
use store::{Range, StoreError, Tx};

use super::{DUE, Entry, FLAGGED, Journal, Request, WAITING, Waiting, get, put};
use crate::account::note;
use crate::decision::Facts;
use crate::offline::journal::{self as offline, Finding, Rechecked, Reference, look, seen};
use crate::row_key::RowKey;

/// So many decisions are looked at together.
const TOGETHER: usize = 256;
/// How long the instance that took them has for it. Afterwards any may.
const CLAIM: Duration = Duration::from_secs(15);

/// What came of looking again.
#[derive(Debug, Default)]
pub(crate) struct Rechecks {
    /// What was found of each decision that was looked at now.
    pub(crate) found: Vec<(u64, Entry)>,
    /// How many could not be: the chain did not say enough, or another instance is at it.
    pub(crate) left: usize,
}

impl Rechecks {
    /// The same as the journal in a file tells it.
    pub(crate) fn told(self) -> offline::Rechecks {
        let looked_at = self.found.into_iter().filter_map(|(_, entry)| entry.rechecked).collect();
        offline::Rechecks { looked_at, left: self.left }
    }
}

/// An entry that this instance looks at, and until when no other does.
struct Claimed {
    number: u64,
    until: UnixMillis,
    entry: Entry,
}

/// What was found of an entry that is still claimed; nothing where the chain did not say enough.
struct Looked {
    number: u64,
    until: UnixMillis,
    rechecked: Option<Rechecked>,
}

impl Journal {
    /// Looks once more at every decision that was not looked at again yet, by facts that the node proves now. Each is looked at once,
    /// whichever instance does it and whatever stops it.
    pub(crate) async fn recheck_all(
        &self,
        node: &NodeClient,
        clock: impl Fn() -> UnixMillis,
    ) -> Result<Rechecks, StoreError> {
        let (mut all, mut after) = (Rechecks::default(), 0);
        loop {
            let waiting = self.store.page(&WAITING, &Range::all().after(after), TOGETHER)?;
            let Some((last, _)) = waiting.last() else { return Ok(all) };
            after = *last;
            let count = waiting.len();
            let found = self.recheck(waiting, node, clock()).await?;
            all.left += count - found.len();
            all.found.extend(found);
        }
    }

    async fn recheck(
        &self,
        waiting: Vec<(u64, Waiting)>,
        node: &NodeClient,
        now: UnixMillis,
    ) -> Result<Vec<(u64, Entry)>, StoreError> {
        let claimed = self.claim(waiting, now).await?;
        let named = claimed.iter().flat_map(|one| &one.entry.decided.credentials).map(Reference::named);
        let facts = Facts::of_all(named, node).await;
        let mut looked = Vec::with_capacity(claimed.len());
        for Claimed { number, until, entry } in &claimed {
            // Facts that a client had from before say nothing of since.
            let is_since = seen(&entry.decided, &facts).is_none_or(|block| block.time >= entry.decided.at);
            let rechecked = look(*number, &entry.decided, &facts, now).filter(|_| is_since);
            looked.push(Looked { number: *number, until: *until, rechecked });
        }
        self.settle(looked, now).await
    }

    /// Takes what nobody else is looking at, so that no other instance does.
    async fn claim(
        &self,
        mut waiting: Vec<(u64, Waiting)>,
        now: UnixMillis,
    ) -> Result<Vec<Claimed>, StoreError> {
        waiting.retain(|(_, waiting)| waiting.claimed <= now);
        if waiting.is_empty() {
            return Ok(Vec::new());
        }
        let (key, until) = (self.key.clone(), now.after(CLAIM));
        let write = move |tx: &mut Tx<'_>| {
            let mut claimed = Vec::with_capacity(waiting.len());
            for (number, seen) in waiting {
                // Where it is another by now, another instance was quicker.
                if tx.get(&WAITING, number)? == Some(seen)
                    && let Some(entry) = get(tx, &key, number)?
                {
                    tx.put(&WAITING, number, &Waiting { claimed: until, ..seen })?;
                    claimed.push(Claimed { number, until, entry });
                }
            }
            Ok::<_, StoreError>(claimed)
        };
        self.store.write_async(write).await
    }

    /// Writes what was found, of those that are still this instance's; that is what comes back. What could not be looked at is nobody's
    /// again, for whoever reaches the node next.
    async fn settle(&self, looked: Vec<Looked>, now: UnixMillis) -> Result<Vec<(u64, Entry)>, StoreError> {
        if looked.is_empty() {
            return Ok(Vec::new());
        }
        let (key, due, noting) = (self.key.clone(), now.after(self.kept), Noting::by_verifier(now));
        let write = move |tx: &mut Tx<'_>| {
            let mut settled = Vec::with_capacity(looked.len());
            for Looked { number, until, rechecked } in looked {
                let Some(ours) = tx.get(&WAITING, number)?.filter(|waiting| waiting.claimed == until) else {
                    continue;
                };
                match rechecked {
                    None => tx.put(&WAITING, number, &Waiting { claimed: now, ..ours })?,
                    Some(rechecked) => {
                        if let Some(entry) = get(tx, &key, number)? {
                            settled.push((number, found(tx, &key, number, entry, rechecked, due, &noting)?));
                        }
                    }
                }
            }
            Ok::<_, StoreError>(settled)
        };
        self.store.write_async(write).await
    }
}

/// Writes what was found of an entry, once, with all that goes with it.
pub(super) fn found(
    tx: &mut Tx<'_>,
    key: &RowKey,
    number: u64,
    entry: Entry,
    rechecked: Rechecked,
    due: UnixMillis,
    noting: &Noting,
) -> Result<Entry, StoreError> {
    tx.remove(&WAITING, number)?;
    tx.remove(&DUE, (entry.due.0, number))?;
    tx.put(&DUE, (due.0, number), &())?;
    let finding = rechecked.finding();
    if finding != Finding::Holds {
        tx.put(&FLAGGED, number, &())?;
    }
    let deed = Deed::new("offline-rechecked").about("presentation", Request(&entry.presentation));
    note(tx, noting, deed.about("found", finding.id()))?;
    let entry = Entry { decided: entry.decided.without_holder(), rechecked: Some(rechecked), due, ..entry };
    put(tx, key, number, &entry)?;
    Ok(entry)
}
