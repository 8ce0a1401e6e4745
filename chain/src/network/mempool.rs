//! Transactions that wait for a block: bounded in number and bytes, fair between authors, each only once.
//!
//! Every author has a lane, in order of nonces; a block takes from the lanes in turn. A transaction is let in when its
//! signatures verify and its keys are its author's, so that nobody fills another's lane.

mod admission;
mod lane;
mod offering;
#[cfg(test)]
mod tests;
mod waiting;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use registry::api::SubmitResponse;
use registry::{Author, CertifiedBlock, Hash32, Slug, Transaction, TxError, VerifiedTransaction};

use crate::ledger::{Answer, Clock, SubmitError, Tip, Waiting, tell};
use lane::{Entry, Lane};
use waiting::WaitingLog;

/// How long a transaction waits for those before it by the same author.
const GAP_PATIENCE: Duration = Duration::from_secs(3);

/// How much may wait.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Transactions.
    pub(super) count: usize,
    /// Their bytes.
    pub(super) bytes: usize,
}

pub(super) struct Mempool {
    limits: Limits,
    inner: Mutex<Inner>,
    /// Told when something came in.
    changed: tokio::sync::Notify,
    wake: Box<dyn Fn() + Send + Sync>,
}

struct Inner {
    network: Slug,
    clock: Clock,
    tip: Arc<Tip>,
    lanes: BTreeMap<Author, Lane>,
    known: HashMap<Hash32, (Author, u64)>,
    bytes: usize,
    /// Whose turn it is in the next block.
    turn: Option<Author>,
    /// Who may have something that was not sent to the others yet.
    fresh: BTreeSet<Author>,
    log: WaitingLog,
    closed: bool,
}

impl Mempool {
    /// An empty pool on top of `tip`, and what was submitted here before a restart and may still wait. `wake` is called
    /// whenever something came in.
    pub(super) fn open(
        folder: &Path,
        limits: Limits,
        (network, clock): (Slug, Clock),
        tip: Arc<Tip>,
        wake: impl Fn() + Send + Sync + 'static,
    ) -> std::io::Result<(Self, Vec<Transaction>)> {
        let (log, left) = WaitingLog::open(&folder.join("waiting.log"))?;
        let inner = Inner {
            network,
            clock,
            tip,
            lanes: BTreeMap::new(),
            known: HashMap::new(),
            bytes: 0,
            turn: None,
            fresh: BTreeSet::new(),
            log,
            closed: false,
        };
        let (changed, wake) = (tokio::sync::Notify::new(), Box::new(wake));
        Ok((Self { limits, inner: Mutex::new(inner), changed, wake }, left))
    }

    /// Takes a transaction that was submitted here; it is sent to the others, survives a restart, and is answered.
    ///
    /// # Errors
    /// [`SubmitError::Refused`], [`SubmitError::Busy`], [`SubmitError::Stopped`].
    pub(super) fn submit(&self, transaction: VerifiedTransaction, answer: Answer) -> Result<(), SubmitError> {
        let mut inner = self.lock();
        if inner.closed {
            return Err(SubmitError::Stopped);
        }
        let hash = transaction.hash();
        if let Some(entry) = inner.entry(&hash) {
            entry.answers.push(answer);
            return Ok(());
        }
        inner.admit(&transaction, self.limits)?;
        if let Err(error) = inner.log.add(transaction.transaction()) {
            tracing::error!(%error, "a waiting transaction cannot be kept over a restart");
        }
        inner.put(Entry::submitted(transaction, answer));
        drop(inner);
        self.changed.notify_one();
        (self.wake)();
        Ok(())
    }

    /// Takes a transaction that another validator sent, if it is good and there is room.
    pub(super) fn take(&self, transaction: VerifiedTransaction) -> bool {
        let mut inner = self.lock();
        if inner.closed || inner.known.contains_key(&transaction.hash()) {
            return false;
        }
        let taken = inner.admit(&transaction, self.limits).is_ok();
        if taken {
            inner.put(Entry::received(transaction));
            drop(inner);
            // What waited for this one may be sent now.
            self.changed.notify_one();
            (self.wake)();
        }
        taken
    }

    /// Takes up what waited before a restart.
    pub(super) fn take_up(&self, transaction: VerifiedTransaction) {
        let hash = transaction.hash();
        if self.take(transaction) {
            let mut inner = self.lock();
            if let Some(entry) = inner.entry(&hash) {
                entry.is_own = true;
            }
        }
    }

    /// Those of these transactions that wait here: they were verified.
    pub(super) fn verified(
        &self,
        hashes: impl Iterator<Item = Hash32>,
    ) -> Vec<Option<Arc<VerifiedTransaction>>> {
        let hashes: Vec<_> = hashes.collect();
        let mut inner = self.lock();
        let find = |hash| inner.entry(hash).map(|entry| Arc::clone(&entry.transaction));
        hashes.iter().map(find).collect()
    }

    pub(super) fn knows(&self, hash: &Hash32) -> bool {
        self.lock().known.contains_key(hash)
    }

    /// What could come next, from every author in turn and in order within each: at most `count`, and `bytes` of them.
    pub(super) fn candidates(&self, count: usize, bytes: usize) -> Vec<Arc<VerifiedTransaction>> {
        let mut inner = self.lock();
        let turn = inner.turn.take();
        let is_later = |author: &Author| turn.as_ref().is_none_or(|turn| author >= turn);
        let (later, earlier): (Vec<_>, Vec<_>) =
            inner.lanes.iter().map(|(author, lane)| (author, lane.ready())).partition(|(a, _)| is_later(a));
        let mut lanes: VecDeque<_> = later.into_iter().chain(earlier).collect();
        let (mut picked, mut size, mut next) = (Vec::new(), 0, None);
        while let Some((author, mut ready)) = lanes.pop_front() {
            let Some(entry) = ready.next() else { continue };
            size += entry.transaction.encoded_len();
            if picked.len() >= count || size > bytes {
                next = Some(author.clone());
                break;
            }
            picked.push(Arc::clone(&entry.transaction));
            lanes.push_back((author, ready));
        }
        drop(lanes);
        inner.turn = next;
        picked
    }

    /// One candidate of each author.
    pub(super) fn heads(&self) -> Vec<Arc<VerifiedTransaction>> {
        let inner = self.lock();
        inner
            .lanes
            .values()
            .filter_map(|lane| lane.ready().next())
            .map(|e| Arc::clone(&e.transaction))
            .collect()
    }

    /// Drops what the state machine refuses, and says so.
    pub(super) fn refuse(&self, hash: &Hash32, error: &TxError) {
        let entry = self.lock().remove(hash);
        for answer in entry.into_iter().flat_map(|entry| entry.answers) {
            tell(answer, Err(SubmitError::Refused(error.clone())));
        }
    }

    /// A block is final: whoever waits for its transactions is told, and what it made impossible is dropped.
    pub(super) fn committed(&self, tip: Arc<Tip>, block: &CertifiedBlock, done: &[SubmitResponse]) {
        let mut answers = Vec::new();
        let mut inner = self.lock();
        inner.tip = tip;
        for response in done {
            let Some(entry) = inner.remove(&response.hash) else { continue };
            // The first who asked is told that it is done, the others that it was already.
            let mut outcomes = entry.answers.into_iter().filter(|answer| !answer.is_closed());
            answers.extend(outcomes.next().map(|answer| (answer, Ok(response.clone()))));
            let known = || Err(SubmitError::Known(response.clone()));
            answers.extend(outcomes.map(|answer| (answer, known())));
        }
        for transaction in &block.block.transactions {
            let refused = inner.go_on(transaction);
            answers.extend(refused.into_iter().flat_map(|(entry, error)| {
                let refuse = move |answer| (answer, Err(SubmitError::Refused(error.clone())));
                entry.answers.into_iter().map(refuse)
            }));
        }
        inner.tidy_log();
        let has_fresh = !inner.fresh.is_empty();
        drop(inner);
        if has_fresh {
            self.changed.notify_one();
        }
        answers.into_iter().for_each(|(answer, outcome)| tell(answer, outcome));
    }

    /// Refuses what waited in vain for a transaction before it.
    pub(super) fn sweep(&self) {
        let refused: Vec<_> = {
            let mut inner = self.lock();
            let late = |entry: &Entry| entry.since.elapsed() > GAP_PATIENCE;
            let stuck: Vec<_> = inner
                .lanes
                .values()
                .flat_map(|lane| {
                    lane.beyond_gap().filter(|e| late(e)).map(|e| (e.transaction.hash(), lane.next))
                })
                .collect();
            stuck.into_iter().filter_map(|(hash, next)| Some((inner.remove(&hash)?, next))).collect()
        };
        for (entry, next) in refused {
            // Those that the others were sent wait there, too: the one before was refused meanwhile, and if its author sends
            // another in its place, they can still become final.
            let outcome = match entry.offered {
                None => SubmitError::Refused(TxError::NonceAhead { next }),
                Some(_) => SubmitError::Unknown,
            };
            entry.answers.into_iter().for_each(|answer| tell(answer, Err(outcome.clone())));
        }
    }

    /// Waits for something to be submitted here.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Takes no more, and answers nothing more: what waits is taken up after a restart.
    pub(super) fn close(&self) {
        let mut inner = self.lock();
        inner.closed = true;
        let entries = inner.lanes.values_mut().flat_map(Lane::entries_mut);
        let answers: Vec<_> = entries.flat_map(|entry| std::mem::take(&mut entry.answers)).collect();
        drop(inner);
        answers.into_iter().for_each(|answer| tell(answer, Err(SubmitError::Unknown)));
        self.changed.notify_one();
    }

    /// How much waits.
    pub(super) fn waiting(&self) -> Waiting {
        let inner = self.lock();
        Waiting { transactions: inner.known.len(), bytes: inner.bytes }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn entry(&mut self, hash: &Hash32) -> Option<&mut Entry> {
        let (author, nonce) = self.known.get(hash)?;
        self.lanes.get_mut(author)?.entries.get_mut(nonce)
    }

    fn put(&mut self, entry: Entry) {
        let transaction = entry.transaction.transaction();
        let (author, nonce) = (transaction.author.clone(), transaction.nonce);
        self.bytes += entry.transaction.encoded_len();
        self.known.insert(entry.transaction.hash(), (author.clone(), nonce));
        self.fresh.insert(author.clone());
        if let Some(lane) = self.lanes.get_mut(&author) {
            lane.insert(entry);
        }
    }

    fn remove(&mut self, hash: &Hash32) -> Option<Entry> {
        let (author, nonce) = self.known.remove(hash)?;
        let lane = self.lanes.get_mut(&author)?;
        let entry = lane.remove(nonce)?;
        if lane.entries.is_empty() {
            self.lanes.remove(&author);
        }
        self.bytes -= entry.transaction.encoded_len();
        Some(entry)
    }

    /// The author's lane goes on after a final transaction: gives what can never be final now.
    fn go_on(&mut self, done: &Transaction) -> Vec<(Entry, TxError)> {
        let Some(lane) = self.lanes.get_mut(&done.author) else { return Vec::new() };
        lane.go_on(done, &self.tip);
        let next = lane.next;
        self.fresh.insert(done.author.clone());
        let used: Vec<_> = lane.entries.range(..next).map(|(_, entry)| entry.transaction.hash()).collect();
        let dropped = used.iter().filter_map(|hash| self.remove(hash));
        dropped.map(|entry| (entry, TxError::NonceUsed { next })).collect()
    }

    /// Forgets on disk what is done.
    fn tidy_log(&mut self) {
        if !self.log.is_worth_tidying() {
            return;
        }
        let entries = self.lanes.values().flat_map(|lane| lane.entries.values());
        let own = entries.filter(|entry| entry.is_own).map(|entry| entry.transaction.transaction());
        if let Err(error) = self.log.begin_anew(own) {
            tracing::error!(%error, "waiting transactions cannot be kept over a restart");
        }
    }
}
