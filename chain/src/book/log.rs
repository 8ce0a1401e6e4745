//! The block log: an append-only file that is the truth. Everything else can be built from it.
//!
//! ```text
//! head:    "HZLOG\0\0\1" | chain id 32
//! record:  "HZBK" | length u32 LE | checksum 16 | block and certificate (borsh)
//! ```
//! A record is written with one write and one sync, and only then acknowledged, so a crash can damage only the last
//! record, and only one nobody was told of.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Mutex;

use registry::{CertifiedBlock, Hash32};
use service::files::sync_folder;
use store::LockedFile;

use crate::book::frame::{read_frame, write_frame};

const HEAD: &[u8; 8] = b"HZLOG\0\0\x01";
const HEAD_BYTES: u64 = 40;
/// How long a log without blocks is.
pub(crate) const EMPTY_LOG: u64 = HEAD_BYTES;
const MARK: &[u8; 4] = b"HZBK";
/// The longest record: far above what a block may hold.
pub(crate) const MAX_RECORD: usize = 64 * 1024 * 1024;

/// Why a block log cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The file cannot be read or written.
    #[error("the block log cannot be used: {0}")]
    Io(#[from] io::Error),
    /// Another process has it.
    #[error("another node runs in this folder")]
    InUse,
    /// Not a block log, or of a later version.
    #[error("the file is not a block log of this version")]
    OtherFile,
    /// The log of another chain.
    #[error("the block log is of another chain")]
    OtherChain,
    /// A record is damaged and sound ones follow, so it is no crash: restore the file from a backup.
    #[error("the block log is damaged at byte {offset}, and blocks follow: restore it from a backup")]
    Damaged {
        /// Where.
        offset: u64,
    },
}

/// An open block log.
#[derive(Debug)]
pub(crate) struct BlockLog {
    file: LockedFile,
    end: u64,
}

impl BlockLog {
    /// Opens the log, or begins one. Nothing in it is read yet: go through it with [`BlockLog::next`], starting at
    /// [`BlockLog::start`] or where the index says.
    pub(crate) fn open(path: &Path, chain_id: &Hash32) -> Result<Self, LogError> {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        let mut file = match LockedFile::of(file) {
            Ok(file) => file,
            Err(TryLockError::WouldBlock) => return Err(LogError::InUse),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        };
        let length = file.metadata()?.len();
        if length < HEAD_BYTES {
            // Nothing was ever acknowledged: the head is synced before the first record.
            file.set_len(0)?;
            file.write_all(&[HEAD.as_slice(), &chain_id.0].concat())?;
            file.sync_all()?;
            path.parent().map_or(Ok(()), sync_folder)?;
            return Ok(Self { file, end: HEAD_BYTES });
        }
        let mut head = [0; HEAD_BYTES as usize];
        file.seek(SeekFrom::Start(0))?;
        file.read_exact(&mut head)?;
        match head.split_first_chunk() {
            Some((HEAD, chain)) if chain == chain_id.0 => Ok(Self { file, end: length }),
            Some((HEAD, _)) => Err(LogError::OtherChain),
            _ => Err(LogError::OtherFile),
        }
    }

    /// Where the first record is.
    pub(crate) fn start() -> u64 {
        HEAD_BYTES
    }

    /// Where the next record will be.
    pub(crate) fn end(&self) -> u64 {
        self.end
    }

    /// Removes the records before `offset`, or all: the chain begins from a snapshot. A crash leaves them or removes them.
    pub(crate) fn begin_at(&mut self, path: &Path, offset: u64) -> io::Result<()> {
        let unfinished = path.with_extension("unfinished");
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(&unfinished)?;
        let mut file = LockedFile::wait_for(file)?;
        let mut head = [0; HEAD_BYTES as usize];
        self.file.seek(SeekFrom::Start(0))?;
        self.file.read_exact(&mut head)?;
        file.write_all(&head)?;
        self.file.seek(SeekFrom::Start(offset))?;
        let kept = io::copy(&mut *self.file, &mut *file)?;
        file.sync_all()?;
        std::fs::rename(&unfinished, path)?;
        path.parent().map_or(Ok(()), sync_folder)?;
        (self.file, self.end) = (file, HEAD_BYTES + kept);
        Ok(())
    }

    /// The record at `offset` and where the next one is; none at the end. What a crash left of an unfinished record is
    /// cut off.
    pub(crate) fn next(&mut self, offset: u64) -> Result<Option<(CertifiedBlock, u64)>, LogError> {
        if offset >= self.end {
            return Ok(None);
        }
        if let Some((block, length)) = self.sound_record(offset)? {
            return Ok(Some((block, offset + length)));
        }
        if self.sound_record_after(offset)? {
            return Err(LogError::Damaged { offset });
        }
        tracing::warn!(
            offset,
            bytes = self.end - offset,
            "the last block was not fully written; it is cut off"
        );
        self.file.set_len(offset)?;
        self.file.sync_all()?;
        self.end = offset;
        Ok(None)
    }

    /// Appends a record. It is on the disk when this returns. After an error the log must not be used again: what the
    /// disk kept is unknown until the next open.
    pub(crate) fn append(&mut self, block: &CertifiedBlock) -> io::Result<u64> {
        let record = write_frame(*MARK, block)?;
        let offset = self.end;
        self.file.seek(SeekFrom::Start(offset))?;
        self.file.write_all(&record)?;
        self.file.sync_data()?;
        self.end += record.len() as u64;
        Ok(offset)
    }

    fn sound_record(&mut self, offset: u64) -> io::Result<Option<(CertifiedBlock, u64)>> {
        read_record(&mut self.file, offset, self.end - offset)
    }

    /// Whether any sound record begins after `offset`.
    fn sound_record_after(&mut self, offset: u64) -> io::Result<bool> {
        let mut rest = Vec::new();
        self.file.seek(SeekFrom::Start(offset + 1))?;
        self.file.read_to_end(&mut rest)?;
        let marks = rest.windows(MARK.len()).enumerate().filter(|(_, window)| window == MARK);
        let candidates: Vec<u64> = marks.map(|(at, _)| offset + 1 + at as u64).collect();
        for at in candidates {
            if self.sound_record(at)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Reads single blocks.
#[derive(Debug)]
pub(crate) struct BlockReader(Mutex<File>);

impl BlockReader {
    /// A handle of its own, so that reading moves nothing under the log that appends.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self(Mutex::new(File::open(path)?)))
    }

    /// The block at `offset`; none when no sound one is there.
    pub(crate) fn read(&self, offset: u64) -> io::Result<Option<CertifiedBlock>> {
        let mut file = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let available = file.metadata()?.len().saturating_sub(offset);
        Ok(read_record(&mut file, offset, available)?.map(|(block, _)| block))
    }
}

fn read_record(file: &mut File, offset: u64, available: u64) -> io::Result<Option<(CertifiedBlock, u64)>> {
    file.seek(SeekFrom::Start(offset))?;
    let Some((content, whole)) = read_frame(*MARK, file, available, MAX_RECORD)? else { return Ok(None) };
    // Sound and yet no block: not a crash but another version. Never to be cut off.
    let block = borsh::from_slice(&content).map_err(|_| io::Error::other("a block of another version"))?;
    Ok(Some((block, whole)))
}

#[cfg(test)]
mod tests {
    use registry::{Block, Certificate, Header, UnixMillis};

    use super::*;

    fn block(height: u64) -> CertifiedBlock {
        let zero = Hash32::ZERO;
        let header = Header {
            chain_id: zero,
            height,
            time: UnixMillis(height),
            previous: zero,
            tx_root: zero,
            state_root: zero,
            validators_hash: zero,
            next_validators_hash: zero,
        };
        let certificate = Certificate { height, round: 0, block_id: zero, signatures: vec![] };
        CertifiedBlock { block: Block { header, transactions: vec![] }, certificate }
    }

    fn heights(path: &Path) -> Result<Vec<u64>, LogError> {
        let mut log = BlockLog::open(path, &Hash32::ZERO)?;
        let (mut heights, mut offset) = (Vec::new(), BlockLog::start());
        while let Some((block, next)) = log.next(offset)? {
            heights.push(block.block.header.height);
            offset = next;
        }
        assert_eq!(log.end(), offset);
        log.append(&block(99)).unwrap();
        Ok(heights)
    }

    #[test]
    fn torn_at_every_byte_of_the_last_record() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("blocks.log");
        let mut log = BlockLog::open(&path, &Hash32::ZERO).unwrap();
        let offsets = [1, 2, 3].map(|height| log.append(&block(height)).unwrap());
        drop(log);
        let bytes = std::fs::read(&path).unwrap();
        for length in 0..=bytes.len() as u64 {
            let whole = offsets.into_iter().skip(1).chain([bytes.len() as u64]).zip(1..);
            let expected: Vec<u64> =
                whole.filter(|(end, _)| *end <= length).map(|(_, height)| height).collect();
            std::fs::write(&path, &bytes[..length as usize]).unwrap();
            assert_eq!(heights(&path).unwrap(), expected, "cut at {length}");
            let after = [expected.as_slice(), &[99]].concat();
            assert_eq!(heights(&path).unwrap(), after, "what comes after a cut is sound");
        }
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("blocks.log");
        let mut log = BlockLog::open(&path, &Hash32::ZERO).unwrap();
        let offsets = [1, 2, 3].map(|height| log.append(&block(height)).unwrap());
        drop(log);
        let bytes = std::fs::read(&path).unwrap();
        for at in BlockLog::start() as usize..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x10;
            std::fs::write(&path, &damaged).unwrap();
            match heights(&path) {
                Ok(heights) => {
                    assert!(at as u64 >= offsets[2], "byte {at} was not noticed");
                    assert_eq!(heights, [1, 2]);
                }
                Err(LogError::Damaged { offset }) => assert!(offset <= at as u64 && (at as u64) < offsets[2]),
                Err(other) => panic!("{other}"),
            }
        }
    }
}
