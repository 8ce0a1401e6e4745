//! One-way codes that were accepted: none is accepted twice. What was not accepted may be shown again: it gained nobody anything.

use std::time::Duration;

use protocol::offline::ONE_WAY_SECONDS;
use registry::UnixMillis;
use store::{Range, Store, StoreError, Table, Tx};

/// Nonces of one-way codes that were accepted, with the time from which they may be forgotten.
const TAKEN: Table<str, UnixMillis> = Table::new("taken");
/// The same by time.
const TAKEN_UNTIL: Table<(u64, String), ()> = Table::new("taken_until");
/// So many are forgotten at once.
const BATCH: usize = 100;

/// The nonce of a one-way code, to be noted when it is accepted.
#[derive(Clone)]
pub(crate) struct OneWay(String);

impl OneWay {
    pub(super) fn of(nonce: &str) -> Self {
        Self(nonce.to_owned())
    }

    /// Whether it was accepted before.
    pub(super) fn is_spent(&self, store: &Store) -> Result<bool, StoreError> {
        Ok(store.get(&TAKEN, self.0.as_str())?.is_some())
    }

    /// Notes that it is accepted, in the write that does so; false where another was quicker.
    pub(crate) fn spend(self, tx: &mut Tx<'_>, now: UnixMillis) -> Result<bool, StoreError> {
        for ((at, nonce), ()) in tx.page(&TAKEN_UNTIL, &Range::all(), BATCH)? {
            if at <= now.0 {
                tx.remove(&TAKEN, nonce.as_str())?;
                tx.remove(&TAKEN_UNTIL, (at, nonce))?;
            }
        }
        if tx.contains(&TAKEN, self.0.as_str())? {
            return Ok(false);
        }
        // As long as it could count, with both clocks wrong by a minute.
        let until = now.after(Duration::from_secs(ONE_WAY_SECONDS.unsigned_abs() + 120));
        tx.put(&TAKEN, self.0.as_str(), &until)?;
        tx.put(&TAKEN_UNTIL, (until.0, self.0), &())?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn of_two_that_are_accepted_at_once_one_is_and_later_it_is_forgotten() {
        let store = Store::in_memory().expect("opens");
        let spend = async |nonce: &str, now: u64| {
            let one = OneWay::of(nonce);
            store.write_async(move |tx| one.spend(tx, UnixMillis(now))).await.expect("written")
        };
        assert!(!OneWay::of("a").is_spent(&store).expect("read"));
        assert!(spend("a", 1_000).await && !spend("a", 2_000).await && spend("b", 2_000).await);
        assert!(OneWay::of("a").is_spent(&store).expect("read"));
        // Three minutes later its signature counts no more.
        assert!(spend("c", 182_000).await);
        assert!(!OneWay::of("a").is_spent(&store).expect("read"));
        assert!(OneWay::of("c").is_spent(&store).expect("read"));
    }
}
