//! Why a snapshot is not the state of the chain.

use crate::hand_over::HandOverError;
use crate::time::UnixMillis;
use crate::validators::CertificateError;

/// Why a snapshot is not taken. Whatever it is, nothing of it was used: take a snapshot from another node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// The bytes are no manifest, or one of another version.
    #[error("the bytes are not a snapshot's manifest of this version")]
    ManifestMalformed,
    /// More chunks than [`MAX_CHUNKS`](super::MAX_CHUNKS).
    #[error("the snapshot has more chunks than a state can have")]
    TooManyChunks,
    /// Of another chain than the anchor's.
    #[error("the snapshot is of another chain")]
    WrongChain,
    /// From the anchor's block or before it.
    #[error("the snapshot is from before the trust anchor")]
    BeforeAnchor,
    /// The hand-overs in it do not lead from the anchor to its validators.
    #[error(transparent)]
    HandOver(#[from] HandOverError),
    /// The header is signed by others than its hand-overs lead to.
    #[error("the snapshot is signed by other validators than its hand-overs lead to")]
    OtherValidators,
    /// The certificate is for another block.
    #[error("the snapshot's certificate is for another block")]
    OtherBlock,
    /// The certificate does not hold.
    #[error("the snapshot's header: {0}")]
    Certificate(#[from] CertificateError),
    /// Older than asked for: ask for a newer one.
    #[error("the snapshot is from {time}, older than allowed: ask for a newer one")]
    TooOld {
        /// Its block's time.
        time: UnixMillis,
    },
    /// From later than now.
    #[error("the snapshot is from {time}, which is not yet: check this machine's clock")]
    FromTheFuture {
        /// Its block's time.
        time: UnixMillis,
    },
    /// Longer than [`MAX_CHUNK_BYTES`](super::MAX_CHUNK_BYTES).
    #[error("chunk {chunk} is longer than 1 MiB")]
    ChunkTooLong {
        /// Which, from 0.
        chunk: usize,
    },
    /// A chunk of this snapshot, but not the one that comes next.
    #[error("chunk {is} came where chunk {chunk} was to come")]
    ChunkOutOfTurn {
        /// The one that was to come.
        chunk: usize,
        /// The one that came.
        is: usize,
    },
    /// Not the bytes the manifest says: fetch it again.
    #[error("chunk {chunk} is not what the manifest says: fetch it again")]
    ChunkDamaged {
        /// Which, from 0.
        chunk: usize,
    },
    /// All chunks came already.
    #[error("a chunk came after the last one")]
    ChunkTooMany,
    /// The bytes are no records.
    #[error("chunk {chunk} does not hold records this program knows")]
    ChunkMalformed {
        /// Which, from 0.
        chunk: usize,
    },
    /// A record comes before one that belongs behind it.
    #[error("the records in chunk {chunk} are not in the order of their keys' digests")]
    Unsorted {
        /// Which, from 0.
        chunk: usize,
    },
    /// A key has two records.
    #[error("a record occurs twice in chunk {chunk}")]
    RecordTwice {
        /// Which, from 0.
        chunk: usize,
    },
    /// Chunks are missing.
    #[error("{missing} of the snapshot's chunks are missing")]
    ChunksMissing {
        /// How many.
        missing: usize,
    },
    /// Another number of records than the manifest says.
    #[error("the snapshot holds {have} records, its manifest says {said}")]
    Count {
        /// How many there are.
        have: u64,
        /// How many there should be.
        said: u64,
    },
    /// The records are not the state that was signed.
    #[error("the records do not make the state that the validators signed")]
    WrongRoot,
}
