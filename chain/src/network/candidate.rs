//! A block that may be decided: made here, or sent by another validator and checked. Executed once: what it leads to is
//! kept until it is decided.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use registry::{
    Block, BlockContext, Execution, Hash32, Header, Record, RecordKey, Slug, State, Transaction,
    TransactionError, TxError, UnixMillis, VerifiedTransaction, transaction_root,
};

use crate::ledger::{Clock, Tip};
use crate::network::mempool::Mempool;
use crate::network::part::MAX_BLOCK_BYTES;

/// How far ahead of a validator's clock a block's time may be.
pub(super) const MAX_AHEAD: Duration = Duration::from_secs(10);

/// A block, and what it leads to.
pub(super) struct Candidate {
    pub(super) id: Hash32,
    pub(super) block: Block,
    /// Of its transactions, in order.
    pub(super) hashes: Vec<Hash32>,
    pub(super) state: State,
    pub(super) updates: BTreeMap<RecordKey, Record>,
}

/// What is wrong with a proposed block.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Flaw {
    #[error("it is no block")]
    Malformed,
    #[error("it has more transactions than a block may have")]
    TooLong,
    #[error("it does not follow the newest block, or names other roots or validators")]
    Header,
    #[error("its time is not after its predecessor's")]
    TimeBack,
    #[error("its time is ahead of this validator's clock")]
    TimeAhead,
    #[error("a transaction's signature does not verify")]
    Signature,
    #[error("it holds a transaction that is refused: {0}")]
    Refused(TxError),
}

/// What a block is made and judged by.
pub(super) struct Maker {
    pub(super) network: Slug,
    pub(super) clock: Clock,
    pub(super) max_block: usize,
}

impl Maker {
    fn context(&self, tip: &Tip, time: UnixMillis) -> BlockContext {
        BlockContext {
            chain_id: tip.header.chain_id,
            network: self.network.clone(),
            height: tip.header.height + 1,
            time,
        }
    }

    fn context_now(&self, tip: &Tip) -> BlockContext {
        // A clock that stands still or goes back does not stop time.
        self.context(tip, (self.clock)().max(UnixMillis(tip.header.time.0 + 1)))
    }

    /// Whether anything that waits could go into a block on top of `tip`. What is refused is dropped.
    pub(super) fn has_work(&self, mempool: &Mempool, tip: &Tip) -> bool {
        let context = self.context_now(tip);
        mempool.heads().into_iter().any(|head| {
            let outcome = Execution::new(&tip.state, context.clone()).apply(&head);
            outcome.inspect_err(|error| mempool.refuse(&head.hash(), error)).is_ok()
        })
    }

    /// A block of what waits, on top of `tip`; what is refused is dropped.
    pub(super) fn make(&self, mempool: &Mempool, tip: &Tip) -> Candidate {
        let context = self.context_now(tip);
        let time = context.time;
        let mut execution = Execution::new(&tip.state, context);
        let (mut hashes, mut transactions) = (Vec::new(), Vec::new());
        for candidate in mempool.candidates(self.max_block, MAX_BLOCK_BYTES) {
            match execution.apply(&candidate) {
                Ok(()) => {
                    hashes.push(candidate.hash());
                    transactions.push(candidate.transaction().clone());
                }
                // Its predecessor was refused just now: it waits for another, for a while.
                Err(TxError::NonceAhead { .. }) => {}
                Err(error) => mempool.refuse(&candidate.hash(), &error),
            }
        }
        let (state, updates) = execution.finish();
        let header = tip.next_header(time, transaction_root(hashes.iter().copied()), &state);
        Candidate { id: header.id(), block: Block { header, transactions }, hashes, state, updates }
    }

    /// Checks and executes a block that another validator proposes, as [`proposal_bytes`] writes it. `is_new` when it is
    /// proposed now: then its time must fit this validator's clock.
    pub(super) fn check(
        &self,
        mempool: &Mempool,
        tip: &Tip,
        block: &[u8],
        is_new: bool,
    ) -> Result<Candidate, Flaw> {
        let (header, transactions): (Header, Vec<Vec<u8>>) =
            borsh::from_slice(block).map_err(|_| Flaw::Malformed)?;
        follows(tip, &header, transactions.len())?;
        if is_new && header.time > (self.clock)().after(MAX_AHEAD) {
            return Err(Flaw::TimeAhead);
        }
        let verified = verified(mempool, &transactions)?;
        let transactions = verified.iter().map(|verified| verified.transaction().clone()).collect();
        self.execute(tip, Block { header, transactions }, &verified)
    }

    /// Executes a block that is decided already: the validators who decided it verified its transactions, and their
    /// certificate, checked before this, covers them.
    pub(super) fn check_decided(&self, tip: &Tip, block: &[u8]) -> Result<Candidate, Flaw> {
        let block: Block = borsh::from_slice(block).map_err(|_| Flaw::Malformed)?;
        follows(tip, &block.header, block.transactions.len())?;
        let verified = block.transactions.iter().cloned();
        let verified = verified.map(VerifiedTransaction::dangerous_from_certified_block).map(Arc::new);
        let verified: Vec<_> = verified.collect();
        self.execute(tip, block, &verified)
    }

    fn execute(
        &self,
        tip: &Tip,
        block: Block,
        verified: &[Arc<VerifiedTransaction>],
    ) -> Result<Candidate, Flaw> {
        if verified.iter().map(|transaction| transaction.encoded_len()).sum::<usize>() > MAX_BLOCK_BYTES {
            return Err(Flaw::TooLong);
        }
        let hashes: Vec<_> = verified.iter().map(|transaction| transaction.hash()).collect();
        let mut execution = Execution::new(&tip.state, self.context(tip, block.header.time));
        verified.iter().try_for_each(|transaction| execution.apply(transaction)).map_err(Flaw::Refused)?;
        let (state, updates) = execution.finish();
        let tx_root = transaction_root(hashes.iter().copied());
        let expected = tip.next_header(block.header.time, tx_root, &state);
        if block.header != expected {
            return Err(Flaw::Header);
        }
        Ok(Candidate { id: expected.id(), block, hashes, state, updates })
    }
}

/// The most transactions that a block of another validator may have.
const MAX_TRANSACTIONS: usize = 10_000;

/// A block as its proposer sends it: the header, then each transaction's own bytes. Whoever has a transaction waiting knows it
/// by the digest of its bytes, and neither reads it again nor checks its signature.
pub(super) fn proposal_bytes(block: &Block) -> io::Result<Vec<u8>> {
    let transactions: Vec<_> = block.transactions.iter().map(Transaction::to_bytes).collect();
    borsh::to_vec(&(&block.header, transactions))
}

/// What can be told without looking into transactions.
fn follows(tip: &Tip, header: &Header, count: usize) -> Result<(), Flaw> {
    if header.height != tip.header.height + 1 || header.previous != tip.header.id() {
        return Err(Flaw::Header);
    }
    if header.time <= tip.header.time {
        return Err(Flaw::TimeBack);
    }
    if count > MAX_TRANSACTIONS {
        return Err(Flaw::TooLong);
    }
    Ok(())
}

/// The block's transactions with their signatures checked: those that wait here were already, the others are now, on
/// all cores. Each by itself and strictly: a batch check would take signatures that a single check refuses, and
/// validators must never differ.
fn verified(mempool: &Mempool, transactions: &[Vec<u8>]) -> Result<Vec<Arc<VerifiedTransaction>>, Flaw> {
    let mut all = mempool.verified(transactions.iter().map(|bytes| Transaction::hash_of_bytes(bytes)));
    let mut new: Vec<_> = all.iter_mut().zip(transactions).filter(|(known, _)| known.is_none()).collect();
    let check = |bytes: &[u8]| {
        let transaction = Transaction::from_bytes(bytes).map_err(|error| match error {
            TransactionError::TooLong => Flaw::TooLong,
            TransactionError::Malformed
            | TransactionError::SignatureCount
            | TransactionError::Signature(_) => Flaw::Malformed,
        })?;
        transaction.verify().map(Arc::new).map_err(|_| Flaw::Signature)
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let share = new.len().div_ceil(threads).max(64);
    std::thread::scope(|scope| {
        let parts: Vec<_> = new
            .chunks_mut(share)
            .map(|part| {
                scope.spawn(move || {
                    part.iter_mut().try_for_each(|(to, bytes)| {
                        **to = Some(check(bytes)?);
                        Ok(())
                    })
                })
            })
            .collect();
        parts.into_iter().try_for_each(|part| part.join().map_err(|_| Flaw::Malformed)?)
    })?;
    all.into_iter().collect::<Option<_>>().ok_or(Flaw::Malformed)
}
