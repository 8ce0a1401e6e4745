//! Transactions that wait for a block: bounded, first come, first served.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use registry::VerifiedTransaction;
use tokio::sync::oneshot;

use crate::ledger::{Answer, Outcome, SubmitError};

/// A transaction and whoever waits for it.
pub(super) struct Waiting {
    pub(super) transaction: VerifiedTransaction,
    pub(super) answer: Answer,
    bytes: usize,
}

pub(super) struct Queue {
    max_pending: usize,
    max_bytes: usize,
    inner: Mutex<Inner>,
    changed: Condvar,
}

#[derive(Default)]
struct Inner {
    waiting: VecDeque<Waiting>,
    bytes: usize,
    closed: bool,
}

/// What the engine finds.
pub(super) enum Batch {
    /// Transactions; none when the time was up first.
    Some(Vec<Waiting>),
    /// The queue is closed and empty.
    Closed,
}

impl Queue {
    pub(super) fn new(max_pending: usize, max_bytes: usize) -> Self {
        Self { max_pending, max_bytes, inner: Mutex::default(), changed: Condvar::new() }
    }

    pub(super) fn push(
        &self,
        transaction: VerifiedTransaction,
    ) -> Result<oneshot::Receiver<Outcome>, SubmitError> {
        let bytes = transaction.encoded_len();
        let (answer, answered) = oneshot::channel();
        let mut inner = self.lock();
        if inner.closed {
            return Err(SubmitError::Stopped);
        }
        if inner.waiting.len() >= self.max_pending || inner.bytes + bytes > self.max_bytes {
            return Err(SubmitError::Busy);
        }
        inner.bytes += bytes;
        inner.waiting.push_back(Waiting { transaction, answer, bytes });
        drop(inner);
        self.changed.notify_one();
        Ok(answered)
    }

    /// At most `limit` transactions, as soon as there are any; none at `deadline`.
    pub(super) fn next(&self, limit: usize, deadline: Instant) -> Batch {
        let mut inner = self.lock();
        while inner.waiting.is_empty() && !inner.closed {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Batch::Some(Vec::new());
            }
            inner = self.changed.wait_timeout(inner, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        if inner.waiting.is_empty() {
            return Batch::Closed;
        }
        let count = limit.min(inner.waiting.len());
        let batch: Vec<_> = inner.waiting.drain(..count).collect();
        inner.bytes -= batch.iter().map(|waiting| waiting.bytes).sum::<usize>();
        Batch::Some(batch)
    }

    /// Takes no more; what waits is still handed out.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    pub(super) fn waiting(&self) -> crate::ledger::Waiting {
        let inner = self.lock();
        crate::ledger::Waiting { transactions: inner.waiting.len(), bytes: inner.bytes }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
