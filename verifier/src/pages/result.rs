//! The decision: one word and why, what was shown, and every check opening to its evidence.

use registry::UnixMillis;
use service::ui::{
    self, Check as CheckView, Markup, Outcome as OutcomeView, Tone, Verdict as VerdictView, facts, html,
    live, notice, panel,
};
use service::{Lang, dates};

use crate::core::Core;
use crate::decision::{self, Check, Decision, Outcome, Shown, Verdict, texts};
use crate::request::{Request, RequestId};

/// How often the page looks whether the claims are still kept, in seconds.
const PERIOD: u32 = 15;
/// The version of the page's part that shows claims.
pub(super) const KEPT: &str = "kept";

/// The whole result.
pub(super) fn decided(
    app: &Core,
    lang: Lang,
    id: &RequestId,
    request: &Request,
    decision: &Decision,
    forgotten: UnixMillis,
) -> Markup {
    let t = texts(lang);
    let shown = app.memory.get(id);
    let portrait = shown
        .iter()
        .flat_map(|shown| shown.iter())
        .find_map(|one| one.portrait(app.catalogue.by_id(&one.credential_type)?));
    let reason = decision::reason(lang, decision);
    let verdict = VerdictView {
        outcome: match decision.verdict {
            Verdict::Accepted => OutcomeView::Passed,
            Verdict::Refused => OutcomeView::Failed,
            Verdict::CannotTell => OutcomeView::Unknown,
        },
        reason: &reason,
        portrait,
    };
    let client_id = app.client_id_of(request).map_or("", |id| id.as_str());
    let checks: Vec<CheckView> =
        decision.checks.iter().map(|check| check_view(lang, decision, check, client_id)).collect();
    html! {
        (ui::decision(lang, &verdict))
        @match &shown {
            Some(shown) if !shown.is_empty() => (live(&format!("/requests/{id}/shown"), PERIOD, KEPT, claims(app, lang, shown, forgotten))),
            Some(_) => (notice(Tone::Unsure, "", t.get("counter.refused_shown"))),
            None => (notice(Tone::Info, "", t.get("counter.gone"))),
        }
        (panel(t.get("counter.checks"), ui::checks(lang, &checks)))
    }
}

/// The claims asked for, credential by credential.
pub(super) fn claims(app: &Core, lang: Lang, shown: &[Shown], forgotten: UnixMillis) -> Markup {
    let t = texts(lang);
    html! {
        div.stack {
            @for one in shown {
                @if let Some(kind) = app.catalogue.by_id(&one.credential_type) {
                    @let words = one.in_words(kind, lang);
                    (panel(lang.pick(&kind.label.zh, &kind.label.en),
                        facts(words.iter().map(|(label, value)| (label.as_str(), html! { (value) })))))
                }
            }
            p.quiet { (t.with("counter.forget", &[("time", &dates::moment(lang, forgotten))])) }
        }
    }
}

fn check_view(lang: Lang, decision: &Decision, check: &Check, client_id: &str) -> CheckView {
    CheckView {
        id: check.id.id().to_owned(),
        title: decision::title(lang, decision, check),
        outcome: match check.outcome {
            Outcome::Passed => OutcomeView::Passed,
            Outcome::Failed => OutcomeView::Failed,
            Outcome::Unknown => OutcomeView::Unknown,
        },
        finding: decision::finding(lang, decision, check),
        evidence: decision::evidence(lang, decision, check, client_id),
    }
}
