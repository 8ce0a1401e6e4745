//! A request and what came of it, as programs read it.

use registry::{LocalText, Slug, UnixMillis};
use serde::Serialize;
use serde_json::{Map, Value};
use service::Lang;

use crate::core::Core;
use crate::decision::{self, CheckId, Decision, Outcome as CheckOutcome, Verdict};
use crate::request::{Found, Outcome, Request, RequestId};

/// Where a request stands.
#[derive(Serialize)]
pub(super) struct View {
    id: String,
    purpose: Slug,
    /// `open`, `answered`, `declined` or `expired`.
    pub(super) state: &'static str,
    created: UnixMillis,
    expires: UnixMillis,
    #[serde(skip_serializing_if = "Option::is_none")]
    answered: Option<UnixMillis>,
    /// When nothing of it will remain.
    forgotten: UnixMillis,
    /// The wallet's error code, when declined.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(flatten)]
    decision: Option<DecisionView>,
}

#[derive(Serialize)]
struct DecisionView {
    decision: Verdict,
    /// The decision in one sentence.
    reason: LocalText,
    checks: Vec<CheckView>,
    /// The claims asked for of what was genuine, by credential query, then by name; empty once they are no longer kept.
    claims: Map<String, Value>,
}

#[derive(Serialize)]
struct CheckView {
    id: CheckId,
    /// The credential query it is about; absent when it is about the answer as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    credential: Option<String>,
    outcome: CheckOutcome,
    /// What was found, by a stable name.
    code: String,
    title: LocalText,
    finding: LocalText,
    evidence: Vec<EvidenceView>,
}

#[derive(Serialize)]
struct EvidenceView {
    label: LocalText,
    value: String,
}

/// The request as it stands.
pub(super) fn view(app: &Core, id: &RequestId, found: Found, now: UnixMillis) -> View {
    let answered = found.answered.as_ref().map(|answered| answered.at);
    let (state, error, decision) = match found.answered.map(|answered| answered.outcome) {
        Some(Outcome::Decided(decision)) => {
            ("answered", None, Some(decision_view(app, id, &found.request, &decision)))
        }
        Some(Outcome::Declined { code }) => ("declined", Some(code), None),
        None if found.request.expires <= now => ("expired", None, None),
        None => ("open", None, None),
    };
    View {
        id: id.to_string(),
        purpose: found.request.purpose,
        state,
        created: found.request.created,
        expires: found.request.expires,
        answered,
        forgotten: found.forgotten,
        error,
        decision,
    }
}

fn decision_view(app: &Core, id: &RequestId, request: &Request, decision: &Decision) -> DecisionView {
    let both = |text: &dyn Fn(Lang) -> String| LocalText { zh: text(Lang::Zh), en: text(Lang::En) };
    let client_id = app.client_id_of(request).map_or("", |id| id.as_str());
    let checks = decision.checks.iter().map(|check| {
        let [zh, en] = [Lang::Zh, Lang::En].map(|lang| decision::evidence(lang, decision, check, client_id));
        let evidence = zh
            .into_iter()
            .zip(en)
            .map(|((zh, _), (en, value))| EvidenceView { label: LocalText { zh, en }, value });
        CheckView {
            id: check.id,
            credential: decision.subject(check).and_then(|subject| Some(subject.query.as_ref()?.to_string())),
            outcome: check.outcome,
            code: check.reason.clone(),
            title: both(&|lang| decision::title(lang, decision, check)),
            finding: both(&|lang| decision::finding(lang, decision, check)),
            evidence: evidence.collect(),
        }
    });
    DecisionView {
        decision: decision.verdict,
        reason: both(&|lang| decision::reason(lang, decision)),
        checks: checks.collect(),
        claims: app.claims_of(id),
    }
}
