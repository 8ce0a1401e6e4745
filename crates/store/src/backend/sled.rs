//! The embedded engine, and the only door to sled.
//!
//! Two of its habits are kept away from the promise:
//! - Its `flush` ends in `sync_file_range`, which syncs neither the file's size nor the disk's cache. So each sync
//!   is followed by `fdatasync` on the same file.
//! - Pages above 128 KiB go to files of their own that nobody syncs. So values are cut into pieces of 4 KiB: a leaf
//!   holds at most 17 rows of at most 5 KiB, and such a file is never written.

use std::{
    fs::File,
    sync::atomic::{AtomicU64, Ordering},
};

use super::{Backend, Changes, Reads, Rows};
use crate::{StoreError, lock::LockedFile, marker::Marker, range::Span};

const PIECE: usize = 4096;
/// Room is made for so many pieces at most before they are there.
const MOST_AT_ONCE: u32 = 64;
const WHOLE: u8 = 0;
const PIECES: u8 = 1;
/// No table's name begins so.
const PIECE_SPACE: u8 = 0xff;
/// Not a table either: the number of the last commit.
pub(crate) const SEQUENCE_KEY: &[u8] = b"\0sequence";

pub(crate) struct Sled {
    tree: sled::Db,
    data: File,
    marker: Marker,
    sequence: AtomicU64,
    // Last, so that nobody else opens the folder before the engine has let go.
    _lock: LockedFile,
}

impl Sled {
    /// `data` is the file the engine writes; `sequence` is the last commit in it; `lock` keeps others out.
    pub(crate) fn new(tree: sled::Db, data: File, marker: Marker, sequence: u64, lock: LockedFile) -> Self {
        Self { tree, data, marker, sequence: AtomicU64::new(sequence), _lock: lock }
    }

    fn whole(&self, key: &[u8], stored: &[u8]) -> Result<Vec<u8>, StoreError> {
        match stored.split_first() {
            Some((&WHOLE, value)) => Ok(value.to_vec()),
            _ => {
                let pieces = pieces_of(stored)?;
                // What says how many there are may be damaged.
                let mut value = Vec::with_capacity(PIECE * pieces.min(MOST_AT_ONCE) as usize);
                for piece in 0..pieces {
                    let bytes = self.tree.get(piece_key(key, piece)).map_err(failed)?;
                    value.extend_from_slice(&bytes.ok_or_else(|| damaged("a piece of a value is missing"))?);
                }
                Ok(value)
            }
        }
    }

    fn put(&self, batch: &mut sled::Batch, key: Vec<u8>, value: &[u8]) -> Result<(), StoreError> {
        if value.len() <= PIECE {
            batch.insert(key, [&[WHOLE], value].concat());
            return Ok(());
        }
        let count = u32::try_from(value.len().div_ceil(PIECE)).map_err(|_| damaged("a value is too long"))?;
        for (number, piece) in (0..).zip(value.chunks(PIECE)) {
            batch.insert(piece_key(&key, number), piece);
        }
        batch.insert(key, [&[PIECES], count.to_be_bytes().as_slice()].concat());
        Ok(())
    }
}

impl Reads for Sled {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.tree.get(key).map_err(failed)?.map(|stored| self.whole(key, &stored)).transpose()
    }

    fn page(&self, span: &Span, limit: usize) -> Result<Rows, StoreError> {
        if span.is_empty() {
            return Ok(Rows::new());
        }
        let rows = match &span.until {
            Some(until) => self.tree.range(span.from.as_slice()..until.as_slice()),
            None => self.tree.range(span.from.as_slice()..),
        };
        let own = |row: sled::Result<(sled::IVec, sled::IVec)>| {
            let (key, stored) = row.map_err(failed)?;
            let value = self.whole(&key, &stored)?;
            Ok((key.to_vec(), value))
        };
        #[cfg(feature = "backwards")]
        if span.reversed {
            return rows.rev().take(limit).map(own).collect();
        }
        rows.take(limit).map(own).collect()
    }
}

impl Backend for Sled {
    fn apply(&self, changes: Changes) -> Result<(), StoreError> {
        let mut batch = sled::Batch::default();
        for (key, change) in changes {
            if let Some(stored) = self.tree.get(&key).map_err(failed)? {
                for piece in 0..pieces_of(&stored)? {
                    batch.remove(piece_key(&key, piece));
                }
            }
            match change {
                Some(value) => self.put(&mut batch, key, &value)?,
                None => batch.remove(key),
            }
        }
        let sequence = self.sequence.load(Ordering::Relaxed) + 1;
        batch.insert(SEQUENCE_KEY, &sequence.to_be_bytes());
        self.tree.apply_batch(batch).map_err(failed)?;
        self.sequence.store(sequence, Ordering::Relaxed);
        Ok(())
    }

    fn sync(&self) -> Result<(), StoreError> {
        self.tree.flush().map_err(failed)?;
        self.data.sync_data().map_err(|error| StoreError::Failed(error.to_string()))?;
        self.marker
            .record(self.sequence.load(Ordering::Relaxed))
            .map_err(|error| StoreError::Failed(error.to_string()))
    }
}

/// How many pieces a stored row has elsewhere.
fn pieces_of(stored: &[u8]) -> Result<u32, StoreError> {
    match stored.split_first() {
        Some((&WHOLE, _)) => Ok(0),
        Some((&PIECES, count)) => {
            count.try_into().map(u32::from_be_bytes).map_err(|_| damaged("a value's count is cut"))
        }
        _ => Err(damaged("a value has no form")),
    }
}

fn piece_key(key: &[u8], number: u32) -> Vec<u8> {
    [&[PIECE_SPACE], key, number.to_be_bytes().as_slice()].concat()
}

/// The engine's message names files and offsets, never keys or values.
#[expect(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
fn failed(error: sled::Error) -> StoreError {
    StoreError::Failed(error.to_string())
}

fn damaged(what: &str) -> StoreError {
    StoreError::Failed(what.to_owned())
}
