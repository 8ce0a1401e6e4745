//! What a decision consists of. Nothing in it is personal: it is written to the disk, the claims are not.

use protocol::Format;
use protocol::dcql::QueryId;
use registry::{LocalText, Slug, UnixMillis};
use serde::{Deserialize, Serialize};

/// The decision on one answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Decision {
    /// How it came out.
    pub(crate) verdict: Verdict,
    /// The credentials that were presented.
    pub(crate) subjects: Vec<Subject>,
    /// The checks, each credential's in order, then those of the answer as a whole.
    pub(crate) checks: Vec<Check>,
}

/// How a decision came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Every check passed.
    Accepted,
    /// A check failed.
    Refused,
    /// No check failed, but one could not be made.
    CannotTell,
}

impl Verdict {
    /// The stable id, for instance `cannot_tell`.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::CannotTell => "cannot_tell",
        }
    }
}

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Checked, and right.
    Passed,
    /// Checked, and wrong.
    Failed,
    /// It could not be checked.
    Unknown,
}

/// The checks there are, in the order in which they are shown. The text forms are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckId {
    /// The credential is whole and signed by its issuer.
    IssuerSignature,
    /// The issuer's key was the issuer's when it signed.
    IssuerKeyValidWhenIssued,
    /// The issuer was accredited for this type when it issued.
    IssuerAccredited,
    /// Neither revoked nor suspended, by the chain.
    Status,
    /// Within its dates.
    Validity,
    /// Presented by the one it was issued to.
    HolderBinding,
    /// Answers this request and no other.
    Nonce,
    /// Made for this verifier and no other.
    Audience,
    /// No more came than was asked for.
    OnlyWhatWasAsked,
    /// What was asked for came.
    QuerySatisfied,
    /// Issued lately enough for the policy.
    CredentialAge,
    /// What the register says of its status is fresh enough for the policy.
    StatusAge,
    /// The register's facts are fresh enough for the policy.
    EvidenceAge,
    /// Whoever shows it may act for the company in the matter.
    Mandate,
    /// The holder's key signed what was to be authorised.
    Transaction,
}

impl CheckId {
    /// Those that every decision has, for each credential or for the answer. The others are there where a policy or a request
    /// asks for them.
    pub const ALWAYS: &'static [Self] = Self::ALL.split_at(10).0;

    /// All, in order; first those that are always there.
    pub const ALL: [Self; 15] = [
        Self::IssuerSignature,
        Self::IssuerKeyValidWhenIssued,
        Self::IssuerAccredited,
        Self::Status,
        Self::Validity,
        Self::HolderBinding,
        Self::Nonce,
        Self::Audience,
        Self::OnlyWhatWasAsked,
        Self::QuerySatisfied,
        Self::CredentialAge,
        Self::StatusAge,
        Self::EvidenceAge,
        Self::Mandate,
        Self::Transaction,
    ];

    /// The stable id, for instance `issuer_signature`.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::IssuerSignature => "issuer_signature",
            Self::IssuerKeyValidWhenIssued => "issuer_key_valid_when_issued",
            Self::IssuerAccredited => "issuer_accredited",
            Self::Status => "status",
            Self::Validity => "validity",
            Self::HolderBinding => "holder_binding",
            Self::Nonce => "nonce",
            Self::Audience => "audience",
            Self::OnlyWhatWasAsked => "only_what_was_asked",
            Self::QuerySatisfied => "query_satisfied",
            Self::CredentialAge => "credential_age",
            Self::StatusAge => "status_age",
            Self::EvidenceAge => "evidence_age",
            Self::Mandate => "mandate",
            Self::Transaction => "transaction",
        }
    }

    /// Does failing it mean that the answer itself is not genuine, rather than that the credential no longer counts?
    /// Such an answer is refused to the wallet's face.
    pub(crate) const fn is_about_the_answer(self) -> bool {
        match self {
            Self::IssuerSignature
            | Self::HolderBinding
            | Self::Nonce
            | Self::Audience
            | Self::OnlyWhatWasAsked
            | Self::QuerySatisfied
            | Self::Transaction => true,
            Self::IssuerKeyValidWhenIssued
            | Self::IssuerAccredited
            | Self::Status
            | Self::Validity
            | Self::CredentialAge
            | Self::StatusAge
            | Self::EvidenceAge
            | Self::Mandate => false,
        }
    }
}

/// One check and what it found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Check {
    pub(crate) id: CheckId,
    /// Which of the decision's subjects it is about; none when it is about the answer as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) subject: Option<usize>,
    pub(crate) outcome: Outcome,
    /// What was found, by a stable name: `right`, `revoked`, `signature_wrong`…
    pub(crate) reason: String,
    /// The moment it turns on: since when, until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) at: Option<UnixMillis>,
    /// Names it turns on, never values: claims that were not asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) names: Vec<String>,
}

impl Check {
    pub(crate) fn passed(id: CheckId) -> Self {
        Self::new(id, Outcome::Passed, "right")
    }

    pub(crate) fn failed(id: CheckId, reason: impl Into<String>) -> Self {
        Self::new(id, Outcome::Failed, reason)
    }

    pub(crate) fn unknown(id: CheckId, reason: impl Into<String>) -> Self {
        Self::new(id, Outcome::Unknown, reason)
    }

    /// Passed, because the policy does not ask for it.
    pub(crate) fn not_demanded(id: CheckId) -> Self {
        Self::new(id, Outcome::Passed, "not_demanded")
    }

    fn new(id: CheckId, outcome: Outcome, reason: impl Into<String>) -> Self {
        Self { id, subject: None, outcome, reason: reason.into(), at: None, names: Vec::new() }
    }

    #[must_use]
    pub(crate) fn at(mut self, at: UnixMillis) -> Self {
        self.at = Some(at);
        self
    }

    #[must_use]
    pub(crate) fn naming(mut self, names: Vec<String>) -> Self {
        self.names = names;
        self
    }

    #[must_use]
    pub(crate) fn about(mut self, subject: usize) -> Self {
        self.subject = Some(subject);
        self
    }
}

/// What is known of a credential that was presented, its claims and its place in a status list aside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Subject {
    /// The part of the query it answers; none for what answers no query.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) query: Option<QueryId>,
    pub(crate) format: Format,
    /// Its type in the catalogue, if it is there.
    pub(crate) credential_type: Option<Slug>,
    /// Who it says issued it.
    pub(crate) issuer: String,
    /// The issuer's name, by its accreditation.
    pub(crate) issuer_name: Option<LocalText>,
    /// The key it says it is signed with, a DID URL.
    pub(crate) key: Option<String>,
    /// When it says it was issued.
    pub(crate) issued: Option<UnixMillis>,
    pub(crate) valid_from: Option<UnixMillis>,
    pub(crate) valid_until: Option<UnixMillis>,
    /// The status list it names on the chain.
    pub(crate) list: Option<String>,
    /// The block by which the chain's facts were proven.
    pub(crate) block: Option<SeenBlock>,
}

/// A block of the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SeenBlock {
    pub(crate) height: u64,
    pub(crate) time: UnixMillis,
}

impl Decision {
    /// Draws the conclusion from the checks. No checks are no acceptance.
    pub(crate) fn of(subjects: Vec<Subject>, checks: Vec<Check>) -> Self {
        let any = |outcome| checks.iter().any(|check: &Check| check.outcome == outcome);
        let verdict = if any(Outcome::Failed) {
            Verdict::Refused
        } else if any(Outcome::Unknown) || checks.is_empty() {
            Verdict::CannotTell
        } else {
            Verdict::Accepted
        };
        Self { verdict, subjects, checks }
    }

    /// The same with another check.
    pub(crate) fn with(mut self, check: Check) -> Self {
        self.checks.push(check);
        Self::of(self.subjects, self.checks)
    }

    /// The same where what can't be told is refused.
    #[must_use]
    pub(crate) fn refusing_unknown(mut self) -> Self {
        if self.verdict == Verdict::CannotTell {
            self.verdict = Verdict::Refused;
        }
        self
    }

    /// The check that says most about the verdict: the first that failed, else the first that is unknown.
    pub(crate) fn deciding(&self) -> Option<&Check> {
        let first = |outcome| self.checks.iter().find(move |check| check.outcome == outcome);
        first(Outcome::Failed).or_else(|| first(Outcome::Unknown))
    }

    /// The checks that failed because the answer is not genuine.
    pub(crate) fn not_genuine(&self) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(|check| check.outcome == Outcome::Failed && check.id.is_about_the_answer())
    }

    /// What a check is about.
    pub(crate) fn subject(&self, check: &Check) -> Option<&Subject> {
        self.subjects.get(check.subject?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(outcomes: &[Outcome]) -> Verdict {
        let checks = outcomes.iter().map(|outcome| Check::new(CheckId::Status, *outcome, "x")).collect();
        Decision::of(Vec::new(), checks).verdict
    }

    #[test]
    fn failed_outweighs_unknown_and_nothing_is_not_accepted() {
        use Outcome::{Failed, Passed, Unknown};
        assert_eq!(verdict(&[Passed, Passed]), Verdict::Accepted);
        assert_eq!(verdict(&[Passed, Unknown]), Verdict::CannotTell);
        assert_eq!(verdict(&[Unknown, Failed]), Verdict::Refused);
        assert_eq!(verdict(&[]), Verdict::CannotTell);
    }

    #[test]
    fn ids_are_the_ones_that_travel() {
        for id in CheckId::ALL {
            assert_eq!(serde_json::to_value(id).expect("text"), id.id());
        }
        for verdict in [Verdict::Accepted, Verdict::Refused, Verdict::CannotTell] {
            assert_eq!(serde_json::to_value(verdict).expect("text"), verdict.id());
        }
    }
}
