//! A chain's blocks on disk, as whoever reads them and whoever appends to them see it.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use registry::api::{BlockSummary, SubmitResponse};
use registry::{CertifiedBlock, Genesis, Hash32, Record, RecordKey};

use crate::ledger::{BlockReadError, Tip};
use crate::solo::index::IndexTip;
use crate::solo::indexer::Indexer;
use crate::solo::log::{BlockLog, BlockReader};
use crate::solo::open::{self, OpenError};
use crate::solo::recent::Recent;

/// A chain's folder, opened.
pub(crate) struct Kept {
    pub(crate) genesis: Genesis,
    /// None when the chain has no block yet.
    pub(crate) tip: Option<Tip>,
    pub(crate) reading: Reading,
    pub(crate) writing: Writing,
}

/// Reads blocks and finds transactions. Cloning shares it.
#[derive(Clone)]
pub(crate) struct Reading {
    pub(super) recent: Arc<RwLock<Recent>>,
    pub(super) indexer: Arc<Indexer>,
    reader: Arc<BlockReader>,
}

/// Appends blocks.
pub(crate) struct Writing {
    pub(super) log: BlockLog,
    reading: Reading,
}

impl Kept {
    /// Opens the chain in the folder, or begins the one of `genesis`. Blocks: reads what the index has not.
    pub(crate) fn open(folder: &Path, genesis: Option<Genesis>) -> Result<Self, OpenError> {
        let io_error = |source| OpenError::Io { path: folder.to_owned(), source };
        crate::keys::create_folder(folder).map_err(io_error)?;
        let opened = open::open(folder, genesis)?;
        let reading = Reading {
            recent: Arc::new(RwLock::new(opened.recent)),
            indexer: Arc::new(Indexer::start(opened.index).map_err(io_error)?),
            reader: Arc::new(BlockReader::open(&open::log_path(folder)).map_err(io_error)?),
        };
        let writing = Writing { log: opened.log, reading: reading.clone() };
        Ok(Self { genesis: opened.genesis, tip: opened.tip, reading, writing })
    }
}

impl Reading {
    /// Where a transaction is, while it is remembered.
    pub(crate) fn transaction(&self, hash: &Hash32) -> Option<SubmitResponse> {
        self.recent.read().unwrap_or_else(PoisonError::into_inner).find(hash)
    }

    /// The block at `height`, which is not above the tip.
    pub(crate) async fn block(&self, height: u64) -> Result<Option<CertifiedBlock>, BlockReadError> {
        let (indexer, reader) = (Arc::clone(&self.indexer), Arc::clone(&self.reader));
        let read = tokio::task::spawn_blocking(move || {
            let Some(place) = indexer.place(height)? else { return Ok(None) };
            let block = reader.read(place.offset)?.filter(|block| block.block.header.height == height);
            block.map(Some).ok_or(BlockReadError::Damaged { height })
        });
        read.await.map_err(std::io::Error::other)?
    }

    /// At most `limit` blocks from height `from`, which is not above the tip, downwards.
    pub(crate) async fn blocks(&self, from: u64, limit: usize) -> Result<Vec<BlockSummary>, BlockReadError> {
        let indexer = Arc::clone(&self.indexer);
        let heights = (1..=from).rev().take(limit);
        let read = tokio::task::spawn_blocking(move || {
            let places = heights.map(|height| indexer.place(height)).filter_map(Result::transpose);
            places.map(|place| Ok(place?.summary)).collect()
        });
        read.await.map_err(std::io::Error::other)?
    }

    /// Whether the index can be written.
    pub(crate) fn is_sound(&self) -> bool {
        self.indexer.is_sound()
    }

    /// Writes down what is gathered.
    pub(crate) fn stop(&self) {
        self.indexer.stop();
    }
}

impl Writing {
    /// Appends a block that was checked and what it changed. It is on the disk when this returns. After an error nothing
    /// more may be appended.
    pub(crate) fn append(
        &mut self,
        block: CertifiedBlock,
        updates: BTreeMap<RecordKey, Record>,
    ) -> io::Result<()> {
        let offset = self.log.append(&block)?;
        let header = &block.block.header;
        let tip = IndexTip { height: header.height, block_id: header.id(), offset, end: self.log.end() };
        self.reading.recent.write().unwrap_or_else(PoisonError::into_inner).take(&block);
        self.reading.indexer.add(block, updates, tip);
        Ok(())
    }
}
