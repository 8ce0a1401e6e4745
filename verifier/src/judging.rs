//! The counter's judgement, for a service that is no counter: whoever puts an issuer together, to which a credential is presented in
//! the place of a form, asks here what any counter would find.
//!
//! The same checks from the same facts as at a counter. What was asked, and what becomes of the
//! judgement, is the caller's to keep.

use std::fmt;

use credentials::catalogue::Catalogue;
use protocol::dcql::DcqlQuery;
use protocol::openid4vp::VpToken;
use registry::{LocalText, Slug, UnixMillis};
use serde_json::{Map, Value};
use service::{Lang, NodeClient};

pub use crate::decision::BadPresentation as Unreadable;
use crate::decision::{
    self, Asked, CheckId, Decision, Facts, Outcome, Received, Shown, Subject, Terms, Verdict,
};

/// What was asked, of whom, and when the answer came.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// What was asked.
    pub query: &'a DcqlQuery,
    /// What the holder was to sign.
    pub nonce: &'a str,
    /// Where the answer was to go, as the request said.
    pub response_uri: &'a str,
    /// Who asked: the audience of the answer.
    pub client_id: &'a str,
    /// How old a holder's signature may be, in seconds.
    pub binding_max_age: i64,
    /// When it came.
    pub now: UnixMillis,
}

/// What was found. `Debug` shows no claim.
#[derive(Debug)]
pub struct Judgement {
    decision: Decision,
    shown: Vec<Shown>,
}

/// One check and what it found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finding<'a> {
    /// Which.
    pub check: CheckId,
    /// How it came out.
    pub outcome: Outcome,
    /// What was found, by a stable name: `right`, `revoked`, `signature_wrong`…
    pub code: &'a str,
}

/// A credential that was presented.
#[derive(Clone)]
pub struct Presented {
    /// Its type in the catalogue, if it is there.
    pub credential_type: Option<Slug>,
    /// Who it says issued it.
    pub issuer: String,
    /// The issuer's name, by its accreditation.
    pub issuer_name: Option<LocalText>,
    /// The height of the block by which the chain's facts were proven.
    pub block: Option<u64>,
    /// The claims that were asked for, by name, if it is genuine. Only to be used when the verdict is [`Verdict::Accepted`].
    pub claims: Map<String, Value>,
}

// Personal: only the type is shown.
impl fmt::Debug for Presented {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Presented").field("credential_type", &self.credential_type).finish_non_exhaustive()
    }
}

/// Judges the answer to a question by facts of the chain that are asked for now. Without them, what rests on them is unknown, and
/// unknown is never accepted.
///
/// # Errors
/// [`Unreadable`] when there is nothing to judge.
pub async fn judge(
    answer: VpToken,
    question: Question<'_>,
    catalogue: &Catalogue,
    node: &NodeClient,
) -> Result<Judgement, Unreadable> {
    let received = Received::all(answer, question.query)?;
    let facts = Facts::about(&received, catalogue, node).await;
    Ok(judged(&received, question, catalogue, &facts))
}

/// What the chain says, proven; for answers that are judged again or together.
#[derive(Clone)]
pub struct Known(Facts);

impl fmt::Debug for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Known")
    }
}

/// What the chain says now of what this answer to `query` names.
///
/// # Errors
/// [`Unreadable`].
pub async fn known(
    answer: VpToken,
    query: &DcqlQuery,
    catalogue: &Catalogue,
    node: &NodeClient,
) -> Result<Known, Unreadable> {
    let received = Received::all(answer, query)?;
    Ok(Known(Facts::about(&received, catalogue, node).await))
}

/// Judges the answer to a question by facts that are there already.
///
/// # Errors
/// [`Unreadable`] when there is nothing to judge.
pub fn judge_by(
    answer: VpToken,
    question: Question<'_>,
    catalogue: &Catalogue,
    known: &Known,
) -> Result<Judgement, Unreadable> {
    let received = Received::all(answer, question.query)?;
    Ok(judged(&received, question, catalogue, &known.0))
}

fn judged(received: &[Received], question: Question<'_>, catalogue: &Catalogue, facts: &Facts) -> Judgement {
    let asked = Asked {
        query: question.query,
        nonce: question.nonce,
        response_uri: question.response_uri,
        client_id: question.client_id,
        binding_max_age: question.binding_max_age,
        now: question.now,
    };
    let judged = decision::judge_by(received, asked, Terms::default(), catalogue, facts);
    Judgement { decision: judged.decision, shown: judged.shown }
}

impl Judgement {
    /// How it came out.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.decision.verdict
    }

    /// In one sentence, for people.
    #[must_use]
    pub fn reason(&self) -> LocalText {
        let text = |lang| decision::reason(lang, &self.decision);
        LocalText { zh: text(Lang::Zh), en: text(Lang::En) }
    }

    /// Every check, in order.
    pub fn findings(&self) -> impl Iterator<Item = Finding<'_>> {
        self.decision.checks.iter().map(|check| Finding {
            check: check.id,
            outcome: check.outcome,
            code: &check.reason,
        })
    }

    /// Whether the answer itself is forged, replayed, or made for somebody else, rather than that a credential no longer counts.
    #[must_use]
    pub fn is_not_genuine(&self) -> bool {
        self.decision.not_genuine().next().is_some()
    }

    /// What was presented, in the order of the answer.
    #[must_use]
    pub fn into_credentials(self) -> Vec<Presented> {
        let mut shown = self.shown;
        let mut claims_of = |subject: &Subject| {
            let of = shown.iter().position(|one| Some(&one.query) == subject.query.as_ref());
            of.map(|at| shown.remove(at).claims.into_iter().collect()).unwrap_or_default()
        };
        let one = |subject: Subject| Presented {
            claims: claims_of(&subject),
            credential_type: subject.credential_type,
            issuer: subject.issuer,
            issuer_name: subject.issuer_name,
            block: subject.block.map(|block| block.height),
        };
        self.decision.subjects.into_iter().map(one).collect()
    }
}
