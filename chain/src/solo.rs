//! The solo engine: one validator, one folder, laid out as every engine's is: genesis, block log, index.

mod engine;
mod queue;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use async_trait::async_trait;
use registry::api::{BlockSummary, SubmitResponse};
use registry::build::TxSigner;
use registry::{
    Action, CertifiedBlock, Genesis, HandOver, Hash32, Transaction, UnixMillis, VerifiedTransaction,
};
use tokio::sync::watch;

use crate::book::{self, Book, Opened};
pub use crate::book::{BlockFlaw, LogError, OpenError};
use crate::ledger::{BlockReadError, Ledger, Pending, SubmitError, Tip};
use engine::Engine;
use queue::Queue;

/// How a solo ledger runs.
#[derive(Clone)]
pub struct SoloConfig {
    /// The folder; made when it is missing.
    pub folder: PathBuf,
    /// An idle chain makes a block this often, so that evidence stays fresh.
    pub heartbeat: Duration,
    /// How many transactions may wait.
    pub max_pending: usize,
    /// How many bytes of transactions may wait.
    pub max_pending_bytes: usize,
    /// How many transactions one block takes.
    pub max_block: usize,
    /// Where block times come from.
    pub clock: Arc<dyn Fn() -> UnixMillis + Send + Sync>,
}

impl SoloConfig {
    /// A heartbeat of 15 seconds, 10,000 transactions or 16 MiB waiting, 2,000 a block, this machine's clock.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            heartbeat: Duration::from_secs(15),
            max_pending: 10_000,
            max_pending_bytes: 16 * 1024 * 1024,
            max_block: 2_000,
            clock: Arc::new(service::clock::now),
        }
    }
}

/// A chain of one validator, on disk. Everything acknowledged was synced first.
pub struct SoloLedger {
    genesis: Genesis,
    queue: Arc<Queue>,
    tips: watch::Sender<Arc<Tip>>,
    book: Arc<Book>,
    engine: Mutex<Option<JoinHandle<()>>>,
}

impl SoloLedger {
    /// Opens the chain in the folder, or begins the one of `genesis`. `signer` is its only validator. Blocks: reads what
    /// the index has not, and makes a first block, so that there is fresh evidence at once.
    ///
    /// # Errors
    /// [`OpenError`]; each says what to do.
    pub fn open(
        config: SoloConfig,
        genesis: Option<Genesis>,
        signer: Arc<dyn TxSigner>,
    ) -> Result<Self, OpenError> {
        let Opened { genesis, tip, writer } = book::open(&config.folder, genesis)?;
        match genesis.validators.as_slice() {
            [only] if only.key == signer.public_key() => {}
            _ => return Err(OpenError::NotTheValidator),
        }
        let book = Arc::clone(writer.book());
        let queue = Arc::new(Queue::new(config.max_pending, config.max_pending_bytes));
        let mut engine =
            Engine { genesis: genesis.clone(), writer, signer, config, queue: Arc::clone(&queue) };
        let first = engine.first_block(tip).map_err(|()| OpenError::FirstBlock)?;
        let tips = watch::Sender::new(Arc::new(first));
        let shown = tips.clone();
        let thread = std::thread::Builder::new().name("solo-engine".into()).spawn(move || engine.run(&shown));
        let thread = thread.map_err(|source| OpenError::Io { path: PathBuf::new(), source })?;
        Ok(Self { genesis, queue, tips, book, engine: Mutex::new(Some(thread)) })
    }

    /// Queues a transaction; the answer comes once it is final. What is queued first is executed first.
    ///
    /// # Errors
    /// [`SubmitError::ValidatorsFixed`], [`SubmitError::Known`], [`SubmitError::Busy`], [`SubmitError::Stopped`].
    pub fn enqueue(&self, transaction: VerifiedTransaction) -> Result<Pending, SubmitError> {
        // Executing it would be right, and then no block could be signed any more.
        if matches!(transaction.transaction().action, Action::UpdateValidators { .. }) {
            return Err(SubmitError::ValidatorsFixed);
        }
        if let Some(known) = self.transaction(&transaction.hash()) {
            return Err(SubmitError::Known(known));
        }
        self.queue.push(transaction).map(Pending)
    }

    fn stop(&self) {
        self.queue.close();
        let engine = self.engine.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(engine) = engine
            && engine.join().is_err()
        {
            tracing::error!("the engine ended badly");
        }
        self.book.stop();
    }
}

impl Drop for SoloLedger {
    fn drop(&mut self) {
        self.stop();
    }
}

#[async_trait]
impl Ledger for SoloLedger {
    fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    fn tip(&self) -> Arc<Tip> {
        Arc::clone(&self.tips.borrow())
    }

    fn follow(&self) -> watch::Receiver<Arc<Tip>> {
        self.tips.subscribe()
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

    async fn hand_overs(&self, _: u64, _: usize) -> Result<Vec<HandOver>, BlockReadError> {
        // Its one validator never changes: see `enqueue`.
        Ok(Vec::new())
    }

    fn is_ready(&self) -> bool {
        !self.queue.is_closed() && self.book.is_sound()
    }

    async fn shutdown(&self) {
        // Ends quickly: what is queued is a block or a few.
        self.stop();
    }
}
