//! Opening: the log is read, the index compared with it, and the state put together.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use registry::{CertifiedBlock, Genesis, GenesisError, Header, State, ValidatorSet, VerifiedTransaction};
use service::files;

use crate::book::base::Base;
use crate::book::index::{Batch, Index, IndexTip, Place};
use crate::book::log::{BlockLog, LogError};
use crate::book::recent::Recent;
use crate::book::successor::{self, BlockFlaw};
use crate::ledger::Tip;
use crate::news::{BlockNews, News};
use crate::snapshot::SnapshotFileError;

/// How many replayed blocks go into the index at once.
const BATCH: usize = 500;

/// Why a chain on disk cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is no chain in the folder, and no genesis was given to begin one.
    #[error("there is no chain in {}: give a genesis to begin one", path.display())]
    NoGenesis {
        /// The folder.
        path: PathBuf,
    },
    /// The folder has a chain of another genesis.
    #[error("the folder has another chain than the genesis given")]
    OtherGenesis,
    /// The genesis file cannot be read.
    #[error("the genesis in {} is no genesis: restore it", path.display())]
    GenesisMalformed {
        /// The file.
        path: PathBuf,
    },
    /// No chain can start from the genesis.
    #[error(transparent)]
    Genesis(#[from] GenesisError),
    /// The signer is not the only validator of the genesis.
    #[error("the solo engine needs a genesis whose only validator is its own key")]
    NotTheValidator,
    /// The folder cannot be used.
    #[error("the folder {} cannot be used", path.display())]
    Io {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The snapshot that the chain was begun from cannot be used: restore it, or begin again from another.
    #[error("the snapshot this chain began from: {0}")]
    Base(#[from] SnapshotFileError),
    /// The block log cannot be opened.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The index cannot be opened.
    #[error("the index: {0}")]
    Index(#[from] store::OpenError),
    /// The index cannot be read or written.
    #[error("the index: {0}")]
    IndexFailed(#[from] store::StoreError),
    /// A block in the log is not what its certificate or predecessor says, or executing it gives another state.
    #[error("block {height} in the log is not sound ({reason}): restore the log from a backup")]
    Block {
        /// Which block.
        height: u64,
        /// What is wrong with it.
        reason: BlockFlaw,
    },
    /// Blocks that were once on disk are gone from the log's end: restore it from a backup. To go on without them, remove
    /// the index folder; whoever was told of them will then see the chain contradict itself.
    #[error("the log ends at block {log}, but block {index} was on disk once: restore the log from a backup")]
    BlocksMissing {
        /// The log's last block.
        log: u64,
        /// The index's last block.
        index: u64,
    },
    /// The first block could not be made.
    #[error("the engine could not make its first block")]
    FirstBlock,
}

/// What opening found.
pub(super) struct Found {
    pub(crate) genesis: Genesis,
    pub(crate) base: Option<Base>,
    pub(crate) log: BlockLog,
    pub(crate) index: Index,
    /// None when the chain has no block yet.
    pub(crate) tip: Option<Tip>,
    pub(crate) recent: Recent,
}

pub(crate) fn log_path(folder: &Path) -> PathBuf {
    folder.join("blocks.log")
}

pub(crate) fn open(folder: &Path, given: Option<Genesis>) -> Result<Found, OpenError> {
    let genesis = genesis(folder, given)?;
    let base = Base::open(folder, &genesis)?;
    let mut log = BlockLog::open(&log_path(folder), &genesis.chain_id())?;
    let mut index = Index::open(&folder.join("index"))?;
    // A base that was just put there: log and index are of the time before.
    let is_new = !base.as_ref().map_or(Ok(true), |base| base.begins(&mut log))?;
    let resumed = if is_new { None } else { resume(&mut log, &index, &genesis)? };
    let mut replay = match resumed {
        Some(replay) => replay,
        None => {
            let indexed = index.tip()?.map_or(0, |tip| tip.height);
            let end = match &base {
                None => BlockLog::start(),
                Some(base) => base.begin(&mut log, &log_path(folder), indexed)?,
            };
            if indexed > 0 && !is_new {
                tracing::warn!("the index does not agree with the block log; it is built again");
            }
            index = index.begin_anew()?;
            match &base {
                None => Replay::from_genesis(&genesis),
                Some(base) => Replay::from_base(&genesis, base, end)?,
            }
        }
    };
    while let Some((block, end)) = log.next(replay.offset)? {
        replay.take(block, end)?;
        if replay.batch.places.len() >= BATCH {
            index.write(std::mem::take(&mut replay.batch))?;
        }
    }
    index.write(replay.batch)?;
    let Replay { state, last, recent, news, .. } = replay;
    let tip =
        last.map(|block| Tip { header: block.block.header, certificate: block.certificate, state, news });
    Ok(Found { genesis, base, log, index, tip, recent })
}

/// The genesis in the folder, written there first when one is given and none is there.
fn genesis(folder: &Path, given: Option<Genesis>) -> Result<Genesis, OpenError> {
    let io_error = |source| OpenError::Io { path: folder.to_owned(), source };
    let path = folder.join("genesis.json");
    let malformed = || OpenError::GenesisMalformed { path: path.clone() };
    let found: Option<Genesis> = match fs::read(&path) {
        Ok(bytes) => Some(serde_json::from_slice(&bytes).map_err(|_| malformed())?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(io_error(error)),
    };
    match (found, given) {
        (Some(found), Some(given)) if found.chain_id() != given.chain_id() => Err(OpenError::OtherGenesis),
        (Some(found), _) => Ok(found),
        (None, None) => Err(OpenError::NoGenesis { path: folder.to_owned() }),
        (None, Some(given)) => {
            given.check()?;
            let bytes = serde_json::to_vec_pretty(&given).map_err(|_| malformed())?;
            files::write_secret(&path, &bytes).map_err(io_error)?;
            Ok(given)
        }
    }
}

/// Goes on from where the index is, if log and index agree there and its records make the signed state.
fn resume<'g>(
    log: &mut BlockLog,
    index: &Index,
    genesis: &'g Genesis,
) -> Result<Option<Replay<'g>>, OpenError> {
    let Some(at) = index.tip()? else { return Ok(None) };
    let found = match log.next(at.offset)? {
        Some(found) => found,
        None => match put_back(log, index, &at)? {
            Some(found) => found,
            None => return Err(OpenError::BlocksMissing { log: last_height(log)?, index: at.height }),
        },
    };
    let (block, end) = found;
    if block.block.header.id() != at.block_id || block.block.header.height != at.height || end != at.end {
        return Ok(None);
    }
    let Some(state) = index.state()? else { return Ok(None) };
    if state.root() != block.block.header.state_root {
        return Ok(None);
    }
    let mut replay = Replay {
        genesis,
        state,
        last: None,
        offset: end,
        batch: Batch::default(),
        recent: Recent::default(),
        news: News::default(),
    };
    // Its own validators: the state has those of the next block, which may be others.
    let height = block.block.header.height;
    let Some(validators) = index.validators_at(height)? else { return Ok(None) };
    replay.check(&block, &validators, None)?;
    replay.recent.take(&block);
    replay.last = Some(block);
    Ok(Some(replay))
}

/// Appends the index's copy of the last block, when exactly its record is what the log lost.
fn put_back(
    log: &mut BlockLog,
    index: &Index,
    at: &IndexTip,
) -> Result<Option<(CertifiedBlock, u64)>, OpenError> {
    let Some(block) = index.last_block()? else { return Ok(None) };
    if log.end() != at.offset || block.block.header.id() != at.block_id {
        return Ok(None);
    }
    tracing::warn!(
        height = at.height,
        "the log's last block was lost on disk; it is put back from the index"
    );
    log.append(&block).map_err(LogError::Io)?;
    Ok(Some((block, log.end())))
}

fn last_height(log: &mut BlockLog) -> Result<u64, LogError> {
    let (mut height, mut offset) = (0, BlockLog::start());
    while let Some((block, end)) = log.next(offset)? {
        (height, offset) = (block.block.header.height, end);
    }
    Ok(height)
}

/// Blocks read back from the log, checked and executed one after another.
struct Replay<'g> {
    genesis: &'g Genesis,
    state: State,
    last: Option<CertifiedBlock>,
    offset: u64,
    batch: Batch,
    recent: Recent,
    news: News,
}

impl<'g> Replay<'g> {
    fn from_genesis(genesis: &'g Genesis) -> Self {
        let state = genesis.state();
        // The records of the genesis belong to no block; they go into the index with the first.
        let batch = Batch::of(&state);
        let (recent, news) = (Recent::default(), News::default());
        Self { genesis, state, last: None, offset: BlockLog::start(), batch, recent, news }
    }

    /// `end` is where the log goes on after the base's block, its first.
    fn from_base(genesis: &'g Genesis, base: &Base, end: u64) -> Result<Self, OpenError> {
        let (state, offset) = (base.state()?, BlockLog::start());
        let block = base.block().clone();
        let mut batch = Batch::of(&state);
        batch.validators.extend(base.validators());
        batch.places.push(Place::of(&block, offset));
        let tip = IndexTip { height: base.height(), block_id: block.certificate.block_id, offset, end };
        batch.last = Some((tip, block.clone()));
        let (mut recent, news) = (Recent::default(), News::default());
        recent.take(&block);
        Ok(Self { genesis, state, last: Some(block), offset: end, batch, recent, news })
    }

    fn take(&mut self, block: CertifiedBlock, end: u64) -> Result<(), OpenError> {
        let before =
            self.last.as_ref().map_or_else(|| self.genesis.header(), |last| last.block.header.clone());
        let header = &block.block.header;
        let flaw = |reason| OpenError::Block { height: header.height, reason };
        let validators = self.state.validators().map_err(|_| flaw(BlockFlaw::StateRoot))?.validators;
        self.check(&block, &validators, Some(&before))?;
        let verified = block.block.transactions.iter().cloned();
        let verified: Vec<_> = verified.map(VerifiedTransaction::dangerous_from_certified_block).collect();
        let executed = successor::apply(self.genesis, &self.state, header, &verified).map_err(flaw)?;
        self.recent.take(&block);
        let changed = executed.updates.keys().cloned();
        self.news = self.news.with(BlockNews::new(header, block.block.transactions.len(), changed));
        self.batch.add(executed.updates);
        self.batch.places.push(Place::of(&block, self.offset));
        let tip = IndexTip { height: header.height, block_id: header.id(), offset: self.offset, end };
        self.batch.last = Some((tip, block.clone()));
        self.state = executed.state;
        self.offset = end;
        self.last = Some(block);
        Ok(())
    }

    /// The block by itself, decided by `validators`, and that it follows `before`.
    fn check(
        &self,
        block: &CertifiedBlock,
        validators: &ValidatorSet,
        before: Option<&Header>,
    ) -> Result<(), OpenError> {
        let height = block.block.header.height;
        let flaw = |reason| OpenError::Block { height, reason };
        successor::check(&self.genesis.chain_id(), block, validators, before).map_err(flaw)
    }
}
