//! What the journal says. No claim, and nothing of the holder but the place of her credential's status.

use registry::{Did, Hash32, KeyId, SignatureTag, Slug, StatusListId, UnixMillis};
use serde::{Deserialize, Serialize};

use crate::decision::{CheckId, Named, Outcome, Verdict};
use crate::offline::Judged;

/// A row of the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Row {
    Decided(Decided),
    Rechecked(Rechecked),
}

/// A decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    /// When.
    pub at: UnixMillis,
    /// How it came out.
    pub decision: Verdict,
    /// The policy and its version, if one was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<(Slug, String)>,
    /// From when the register's facts were; none where there were none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence_of: Option<UnixMillis>,
    /// The checks that did not pass, each with what was found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_passed: Vec<(CheckId, String)>,
    /// What was shown, as far as the second look needs it.
    pub credentials: Vec<Reference>,
    /// Which one-way code was accepted, as a digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<Hash32>,
}

/// A credential, as the register knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    /// Its type in the catalogue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential_type: Option<Slug>,
    /// Who issued it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<Did>,
    /// By which key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<KeyId>,
    /// The list that has its status, and where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<(StatusListId, u32)>,
    /// When it says it was issued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued: Option<UnixMillis>,
    /// Which signature it carries: asked for where the key was compromised since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<SignatureTag>,
}

/// What was found of a decision when there was a network again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rechecked {
    /// The number of the decision.
    pub entry: u64,
    /// When it was looked at.
    pub at: UnixMillis,
    /// The block by which the facts were proven; none where nothing names the chain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub block: Option<u64>,
    /// What does not hold now, of a decision that was no refusal.
    pub flags: Vec<Flag>,
}

/// Something that does not hold any more, or never did without anybody's knowing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flag {
    /// Of which credential, by its place in the decision.
    pub credential: usize,
    /// Which check.
    pub check: CheckId,
    /// What was found, by a stable name: `revoked`, `suspended`, `key_compromised`…
    pub code: String,
}

impl Decided {
    pub(super) fn of(judged: &Judged, nonce: Option<Hash32>, at: UnixMillis) -> Self {
        let failed = judged.seen.checks.iter().filter(|check| check.outcome != Outcome::Passed);
        Self {
            at,
            decision: judged.seen.decision,
            policy: judged.policy.clone(),
            evidence_of: judged.seen.evidence_of,
            not_passed: failed.map(|check| (check.id, check.code.clone())).collect(),
            credentials: judged.named.iter().map(Reference::of).collect(),
            nonce,
        }
    }
}

impl Reference {
    fn of((named, issued): &(Named, Option<UnixMillis>)) -> Self {
        let Named { issuer, key, credential_type, entry, signature } = named.clone();
        Self { credential_type, issuer, key, status: entry, issued: *issued, signature }
    }

    /// What it names on the chain.
    pub(super) fn named(&self) -> Named {
        let Self { credential_type, issuer, key, status, signature, .. } = self.clone();
        Named { issuer, key, credential_type, entry: status, signature }
    }
}
