//! A ledger that follows another node's: takes no transactions, believes nothing, and writes down what it checked.
//!
//! Every block is checked as if it came from a stranger: chain, link to the block before, certificate under the
//! validators, transaction root, every signature in it; then it is executed, and must give the state root that the
//! validators signed. The first block that fails stops the follower for good.

mod upstream;
mod writer;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use registry::api::{BlockSummary, SubmitResponse};
use registry::{Anchor, Certificate, CertifiedBlock, Genesis, HandOver, Hash32, Transaction, ValidatorSet};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::book::{self, BlockFlaw, Book, OpenError, Opened};
use crate::ledger::{BlockReadError, Ledger, SubmitError, Tip};
use crate::news::News;
use upstream::Upstream;
pub use upstream::{FetchError, genesis};
use writer::Writer;

/// How a follower runs.
#[derive(Debug, Clone)]
pub struct FollowerConfig {
    /// The folder; made when it is missing.
    pub folder: PathBuf,
    /// The node that is followed: its base URL, without a slash at the end.
    pub upstream: String,
}

/// Why a follower stands still for good.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// A block does not verify: the node followed is damaged or lies. Follow another; what was taken before is sound.
    #[error(
        "block {height} from {upstream} does not verify ({flaw}); it was not taken, nor anything after it"
    )]
    Block {
        /// Which block was expected.
        height: u64,
        /// Where it came from.
        upstream: String,
        /// What is wrong with it.
        flaw: BlockFlaw,
    },
    /// The block could not be written.
    #[error("block {height} could not be written: free the disk, then start again")]
    Disk {
        /// Which block.
        height: u64,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
}

/// A copy of a chain, kept up with a node's.
pub struct FollowerLedger {
    genesis: Genesis,
    upstream: String,
    book: Arc<Book>,
    tips: watch::Sender<Arc<Tip>>,
    failure: watch::Receiver<Option<Arc<FollowError>>>,
    writer: Arc<Mutex<Writer>>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl FollowerLedger {
    /// Opens the copy in the folder, or begins one of the chain of `genesis`, and starts to follow. Blocks while it reads
    /// what the index has not; call it where a tokio runtime is entered.
    ///
    /// # Errors
    /// [`OpenError`]; each says what to do.
    pub fn open(config: FollowerConfig, genesis: Option<Genesis>) -> Result<Self, OpenError> {
        let Opened { genesis, tip, writer } = book::open(&config.folder, genesis)?;
        let book = Arc::clone(writer.book());
        let tips = watch::Sender::new(Arc::new(tip.unwrap_or_else(|| beginning(&genesis))));
        let writer = Arc::new(Mutex::new(Writer::new(genesis.clone(), writer, tips.clone())));
        let (failed, failure) = watch::channel(None);
        let upstream = Upstream::new(config.upstream.clone());
        let task = tokio::spawn(follow(upstream, Arc::clone(&writer), tips.clone(), failed));
        let task = Mutex::new(Some(task));
        Ok(Self { genesis, upstream: config.upstream, book, tips, failure, writer, task })
    }

    /// Resolves when the follower stands still for good, with the reason.
    pub fn failure(&self) -> impl Future<Output = Arc<FollowError>> + Send + use<> {
        let mut failure = self.failure.clone();
        async move {
            loop {
                if let Some(error) = failure.borrow_and_update().clone() {
                    return error;
                }
                if failure.changed().await.is_err() {
                    // It was shut down, and did not fail.
                    std::future::pending::<()>().await;
                }
            }
        }
    }

    fn stop(&self) {
        if let Some(task) = self.task.lock().unwrap_or_else(PoisonError::into_inner).take() {
            task.abort();
        }
        // A block that is being written is finished first.
        self.writer.lock().unwrap_or_else(PoisonError::into_inner).close();
        self.book.stop();
    }
}

/// Genesis as a tip: nobody signed it, so its evidence shows nothing, and a node before it is not ready.
fn beginning(genesis: &Genesis) -> Tip {
    let header = genesis.header();
    let certificate = Certificate { height: 0, round: 0, block_id: header.id(), signatures: Vec::new() };
    Tip { header, certificate, state: genesis.state(), news: News::default() }
}

/// Takes blocks until one fails.
async fn follow(
    upstream: Upstream,
    writer: Arc<Mutex<Writer>>,
    tips: watch::Sender<Arc<Tip>>,
    failed: watch::Sender<Option<Arc<FollowError>>>,
) {
    let mut upstream = upstream;
    loop {
        let next = tips.borrow().header.height + 1;
        let blocks = upstream.blocks(next).await;
        let (writer, from) = (Arc::clone(&writer), upstream.url().to_owned());
        let taken = tokio::task::spawn_blocking(move || {
            let mut writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
            blocks.into_iter().try_for_each(|block| writer.take(block, &from))
        });
        match taken.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::error!(%error, "the follower stops");
                failed.send_replace(Some(Arc::new(error)));
                return;
            }
            Err(error) => tracing::error!(%error, "taking a block ended badly"),
        }
    }
}

impl Drop for FollowerLedger {
    fn drop(&mut self) {
        self.stop();
    }
}

#[async_trait]
impl Ledger for FollowerLedger {
    fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    fn tip(&self) -> Arc<Tip> {
        Arc::clone(&self.tips.borrow())
    }

    fn follow(&self) -> watch::Receiver<Arc<Tip>> {
        self.tips.subscribe()
    }

    async fn submit(&self, _: Transaction) -> Result<SubmitResponse, SubmitError> {
        Err(SubmitError::FollowsOnly { upstream: self.upstream.clone() })
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

    fn is_ready(&self) -> bool {
        self.failure.borrow().is_none() && self.book.is_sound()
    }

    fn upstream(&self) -> Option<&str> {
        Some(&self.upstream)
    }

    async fn shutdown(&self) {
        self.stop();
    }
}

/// Whether a genesis is that of an anchor's chain.
#[must_use]
pub fn is_of(genesis: &Genesis, anchor: &Anchor) -> bool {
    genesis.chain_id() == anchor.chain_id
}
