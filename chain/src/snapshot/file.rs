//! A snapshot in one file.
//!
//! ```text
//! records: "HZSN" | length u32 LE | checksum 16 | content
//! first:   the manifest; second: where it came from, and its block; then the chunks, in order
//! ```

use std::fs::{self, File};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use registry::snapshot::{
    MAX_CHUNK_BYTES, MAX_MANIFEST_BYTES, Manifest, SnapshotError, SnapshotReader, SnapshotWriter,
};
use registry::{Anchor, BlockError, CertifiedBlock, HandOver, State};

use crate::book::{MAX_RECORD, read_frame, write_frame};
use crate::ledger::Tip;
use service::files::sync_folder;

const MARK: [u8; 4] = *b"HZSN";

/// Why a snapshot's file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotFileError {
    /// It cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// What is in it was never written whole, or was changed since.
    #[error("{} is damaged", .0.display())]
    Damaged(PathBuf),
    /// It is not a snapshot of this chain.
    #[error("{}: {reason}", path.display())]
    Snapshot {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        reason: SnapshotError,
    },
    /// The block in it is not the snapshot's.
    #[error("{}: {reason}", path.display())]
    Block {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        reason: BlockError,
    },
}

/// A snapshot on disk whose manifest and block were read.
#[derive(Debug)]
pub(crate) struct SnapshotFile {
    path: PathBuf,
    pub(crate) manifest: Manifest,
    /// The block whose state it is.
    pub(crate) block: CertifiedBlock,
    /// The node it was fetched from; empty for one made here.
    pub(crate) origin: String,
    /// Where each chunk's record is.
    chunks: Vec<u64>,
}

impl SnapshotFile {
    /// Opens a file, and checks every byte of it against its checksums; what it says is not checked.
    pub(crate) fn open(path: &Path) -> Result<Self, SnapshotFileError> {
        let io_error = |source| SnapshotFileError::Io { path: path.to_owned(), source };
        let damaged = || SnapshotFileError::Damaged(path.to_owned());
        let file = File::open(path).map_err(io_error)?;
        let length = file.metadata().map_err(io_error)?.len();
        let (mut reader, mut offset) = (BufReader::new(file), 0);
        let mut next = |limit: usize| {
            let found = read_frame(MARK, &mut reader, length - offset, limit).map_err(io_error)?;
            let (content, whole) = found.ok_or_else(damaged)?;
            let at = offset;
            offset += whole;
            Ok::<_, SnapshotFileError>((content, at))
        };
        let (content, _) = next(MAX_MANIFEST_BYTES)?;
        let reason = |reason| SnapshotFileError::Snapshot { path: path.to_owned(), reason };
        let manifest = Manifest::from_bytes(&content).map_err(reason)?;
        let (content, _) = next(MAX_RECORD)?;
        let (origin, block): (String, CertifiedBlock) = borsh::from_slice(&content).map_err(|_| damaged())?;
        let chunks = manifest.chunks.iter().map(|_| Ok(next(MAX_CHUNK_BYTES + 4)?.1));
        let chunks = chunks.collect::<Result<_, SnapshotFileError>>()?;
        Ok(Self { path: path.to_owned(), manifest, block, origin, chunks })
    }

    /// Its block's height.
    pub(crate) fn height(&self) -> u64 {
        self.manifest.header.height
    }

    /// A chunk's bytes; none when it has no such chunk.
    pub(crate) fn chunk(&self, chunk: usize) -> Result<Option<Vec<u8>>, SnapshotFileError> {
        let Some(at) = self.chunks.get(chunk) else { return Ok(None) };
        let io_error = |source| SnapshotFileError::Io { path: self.path.clone(), source };
        let mut file = File::open(&self.path).map_err(io_error)?;
        file.seek(SeekFrom::Start(*at)).map_err(io_error)?;
        let read =
            read_frame(MARK, &mut file.take(2 * MAX_CHUNK_BYTES as u64), u64::MAX, MAX_CHUNK_BYTES + 4);
        let content = read.map_err(io_error)?.and_then(|(content, _)| borsh::from_slice(&content).ok());
        content.map(Some).ok_or_else(|| SnapshotFileError::Damaged(self.path.clone()))
    }

    /// Checks who signed it: those to whom its hand-overs lead from `anchor`; and that its block is the signed one.
    pub(crate) fn check(&self, anchor: &Anchor) -> Result<SnapshotReader, SnapshotFileError> {
        let flaw = |reason| SnapshotFileError::Snapshot { path: self.path.clone(), reason };
        let time = self.manifest.header.time;
        let reader =
            SnapshotReader::open(self.manifest.clone(), anchor, time, Duration::ZERO).map_err(flaw)?;
        check_block(&self.block, &reader)
            .map_err(|reason| SnapshotFileError::Block { path: self.path.clone(), reason })?;
        Ok(reader)
    }

    /// The state, checked whole.
    pub(crate) fn state(&self, anchor: &Anchor) -> Result<State, SnapshotFileError> {
        let flaw = |reason| SnapshotFileError::Snapshot { path: self.path.clone(), reason };
        let mut reader = self.check(anchor)?;
        while let Some(wanted) = reader.wants() {
            let chunk = self.chunk(wanted)?.ok_or_else(|| SnapshotFileError::Damaged(self.path.clone()))?;
            reader.take(&chunk).map_err(flaw)?;
        }
        reader.finish().map(|(_, _, state)| state).map_err(flaw)
    }

    /// Writes the snapshot of a tip; `block` is its block and `hand_overs` are all up to it.
    pub(crate) fn make(
        path: &Path,
        tip: &Tip,
        block: CertifiedBlock,
        hand_overs: Vec<HandOver>,
    ) -> Result<Self, SnapshotFileError> {
        // Once for the digests, once for the bytes, so that no more than a chunk is in memory.
        let mut digests = SnapshotWriter::new(&tip.state);
        digests.by_ref().for_each(drop);
        let manifest = digests.finish(tip.header.clone(), tip.certificate.clone(), hand_overs);
        let manifest = manifest.ok_or_else(|| SnapshotFileError::Damaged(path.to_owned()))?;
        let mut unfinished = Unfinished::begin(path, manifest, String::new(), block)?;
        SnapshotWriter::new(&tip.state).try_for_each(|chunk| unfinished.add(&chunk))?;
        unfinished.finish()
    }

    /// Whether it is a file of this folder.
    pub(crate) fn is_in(&self, folder: &Path) -> bool {
        self.path.parent() == Some(folder)
    }

    /// Removes it from the disk.
    pub(crate) fn remove(&self) -> io::Result<()> {
        fs::remove_file(&self.path)
    }
}

/// Whether a block is that of a checked manifest.
pub(crate) fn check_block(block: &CertifiedBlock, reader: &SnapshotReader) -> Result<(), BlockError> {
    let manifest = reader.manifest();
    if block.block.header != manifest.header {
        return Err(BlockError::OtherBlock);
    }
    let signers = reader.signers();
    block.verify(&signers.validators, &signers.chain_id)
}

/// A snapshot that is being written; nothing but leftovers until [`Unfinished::finish`].
pub(crate) struct Unfinished {
    path: PathBuf,
    file: File,
    length: u64,
    whole: SnapshotFile,
}

impl Unfinished {
    /// Begins a file. What was left unfinished before is overwritten.
    pub(crate) fn begin(
        path: &Path,
        manifest: Manifest,
        origin: String,
        block: CertifiedBlock,
    ) -> Result<Self, SnapshotFileError> {
        let io_error = |source| SnapshotFileError::Io { path: path.to_owned(), source };
        let file = File::create(path.with_extension("unfinished")).map_err(io_error)?;
        let head = write_frame(MARK, &manifest).map_err(io_error)?;
        let second = write_frame(MARK, &(&origin, &block)).map_err(io_error)?;
        let whole = SnapshotFile { path: path.to_owned(), manifest, block, origin, chunks: Vec::new() };
        let mut unfinished = Self { path: path.to_owned(), file, length: 0, whole };
        unfinished.write(&head)?;
        unfinished.write(&second)?;
        Ok(unfinished)
    }

    /// Adds the next chunk.
    pub(crate) fn add(&mut self, chunk: &[u8]) -> Result<(), SnapshotFileError> {
        self.whole.chunks.push(self.length);
        let record = write_frame(MARK, &chunk);
        let record = record.map_err(|source| SnapshotFileError::Io { path: self.path.clone(), source })?;
        self.write(&record)
    }

    /// Makes it the snapshot at its path, durably.
    pub(crate) fn finish(self) -> Result<SnapshotFile, SnapshotFileError> {
        let io_error = |source| SnapshotFileError::Io { path: self.path.clone(), source };
        self.file.sync_all().map_err(io_error)?;
        fs::rename(self.path.with_extension("unfinished"), &self.path).map_err(io_error)?;
        self.path.parent().map_or(Ok(()), sync_folder).map_err(io_error)?;
        Ok(self.whole)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), SnapshotFileError> {
        self.length += bytes.len() as u64;
        let written = self.file.write_all(bytes);
        written.map_err(|source| SnapshotFileError::Io { path: self.path.clone(), source })
    }
}
