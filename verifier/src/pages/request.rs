//! The code, and what becomes of it.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use registry::UnixMillis;
use serde::Deserialize;
use service::extract::{Form, Path, Query};
use service::qr::Robustness;
use service::ui::{
    Icon, Markup, QrPanel, Seen, Tone, Visitor, Width, html, icon, link_button, live, news, notice, qr_panel,
};
use service::{Lang, Problem, clock};

use super::counter::{Way, asks, start_form};
use super::look::{Look, banner};
use super::result;
use super::session::{Clerk, ClerkSession, frame, screen_of};
use crate::core::{App, Core};
use crate::decision::texts;
use crate::request::{Found, Outcome, RequestId};

/// How often the page asks, in seconds.
const PERIOD: u32 = 1;
/// So many seconds before a code runs out the page shows a new one; what the former brings until then still counts.
const REFRESH: u32 = 20;
/// The versions of what its parts show.
const WAITING: &str = "waiting";
const ENDED: &str = "ended";
const FORGOTTEN: &str = "forgotten";

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/requests/{id}", get(page))
        .route("/requests/{id}/live", get(fragment))
        .route("/requests/{id}/shown", get(shown))
        .route("/requests/{id}/state", get(state))
        .route("/requests/{id}/clear", post(clear))
}

async fn page(
    State(app): State<App>,
    visitor: Visitor,
    Clerk(session): Clerk,
    Path(id): Path<RequestId>,
) -> Result<Response, Problem> {
    let now = clock::now();
    let found = find(&app, &id, &session, now)?;
    app.bring(&id, &found).await;
    let (lang, t) = (visitor.lang, texts(visitor.lang));
    let (title, content) = match ended(&app, lang, &id, &found, now, &session.csrf) {
        Some(content) => (t.get("counter.result"), content),
        None => {
            let url = format!("/requests/{id}/live");
            let asked = html! { (code(&app, lang, &id, &found, now)) (beside(&app, lang, &id, &found, &session.csrf)) };
            (
                t.get("counter.scan"),
                html! { div.refreshed { (live(&url, PERIOD, WAITING, html! { div.desk { (asked) } })) } },
            )
        }
    };
    let page = frame(&app, &visitor, Some(&session), title)
        .width(Width::Wide)
        .body(html! { div.stack { (content) } });
    Ok(private(page))
}

/// What became of it since the page was drawn.
async fn fragment(
    State(app): State<App>,
    visitor: Visitor,
    Clerk(session): Clerk,
    Path(id): Path<RequestId>,
    Query(seen): Query<Seen>,
) -> Result<Response, Problem> {
    let now = clock::now();
    let found = find(&app, &id, &session, now)?;
    app.bring(&id, &found).await;
    let (lang, csrf) = (visitor.lang, session.csrf.as_str());
    Ok(match ended(&app, lang, &id, &found, now, csrf) {
        Some(content) => news(&seen, ENDED, true, || html! { div.stack { (content) } }),
        None => news(&seen, WAITING, false, || {
            html! { div.desk { (code(&app, lang, &id, &found, now)) (beside(&app, lang, &id, &found, csrf)) } }
        }),
    })
}

/// Where it stands, for the page that shows a newer code and still takes what the former one brings.
async fn state(
    State(app): State<App>,
    Clerk(session): Clerk,
    Path(id): Path<RequestId>,
) -> Result<Response, Problem> {
    let now = clock::now();
    let found = find(&app, &id, &session, now)?;
    let state = match &found.answered {
        Some(_) => "answered",
        None if found.request.expires <= now => "expired",
        None => "open",
    };
    Ok(private(Json(serde_json::json!({ "state": state }))))
}

#[derive(Deserialize)]
struct Clear {
    csrf: String,
}

/// The clerk, the page's clock, or the screen that goes away says that nothing personal is needed any more.
async fn clear(
    State(app): State<App>,
    Clerk(session): Clerk,
    Path(id): Path<RequestId>,
    Form(Clear { csrf }): Form<Clear>,
) -> Result<Redirect, Problem> {
    session.check_csrf(&csrf)?;
    let found = find(&app, &id, &session, clock::now())?;
    // What a program asked for is the program's to read.
    if found.request.manner.screen.is_some() {
        app.memory.forget(&id);
        app.desk.clear(&id).await.map_err(Problem::internal)?;
    }
    Ok(Redirect::to(&format!("/requests/{id}")))
}

/// The claims that were shown, as long as they are kept: so they leave the screen too.
async fn shown(
    State(app): State<App>,
    visitor: Visitor,
    Clerk(session): Clerk,
    Path(id): Path<RequestId>,
    Query(seen): Query<Seen>,
) -> Result<Response, Problem> {
    let found = mine(&app, &id, &session, clock::now())?;
    if let Some(found) = &found {
        app.bring(&id, found).await;
    }
    Ok(match (found, app.memory.get(&id)) {
        (Some(found), Some(claims)) => {
            news(&seen, result::KEPT, false, || result::claims(&app, visitor.lang, &claims, found.forgotten))
        }
        _ => news(&seen, FORGOTTEN, true, || notice(Tone::Info, "", texts(visitor.lang).get("counter.gone"))),
    })
}

/// Whether this session may see the request: the one whose screen shows the code, and none that learnt its address
/// (RFC 10027). What a program asked for, any clerk may look at.
fn is_shown_to(found: &Found, session: &ClerkSession) -> bool {
    found.request.manner.screen.as_ref().is_none_or(|screen| *screen == screen_of(session))
}

pub(super) fn find(
    app: &Core,
    id: &RequestId,
    session: &ClerkSession,
    now: UnixMillis,
) -> Result<Found, Problem> {
    let found = mine(app, id, session, now)?;
    found.ok_or_else(|| Problem::not_found("There is no such request, or it is forgotten"))
}

/// A request that this session may see.
fn mine(
    app: &Core,
    id: &RequestId,
    session: &ClerkSession,
    now: UnixMillis,
) -> Result<Option<Found>, Problem> {
    let found = app.find(id, now).map_err(Problem::internal)?;
    Ok(found.filter(|found| is_shown_to(found, session)))
}

/// The code and what it is for.
fn code(app: &Core, lang: Lang, id: &RequestId, found: &Found, now: UnixMillis) -> Markup {
    let title = title_of(app, lang, found);
    let label = texts(lang).with("counter.scan_lead", &[("title", &title)]);
    let link = app.link(id, &found.request).unwrap_or_default();
    let expires = Some((found.request.expires.seconds(), now.seconds()));
    qr_panel(lang, &QrPanel { link: &link, label: &label, robustness: Robustness::Usual, expires })
}

/// What stands beside the code: what is asked, and the other ways.
fn beside(app: &Core, lang: Lang, id: &RequestId, found: &Found, csrf: &str) -> Markup {
    let t = texts(lang);
    let purpose = app.purpose(&found.request.purpose);
    html! {
        aside.stack {
            section.panel {
                h2 { (title_of(app, lang, found)) }
                @if let (Some(purpose), None) = (&purpose, &found.request.query) {
                    p.quiet { (t.get("counter.asks")) }
                    ul.stack { @for ask in &purpose.asks { li { (asks(app, lang, ask)) } } }
                }
                p.waiting { (icon(Icon::Hourglass)) span { (t.get("counter.waiting")) } }
            }
            section.panel.stack {
                @if found.request.manner.goes_by_codes() { p { (t.get("codes.instead")) } }
                div.row {
                    @if found.request.manner.goes_by_codes() {
                        (link_button(t.get("codes.start"), &format!("/requests/{id}/codes"), true))
                    }
                    (link_button(t.get("counter.other"), "/", true))
                }
            }
            @if found.request.query.is_none() {
                div.refresh data-refresh=(REFRESH) data-state={ "/requests/" (id) "/state" } {
                    (start_form(found.request.purpose.as_str(), csrf, Way::Link, true, t.get("counter.again")))
                }
            }
        }
    }
}

/// What it is asked for, by the policy's title.
pub(super) fn title_of(app: &Core, lang: Lang, found: &Found) -> String {
    let purpose = app.purpose(&found.request.purpose);
    let title = purpose.as_ref().map(|purpose| lang.pick(&purpose.title.zh, &purpose.title.en));
    title.unwrap_or(found.request.purpose.as_str()).to_owned()
}

/// How it ended, if it did, and what to do next.
pub(super) fn ended(
    app: &Core,
    lang: Lang,
    id: &RequestId,
    found: &Found,
    now: UnixMillis,
    csrf: &str,
) -> Option<Markup> {
    let t = texts(lang);
    let short = |said: Markup| Some(html! { (said) (next(lang, found, csrf)) });
    match found.answered.as_ref().map(|answered| &answered.outcome) {
        Some(Outcome::Decided(decision)) => {
            Some(result::decided(app, lang, id, found, decision, csrf, &next(lang, found, csrf)))
        }
        Some(Outcome::Declined { code }) if code == "access_denied" => {
            short(banner(lang, Look::Declined, None, t.get("decision.declined_text"), None))
        }
        Some(Outcome::Declined { code }) => {
            let text = t.with("decision.phone_refused_text", &[("code", code)]);
            short(notice(Tone::Unsure, t.get("decision.phone_refused"), &text))
        }
        None if found.request.expires <= now => {
            short(banner(lang, Look::RanOut, None, t.get("decision.expired_text"), None))
        }
        None => None,
    }
}

/// What to do next.
fn next(lang: Lang, found: &Found, csrf: &str) -> Markup {
    let t = texts(lang);
    html! {
        div.row.next {
            (link_button(t.get("result.next"), "/", false))
            @if found.request.query.is_none() && found.request.manner.place.is_none() {
                (start_form(found.request.purpose.as_str(), csrf, Way::Link, false, t.get("counter.again")))
            }
        }
    }
}

/// Never kept by a browser or a proxy.
pub(super) fn private(content: impl IntoResponse) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], content).into_response()
}
