//! Applying by presenting a credential: the code, what becomes of it, and how a clerk sees it afterwards.

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use http::header;
use service::extract::{Path, Query};
use service::qr::Robustness;
use service::ui::{
    Markup, QrPanel, Seen, Tone, Visitor, button, facts, form, heading, html, link_button, live, news,
    notice, panel, qr_panel, stepper, two_ways,
};
use service::{Lang, Problem};

use super::frame::{portal, type_name};
use crate::client::Client;
use crate::core::{App, Core, texts};
use crate::model::{Answered, Application, Presentation, Presented};
use crate::onestop::Step;
use crate::routes::{asked, presentation};

/// Seconds between two looks at whether something changed.
const LOOK_EVERY: u32 = 1;

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/apply/{type}/present", post(begin))
        .route("/presentations/{id}", get(page))
        .route("/presentations/{id}/state", get(state))
}

/// The way to apply without a form, for a type that has one.
pub(super) fn invitation(app: &Core, lang: Lang, credential_type: &str) -> Markup {
    let Some(step) = app.onestops.step(credential_type) else { return html! {} };
    let t = texts(lang);
    let presented = presented_name(lang, step);
    panel(
        &t.with("presented.invite", &[("presented", &presented)]),
        html! {
            p { (t.with("presented.invite-text", &[("claims", &taken(lang, step))])) }
            (form(&format!("/apply/{credential_type}/present"), "",
                button(&t.with("presented.begin", &[("presented", &presented)]))))
        },
    )
}

async fn begin(
    State(app): State<App>,
    client: Client,
    Path(credential_type): Path<String>,
) -> Result<Redirect, Problem> {
    let asked = asked(&app, &client, &credential_type).await?;
    Ok(Redirect::to(&format!("/presentations/{}", app.seals.presentation(asked.id))))
}

async fn page(
    State(app): State<App>,
    visitor: Visitor,
    Path(address): Path<String>,
) -> Result<Response, Problem> {
    let (lang, t) = (visitor.lang, texts(visitor.lang));
    let (found, step) = found(&app, lang, &address)?;
    let of = type_name(&app, lang, &found.credential_type);
    let title = t.with("presented.title", &[("type", of), ("presented", &presented_name(lang, step))]);
    let (version, over) = version(&app, &found);
    let content = state_of(&app, lang, &found, step)?;
    let content = match over {
        true => content,
        false => live(&format!("/presentations/{address}/state"), LOOK_EVERY, version, content),
    };
    let body = html! {
        p { a href={ "/apply/" (found.credential_type) } { "← " (t.get("apply.back")) } }
        (heading(&title, ""))
        (content)
    };
    Ok(([(header::CACHE_CONTROL, "no-store")], portal(&app, &visitor, &title).body(body)).into_response())
}

/// What became of it since the page was drawn.
async fn state(
    State(app): State<App>,
    visitor: Visitor,
    Path(address): Path<String>,
    Query(seen): Query<Seen>,
) -> Result<Response, Problem> {
    let (found, step) = found(&app, visitor.lang, &address)?;
    let (version, over) = version(&app, &found);
    let content = state_of(&app, visitor.lang, &found, step)?;
    Ok(news(&seen, version, over, || content))
}

fn found<'a>(app: &'a Core, lang: Lang, address: &str) -> Result<(Presentation, &'a Step), Problem> {
    let unknown = || Problem::not_found(texts(lang).get("presented.unknown"));
    let found = presentation(app, address)?.ok_or_else(unknown)?;
    let step = app.onestops.step(&found.credential_type).ok_or_else(unknown)?;
    Ok((found, step))
}

/// Names what [`state_of`] shows, and says whether it stays.
fn version(app: &Core, found: &Presentation) -> (&'static str, bool) {
    let code = found.code(app.now().seconds);
    (code, code != "open")
}

fn state_of(app: &Core, lang: Lang, found: &Presentation, step: &Step) -> Result<Markup, Problem> {
    let t = texts(lang);
    let steps =
        [t.get("presented.step-show"), t.get("presented.step-checked"), t.get("presented.step-collect")];
    let again =
        || form(&format!("/apply/{}/present", found.credential_type), "", button(t.get("presented.again")));
    let by_hand =
        || link_button(t.get("presented.by-hand"), &format!("/apply/{}", found.credential_type), true);
    let ended = |tone, title: &str, text: &str| {
        html! { (notice(tone, title, text)) @if found.login.is_none() { div.row { (again()) (by_hand()) } } }
    };
    let (step_number, content) = match &found.stage {
        Answered::Not if app.now().seconds < found.expires_at => (0, code(app, lang, found, step)?),
        Answered::Not => (0, ended(Tone::Info, t.get("presented.expired"), t.get("presented.expired-text"))),
        Answered::Accepted { .. } => {
            let text = t.get("presented.accepted-text");
            (2, notice(Tone::Good, t.get("presented.accepted"), text))
        }
        Answered::Refused(refusal) => {
            let reason = lang.pick(&refusal.reason.zh, &refusal.reason.en);
            let (tone, title) = match refusal.cannot_tell {
                true => (Tone::Unsure, t.get("presented.cannot-tell")),
                false => (Tone::Bad, t.get("presented.refused")),
            };
            (1, ended(tone, title, reason))
        }
        Answered::Declined { .. } => {
            (0, ended(Tone::Info, t.get("presented.declined"), t.get("presented.declined-text")))
        }
    };
    Ok(html! { div.stack { (stepper(lang, &steps, step_number)) (content) } })
}

/// The code, and what it asks for. Where a browser waits that somebody logged in with, only the wallet beside it may answer: no
/// code is shown that another phone could scan.
fn code(app: &Core, lang: Lang, found: &Presentation, step: &Step) -> Result<Markup, Problem> {
    let t = texts(lang);
    let link = app.onestops.link(found.id).map_err(Problem::internal)?;
    let presented = presented_name(lang, step);
    let label = t.with("presented.scan", &[("presented", &presented)]);
    let now = app.now().seconds;
    Ok(html! {
        @if found.login.is_none() {
            (two_ways(lang, t.get("presented.open"), &link, qr_panel(lang, &QrPanel {
                link: &link,
                label: &label,
                robustness: Robustness::Usual,
                expires: Some((found.expires_at.0, now.0)),
            }), None))
        } @else {
            div.row { (link_button(t.get("presented.open"), &link, false)) }
        }
        (panel(t.get("presented.asked"), facts([
            (t.get("presented.asked-claims"), html! { (taken(lang, step)) }),
            (t.get("presented.asked-from"), html! { (presented) }),
            (t.get("presented.asked-why"), html! { (t.get("presented.asked-why-text")) }),
        ])))
    })
}

/// For a clerk: which claims nobody typed, and where they come from.
pub(super) fn of_application(lang: Lang, application: &Application, presented: &Presented) -> Markup {
    let t = texts(lang);
    let issuer = presented
        .issuer_name
        .as_ref()
        .map_or(presented.issuer.as_str(), |name| lang.pick(&name.zh, &name.en));
    let catalogue = credentials::catalogue::Catalogue::bundled().ok();
    let kind = |id: &str| catalogue.and_then(|catalogue| catalogue.by_id(id));
    let name = kind(&presented.credential_type)
        .map_or(presented.credential_type.as_str(), |of| lang.pick(&of.label.zh, &of.label.en));
    let of = kind(&application.credential_type);
    let label = |claim: &String| {
        let label = of.and_then(|of| of.label_of(claim));
        label.map_or(claim.clone(), |label| lang.pick(&label.zh, &label.en).to_owned())
    };
    let claims = presented.claims.iter().map(label).collect::<Vec<_>>().join(lang.pick("、", ", "));
    let recorded = if presented.recorded { "presented.record-agrees" } else { "presented.no-record" };
    panel(
        t.get("presented.origin"),
        html! {
            p { (t.get("presented.origin-text")) }
            (facts([
                (t.get("presented.origin-what"), html! { (name) }),
                (t.get("presented.origin-issuer"), html! { (issuer) }),
                (t.get("presented.origin-claims"), html! { (claims) }),
                (t.get("presented.origin-record"), html! { (t.get(recorded)) }),
                (t.get("presented.origin-block"), html! { span.figures { (presented.block.unwrap_or_default()) } }),
            ]))
        },
    )
}

/// What is presented, as it stands within a sentence.
fn presented_name(lang: Lang, step: &Step) -> String {
    let name = lang.pick(&step.presented.label.zh, &step.presented.label.en);
    let mut letters = name.chars();
    match (letters.next(), letters.clone().next()) {
        // Abbreviations keep their capitals.
        (Some(first), Some(second)) if second.is_lowercase() => first.to_lowercase().chain(letters).collect(),
        _ => name.to_owned(),
    }
}

/// The claims that are asked for, in words.
fn taken(lang: Lang, step: &Step) -> String {
    let label = |name: &String| {
        let label = step.presented.label_of(name);
        label.map_or(name.clone(), |label| lang.pick(&label.zh, &label.en).to_owned())
    };
    step.taken.values().map(label).collect::<Vec<_>>().join(lang.pick("、", ", "))
}
