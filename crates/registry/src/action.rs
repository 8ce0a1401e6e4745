//! What a transaction can do.

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

use crate::did::Did;
use crate::encoding::base64url_array;
use crate::hash::Hash32;
use crate::key::{Ed25519Key, PublicKey};
use crate::purposes::Purposes;
use crate::record::{Ask, KeptSignature, LegalBasis, Member, Service, Status};
use crate::text::{LocalText, Slug};
use crate::time::UnixMillis;
use crate::validators::Validator;

/// One thing to do. The first seven and the last two act on what is the author's own, the others are governance's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Action {
    /// Registers the author's DID, which is derived from exactly these three; see [`DidPlan`](crate::build::DidPlan).
    /// Signed by an invocation key of the document.
    DidCreate {
        /// The first document.
        document: DidDocument,
        /// Random.
        #[serde(with = "base64url_array")]
        salt: [u8; 16],
        /// Digest of the recovery key, see [`recovery_commitment`](crate::build::recovery_commitment).
        recovery_commitment: Hash32,
    },
    /// Replaces the author's document. Keys left out are retired; a retired key never comes back.
    DidRotate {
        /// The next document.
        document: DidDocument,
    },
    /// Replaces the author's document by the recovery key, when no other key can be used or trusted. Signed by the
    /// recovery key, which is used up: the next one's digest comes with it.
    DidRecover {
        /// The key whose digest is the commitment so far.
        recovery_key: Ed25519Key,
        /// The next document. It keeps no key: all keys so far are retired.
        document: DidDocument,
        /// Digest of the next recovery key.
        recovery_commitment: Hash32,
    },
    /// Ends the author's DID for good.
    DidDeactivate,
    /// Says that a key, held now or once, was not the author's alone from `since` on. A key that still holds is
    /// retired by this; rotate first when it is the last invocation key.
    DidDeclareCompromised {
        /// Which key, without `#`.
        fragment: Slug,
        /// From when; not after the block's time, and never later than an earlier declaration of the same key.
        since: UnixMillis,
    },
    /// Opens a status list of the author's.
    StatusListCreate {
        /// Its number, not used before.
        number: u32,
        /// Entries: a multiple of 2,048 from 131,072 to 1,048,576.
        length: u32,
    },
    /// Changes entries of a status list of the author's. All or none.
    StatusUpdate {
        /// The list's number.
        number: u32,
        /// What to set, each index at most once; 1 to 4,096.
        changes: Vec<StatusChange>,
    },
    /// Accredits an organisation for a credential type.
    Accredit {
        /// The organisation.
        did: Did,
        /// The credential type.
        credential_type: Slug,
        /// The organisation's name, as shown to people.
        issuer_name: LocalText,
        /// From when; a time before the block's means from the block on.
        valid_from: UnixMillis,
        /// Until when; none for no end.
        valid_until: Option<UnixMillis>,
    },
    /// Ends an organisation's accreditation for a credential type from the block's time on.
    WithdrawAccreditation {
        /// The organisation.
        did: Did,
        /// The credential type.
        credential_type: Slug,
    },
    /// Registers a verifier's purpose.
    RegisterPurpose(PurposeDraft),
    /// Ends a verifier's purpose from the block's time on.
    WithdrawPurpose {
        /// The organisation.
        did: Did,
        /// The purpose's id.
        purpose: Slug,
    },
    /// Registers a credential type's schema, or its next version.
    RegisterSchema {
        /// The credential type.
        credential_type: Slug,
        /// What people call it.
        name: LocalText,
        /// SHA-256 of the schema document.
        digest: Hash32,
        /// Where it can be read.
        url: String,
    },
    /// Changes who governs.
    UpdateGovernance {
        /// The members from the next transaction on.
        members: Vec<Member>,
        /// How many of them must sign.
        threshold: u16,
    },
    /// Changes who signs the blocks: the whole new set, see [`ValidatorSet::may_become`](crate::ValidatorSet::may_become)
    /// for how much may change at once. At most one change a block.
    UpdateValidators {
        /// The validators from the next block on.
        validators: Vec<Validator>,
    },
    /// Says how far a log of the author's has come, so that nobody can shorten or rewrite it any more, its keeper included.
    AnchorLog {
        /// Which of its logs, for instance `audit`.
        log: Slug,
        /// How many entries it has; more than when it was anchored before.
        entries: u64,
        /// The head of its hash chain after them. The chain does not look into it.
        head: Hash32,
    },
    /// Says which credentials on a status list of the author's count although their key was compromised later: those that
    /// the author knows it signed itself. Nothing said so is ever taken back; revoke instead.
    KeepSigned {
        /// The list's number.
        number: u32,
        /// Which; 1 to 1,024.
        kept: Vec<KeptSignature>,
    },
}

/// A document as its owner writes it. What holds since when is added by the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
pub struct DidDocument {
    /// 1 to 16 keys with distinct fragments and distinct values; at least one Ed25519 key for `capabilityInvocation`.
    pub keys: Vec<DocumentKey>,
    /// At most 16.
    pub services: Vec<Service>,
}

/// A key as its owner writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
pub struct DocumentKey {
    /// The part after `#`, never used for another key of this DID.
    pub fragment: Slug,
    /// The key.
    pub key: PublicKey,
    /// What it may be used for.
    pub purposes: Purposes,
}

/// One entry of a status list and what to set it to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
pub struct StatusChange {
    /// The entry.
    pub index: u32,
    /// Its status from this block on.
    pub status: Status,
}

/// A verifier's purpose as governance writes it; the fields of [`PurposeRecord`](crate::PurposeRecord).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase")]
pub struct PurposeDraft {
    /// The organisation that asks.
    pub did: Did,
    /// The purpose's id.
    pub purpose: Slug,
    /// The organisation's name, as shown to holders.
    pub verifier_name: LocalText,
    /// What it is for, as shown to holders.
    pub purpose_name: LocalText,
    /// Whether the holder's consent or the law allows it.
    pub legal_basis: LegalBasis,
    /// The rule it rests on, as shown to holders.
    pub legal_text: LocalText,
    /// The most it may ask: 1 to 16 credential types, each once, with 1 to 64 claims.
    pub asks: Vec<Ask>,
    /// How long the organisation keeps what it is shown; 0 when it keeps nothing.
    pub retention_days: u32,
    /// From when; a time before the block's means from the block on.
    pub valid_from: UnixMillis,
    /// Until when; none for no end.
    pub valid_until: Option<UnixMillis>,
}

impl Action {
    /// Its name, as JSON has it in `kind`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::DidCreate { .. } => "didCreate",
            Self::DidRotate { .. } => "didRotate",
            Self::DidRecover { .. } => "didRecover",
            Self::DidDeactivate => "didDeactivate",
            Self::DidDeclareCompromised { .. } => "didDeclareCompromised",
            Self::StatusListCreate { .. } => "statusListCreate",
            Self::StatusUpdate { .. } => "statusUpdate",
            Self::Accredit { .. } => "accredit",
            Self::WithdrawAccreditation { .. } => "withdrawAccreditation",
            Self::RegisterPurpose(_) => "registerPurpose",
            Self::WithdrawPurpose { .. } => "withdrawPurpose",
            Self::RegisterSchema { .. } => "registerSchema",
            Self::UpdateGovernance { .. } => "updateGovernance",
            Self::UpdateValidators { .. } => "updateValidators",
            Self::AnchorLog { .. } => "anchorLog",
            Self::KeepSigned { .. } => "keepSigned",
        }
    }
}
