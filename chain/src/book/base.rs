//! Where a chain on disk begins when not with block 1: the snapshot it was begun from.

use std::path::Path;

use registry::{Anchor, CertifiedBlock, Genesis, HandOver, State, UnixMillis, ValidatorsRecord};

use crate::book::log::{BlockLog, LogError};
use crate::book::open::OpenError;
use crate::ledger::BlockReadError;
use crate::snapshot::{SnapshotFile, base_path};

/// The snapshot, its signatures checked from the genesis on.
#[derive(Debug)]
pub(super) struct Base {
    file: SnapshotFile,
    anchor: Anchor,
}

impl Base {
    /// The base in a folder, if its chain has one.
    pub(super) fn open(folder: &Path, genesis: &Genesis) -> Result<Option<Self>, OpenError> {
        let path = base_path(folder);
        if !path.exists() {
            return Ok(None);
        }
        let (file, anchor) = (SnapshotFile::open(&path)?, genesis.anchor());
        file.check(&anchor)?;
        Ok(Some(Self { file, anchor }))
    }

    /// The first block that is here.
    pub(super) fn height(&self) -> u64 {
        self.file.height()
    }

    /// That block.
    pub(super) fn block(&self) -> &CertifiedBlock {
        &self.file.block
    }

    /// The state after it, every byte of it checked.
    pub(super) fn state(&self) -> Result<State, OpenError> {
        Ok(self.file.state(&self.anchor)?)
    }

    /// Whether the log begins with its block.
    pub(super) fn begins(&self, log: &mut BlockLog) -> Result<bool, LogError> {
        let first = log.next(BlockLog::start())?;
        Ok(first.is_some_and(|(block, _)| block.block.header == self.block().block.header))
    }

    /// Makes the log begin with its block, and gives where the next one is. What was there before is removed; all of it
    /// when it is of a time before: then the index, which goes up to `indexed`, is too.
    pub(super) fn begin(&self, log: &mut BlockLog, path: &Path, indexed: u64) -> Result<u64, OpenError> {
        let (mut offset, mut last) = (BlockLog::start(), 0);
        while let Some((block, end)) = log.next(offset)? {
            if block.block.header == self.block().block.header {
                if offset > BlockLog::start() {
                    log.begin_at(path, offset).map_err(LogError::Io)?;
                }
                return Ok(BlockLog::start() + (end - offset));
            }
            (offset, last) = (end, block.block.header.height);
        }
        if indexed >= self.height() {
            return Err(OpenError::BlocksMissing { log: last, index: indexed });
        }
        tracing::info!(height = self.height(), "the chain begins from a snapshot");
        log.begin_at(path, log.end()).map_err(LogError::Io)?;
        log.append(self.block()).map_err(LogError::Io)?;
        Ok(log.end())
    }

    /// Hand-overs after block `from`, of blocks that are not here.
    pub(super) fn hand_overs(&self, from: u64) -> impl Iterator<Item = &HandOver> {
        let before = self.height();
        let all = self.file.manifest.hand_overs.iter();
        all.filter(move |one| one.claimed_height() > from && one.claimed_height() < before)
    }

    /// Who validated before the state's own validators did.
    pub(super) fn validators(&self) -> Vec<ValidatorsRecord> {
        let of = |one: &HandOver| ValidatorsRecord {
            validators: one.claimed_validators().clone(),
            from_height: one.claimed_height() + 1,
            from: UnixMillis(0),
        };
        let first = ValidatorsRecord {
            validators: self.anchor.validators.clone(),
            from_height: 1,
            from: self.anchor.time,
        };
        [first].into_iter().chain(self.hand_overs(0).map(of)).collect()
    }

    /// What whoever asks for an earlier block is told.
    pub(super) fn pruned(&self) -> BlockReadError {
        let elsewhere = Some(self.file.origin.clone()).filter(|origin| !origin.is_empty());
        BlockReadError::Pruned { first: self.height(), elsewhere }
    }
}
