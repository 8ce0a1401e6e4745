//! An organisation's DID as the chain keeps it: the keys that hold and, beside them, the keys that once held.

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

use crate::did::{Did, KeyId};
use crate::hash::Hash32;
use crate::key::PublicKey;
use crate::purposes::{Purpose, Purposes};
use crate::record::RecordKey;
use crate::text::Slug;
use crate::time::UnixMillis;

/// One version of a DID. The current one carries the retired keys too, so that "was this key valid at t?" is answered
/// by this one record, proven fresh; the versions before it stand unchanged at their own keys, for resolution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase")]
pub struct DidRecord {
    /// Whose record.
    pub did: Did,
    /// Counts from 1.
    pub version: u32,
    /// Block time of the DID's creation.
    pub created: UnixMillis,
    /// Block time from which this version holds.
    pub from: UnixMillis,
    /// Block time from which the next version held; none in the current version.
    pub until: Option<UnixMillis>,
    /// Block time of deactivation, which is final.
    pub deactivated: Option<UnixMillis>,
    /// Keys that hold, then keys that once held (their `until` is set), newest first. At most 64: the oldest retired
    /// drop out, and are then found in the version that had them.
    pub keys: Vec<VerificationKey>,
    /// Where the organisation can be reached.
    pub services: Vec<Service>,
    /// Digest of the recovery key, which is shown only when it is used: see
    /// [`recovery_commitment`](crate::build::recovery_commitment).
    pub recovery_commitment: Hash32,
}

impl DidRecord {
    /// Where this version stands: `did/<did>` while it holds, `did/<did>/v/<n>` after.
    #[must_use]
    pub fn record_key(&self) -> RecordKey {
        match self.until {
            None => RecordKey::Did(self.did.clone()),
            Some(_) => RecordKey::DidVersion(self.did.clone(), self.version),
        }
    }

    /// The keys that hold in this version; none after deactivation.
    pub fn current_keys(&self) -> impl Iterator<Item = &VerificationKey> {
        self.keys.iter().filter(|key| key.until.is_none())
    }

    /// The key with this fragment, whether it holds or once held.
    #[must_use]
    pub fn key(&self, fragment: &Slug) -> Option<&VerificationKey> {
        self.keys.iter().find(|key| key.fragment == *fragment)
    }

    /// Fragments for new keys, `key-N`, which no key of this record has: above all numbers there are, and where somebody left no
    /// room above, between them.
    pub fn free_fragments(&self) -> impl Iterator<Item = Slug> {
        let number = |key: &VerificationKey| key.fragment.as_str().strip_prefix("key-")?.parse::<u32>().ok();
        let highest = self.keys.iter().filter_map(number).max().unwrap_or_default();
        let above = highest.checked_add(1).map(|next| next..=u32::MAX);
        let names = above.into_iter().flatten().chain(1..=highest);
        names.filter_map(|n| Slug::new(&format!("key-{n}")).ok()).filter(|name| self.key(name).is_none())
    }

    /// The first key that holds for `purpose`, with its URL.
    #[must_use]
    pub fn first_key_for(&self, purpose: Purpose) -> Option<(KeyId, &VerificationKey)> {
        let key = self.current_keys().find(|key| key.purposes.contains(purpose))?;
        Some((self.did.key(&key.fragment), key))
    }
}

/// A key in a DID. A fragment names one key for ever: it is never given to another key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "camelCase")]
pub struct VerificationKey {
    /// The part after `#`.
    pub fragment: Slug,
    /// The key.
    pub key: PublicKey,
    /// What it may be used for.
    pub purposes: Purposes,
    /// Block time from which it held.
    pub from: UnixMillis,
    /// Block time from which it no longer held.
    pub until: Option<UnixMillis>,
    /// When its owner says it was no longer theirs alone: what it signed from then on does not count, and what it says it
    /// signed before only where its owner stands by it ([`KeptRecord`](crate::KeptRecord)).
    pub compromised_since: Option<UnixMillis>,
}

/// A service endpoint (DID Core 1.1, section 5.4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
pub struct Service {
    /// The part after `#`.
    pub fragment: Slug,
    /// The service's type, for instance `OpenID4VCI`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its URL.
    pub endpoint: String,
}
