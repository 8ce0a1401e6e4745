//! The decision: how it looks and why, what was shown, and every check opening to its evidence.

use registry::UnixMillis;
use service::ui::{
    self, Check as CheckView, Markup, Outcome as OutcomeView, Tone, facts, html, live, notice, panel,
};
use service::{Lang, dates};

use super::look::{Look, banner};
use crate::core::Core;
use crate::decision::{self, Check, Decision, Outcome, Shown, texts};
use crate::request::{Found, RequestId};

/// How often the page looks whether the claims are still kept, in seconds.
const PERIOD: u32 = 15;
/// The version of the page's part that shows claims.
pub(super) const KEPT: &str = "kept";

/// The whole result.
pub(super) fn decided(
    app: &Core,
    lang: Lang,
    id: &RequestId,
    found: &Found,
    decision: &Decision,
    csrf: &str,
    next: &Markup,
) -> Markup {
    let t = texts(lang);
    let shown = app.memory.get(id);
    let portrait = shown
        .iter()
        .flat_map(|shown| shown.iter())
        .find_map(|one| one.portrait(app.catalogue.by_id(&one.credential_type)?));
    let reason = decision::reason(lang, decision);
    let client_id = app.client_id_of(&found.request).map_or("", |id| id.as_str());
    let checks: Vec<CheckView> =
        decision.checks.iter().map(|check| check_view(lang, decision, check, client_id)).collect();
    html! {
        (banner(lang, Look::of(decision), Some(decision.verdict), &reason, portrait))
        @match &shown {
            Some(shown) if !shown.is_empty() => {
                (leaving(app, lang, id, csrf))
                (live(&format!("/requests/{id}/shown"), PERIOD, KEPT, claims(app, lang, shown, found.forgotten)))
            },
            Some(_) => (notice(Tone::Unsure, "", t.get("counter.refused_shown"))),
            None => (notice(Tone::Info, "", t.get("counter.gone"))),
        }
        (next)
        section.panel {
            h2 { (t.get("counter.checks")) }
            p.quiet { (counted(lang, decision)) }
            (ui::checks(lang, &checks))
        }
    }
}

/// The bar that takes what is personal off the screen: by itself after a while, or at once.
fn leaving(app: &Core, lang: Lang, id: &RequestId, csrf: &str) -> Markup {
    let t = texts(lang);
    let seconds = app.policy.on_screen.min(app.policy.result_lifetime).as_secs();
    let left = t.with("result.leaves", &[("n", &seconds.to_string())]);
    html! {
        form.leaving method="post" action={ "/requests/" (id) "/clear" } data-leaving=(seconds) data-text=(t.get("result.leaves")) {
            (ui::csrf_field(csrf))
            p { span data-leaving-text role="timer" aria-live="off" { (left) } }
            progress max=(seconds) value=(seconds) aria-hidden="true" {}
            button.button.quiet.small type="submit" { (t.get("result.clear")) " " kbd { "Esc" } }
            template data-cleared { (notice(Tone::Info, "", t.get("result.cleared"))) }
        }
    }
}

/// The claims asked for, credential by credential.
pub(super) fn claims(app: &Core, lang: Lang, shown: &[Shown], forgotten: UnixMillis) -> Markup {
    let t = texts(lang);
    html! {
        div.stack.claims data-personal {
            @for one in shown {
                @if let Some(kind) = app.catalogue.by_id(&one.credential_type) {
                    @let words = one.in_words(kind, lang);
                    @if !words.is_empty() {
                        (panel(lang.pick(&kind.label.zh, &kind.label.en),
                            facts(words.iter().map(|(label, value)| (label.as_str(), html! { (value) })))))
                    }
                }
            }
            p.quiet.small { (t.with("counter.forget", &[("time", &dates::moment(lang, forgotten))])) }
        }
    }
}

/// How many checks there were, and how they came out.
fn counted(lang: Lang, decision: &Decision) -> String {
    let count = |outcome| decision.checks.iter().filter(|check| check.outcome == outcome).count().to_string();
    let [passed, failed, unknown] = [Outcome::Passed, Outcome::Failed, Outcome::Unknown].map(count);
    texts(lang).with("result.counted", &[("passed", &passed), ("failed", &failed), ("unknown", &unknown)])
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
