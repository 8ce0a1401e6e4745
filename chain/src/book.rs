//! A chain on disk, the same under every engine: the block log, which is the truth, and the index built from it.
//!
//! ```text
//! FOLDER/genesis.json   how the chain began
//! FOLDER/base.snapshot  where this copy begins, when not with block 1: the state after the log's first block
//! FOLDER/blocks.log     every block from there on: the truth
//! FOLDER/index/         built from the two, and again whenever they disagree
//! ```

mod base;
mod frame;
mod index;
mod indexer;
mod log;
mod open;
mod recent;
pub(crate) mod successor;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use registry::api::{BlockSummary, SubmitResponse};
use registry::{CertifiedBlock, Genesis, HandOver, Hash32, Record, RecordKey, ValidatorSet};

use crate::ledger::{BlockReadError, Tip};
use base::Base;
pub(crate) use frame::{read_frame, write_frame};
use index::IndexTip;
use indexer::Indexer;
pub use log::LogError;
use log::{BlockLog, BlockReader};
pub(crate) use log::{EMPTY_LOG, MAX_RECORD};
pub use open::OpenError;
pub(crate) use open::log_path;
use recent::Recent;
pub use successor::BlockFlaw;

/// What a folder had in it.
pub(crate) struct Opened {
    pub(crate) genesis: Genesis,
    /// None when the chain has no block yet.
    pub(crate) tip: Option<Tip>,
    pub(crate) writer: Writer,
}

/// The only hand that writes; whoever has it decides what is final.
pub(crate) struct Writer {
    log: BlockLog,
    book: Arc<Book>,
}

/// What anyone may read.
pub(crate) struct Book {
    /// Where it begins, when not with block 1.
    base: Option<Base>,
    indexer: Indexer,
    reader: BlockReader,
    recent: RwLock<Recent>,
    /// Who validates, by the height from which they do.
    validators: RwLock<BTreeMap<u64, ValidatorSet>>,
}

/// Opens the chain in the folder, or begins the one of `genesis`.
pub(crate) fn open(folder: &Path, genesis: Option<Genesis>) -> Result<Opened, OpenError> {
    let io_error = |source| OpenError::Io { path: folder.to_owned(), source };
    service::files::create_folder(folder).map_err(io_error)?;
    let found = open::open(folder, genesis)?;
    let validators = RwLock::new(found.index.validators()?);
    let book = Arc::new(Book {
        base: found.base,
        validators,
        indexer: Indexer::start(found.index).map_err(io_error)?,
        reader: BlockReader::open(&open::log_path(folder)).map_err(io_error)?,
        recent: RwLock::new(found.recent),
    });
    Ok(Opened { genesis: found.genesis, tip: found.tip, writer: Writer { log: found.log, book } })
}

impl Writer {
    /// What anyone may read of it.
    pub(crate) fn book(&self) -> &Arc<Book> {
        &self.book
    }

    /// Writes a block. It is on the disk when this returns; after an error nothing more may be written.
    pub(crate) fn append(
        &mut self,
        block: CertifiedBlock,
        updates: BTreeMap<RecordKey, Record>,
    ) -> io::Result<()> {
        let offset = self.log.append(&block)?;
        let (height, block_id) = (block.block.header.height, block.certificate.block_id);
        let (transactions, round) = (block.block.transactions.len(), block.certificate.round);
        tracing::info!(height, transactions, round, "a block is final");
        let tip = IndexTip { height, block_id, offset, end: self.log.end() };
        if let Some(Record::Validators(record)) = updates.get(&RecordKey::Validators) {
            let mut validators = self.book.validators.write().unwrap_or_else(PoisonError::into_inner);
            validators.insert(record.from_height, record.validators.clone());
        }
        self.book.indexer.add(block, updates, tip);
        Ok(())
    }
}

impl Book {
    /// Where a transaction is, if it is one of the latest.
    pub(crate) fn transaction(&self, hash: &Hash32) -> Option<SubmitResponse> {
        self.recent.read().unwrap_or_else(PoisonError::into_inner).find(hash)
    }

    /// Remembers transactions that are final now.
    pub(crate) fn remember(&self, done: impl IntoIterator<Item = SubmitResponse>) {
        let mut recent = self.recent.write().unwrap_or_else(PoisonError::into_inner);
        done.into_iter().for_each(|response| recent.add(response));
    }

    /// Who decided, or will decide, the block at `height`.
    pub(crate) fn validators_at(&self, height: u64) -> Option<ValidatorSet> {
        let validators = self.validators.read().unwrap_or_else(PoisonError::into_inner);
        validators.range(..=height).next_back().map(|(_, set)| set.clone())
    }

    /// The first block that is here.
    pub(crate) fn first(&self) -> u64 {
        self.base.as_ref().map_or(1, Base::height)
    }

    /// The block at `height`, read on this thread.
    pub(crate) fn read(&self, height: u64) -> Result<Option<CertifiedBlock>, BlockReadError> {
        if let Some(base) = self.base.as_ref().filter(|base| height < base.height()) {
            return Err(base.pruned());
        }
        let Some(place) = self.indexer.place(height)? else { return Ok(None) };
        let block = self.reader.read(place.offset)?.filter(|block| block.block.header.height == height);
        block.map(Some).ok_or(BlockReadError::Damaged { height })
    }

    /// The block at `height`; none above `tip`, and none at 0.
    pub(crate) async fn block(
        self: &Arc<Self>,
        height: u64,
        tip: u64,
    ) -> Result<Option<CertifiedBlock>, BlockReadError> {
        if height == 0 || height > tip {
            return Ok(None);
        }
        let book = Arc::clone(self);
        tokio::task::spawn_blocking(move || book.read(height)).await.map_err(io::Error::other)?
    }

    /// At most `limit` blocks from height `from` (at most `tip`) downwards.
    pub(crate) async fn blocks(
        self: &Arc<Self>,
        from: u64,
        limit: usize,
        tip: u64,
    ) -> Result<Vec<BlockSummary>, BlockReadError> {
        let book = Arc::clone(self);
        let heights = (self.first()..=from.min(tip)).rev().take(limit);
        let read = tokio::task::spawn_blocking(move || {
            let places = heights.map(|height| book.indexer.place(height)).filter_map(Result::transpose);
            places.map(|place| Ok(place?.summary)).collect()
        });
        read.await.map_err(io::Error::other)?
    }

    /// At most `limit` blocks after block `from` (at most `tip`) whose validators handed over to others, oldest first.
    pub(crate) async fn hand_overs(
        self: &Arc<Self>,
        from: u64,
        limit: usize,
        tip: u64,
    ) -> Result<Vec<HandOver>, BlockReadError> {
        let earlier = self.base.iter().flat_map(|base| base.hand_overs(from));
        let earlier: Vec<_> = earlier.take(limit).cloned().collect();
        let (here, limit) = (self.first(), limit - earlier.len());
        let changes: Vec<_> = {
            let validators = self.validators.read().unwrap_or_else(PoisonError::into_inner);
            // The block before a set's first one named it. The first set follows from the genesis.
            let named = validators.iter().filter_map(|(first, set)| Some((first.checked_sub(1)?, set)));
            let wanted = named.filter(|(height, _)| *height > from && (here..=tip).contains(height));
            wanted.take(limit).map(|(height, set)| (height, set.clone())).collect()
        };
        let book = Arc::clone(self);
        let read = tokio::task::spawn_blocking(move || {
            let mut found = earlier;
            for (height, next) in changes {
                let block = book.read(height)?.ok_or(BlockReadError::Damaged { height })?;
                found.extend(HandOver::of(&block.block.header, block.certificate, &next));
            }
            Ok(found)
        });
        read.await.map_err(io::Error::other)?
    }

    /// Whether the index can still be written.
    pub(crate) fn is_sound(&self) -> bool {
        self.indexer.is_sound()
    }

    /// Writes down what is left, and ends.
    pub(crate) fn stop(&self) {
        self.indexer.stop();
    }
}

impl Drop for Book {
    fn drop(&mut self) {
        self.stop();
    }
}
