//! The chain's state: one record at each key.

mod anchor;
mod did;
mod governance;
mod kept;
mod key;
mod purpose;
mod schema;
mod status;
mod trust;
mod validators;

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

pub use anchor::LogAnchorRecord;
pub use did::{DidRecord, Service, VerificationKey};
pub use governance::{GovernanceRecord, Member};
pub use kept::{KEPT_ENTRIES, KeptRecord, KeptSignature, MAX_KEPT, SignatureTag};
pub use key::{RecordKey, RecordKeyError};
pub use purpose::{Ask, LegalBasis, PurposeRecord};
pub use schema::SchemaRecord;
pub use status::{
    CHUNK_BYTES, CHUNK_ENTRIES, DEFAULT_LIST_LENGTH, MAX_LIST_LENGTH, Status, StatusChunk, StatusListId,
    StatusListIdError, StatusListRecord,
};
pub use trust::{Interval, MAX_INTERVALS, TrustRecord};
pub use validators::ValidatorsRecord;

use crate::transaction::Author;

/// What can stand at a [`RecordKey`]. Its borsh encoding is the value in the state tree, and a record says itself at
/// which key it stands, so evidence of a record needs no key beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
#[expect(
    clippy::large_enum_variant,
    reason = "a chunk's 512 bytes are what it is read for; records are few at a time"
)]
pub enum Record {
    /// An organisation's DID: at `did/<did>` the version that holds, at `did/<did>/v/<n>` those before it.
    Did(DidRecord),
    /// An accreditation, at `trust/<did>/<type>`.
    Trust(TrustRecord),
    /// A verifier's registered purpose, at `verifier/<did>/<purpose>`.
    Purpose(PurposeRecord),
    /// A credential type's schema, at `schema/<type>`.
    Schema(SchemaRecord),
    /// A status list, at `status/<did>/<number>`.
    StatusList(StatusListRecord),
    /// A part of a status list, at `status/<did>/<number>/<chunk>`.
    StatusChunk(StatusChunk),
    /// The nonce an author's next transaction must carry, at `nonce/<author>`.
    Nonce(NonceRecord),
    /// Who governs, at `governance`.
    Governance(GovernanceRecord),
    /// Who signs the blocks, at `validators`.
    Validators(ValidatorsRecord),
    /// How far a log has come, at `anchor/<did>/<log>`.
    LogAnchor(LogAnchorRecord),
    /// What counts although its key was compromised later, at `kept/<did>/<number>/<part>`.
    Kept(KeptRecord),
}

/// The nonce an author's next transaction must carry; an author without this record starts at 0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
pub struct NonceRecord {
    /// Whose.
    pub author: Author,
    /// The next nonce.
    pub next: u64,
}

/// The bytes are no record this version knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the bytes are not a record; a newer version of this program may know it")]
pub struct RecordBytesError;

impl Record {
    /// The key this record stands at.
    #[must_use]
    pub fn key(&self) -> RecordKey {
        match self {
            Self::Did(record) => record.record_key(),
            Self::Trust(record) => RecordKey::Trust(record.did.clone(), record.credential_type.clone()),
            Self::Purpose(record) => RecordKey::Purpose(record.did.clone(), record.purpose.clone()),
            Self::Schema(record) => RecordKey::Schema(record.credential_type.clone()),
            Self::StatusList(record) => RecordKey::StatusList(record.list.clone()),
            Self::StatusChunk(record) => RecordKey::StatusChunk(record.list.clone(), record.chunk),
            Self::Nonce(record) => RecordKey::Nonce(record.author.clone()),
            Self::Governance(_) => RecordKey::Governance,
            Self::Validators(_) => RecordKey::Validators,
            Self::LogAnchor(record) => RecordKey::LogAnchor(record.owner.clone(), record.log.clone()),
            Self::Kept(record) => RecordKey::Kept(record.list.clone(), record.part),
        }
    }

    /// The bytes kept in the state tree.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        crate::encoding::to_vec(self)
    }

    /// Reads [`Record::to_bytes`].
    ///
    /// # Errors
    /// [`RecordBytesError`] for anything else, trailing bytes included.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, RecordBytesError> {
        borsh::from_slice(bytes).map_err(|_| RecordBytesError)
    }
}
