//! The department at a glance: what waits, what was issued, how the chain is, and how the chain sees the department.

use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use registry::UnixMillis;
use service::ui::{
    Markup, Page, State as Badge, Table, Tone, Visitor, badge, copy, facts, heading, html, notice, panel,
};
use service::{Lang, Problem, dates};

use super::console::SignedIn;
use super::frame::{console, moment};
use super::queue::{state_word, unaccredited};
use crate::core::{App, Core, texts};
use crate::ledger::Health;
use crate::model::State as Standing;
use crate::tables::COUNTS;

/// Applications of one state counted at most; more show as this.
const COUNTED: usize = 999;
/// Changes of status counted at most.
const PENDING_COUNTED: usize = 9999;
/// How long the page waits for the chain.
const PATIENCE: Duration = Duration::from_millis(800);

pub(super) fn router() -> Router<App> {
    Router::new().route("/console/overview", get(overview))
}

async fn overview(
    State(app): State<App>,
    visitor: Visitor,
    SignedIn(session): SignedIn,
) -> Result<Page, Problem> {
    let (lang, t) = (visitor.lang, texts(visitor.lang));
    let health = tokio::time::timeout(PATIENCE, app.ledger.health()).await.ok().and_then(Result::ok);
    let missing = if health.is_some() { unaccredited(&app, lang).await } else { Vec::new() };
    let figures = figures(&app, lang).map_err(Problem::internal)?;
    Ok(console(&app, &visitor, &session, t.get("overview.title")).body(html! {
        (heading(t.get("overview.title"), ""))
        (figures)
        div.split {
            (panel(t.get("overview.chain"), chain(&app, lang, health.as_ref()).map_err(Problem::internal)?))
            (panel(t.get("overview.accreditation"), html! {
                (accreditation(&app, lang, health.is_some(), &missing))
                p { a href="/console/accreditation" { (t.get("overview.accreditation-more")) } }
            }))
        }
        (panel(t.get("overview.keys"), keys(&app, lang)))
    }))
}

/// The figures that say whether anybody must do something, large.
fn figures(app: &Core, lang: Lang) -> Result<Markup, store::StoreError> {
    let t = texts(lang);
    let counted = |name: &str| app.store.get(&COUNTS, name).map(Option::unwrap_or_default);
    let pending = app.statuses.pending(PENDING_COUNTED)?;
    let tiles = [
        (t.get("overview.issued"), counted("issued")?.to_string()),
        (t.get("overview.suspended"), counted("suspended")?.to_string()),
        (t.get("overview.revoked"), counted("revoked")?.to_string()),
        (t.get("overview.pending"), pending.to_string()),
    ];
    let mut states = Vec::new();
    for state in [Standing::Submitted, Standing::InReview, Standing::NeedsCorrection] {
        let href = format!("/console?state={}", state.code());
        states.push((href, state_word(lang, state), app.desk.how_many(state, COUNTED)?.to_string()));
    }
    Ok(html! {
        ul.tiles { @for (label, figure) in &tiles {
            li.panel { p.quiet { (label) } p.figures.code-large { (figure) } }
        } }
        @if pending > 0 { (notice(Tone::Unsure, t.get("overview.pending-title"), t.get("overview.pending-text"))) }
        (panel(t.get("overview.waiting"), facts(states.iter().map(|(href, word, figure)| {
            (*word, html! { a href=(href) { span.figures { (figure) } } })
        }))))
    })
}

fn chain(app: &Core, lang: Lang, health: Option<&Health>) -> Result<Markup, store::StoreError> {
    let t = texts(lang);
    Ok(match health {
        Some(Health { height, time }) => html! {
            p { (badge(Badge::Valid, t.get("overview.chain-answers"))) }
            (facts([
                (t.get("overview.height"), html! { span.figures { (height) } }),
                (t.get("overview.block-time"), html! { (dates::moment(lang, *time)) }),
            ]))
        },
        None => html! {
            p { (badge(Badge::CannotTell, t.get("overview.chain-away"))) }
            p { (t.get("overview.chain-away-text")) }
            p { (without_chain(app, lang)?) }
        },
    })
}

/// Until when issuing goes on without the chain.
fn without_chain(app: &Core, lang: Lang) -> Result<String, store::StoreError> {
    let t = texts(lang);
    let patience = i64::try_from(app.policy.issue_without_chain.as_secs()).unwrap_or(i64::MAX);
    let until = app.issuance.hearing.silent_since()?.map(|since| since.plus(patience));
    Ok(match until.filter(|until| *until > app.now().seconds) {
        Some(until) => t.with("overview.issues-until", &[("time", &moment(lang, until))]),
        None => t.get("overview.issues-nothing").to_owned(),
    })
}

fn accreditation(app: &Core, lang: Lang, heard: bool, missing: &[String]) -> Markup {
    let t = texts(lang);
    let row = |table: Table, of: &&'static credentials::catalogue::CredentialType| {
        let name = lang.pick(&of.label.zh, &of.label.en);
        let word = match (heard, missing.iter().any(|other| other == name)) {
            (false, _) => badge(Badge::CannotTell, t.get("overview.unknown")),
            (true, true) => badge(Badge::Refused, t.get("overview.not-accredited")),
            (true, false) => badge(Badge::Valid, t.get("overview.accredited")),
        };
        table.row([html! { (name) }, word])
    };
    let table =
        Table::new(t.get("overview.accreditation"), [t.get("credentials.type"), t.get("credentials.status")]);
    app.kinds.types().iter().fold(table, row).render()
}

fn keys(app: &Core, lang: Lang) -> Markup {
    let t = texts(lang);
    let (eddsa, es256) = (app.issuance.identity.eddsa(), app.issuance.identity.es256());
    html! {
        p { (t.get("overview.keys-text")) }
        (copy(lang, &app.issuance.identity.did().to_string(), t.get("overview.did")))
        (facts([
            ("ES256 (P-256)", html! { code { (es256.id()) } }),
            ("EdDSA (Ed25519)", html! { code { (eddsa.id()) } }),
        ]))
        p.quiet { (t.with("overview.as-of", &[("time", &dates::moment(lang, UnixMillis(app.now().ms)))])) }
    }
}
