//! The network engine: several validators, each with its own folder, decide blocks together by Malachite BFT.
//!
//! Nothing above can tell it from [`solo`](crate::solo): the same state machine, headers, certificates and evidence.
//! The folder has, beside what every engine keeps:
//!
//! ```text
//! FOLDER/consensus.wal   Malachite's: what this validator voted, so that it never contradicts itself
//! FOLDER/quiet.json     until what is decided it does not vote, after something of this was lost
//! FOLDER/undecided.log   proposed blocks of the height being decided
//! FOLDER/waiting.log     transactions that were submitted here and wait
//! ```

mod ahead;
mod candidate;
mod codec;
mod context;
mod engine;
#[cfg(test)]
mod flaws;
mod gossip;
#[cfg(test)]
mod lies;
mod mempool;
mod open;
mod part;
mod quiet;
#[cfg(test)]
mod rounds;
mod settings;
mod signing;
#[cfg(test)]
mod strangers;
mod undecided;

use std::path::PathBuf;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use async_trait::async_trait;
use registry::api::{BlockSummary, SubmitResponse};
use registry::{
    CertifiedBlock, Genesis, HandOver, Hash32, Transaction, UnixMillis, ValidatorSet, VerifiedTransaction,
};
use tokio::sync::{oneshot, watch};

use crate::book::Book;
use crate::ledger::{BlockReadError, Ledger, Pending, SubmitError, Tip, Waiting};
use engine::Input;
use mempool::Mempool;
pub use open::NetworkError;
pub use quiet::empty_vote_log;
pub use settings::{PeerAddressError, Peers, peer_id};

/// How a validator runs.
#[derive(Clone)]
pub struct NetworkConfig {
    /// The folder; made when it is missing.
    pub folder: PathBuf,
    /// Its name in logs.
    pub name: String,
    /// Where it listens and whom it knows.
    pub peers: Peers,
    /// An idle chain makes a block this often, so that evidence stays fresh.
    pub heartbeat: Duration,
    /// How many transactions may wait.
    pub max_pending: usize,
    /// How many bytes of transactions may wait.
    pub max_pending_bytes: usize,
    /// How many transactions one block of this validator takes.
    pub max_block: usize,
    /// Where block times come from, and what proposed ones are judged by.
    pub clock: Arc<dyn Fn() -> UnixMillis + Send + Sync>,
}

impl NetworkConfig {
    /// A heartbeat of 15 seconds, 20,000 transactions or 32 MiB waiting, 2,000 a block, this machine's clock.
    pub fn new(folder: impl Into<PathBuf>, name: impl Into<String>, peers: Peers) -> Self {
        Self {
            folder: folder.into(),
            name: name.into(),
            peers,
            heartbeat: Duration::from_secs(15),
            max_pending: 20_000,
            max_pending_bytes: 32 * 1024 * 1024,
            max_block: 2_000,
            clock: Arc::new(service::clock::now),
        }
    }
}

/// One validator's chain. Everything acknowledged was decided by more than two thirds of the validators, and synced
/// here first. Before the first block its [tip](Ledger::tip) is the genesis, with a certificate that nobody signed.
pub struct NetworkLedger {
    genesis: Genesis,
    book: Arc<Book>,
    mempool: Arc<Mempool>,
    tips: watch::Receiver<Arc<Tip>>,
    inputs: Sender<Input>,
    engine: Mutex<Option<JoinHandle<()>>>,
    /// Tells consensus to end; closed once it has.
    consensus: Mutex<Option<(oneshot::Sender<()>, tokio::task::JoinHandle<()>)>>,
}

impl NetworkLedger {
    /// Queues a transaction; the answer comes once it is final.
    ///
    /// # Errors
    /// [`SubmitError`], but for [`SubmitError::Invalid`] and [`SubmitError::Unknown`].
    pub fn enqueue(&self, transaction: VerifiedTransaction) -> Result<Pending, SubmitError> {
        if let Some(known) = self.transaction(&transaction.hash()) {
            return Err(SubmitError::Known(known));
        }
        let (answer, answered) = oneshot::channel();
        self.mempool.submit(transaction, answer)?;
        Ok(Pending(answered))
    }

    fn end_engine(&self) {
        self.mempool.close();
        // Gone already when the engine ended by itself.
        drop(self.inputs.send(Input::Stop));
        let engine = self.engine.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(engine) = engine
            && engine.join().is_err()
        {
            tracing::error!("the engine ended badly");
        }
        self.book.stop();
    }
}

impl Drop for NetworkLedger {
    fn drop(&mut self) {
        // Dropping the sender ends consensus, if it has not ended.
        self.consensus.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.end_engine();
    }
}

#[async_trait]
impl Ledger for NetworkLedger {
    fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    fn tip(&self) -> Arc<Tip> {
        Arc::clone(&self.tips.borrow())
    }

    fn follow(&self) -> watch::Receiver<Arc<Tip>> {
        self.tips.clone()
    }

    async fn submit(&self, transaction: Transaction) -> Result<SubmitResponse, SubmitError> {
        self.enqueue(transaction.verify()?)?.outcome().await
    }

    fn transaction(&self, hash: &Hash32) -> Option<SubmitResponse> {
        self.book.transaction(hash)
    }

    async fn block(&self, height: u64) -> Result<Option<CertifiedBlock>, BlockReadError> {
        self.book.block(height, self.tip().header.height).await
    }

    async fn blocks(&self, from: u64, limit: usize) -> Result<Vec<BlockSummary>, BlockReadError> {
        self.book.blocks(from, limit, self.tip().header.height).await
    }

    fn validators_at(&self, height: u64) -> Option<ValidatorSet> {
        self.book.validators_at(height)
    }

    async fn hand_overs(&self, from: u64, limit: usize) -> Result<Vec<HandOver>, BlockReadError> {
        self.book.hand_overs(from, limit, self.tip().header.height).await
    }

    fn waiting(&self) -> Waiting {
        self.mempool.waiting()
    }

    fn is_ready(&self) -> bool {
        self.tip().header.height > 0 && !self.mempool.is_closed() && self.book.is_sound()
    }

    async fn shutdown(&self) {
        let consensus = self.consensus.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((stop, ended)) = consensus {
            drop(stop);
            if ended.await.is_err() {
                tracing::error!("consensus ended badly");
            }
        }
        self.end_engine();
    }
}
