//! A whole state as bytes, for a node that joins: a manifest with the header the validators signed, and the records
//! in chunks. Whoever serves them is not trusted: reading ends with the state whose root was signed, or with an error
//! that says what is wrong.
//!
//! ```text
//! chunk: records, each its length as a number and its encoding, ascending by the digests of their keys, within a
//!        chunk and from one to the next; at most 1 MiB, filled as far as whole records go
//! ```

mod error;
mod manifest;
mod read;
mod write;

pub use error::SnapshotError;
pub use manifest::Manifest;
pub use read::SnapshotReader;
pub use write::SnapshotWriter;

use crate::hash::Hash32;

/// The longest chunk, in bytes.
pub const MAX_CHUNK_BYTES: usize = 1024 * 1024;
/// The most chunks: a state has to fit into a node's memory.
pub const MAX_CHUNKS: usize = 4096;
/// The longest manifest, in bytes.
pub const MAX_MANIFEST_BYTES: usize = 1024 * 1024;

fn chunk_digest(bytes: &[u8]) -> Hash32 {
    Hash32::tagged("huizheng/snapshot-chunk/1", &[bytes])
}
