//! Evidence: a record, its Merkle proof, and the validators' signatures over the state it stands in.

mod bundle;
pub(crate) mod bytes;
mod checked;
mod multi;
mod verify;
mod wire;

use std::fmt;

use crate::block::Header;
use crate::hash::Hash32;
use crate::proof::CompactProof;
use crate::record::{Record, RecordKey};
use crate::time::UnixMillis;
use crate::validators::{Certificate, CertificateSignature};

pub use bundle::{EvidenceBundle, verify_bundle};
pub use checked::CheckedBlocks;
pub(crate) use verify::{CLOCK_SKEW, verify_once};
pub use verify::{EvidenceError, verify};
pub use wire::EvidenceBytesError;
pub(crate) use wire::MAX_RECORD_BYTES;

/// What a phone carries along to show a record, or that there is none, to a counter with no network: about 1.1 kB
/// for a 300-byte record among 100,000 under four validators. Unchecked; [`verify`] makes it [`Proven`].
///
/// Bytes: [`Evidence::to_bytes`]. JSON: those bytes in base64url.
#[derive(Clone)]
pub struct Evidence {
    pub(crate) key: RecordKey,
    pub(crate) record: Option<Vec<u8>>,
    /// What `record` encodes, when it was decoded already: decoding checks its keys, which takes time.
    pub(crate) decoded: Option<Record>,
    pub(crate) proof: CompactProof,
    pub(crate) seal: Seal,
}

/// What the validators signed, without what the verifier knows or works out: the chain, the validators, the state root.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Seal {
    /// First bytes of the chain id: only to say "of another chain" instead of "not signed".
    pub(crate) chain_tag: [u8; 2],
    /// First bytes of the validators' digest: only to say "by other validators" instead of "not signed".
    pub(crate) validators_tag: [u8; 2],
    pub(crate) height: u64,
    pub(crate) time: UnixMillis,
    pub(crate) links: Hash32,
    /// None when the same validators sign the next block.
    pub(crate) next_validators_hash: Option<Hash32>,
    pub(crate) round: u32,
    pub(crate) signatures: Vec<CertificateSignature>,
}

impl Evidence {
    /// Evidence of what stands at `key` in the state of `header`: `record` is the encoding, and `proof` is
    /// [`State::prove`](crate::State::prove) of that state. Give it a [trimmed](Certificate::trimmed) certificate.
    #[must_use]
    pub fn new(
        key: RecordKey,
        record: Option<Vec<u8>>,
        proof: CompactProof,
        header: &Header,
        certificate: Certificate,
    ) -> Self {
        Self { key, record, decoded: None, proof, seal: Seal::new(header, certificate) }
    }

    /// What it is evidence of. Unchecked.
    #[must_use]
    pub fn key(&self) -> &RecordKey {
        &self.key
    }

    /// The time of the block it is from. Unchecked: good for deciding whether to fetch a newer one.
    #[must_use]
    pub fn claimed_time(&self) -> UnixMillis {
        self.seal.time
    }

    /// The height of the block it is from. Unchecked.
    #[must_use]
    pub fn claimed_height(&self) -> u64 {
        self.seal.height
    }
}

impl Seal {
    pub(crate) fn new(header: &Header, certificate: Certificate) -> Self {
        let parts = header.parts();
        let next = parts.next_validators_hash;
        Self {
            chain_tag: tag(&header.chain_id),
            validators_tag: tag(&header.validators_hash),
            height: parts.height,
            time: parts.time,
            links: parts.links,
            next_validators_hash: (next != header.validators_hash).then_some(next),
            round: certificate.round,
            signatures: certificate.signatures,
        }
    }
}

impl PartialEq for Evidence {
    fn eq(&self, other: &Self) -> bool {
        // `decoded` follows from `record`.
        (&self.key, &self.record, &self.proof, &self.seal)
            == (&other.key, &other.record, &other.proof, &other.seal)
    }
}

impl Eq for Evidence {}

pub(crate) fn tag(hash: &Hash32) -> [u8; 2] {
    let [a, b, ..] = hash.0;
    [a, b]
}

impl fmt::Debug for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Evidence");
        out.field("key", &self.key).field("height", &self.seal.height).field("time", &self.seal.time);
        out.finish_non_exhaustive()
    }
}

/// What the chain says, checked: only [`verify`] and [`verify_bundle`] make one. The questions to ask it are in
/// [`history`](crate::history).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proven {
    key: RecordKey,
    record: Option<Record>,
    time: UnixMillis,
    height: u64,
    /// Digest of the validators that signed it.
    signed_by: Hash32,
}

impl Proven {
    /// Where it stands.
    #[must_use]
    pub fn key(&self) -> &RecordKey {
        &self.key
    }

    /// What stands there; none when it was shown that nothing does.
    #[must_use]
    pub fn record(&self) -> Option<&Record> {
        self.record.as_ref()
    }

    /// The time of the block in which this was so.
    #[must_use]
    pub fn time(&self) -> UnixMillis {
        self.time
    }

    /// The height of that block.
    #[must_use]
    pub fn height(&self) -> u64 {
        self.height
    }

    pub(crate) fn signed_by(&self) -> &Hash32 {
        &self.signed_by
    }
}
