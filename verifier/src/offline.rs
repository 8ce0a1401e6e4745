//! Deciding with no network: from what a phone brings along, and a pinned anchor.
//!
//! The same judgement as online, by the same policy. The chain's facts are the answer's staples, verified here as a node's
//! evidence is; what they do not show is unknown, and how old they are is a check of its own.

pub mod journal;
pub mod snapshot;

use std::time::Duration;

use credentials::catalogue::Catalogue;
use protocol::Format;
use protocol::dcql::DcqlQuery;
use protocol::offline::{
    Answer, Binding, MAX_CHALLENGE_SECONDS, OFFLINE_RESPONSE_URI, ONE_WAY_SECONDS, place_of,
};
use protocol::openid4vp::VpToken;
use registry::{EvidenceBundle, LightClient, LocalText, Slug, UnixMillis};
use serde::Serialize;
use serde_json::{Map, Value};
use service::Lang;

pub use crate::decision::BadPresentation;
use crate::decision::{
    self, Asked, Check, CheckId, Decision, Facts, Missing, Named, Outcome, Received, Terms, Verdict, judge_by,
};
use crate::purpose::{Purpose, PurposeConfig, PurposeError, Rules};
pub use snapshot::Register;

/// How old is too old is the policy's to say: whatever was signed is looked at.
const ANY_AGE: Duration = Duration::from_secs(100 * 365 * 86_400);

/// What was asked, and by what the answer is measured.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// What was asked.
    pub query: &'a DcqlQuery,
    /// Who asked: the audience of the answer.
    pub client_id: &'a str,
    /// What the answer is bound to.
    pub binding: &'a Binding,
    /// The policy that it was asked by, and must meet; the query must be the policy's.
    pub policy: Option<&'a PurposeConfig>,
    /// How old the register's facts may be, where the policy says nothing.
    pub max_age: Duration,
    /// The time.
    pub now: UnixMillis,
}

/// Why there is no decision.
#[derive(Debug, thiserror::Error)]
pub enum OfflineError {
    /// The answer can't be read.
    #[error(transparent)]
    Unreadable(#[from] BadPresentation),
    /// The policy can't be used.
    #[error(transparent)]
    Policy(#[from] PurposeError),
    /// The request asks something else than the policy: what it demands of values and issuers would be measured by nobody.
    #[error("the request does not ask what the policy `{0}` asks")]
    OtherQuery(Slug),
}

/// A decision made with no network.
#[derive(Debug, Serialize)]
pub struct OfflineDecision {
    /// How it came out.
    pub decision: Verdict,
    /// In one sentence.
    pub reason: LocalText,
    /// From when the register's facts are; none where there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence_of: Option<UnixMillis>,
    /// The checks, in order.
    pub checks: Vec<Found>,
    /// What was shown of what is genuine, by its type's id. Personal; empty unless accepted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<(String, Map<String, Value>)>,
}

/// A check and what it found.
#[derive(Debug, Serialize)]
pub struct Found {
    /// Which.
    pub id: CheckId,
    /// How it came out.
    pub outcome: Outcome,
    /// What was found, by a stable name.
    pub code: String,
    /// In one sentence.
    pub finding: LocalText,
}

/// Judges an answer by its staples, and by what is known of the register already: of two facts about the same the newer counts.
///
/// # Errors
/// [`OfflineError`].
pub fn judge(
    answer: &Answer,
    question: Question<'_>,
    catalogue: &Catalogue,
    register: &Register,
) -> Result<OfflineDecision, OfflineError> {
    judged(answer, question, catalogue, register, false).map(|judged| judged.seen)
}

/// A decision, and what a journal notes of it.
struct Judged {
    seen: OfflineDecision,
    case: journal::Decided,
}

/// The same; `was_used` says that the one-way code was accepted before.
fn judged(
    answer: &Answer,
    question: Question<'_>,
    catalogue: &Catalogue,
    register: &Register,
    was_used: bool,
) -> Result<Judged, OfflineError> {
    let policy = question.policy.map(|policy| Purpose::new(policy.clone(), catalogue)).transpose()?;
    if let Some(policy) = policy.as_ref().filter(|policy| policy.query != *question.query) {
        return Err(OfflineError::OtherQuery(policy.id.clone()));
    }
    let by = policy.as_ref().map(|policy| (policy.id.clone(), policy.version.clone()));
    let rules = policy.map_or_else(Rules::default, |policy| policy.rules);
    let received = received(answer, question.query)?;
    let (facts, refused) = stapled(&answer.staples, &register.light, question.now);
    let known = (facts.newer_of(register.facts.clone()), refused);
    let mut judged = weigh(&received, &answer.nonce, question, rules, catalogue, &known);
    if was_used {
        judged.decision = judged.decision.with(Check::failed(CheckId::Nonce, "nonce_used"));
    }
    let accepted = judged.decision.verdict == Verdict::Accepted;
    let claims = judged.shown.into_iter().filter(|_| accepted);
    let seen = OfflineDecision {
        claims: claims.map(|shown| (shown.credential_type, shown.claims.into_iter().collect())).collect(),
        evidence_of: known.0.block().map(|block| block.time),
        ..seen(&judged.decision)
    };
    let case = journal::Decided::of(journal::Case {
        decision: &judged.decision,
        policy: by,
        evidence: known.0.block(),
        named: named(&received, catalogue),
        at: question.now,
    });
    Ok(Judged { seen, case })
}

/// What an answer presents, each credential by the query that it answers.
pub(crate) fn received(answer: &Answer, query: &DcqlQuery) -> Result<Vec<Received>, BadPresentation> {
    let token = answer.presentations.iter().map(|(query, shown)| (query.clone(), vec![shown.clone()]));
    Received::all(VpToken(token.collect()), query)
}

/// What each credential names on the chain, and when it says it was issued.
pub(crate) fn named(received: &[Received], catalogue: &Catalogue) -> Vec<(Named, Option<UnixMillis>)> {
    received.iter().map(|one| (one.named(catalogue), one.issued())).collect()
}

/// The judgement, by facts, and whether some evidence was refused. The policy's rules are these, not the question's.
pub(crate) fn weigh(
    received: &[Received],
    answered: &str,
    question: Question<'_>,
    mut rules: Rules,
    catalogue: &Catalogue,
    (facts, refused): &(Facts, bool),
) -> decision::Judged {
    rules.evidence_max_age.get_or_insert(question.max_age);
    let (nonce, max_age) = match question.binding {
        Binding::Challenge(nonce) => (nonce.as_str(), MAX_CHALLENGE_SECONDS),
        // The place is the counter's; the rest of the nonce is the phone's own, and counts for a minute.
        Binding::Place(place) if place_of(answered) == Some(place) => (answered, ONE_WAY_SECONDS),
        Binding::Place(place) => (place.as_str(), ONE_WAY_SECONDS),
    };
    let asked = Asked {
        query: question.query,
        nonce,
        response_uri: OFFLINE_RESPONSE_URI,
        client_id: question.client_id,
        binding_max_age: max_age,
        now: question.now,
    };
    let terms = Terms { rules: Some(&rules), ..Terms::default() };
    let mut judged = judge_by(received, asked, terms, catalogue, facts);
    // An mdoc's device signs no time, so nobody could tell when an answer that names no challenge was made.
    if matches!(question.binding, Binding::Place(_))
        && received.iter().any(|one| one.format() == Format::MsoMdoc)
    {
        judged.decision = judged.decision.with(Check::failed(CheckId::Nonce, "no_time"));
    }
    if *refused {
        judged.decision = judged.decision.with(Check::failed(CheckId::EvidenceAge, "evidence_refused"));
    }
    judged
}

/// What the staples prove; and whether one of them is forged, damaged, or of another chain. That is told, since no honest phone
/// carries it. Where a clock is wrong, or the validators changed, an honest one's prove nothing either: that leaves things unknown.
pub(crate) fn stapled(staples: &[Vec<u8>], light: &LightClient, now: UnixMillis) -> (Facts, bool) {
    let (mut proven, mut missing, mut refused) = (Vec::new(), None, false);
    for staple in staples {
        let bundle = EvidenceBundle::from_bytes(staple).ok();
        match bundle.map(|bundle| light.verify_bundle(&bundle, now, ANY_AGE)) {
            Some(Ok(found)) => proven.extend(found),
            Some(Err(error)) => {
                tracing::warn!(%error, "evidence that was brought along proves nothing");
                let why = Missing::brought(&error);
                (missing, refused) = (missing.max(why), refused || why.is_none());
            }
            None => refused = true,
        }
    }
    // Of two about the same the newer counts, which comes last.
    proven.sort_by_key(registry::Proven::time);
    (Facts::new(proven).lacking(missing), refused)
}

fn seen(decision: &Decision) -> OfflineDecision {
    let both = |text: &dyn Fn(Lang) -> String| LocalText { zh: text(Lang::Zh), en: text(Lang::En) };
    let found = |check: &Check| Found {
        id: check.id,
        outcome: check.outcome,
        code: check.reason.clone(),
        finding: both(&|lang| decision::finding(lang, decision, check)),
    };
    OfflineDecision {
        decision: decision.verdict,
        reason: both(&|lang| decision::reason(lang, decision)),
        evidence_of: None,
        checks: decision.checks.iter().map(found).collect(),
        claims: Vec::new(),
    }
}
