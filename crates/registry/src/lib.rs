//! What the chain says: transactions, the state machine that executes them, the records it keeps, and the proofs by
//! which anyone can check a record with no more than an [`Anchor`]. Pure: no I/O, no clock, no ambient randomness.
//!
//! - Writing: [`build`] makes and signs [`Transaction`]s; [`Execution`] applies them to a [`State`].
//! - Reading: [`verify`] turns [`Evidence`] into [`Proven`] facts; [`history`] asks them "was this key valid then?".
//!   [`LightClient`] follows the validators as they change, [`EvidenceBundle`] shows several records at once.
//! - Moving: [`snapshot`] writes a whole state as bytes and reads it back, checked.
//! - [`api`]: what a node's HTTP API takes and answers.

mod action;
pub mod api;
mod block;
pub mod build;
mod did;
mod document;
mod encoding;
mod evidence;
mod execute;
mod genesis;
mod hand_over;
mod hash;
pub mod history;
mod key;
mod light;
mod proof;
mod purposes;
mod record;
mod resolution;
pub mod snapshot;
mod state;
mod text;
mod time;
mod transaction;
mod validators;

pub use action::{Action, DidDocument, DocumentKey, PurposeDraft, StatusChange};
pub use block::{Block, BlockError, CertifiedBlock, Header, transaction_root};
pub use did::{Did, DidError, KeyId};
pub use document::did_document_json;
pub use evidence::{
    CheckedBlocks, Evidence, EvidenceBundle, EvidenceBytesError, EvidenceError, Proven, verify, verify_bundle,
};
pub use execute::{BlockContext, Executed, Execution, Receipt, TextField, TxError, execute};
pub use genesis::{Anchor, Genesis, GenesisError, GenesisGovernance};
pub use hand_over::{HandOver, HandOverError};
pub use hash::{Hash32, HashTextError};
pub use key::{Ed25519Key, KeyError, P256Key, PublicKey};
pub use light::LightClient;
pub use proof::{CompactProof, ProofError};
pub use purposes::{Purpose, Purposes};
pub use record::{
    Ask, CHUNK_BYTES, CHUNK_ENTRIES, DEFAULT_LIST_LENGTH, DidRecord, GovernanceRecord, Interval,
    KEPT_ENTRIES, KeptRecord, KeptSignature, LegalBasis, LogAnchorRecord, MAX_INTERVALS, MAX_KEPT,
    MAX_LIST_LENGTH, Member, NonceRecord, PurposeRecord, Record, RecordBytesError, RecordKey, RecordKeyError,
    SchemaRecord, Service, SignatureTag, Status, StatusChunk, StatusListId, StatusListIdError,
    StatusListRecord, TrustRecord, ValidatorsRecord, VerificationKey,
};
pub use resolution::{ResolutionError, ResolutionResult};
pub use state::State;
pub use text::{LocalText, Slug, SlugError};
pub use time::{TimeTextError, UnixMillis};
pub use transaction::{
    Author, MAX_SIGNATURES, MAX_TRANSACTION_BYTES, Transaction, TransactionError, TxSignature,
    VerifiedTransaction,
};
pub use validators::{
    Certificate, CertificateError, CertificateSignature, MAX_VALIDATORS, Validator, ValidatorSet,
    ValidatorSetError, VoteKind, vote_bytes,
};
