//! What an engine offers: take transactions, say where the chain is, read blocks.

use std::sync::Arc;

use async_trait::async_trait;
use registry::api::{BlockSummary, HeadResponse, SubmitResponse};
use registry::{
    Author, Certificate, CertifiedBlock, Evidence, EvidenceBundle, Genesis, HandOver, Hash32, Header, Record,
    RecordBytesError, RecordKey, State, Transaction, TransactionError, TxError, UnixMillis, ValidatorSet,
};
use tokio::sync::{oneshot, watch};

use crate::news::News;

/// An engine: decides blocks of transactions, durably.
#[async_trait]
pub trait Ledger: Send + Sync {
    /// How the chain began.
    fn genesis(&self) -> &Genesis;

    /// The newest final block and the state after it.
    fn tip(&self) -> Arc<Tip>;

    /// Follows the tip; every value seen is final.
    fn follow(&self) -> watch::Receiver<Arc<Tip>>;

    /// Takes a transaction and answers once it is final and on disk.
    ///
    /// # Errors
    /// [`SubmitError`]; each says whether anything was taken.
    async fn submit(&self, transaction: Transaction) -> Result<SubmitResponse, SubmitError>;

    /// Where a transaction is, while the engine remembers it: at least the latest 50,000.
    fn transaction(&self, hash: &Hash32) -> Option<SubmitResponse>;

    /// The block at `height`; none above the tip, and none at 0, which follows from the genesis.
    ///
    /// # Errors
    /// [`BlockReadError`].
    async fn block(&self, height: u64) -> Result<Option<CertifiedBlock>, BlockReadError>;

    /// At most `limit` blocks from height `from` downwards, without their transactions.
    ///
    /// # Errors
    /// [`BlockReadError`].
    async fn blocks(&self, from: u64, limit: usize) -> Result<Vec<BlockSummary>, BlockReadError>;

    /// Who signed the block at `height`, or will: none when that isn't known yet.
    fn validators_at(&self, height: u64) -> Option<ValidatorSet>;

    /// At most `limit` blocks after block `from` in which the validators handed over to others, the oldest first.
    ///
    /// # Errors
    /// [`BlockReadError`].
    async fn hand_overs(&self, from: u64, limit: usize) -> Result<Vec<HandOver>, BlockReadError>;

    /// Whether it takes transactions; a follower: whether it takes blocks.
    fn is_ready(&self) -> bool;

    /// How much waits to get into a block.
    fn waiting(&self) -> Waiting {
        Waiting::default()
    }

    /// Where transactions go instead, when this one takes none itself.
    fn upstream(&self) -> Option<&str> {
        None
    }

    /// Finishes what was taken, writes everything down and stops. What comes later is refused.
    async fn shutdown(&self);
}

/// A final block's header and certificate, and the state after it.
#[derive(Debug, Clone)]
pub struct Tip {
    /// The header.
    pub header: Header,
    /// Its certificate, with no more signatures than a quorum.
    pub certificate: Certificate,
    /// The state after it.
    pub state: State,
    /// What it and the blocks before it changed.
    pub news: News,
}

/// How much waits to get into a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Waiting {
    /// How many transactions.
    pub transactions: usize,
    /// How many bytes they have.
    pub bytes: usize,
}

impl Tip {
    /// Who decides the next block.
    ///
    /// # Errors
    /// [`RecordBytesError`] when the state is damaged.
    pub fn next_validators(&self) -> Result<ValidatorSet, RecordBytesError> {
        Ok(self.state.validators()?.validators)
    }

    /// Evidence of what stands at `key`, or that nothing does.
    #[must_use]
    pub fn prove(&self, key: &RecordKey) -> Evidence {
        let record = self.state.bytes(key).map(<[u8]>::to_vec);
        Evidence::new(key.clone(), record, self.state.prove(key), &self.header, self.certificate.clone())
    }

    /// Evidence of several records in one; none for no keys, or more than [`MAX_KEYS`](registry::api::MAX_KEYS).
    #[must_use]
    pub fn prove_all(&self, keys: &[RecordKey]) -> Option<EvidenceBundle> {
        let single: Vec<_> = keys.iter().map(|key| self.prove(key)).collect();
        EvidenceBundle::of(&single)
    }

    /// The nonce that the author's next transaction must carry.
    ///
    /// # Errors
    /// [`RecordBytesError`] when the state is damaged.
    pub fn nonce(&self, author: &Author) -> Result<u64, RecordBytesError> {
        match self.state.record(&RecordKey::Nonce(author.clone()))? {
            None => Ok(0),
            Some(Record::Nonce(record)) => Ok(record.next),
            Some(_) => Err(RecordBytesError),
        }
    }

    /// The header of the block at `time` that comes after this tip, with these transactions, and leads to `state`.
    pub(crate) fn next_header(&self, time: UnixMillis, tx_root: Hash32, state: &State) -> Header {
        next_header(&self.header, time, tx_root, state)
    }

    /// Where the chain is.
    #[must_use]
    pub fn head(&self, genesis: &Genesis) -> HeadResponse {
        HeadResponse {
            chain_id: self.header.chain_id,
            network: genesis.network.clone(),
            height: self.header.height,
            time: self.header.time,
            block_id: self.header.id(),
            state_root: self.header.state_root,
        }
    }
}

/// The header of the block after `before`.
pub(crate) fn next_header(before: &Header, time: UnixMillis, tx_root: Hash32, state: &State) -> Header {
    Header {
        chain_id: before.chain_id,
        height: before.height + 1,
        time,
        previous: before.id(),
        tx_root,
        state_root: state.root(),
        validators_hash: before.next_validators_hash,
        next_validators_hash: state
            .validators()
            .map_or(before.next_validators_hash, |record| record.validators.hash()),
    }
}

/// Where times come from.
pub(crate) type Clock = Arc<dyn Fn() -> UnixMillis + Send + Sync>;
/// What became of a transaction.
pub(crate) type Outcome = Result<SubmitResponse, SubmitError>;
/// Where an answer goes.
pub(crate) type Answer = oneshot::Sender<Outcome>;

/// The answer to a queued transaction, once there is one.
pub struct Pending(pub(crate) oneshot::Receiver<Outcome>);

impl Pending {
    /// Waits until the transaction is final or refused.
    ///
    /// # Errors
    /// [`SubmitError`].
    pub async fn outcome(self) -> Result<SubmitResponse, SubmitError> {
        // An engine that is gone without an answer may or may not have made it final.
        self.0.await.unwrap_or(Err(SubmitError::Unknown))
    }
}

/// Tells whoever asked, unless they went away meanwhile.
pub(crate) fn tell(answer: Answer, outcome: Outcome) {
    drop(answer.send(outcome));
}

/// Why a transaction is not final.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubmitError {
    /// It cannot be looked at, or a signature does not verify. Nothing was taken.
    #[error(transparent)]
    Invalid(#[from] TransactionError),
    /// The state machine refuses it. Nothing was changed.
    #[error(transparent)]
    Refused(#[from] TxError),
    /// The engine runs with one fixed validator, itself. Nothing was taken.
    #[error("this node runs the chain alone, so its validators can't change; a network's can")]
    ValidatorsFixed,
    /// This very transaction is final already.
    #[error("the transaction is final already, in block {}", .0.height)]
    Known(SubmitResponse),
    /// Too many transactions wait. Nothing was taken; try again shortly.
    #[error("too many transactions wait; try again shortly")]
    Busy,
    /// This node only follows the chain. Nothing was taken; send it to a node that takes transactions.
    #[error("this node only follows the chain; send the transaction to {upstream}")]
    FollowsOnly {
        /// A node that may take it.
        upstream: String,
    },
    /// The engine takes nothing any more. Nothing was taken.
    #[error("the engine has stopped")]
    Stopped,
    /// While the transaction was under way to the other validators, the engine stopped, its disk failed, or the author's
    /// transaction before it was refused: it is final, or will be, or is gone. Submit it again (to another node, or after a
    /// restart); if it is final already, that is the answer.
    #[error("whether the transaction becomes final is not known: submit it again")]
    Unknown,
}

/// Why a block cannot be read back.
#[derive(Debug, thiserror::Error)]
pub enum BlockReadError {
    /// The file cannot be read.
    #[error("the block log cannot be read: {0}")]
    Io(#[from] std::io::Error),
    /// What is in its place is not the block that was written.
    #[error("the block log is damaged at block {height}: restore it from a backup")]
    Damaged {
        /// Which block.
        height: u64,
    },
    /// This copy of the chain began from a snapshot, and never had the block.
    #[error("the chain is kept here from block {first} on")]
    Pruned {
        /// The first block that is here.
        first: u64,
        /// The node that the snapshot came from, which may have earlier ones.
        elsewhere: Option<String>,
    },
    /// The index that knows where blocks are cannot be read.
    #[error("the index cannot be read: {0}")]
    Index(#[from] store::StoreError),
}
