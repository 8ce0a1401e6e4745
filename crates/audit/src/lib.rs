//! A service's audit log: who did what and when, one entry for each act, each chained to the one before by its hash.
//!
//! An entry is written in the same write of the store as the act it tells of, so neither is there without the other. What is
//! written about is named by the service's own random names and fixed words only: no value of a person can be an argument, see
//! [`About`]. How far the log has come is anchored on the chain every so often; [`check()`] tells what was done to it since.

mod anchor;
mod check;
mod deed;
mod entry;

use credentials::UnixSeconds;
use registry::{Did, Hash32, Slug};
use store::{Range, Store, StoreError, Table, Tx};

pub use anchor::{Anchoring, Owner};
pub use check::{AuditFlaw, Audited, LineFlaw, check};
pub use deed::{About, Account, Deed, Digest, Named};
pub use entry::{Entry, Who};

/// The log's name on the chain: it is anchored at `anchor/<did>/audit`.
pub const LOG: &str = "audit";

/// The same, as the chain's records have it.
#[must_use]
#[expect(clippy::expect_used, reason = "this text is a name")]
pub fn log_name() -> Slug {
    Slug::new(LOG).expect("a name")
}

/// Entries by number, from 1 on.
const ENTRIES: Table<u64, Entry> = Table::new("audit");
/// How far the log has come; one row.
const HEAD: Table<str, Head> = Table::new("audit-head");

/// How far a log has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Head {
    /// How many entries it has.
    pub entries: u64,
    /// The last one's hash; before the first, what names whose log it is.
    pub hash: Hash32,
}

/// Who does something, when, and in which request: taken where the request is answered, written where the act is.
#[derive(Clone, Debug)]
pub struct Noting {
    who: Who,
    at: UnixSeconds,
    request: Option<String>,
}

impl Noting {
    /// By a member of staff, or whoever else is an actor in the service's own words.
    pub fn by(who: impl Into<Who>, now: impl Into<UnixSeconds>) -> Self {
        let request = service::request_id::current().map(entry::request);
        Self { who: who.into(), at: now.into(), request }
    }

    /// By whoever holds a code, a token or a key of what was offered or asked.
    pub fn by_wallet(now: impl Into<UnixSeconds>) -> Self {
        Self::by(Who::Wallet, now)
    }

    /// By nobody who is known.
    pub fn by_stranger(now: impl Into<UnixSeconds>) -> Self {
        Self::by(Who::Stranger, now)
    }

    /// By a department's system or a program, known by its key.
    pub fn by_system(name: &str, now: impl Into<UnixSeconds>) -> Self {
        Self::by(Who::System { name: name.to_owned() }, now)
    }

    /// By the issuer itself.
    pub fn by_issuer(now: impl Into<UnixSeconds>) -> Self {
        Self::by(Who::Issuer, now)
    }

    /// By the verifier itself.
    pub fn by_verifier(now: impl Into<UnixSeconds>) -> Self {
        Self::by(Who::Verifier, now)
    }

    /// Appends an entry, in the write that does what it tells of.
    ///
    /// # Errors
    /// As the store; then nothing of the write is done.
    pub fn note(&self, tx: &mut Tx<'_>, deed: Deed) -> Result<(), StoreError> {
        let Head { entries, hash } = tx.get(&HEAD, LOG)?.ok_or_else(lost)?;
        let number = entries + 1;
        let (what, about) = deed.into_parts();
        let entry = Entry {
            n: number,
            at: self.at,
            who: self.who.clone(),
            what: what.to_owned(),
            about,
            request: self.request.clone(),
            previous: hash,
            hash: Hash32::ZERO,
        }
        .sealed();
        tx.put(&ENTRIES, number, &entry)?;
        tx.put(&HEAD, LOG, &Head { entries: number, hash: entry.hash })
    }

    /// Appends an entry for what changes nothing else in the store.
    ///
    /// # Errors
    /// As the store.
    pub async fn note_alone(self, store: &Store, deed: Deed) -> Result<(), StoreError> {
        store.write_async(move |tx| self.note(tx, deed)).await
    }
}

/// Nothing is done that can't be noted.
fn lost() -> StoreError {
    StoreError::Failed("the audit log's head is gone: restore the store from a backup".to_owned())
}

/// Begins the log of this DID, if there is none.
///
/// # Errors
/// As the store; also where there are entries without a head.
pub async fn begin(store: &Store, did: &Did) -> Result<(), StoreError> {
    let did = did.clone();
    store.write_async(move |tx| begin_in(tx, &did)).await
}

/// The same in a write with others.
///
/// # Errors
/// As [`begin`].
pub fn begin_in(tx: &mut Tx<'_>, did: &Did) -> Result<(), StoreError> {
    match tx.contains(&HEAD, LOG)? {
        true => Ok(()),
        // What is there would be written over.
        false if !tx.page(&ENTRIES, &Range::all(), 1)?.is_empty() => Err(lost()),
        false => tx.put(&HEAD, LOG, &Head { entries: 0, hash: entry::beginning(did) }),
    }
}

/// How far the log has come; none before [`begin`].
///
/// # Errors
/// As the store.
pub fn head(store: &Store) -> Result<Option<Head>, StoreError> {
    store.get(&HEAD, LOG)
}

/// At most `limit` entries after number `after`, in order.
///
/// # Errors
/// As the store.
pub fn page(store: &Store, after: u64, limit: usize) -> Result<Vec<Entry>, StoreError> {
    let range = Range::all().after(after);
    Ok(store.page(&ENTRIES, &range, limit)?.into_iter().map(|(_, entry)| entry).collect())
}

/// At most `limit` entries before number `before`, newest first.
///
/// # Errors
/// As the store.
pub fn newest(store: &Store, before: Option<u64>, limit: usize) -> Result<Vec<Entry>, StoreError> {
    let range = Range::all().reversed();
    let range = if let Some(before) = before { range.after(before) } else { range };
    Ok(store.page(&ENTRIES, &range, limit)?.into_iter().map(|(_, entry)| entry).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn did(salt: u8) -> Did {
        use registry::build::{
            DidPlan, SoftwareSigner, TxSigner, organisation_document, recovery_commitment,
        };
        let key = SoftwareSigner::from_seed(&[salt; 32]).expect("a key").public_key();
        let document = organisation_document(&key, &[], vec![]);
        let plan = DidPlan { document, salt: [salt; 16], recovery_commitment: recovery_commitment(&key) };
        plan.did(&Slug::new("anhui").expect("a name"))
    }

    fn now() -> UnixSeconds {
        UnixSeconds(1_790_000_000)
    }

    #[tokio::test]
    async fn an_act_that_is_undone_leaves_no_entry_and_no_gap() {
        let store = Store::in_memory().expect("store");
        begin(&store, &did(1)).await.expect("begun");
        let noting = Noting::by(Who::Staff { name: "li".into() }, now());
        let deed = |n: u64| Deed::new("application-approved").about("application", n);
        for n in 1..4 {
            noting.clone().note_alone(&store, deed(n)).await.expect("noted");
            let (again, undone) = (noting.clone(), deed(99));
            let outcome: Result<(), StoreError> = store.write(move |tx| {
                again.note(tx, undone)?;
                Err(StoreError::Failed("given up".into()))
            });
            outcome.expect_err("given up");
        }
        let entries = page(&store, 0, 10).expect("read");
        assert_eq!(entries.iter().map(|entry| entry.n).collect::<Vec<_>>(), [1, 2, 3]);
        let last = entries.last().expect("three");
        assert_eq!(head(&store).expect("read"), Some(Head { entries: 3, hash: last.hash }));
        let lines: String = entries.iter().map(Entry::line).collect();
        assert_eq!(check(lines.as_bytes(), &did(1), None).expect("whole").entries, 3);
        // A log whose head was taken away is neither begun anew nor silently kept no more.
        store.write(|tx| tx.remove(&HEAD, LOG)).expect("removed");
        assert!(matches!(begin(&store, &did(1)).await, Err(StoreError::Failed(_))));
        assert!(matches!(noting.note_alone(&store, deed(4)).await, Err(StoreError::Failed(_))));
    }
}
