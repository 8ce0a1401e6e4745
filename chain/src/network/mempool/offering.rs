//! What the others are sent: what was submitted here and has its turn. What waits for one before it stays here, so that whoever
//! is told that it was refused for coming too early can believe it.

use std::time::{Duration, Instant};

use registry::Transaction;

use super::Mempool;

/// How long until a transaction that was submitted here is sent to the others again.
const OFFER_AGAIN: Duration = Duration::from_secs(2);

impl Mempool {
    /// What the others should be sent now, at most `bytes` of it and one transaction more: each author's in order.
    pub(in crate::network) fn to_offer(&self, bytes: usize) -> Vec<Transaction> {
        let mut inner = self.lock();
        let inner = &mut *inner;
        let now = Instant::now();
        let (mut size, mut offered) = (0, Vec::new());
        while size < bytes
            && let Some(author) = inner.fresh.pop_first()
        {
            let Some(lane) = inner.lanes.get_mut(&author) else { continue };
            for entry in lane.ready_mut().filter(|entry| entry.is_own && entry.offered.is_none()) {
                if size >= bytes {
                    inner.fresh.insert(author);
                    break;
                }
                entry.offered = Some(now);
                size += entry.transaction.encoded_len();
                offered.push(entry.transaction.transaction().clone());
            }
        }
        let entries = inner.lanes.values_mut().flat_map(|lane| lane.entries.values_mut());
        let is_due = |last: Instant| now.saturating_duration_since(last) > OFFER_AGAIN;
        for entry in entries.filter(|entry| entry.is_own && entry.offered.is_some_and(is_due)) {
            if size >= bytes {
                break;
            }
            entry.offered = Some(now);
            size += entry.transaction.encoded_len();
            offered.push(entry.transaction.transaction().clone());
        }
        offered
    }
}
