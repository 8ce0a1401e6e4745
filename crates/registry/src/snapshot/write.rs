//! Writing a snapshot, one chunk in memory at a time.

use crate::block::Header;
use crate::evidence::bytes::put_number;
use crate::hand_over::HandOver;
use crate::hash::Hash32;
use crate::snapshot::{MAX_CHUNK_BYTES, Manifest, chunk_digest};
use crate::state::State;
use crate::validators::Certificate;

/// The chunks of a state, in order: an iterator. When it has given the last one, [`SnapshotWriter::finish`] says what
/// they are.
pub struct SnapshotWriter<'s> {
    records: Box<dyn Iterator<Item = &'s [u8]> + 's>,
    /// The record that did not fit any more.
    next: Vec<u8>,
    count: u64,
    chunks: Vec<Hash32>,
}

impl<'s> SnapshotWriter<'s> {
    /// Of all records of a state.
    #[must_use]
    pub fn new(state: &'s State) -> Self {
        Self { records: Box::new(state.all_bytes()), next: Vec::new(), count: 0, chunks: Vec::new() }
    }

    /// The manifest of the chunks given out, which are those of the state after this header's block. `hand_overs` are
    /// all of the chain up to it. None while chunks are left.
    #[must_use]
    pub fn finish(
        mut self,
        header: Header,
        certificate: Certificate,
        hand_overs: Vec<HandOver>,
    ) -> Option<Manifest> {
        if self.next().is_some() {
            return None;
        }
        let (records, chunks) = (self.count, self.chunks);
        Some(Manifest { version: 1, header, certificate, hand_overs, records, chunks })
    }
}

impl Iterator for SnapshotWriter<'_> {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        let mut chunk = std::mem::take(&mut self.next);
        for record in &mut self.records {
            self.count += 1;
            let before = chunk.len();
            put_number(&mut chunk, record.len() as u64);
            chunk.extend(record);
            if chunk.len() > MAX_CHUNK_BYTES {
                self.next = chunk.split_off(before);
                break;
            }
        }
        if chunk.is_empty() {
            return None;
        }
        self.chunks.push(chunk_digest(&chunk));
        Some(chunk)
    }
}
