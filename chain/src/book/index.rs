//! The index: where blocks are, and the records of the state, so that a start need not replay the whole log. It may lag
//! behind the log, never the other way round; what it says is checked against the log and against the signed state root.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use registry::api::BlockSummary;
use registry::{CertifiedBlock, Hash32, Record, RecordKey, State, ValidatorSet, ValidatorsRecord};
use serde::{Deserialize, Serialize};
use store::{BytesTable, OpenError, Options, Range, Store, StoreError, Table};

const META: Table<str, IndexTip> = Table::new("tip");
/// The newest indexed block once more, so that the log's last record can be put back should the disk lose it.
const LAST_BLOCK: BytesTable<str> = Table::new("last-block");
const BLOCKS: Table<u64, Place> = Table::new("blocks");
const RECORDS: BytesTable<str> = Table::new("records");
/// Who validates, by the height from which they do.
const VALIDATORS: BytesTable<u64> = Table::new("validators");
const ONLY: &str = "only";
const PAGE: usize = 2000;

/// How far the index goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct IndexTip {
    pub(crate) height: u64,
    pub(crate) block_id: Hash32,
    /// Where its record is in the log, and where the next one begins.
    pub(crate) offset: u64,
    pub(crate) end: u64,
}

/// Where a block is, and what a list of blocks says of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    /// Where its record is in the log.
    pub(crate) offset: u64,
    pub(crate) summary: BlockSummary,
}

impl Place {
    pub(crate) fn of(block: &CertifiedBlock, offset: u64) -> Self {
        let header = &block.block.header;
        let summary = BlockSummary {
            id: block.certificate.block_id,
            height: header.height,
            time: header.time,
            transactions: block.block.transactions.len(),
        };
        Self { offset, summary }
    }
}

/// What to write down of some blocks; later ones overwrite.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) records: HashMap<RecordKey, Record>,
    pub(crate) validators: Vec<ValidatorsRecord>,
    pub(crate) places: Vec<Place>,
    pub(crate) last: Option<(IndexTip, CertifiedBlock)>,
}

impl Batch {
    /// All of a state.
    pub(crate) fn of(state: &State) -> Self {
        let records = state.all_bytes().filter_map(|bytes| Record::from_bytes(bytes).ok());
        let mut batch = Self::default();
        batch.add(records.map(|record| (record.key(), record)).collect());
        batch
    }

    /// What a block changed.
    pub(crate) fn add(&mut self, updates: BTreeMap<RecordKey, Record>) {
        if let Some(Record::Validators(record)) = updates.get(&RecordKey::Validators) {
            self.validators.push(record.clone());
        }
        self.records.extend(updates);
    }
}

/// An open index.
#[derive(Clone)]
pub(crate) struct Index {
    store: Store,
    path: PathBuf,
}

impl Index {
    /// Opens the index; one that is damaged is removed and begun anew, since the log has everything.
    pub(crate) fn open(path: &Path) -> Result<Self, OpenError> {
        let store = match Store::persistent(path, &Options::default()) {
            Ok(store) => store,
            // The last three are of stores on servers, which this one never is.
            Err(
                error @ (OpenError::InUse { .. }
                | OpenError::Io { .. }
                | OpenError::Unreachable { .. }
                | OpenError::Unprotected
                | OpenError::Newer { .. }),
            ) => return Err(error),
            Err(
                error @ (OpenError::Emptied { .. }
                | OpenError::CutShort { .. }
                | OpenError::Exchanged { .. }
                | OpenError::MarkerDamaged { .. }
                | OpenError::Damaged { .. }),
            ) => {
                tracing::warn!(%error, "the index is built again from the block log");
                remove(path)?;
                Store::persistent(path, &Options::default())?
            }
        };
        Ok(Self { store, path: path.to_owned() })
    }

    /// An empty index in this one's place.
    pub(crate) fn begin_anew(self) -> Result<Self, OpenError> {
        let Self { store, path } = self;
        store.close();
        drop(store);
        remove(&path)?;
        Self::open(&path)
    }

    pub(crate) fn tip(&self) -> Result<Option<IndexTip>, StoreError> {
        self.store.get(&META, ONLY)
    }

    pub(crate) fn last_block(&self) -> Result<Option<CertifiedBlock>, StoreError> {
        let bytes = self.store.get(&LAST_BLOCK, ONLY)?;
        Ok(bytes.and_then(|bytes| borsh::from_slice(&bytes).ok()))
    }

    pub(crate) fn place(&self, height: u64) -> Result<Option<Place>, StoreError> {
        self.store.get(&BLOCKS, height)
    }

    /// Who validates from which height on.
    pub(crate) fn validators(&self) -> Result<BTreeMap<u64, ValidatorSet>, StoreError> {
        let mut all = BTreeMap::new();
        let mut range = Range::all();
        loop {
            let page = self.store.page(&VALIDATORS, &range, PAGE)?;
            let Some((last, _)) = page.last() else { return Ok(all) };
            range = Range::all().after(*last);
            let sets =
                page.into_iter().filter_map(|(from, bytes)| Some((from, borsh::from_slice(&bytes).ok()?)));
            all.extend(sets);
        }
    }

    /// Who decided the block at `height`.
    pub(crate) fn validators_at(&self, height: u64) -> Result<Option<ValidatorSet>, StoreError> {
        Ok(self.validators()?.range(..=height).next_back().map(|(_, set)| set.clone()))
    }

    /// The state its records make; compare the root before believing it. None when a key is not one.
    pub(crate) fn state(&self) -> Result<Option<State>, StoreError> {
        let mut all = Vec::new();
        let mut range = Range::all();
        loop {
            let page = self.store.page(&RECORDS, &range, PAGE)?;
            let Some((last, _)) = page.last() else { break };
            range = Range::all().after(last.as_str());
            for (key, bytes) in page {
                let Ok(key) = key.parse::<RecordKey>() else { return Ok(None) };
                all.push((key.hash(), bytes));
            }
        }
        Ok(Some(State::empty().with_bytes(all)))
    }

    /// Writes a batch, whole; a crash may undo it, and then the log is replayed from before it.
    pub(crate) fn write(&self, batch: Batch) -> Result<(), StoreError> {
        self.store.write_relaxed(move |tx| {
            for (key, record) in &batch.records {
                tx.put(&RECORDS, key.to_string().as_str(), record.to_bytes().as_slice())?;
            }
            for record in &batch.validators {
                let bytes = borsh::to_vec(&record.validators)
                    .map_err(|error| StoreError::Failed(error.to_string()))?;
                tx.put(&VALIDATORS, record.from_height, bytes.as_slice())?;
            }
            for place in &batch.places {
                tx.put(&BLOCKS, place.summary.height, place)?;
            }
            if let Some((tip, block)) = &batch.last {
                let bytes = borsh::to_vec(block).map_err(|error| StoreError::Failed(error.to_string()))?;
                tx.put(&LAST_BLOCK, ONLY, bytes.as_slice())?;
                tx.put(&META, ONLY, tip)?;
            }
            Ok::<_, StoreError>(())
        })
    }

    pub(crate) fn close(&self) {
        self.store.close();
    }
}

fn remove(path: &Path) -> Result<(), OpenError> {
    match fs::remove_dir_all(path) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            Err(OpenError::Io { path: path.to_owned(), source })
        }
        _ => Ok(()),
    }
}
