//! What the journal says. No claim, and nothing of the holder but the place of her credential's status.

use registry::{Did, Hash32, KeyId, SignatureTag, Slug, StatusListId, UnixMillis};
use serde::{Deserialize, Serialize};

use crate::decision::{Check, CheckId, Decision, Named, Outcome, SeenBlock, Verdict};

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
    /// What nobody can tell, of such a decision: its status is not in the register, or it was never looked at in time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub untold: Vec<Flag>,
}

/// What a second look came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// All of it holds, or it was refused anyway.
    Holds,
    /// Something does not hold.
    Fails,
    /// Nobody can tell.
    CannotTell,
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

impl Finding {
    /// The stable id, for instance `cannot_tell`.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Fails => "fails",
            Self::CannotTell => "cannot_tell",
        }
    }
}

/// A decision, as far as a journal notes it.
pub(crate) struct Case<'a> {
    pub(crate) decision: &'a Decision,
    /// The policy and its version.
    pub(crate) policy: Option<(Slug, String)>,
    /// From when the register's facts were.
    pub(crate) evidence: Option<SeenBlock>,
    /// What each credential names on the chain, and when it says it was issued.
    pub(crate) named: Vec<(Named, Option<UnixMillis>)>,
    pub(crate) at: UnixMillis,
}

impl Decided {
    pub(crate) fn of(case: Case<'_>) -> Self {
        let Case { decision, policy, evidence, named, at } = case;
        let failed = decision.checks.iter().filter(|check| check.outcome != Outcome::Passed);
        Self {
            at,
            decision: decision.verdict,
            policy,
            evidence_of: evidence.map(|block| block.time),
            not_passed: failed.map(|check| (check.id, check.reason.clone())).collect(),
            credentials: named.into_iter().map(Reference::of).collect(),
            nonce: None,
        }
    }

    /// The same without what names one credential among others: what is left is nobody's.
    #[must_use]
    pub(crate) fn without_holder(mut self) -> Self {
        for one in &mut self.credentials {
            *one = Reference {
                credential_type: one.credential_type.take(),
                issuer: one.issuer.take(),
                key: None,
                status: None,
                issued: None,
                signature: None,
            };
        }
        self
    }
}

impl Rechecked {
    /// What it came to.
    #[must_use]
    pub fn finding(&self) -> Finding {
        match (self.flags.is_empty(), self.untold.is_empty()) {
            (false, _) => Finding::Fails,
            (true, false) => Finding::CannotTell,
            (true, true) => Finding::Holds,
        }
    }
}

impl Flag {
    pub(super) fn of(credential: usize, check: &Check) -> Self {
        Self { credential, check: check.id, code: check.reason.clone() }
    }
}

impl Reference {
    fn of((named, issued): (Named, Option<UnixMillis>)) -> Self {
        let Named { issuer, key, credential_type, entry, signature } = named;
        Self { credential_type, issuer, key, status: entry, issued, signature }
    }

    /// What it names on the chain.
    pub(crate) fn named(&self) -> Named {
        let Self { credential_type, issuer, key, status, signature, .. } = self.clone();
        Named { issuer, key, credential_type, entry: status, signature }
    }
}
