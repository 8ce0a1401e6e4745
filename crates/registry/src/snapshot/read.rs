//! Reading a snapshot, one chunk after another.

use std::time::Duration;

use crate::evidence::MAX_RECORD_BYTES;
use crate::evidence::bytes::Input;
use crate::genesis::Anchor;
use crate::hash::Hash32;
use crate::record::Record;
use crate::snapshot::{MAX_CHUNK_BYTES, Manifest, SnapshotError, chunk_digest};
use crate::state::State;
use crate::time::UnixMillis;

/// A snapshot being read. Besides the state that grows it holds one chunk at a time.
#[derive(Debug)]
pub struct SnapshotReader {
    manifest: Manifest,
    signers: Anchor,
    state: State,
    /// How many chunks came.
    taken: usize,
    count: u64,
    last: Option<Hash32>,
}

impl SnapshotReader {
    /// Checks that the manifest's header was signed by the validators to which its hand-overs lead from the anchor, not
    /// longer than `max_age` before `now`.
    ///
    /// # Errors
    /// [`SnapshotError`].
    pub fn open(
        manifest: Manifest,
        anchor: &Anchor,
        now: UnixMillis,
        max_age: Duration,
    ) -> Result<Self, SnapshotError> {
        let signers = manifest.check(anchor, now, max_age)?;
        Ok(Self { manifest, signers, state: State::empty(), taken: 0, count: 0, last: None })
    }

    /// What the snapshot says of itself.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The anchor that knows who signed its header.
    #[must_use]
    pub fn signers(&self) -> &Anchor {
        &self.signers
    }

    /// Which chunk comes next, from 0; none when all came.
    #[must_use]
    pub fn wants(&self) -> Option<usize> {
        (self.taken < self.manifest.chunks.len()).then_some(self.taken)
    }

    /// Takes the next chunk.
    ///
    /// # Errors
    /// [`SnapshotError`]; then this chunk can be fetched and taken once more, unless it is what the manifest says.
    pub fn take(&mut self, bytes: &[u8]) -> Result<(), SnapshotError> {
        let chunk = self.taken;
        let Some(said) = self.manifest.chunks.get(chunk) else { return Err(SnapshotError::ChunkTooMany) };
        if bytes.len() > MAX_CHUNK_BYTES {
            return Err(SnapshotError::ChunkTooLong { chunk });
        }
        let digest = chunk_digest(bytes);
        if digest != *said {
            let is = self.manifest.chunks.iter().position(|other| *other == digest);
            return Err(is.map_or(SnapshotError::ChunkDamaged { chunk }, |is| {
                SnapshotError::ChunkOutOfTurn { chunk, is }
            }));
        }
        let (records, last) = records(bytes, chunk, self.last)?;
        self.count += records.len() as u64;
        self.last = last;
        self.state = self.state.with_bytes(records);
        self.taken += 1;
        Ok(())
    }

    /// The manifest, the anchor that knows the header's signers, and the state: that which the header says.
    ///
    /// # Errors
    /// [`SnapshotError::ChunksMissing`], [`SnapshotError::Count`], [`SnapshotError::WrongRoot`].
    pub fn finish(self) -> Result<(Manifest, Anchor, State), SnapshotError> {
        let Self { manifest, signers, state, taken, count, .. } = self;
        if taken < manifest.chunks.len() {
            return Err(SnapshotError::ChunksMissing { missing: manifest.chunks.len() - taken });
        }
        if count != manifest.records {
            return Err(SnapshotError::Count { have: count, said: manifest.records });
        }
        if state.root() != manifest.header.state_root {
            return Err(SnapshotError::WrongRoot);
        }
        Ok((manifest, signers, state))
    }
}

type Records = Vec<(Hash32, Vec<u8>)>;

/// The records of a chunk and the digest of the last one's key.
fn records(
    bytes: &[u8],
    chunk: usize,
    mut last: Option<Hash32>,
) -> Result<(Records, Option<Hash32>), SnapshotError> {
    let malformed = SnapshotError::ChunkMalformed { chunk };
    let mut input = Input(bytes);
    let mut records = Vec::new();
    if bytes.is_empty() {
        return Err(malformed);
    }
    while !input.0.is_empty() {
        let bytes = input.bytes(MAX_RECORD_BYTES).map_err(|_| malformed)?;
        let key = Record::from_bytes(bytes).map_err(|_| malformed)?.key().hash();
        match last {
            Some(before) if before == key => return Err(SnapshotError::RecordTwice { chunk }),
            Some(before) if before > key => return Err(SnapshotError::Unsorted { chunk }),
            _ => last = Some(key),
        }
        records.push((key, bytes.to_vec()));
    }
    Ok((records, last))
}
