//! Why a transaction is refused.

use serde::{Deserialize, Serialize};

use crate::record::StatusListId;
use crate::text::Slug;
use crate::time::UnixMillis;

/// Why the state machine refuses a transaction. It then changes nothing, the author's nonce included, so that the same
/// nonce can be used for a better one. JSON: `{"code": "<kebab-case name>", …}`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum TxError {
    /// It is for another chain.
    #[error("the transaction is for another chain")]
    WrongChain,
    /// The nonce was used: this transaction, or another with its nonce, was executed.
    #[error("the nonce was used already; the author's next is {next}")]
    NonceUsed {
        /// The author's next nonce.
        next: u64,
    },
    /// The nonce is too high: a transaction before it is missing.
    #[error("the nonce is ahead; the author's next is {next}")]
    NonceAhead {
        /// The author's next nonce.
        next: u64,
    },
    /// This kind of author cannot do this.
    #[error("this author cannot do this: governance's actions need governance, the others a DID")]
    WrongAuthor,
    /// The author, or the DID it acts on, is not registered.
    #[error("the DID is not registered")]
    UnknownDid,
    /// The author, or the DID it acts on, was deactivated.
    #[error("the DID is deactivated")]
    Deactivated,
    /// A signature is by a key that may not act for the author.
    #[error("signature {signature} is by a key that may not act for this author")]
    NotAuthorised {
        /// Which signature, from 0.
        signature: usize,
    },
    /// Too few governing departments signed.
    #[error("{have} of the {need} departments that must agree have signed")]
    BelowThreshold {
        /// How many different members signed.
        have: usize,
        /// How many must.
        need: usize,
    },
    /// The author's DID does not follow from the document, salt and commitment.
    #[error("the DID does not follow from its document, salt and recovery commitment")]
    DidMismatch,
    /// The DID is of another network.
    #[error("the DID is of another network")]
    WrongNetwork,
    /// The DID is registered already.
    #[error("the DID is registered already")]
    DidExists,
    /// Too few or too many keys or services.
    #[error("a document has 1 to 16 keys and at most 16 services")]
    DocumentSize,
    /// Two keys or services share a fragment, or two entries the same key.
    #[error("a fragment or key stands twice in the document")]
    DuplicateInDocument,
    /// No Ed25519 key for `capabilityInvocation` would remain.
    #[error("an Ed25519 key for capabilityInvocation must remain")]
    NoInvocationKey,
    /// A key has no purpose, or a P-256 key was given `capabilityInvocation`.
    #[error("key {fragment} has no purpose, or one its kind cannot have")]
    KeyPurpose {
        /// The key.
        fragment: Slug,
    },
    /// The fragment named another key, another purpose or a retired key before.
    #[error("fragment {fragment} was used for another key; take a new one")]
    FragmentUsed {
        /// The fragment.
        fragment: Slug,
    },
    /// The key was in this DID before, and was retired.
    #[error("key {fragment} was retired; take a new key")]
    KeyRetired {
        /// The fragment in the new document.
        fragment: Slug,
    },
    /// The recovery key does not fit the commitment.
    #[error("the recovery key does not fit its commitment")]
    WrongRecoveryKey,
    /// No key with this fragment is known.
    #[error("the DID has no key {fragment}")]
    UnknownKey {
        /// The fragment.
        fragment: Slug,
    },
    /// A compromise dated after the block or after an earlier declaration, or before the key.
    #[error("a compromise is dated between the key's start and the block's time, and never moved later")]
    CompromiseDate,
    /// A text is empty, too long or has control characters.
    #[error("the {field} is empty, too long, or has control characters")]
    Text {
        /// Which.
        field: TextField,
    },
    /// An end before its start, or before the block.
    #[error("it would end before it starts")]
    EndsBeforeStart,
    /// A grant still runs in that time.
    #[error("a grant still runs until {until:?}; withdraw it first, or start after it")]
    AlreadyGranted {
        /// Its end; none when it has none.
        until: Option<UnixMillis>,
    },
    /// There is nothing to withdraw.
    #[error("nothing is granted that could be withdrawn")]
    NothingGranted,
    /// The record already remembers as many grants as it can.
    #[error("the record's history is full")]
    HistoryFull,
    /// No claims, too many, or one twice.
    #[error("a purpose asks for 1 to 16 credential types, each once, with 1 to 64 claims, each once")]
    Asks,
    /// A list length that is not allowed.
    #[error("a list has a multiple of 2048 entries, from 131072 to 1048576")]
    ListLength,
    /// The list exists already.
    #[error("list {list} exists already")]
    ListExists {
        /// The list.
        list: StatusListId,
    },
    /// There is no such list.
    #[error("there is no list {list}")]
    UnknownList {
        /// The list.
        list: StatusListId,
    },
    /// No changes, or too many.
    #[error("a status update has 1 to 4096 changes")]
    ChangeCount,
    /// The entry is not in the list.
    #[error("entry {index} is beyond the list's end")]
    IndexOutOfRange {
        /// The entry.
        index: u32,
    },
    /// The entry stands twice in the update.
    #[error("entry {index} stands twice")]
    DuplicateIndex {
        /// The entry.
        index: u32,
    },
    /// The entry was revoked, which is final.
    #[error("entry {index} was revoked, and revocation is final")]
    RevocationFinal {
        /// The entry.
        index: u32,
    },
    /// No members, too many, one key twice, or a threshold that cannot be met.
    #[error("governance has 1 to 64 members with distinct keys, and a threshold of 1 to all of them")]
    GovernanceShape,
    /// No validators, too many, one key twice, or a power that is not allowed.
    #[error("1 to 128 validators with distinct keys validate, each of power 1 to 2^32")]
    ValidatorsShape,
    /// The set is the one that signs already.
    #[error("these validators sign already")]
    ValidatorsUnchanged,
    /// The set changes in this block already.
    #[error("the validators change in this block already; submit the change again for the next")]
    ValidatorsChanging,
    /// Too much power would move at once.
    #[error("a third of the power or more would move at once; go there in several smaller changes")]
    ValidatorsOverlap,
    /// The log has no more entries than when it was anchored before.
    #[error("the log was anchored with {anchored} entries already; it only grows")]
    LogShorter {
        /// How many it had.
        anchored: u64,
    },
    /// The state holds bytes no record has. The state is not what its own rules made.
    #[error("the state is damaged at the record this needs")]
    StateDamaged,
}

impl TxError {
    /// The error's stable name, as problem documents and JSON carry it.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::WrongChain => "wrong-chain",
            Self::NonceUsed { .. } => "nonce-used",
            Self::NonceAhead { .. } => "nonce-ahead",
            Self::WrongAuthor => "wrong-author",
            Self::UnknownDid => "unknown-did",
            Self::Deactivated => "deactivated",
            Self::NotAuthorised { .. } => "not-authorised",
            Self::BelowThreshold { .. } => "below-threshold",
            Self::DidMismatch => "did-mismatch",
            Self::WrongNetwork => "wrong-network",
            Self::DidExists => "did-exists",
            Self::DocumentSize => "document-size",
            Self::DuplicateInDocument => "duplicate-in-document",
            Self::NoInvocationKey => "no-invocation-key",
            Self::KeyPurpose { .. } => "key-purpose",
            Self::FragmentUsed { .. } => "fragment-used",
            Self::KeyRetired { .. } => "key-retired",
            Self::WrongRecoveryKey => "wrong-recovery-key",
            Self::UnknownKey { .. } => "unknown-key",
            Self::CompromiseDate => "compromise-date",
            Self::Text { .. } => "text",
            Self::EndsBeforeStart => "ends-before-start",
            Self::AlreadyGranted { .. } => "already-granted",
            Self::NothingGranted => "nothing-granted",
            Self::HistoryFull => "history-full",
            Self::Asks => "asks",
            Self::ListLength => "list-length",
            Self::ListExists { .. } => "list-exists",
            Self::UnknownList { .. } => "unknown-list",
            Self::ChangeCount => "change-count",
            Self::IndexOutOfRange { .. } => "index-out-of-range",
            Self::DuplicateIndex { .. } => "duplicate-index",
            Self::RevocationFinal { .. } => "revocation-final",
            Self::GovernanceShape => "governance-shape",
            Self::ValidatorsShape => "validators-shape",
            Self::ValidatorsUnchanged => "validators-unchanged",
            Self::ValidatorsChanging => "validators-changing",
            Self::ValidatorsOverlap => "validators-overlap",
            Self::LogShorter { .. } => "log-shorter",
            Self::StateDamaged => "state-damaged",
        }
    }
}

/// Which text was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TextField {
    /// The issuer's or verifier's name.
    OrganisationName,
    /// The purpose's name.
    PurposeName,
    /// The legal rule.
    LegalText,
    /// A claim's name.
    Claim,
    /// The schema's name.
    SchemaName,
    /// A governing department's name.
    MemberName,
    /// A URL.
    Url,
    /// A service's type.
    ServiceType,
}

impl std::fmt::Display for TextField {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::OrganisationName => "organisation's name",
            Self::PurposeName => "purpose's name",
            Self::LegalText => "legal text",
            Self::Claim => "claim's name",
            Self::SchemaName => "schema's name",
            Self::MemberName => "member's name",
            Self::Url => "URL",
            Self::ServiceType => "service's type",
        })
    }
}
