//! The code, and what becomes of it.

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use registry::UnixMillis;
use service::extract::{Path, Query};
use service::qr::Robustness;
use service::ui::{
    Markup, QrPanel, Seen, Tone, Visitor, Width, html, link_button, live, news, notice, qr_panel,
};
use service::{Lang, Problem, clock};

use super::counter::start_form;
use super::result;
use super::session::{Clerk, ClerkSession, frame, screen_of};
use crate::core::{App, Core};
use crate::decision::texts;
use crate::request::{Found, Outcome, RequestId};

/// How often the page asks, in seconds.
const PERIOD: u32 = 1;
/// The versions of what its parts show.
const WAITING: &str = "waiting";
const ENDED: &str = "ended";
const FORGOTTEN: &str = "forgotten";

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/requests/{id}", get(page))
        .route("/requests/{id}/live", get(fragment))
        .route("/requests/{id}/shown", get(shown))
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
    let (title, content) = match ended(&app, lang, &id, &found, now) {
        Some(content) => (t.get("counter.result"), html! { (content) (next(lang, &found, &session.csrf)) }),
        None => {
            let url = format!("/requests/{id}/live");
            (t.get("counter.scan"), live(&url, PERIOD, WAITING, code(&app, lang, &id, &found, now)))
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
    Ok(match ended(&app, visitor.lang, &id, &found, now) {
        Some(content) => news(&seen, ENDED, true, || {
            html! { div.stack { (content) (next(visitor.lang, &found, &session.csrf)) } }
        }),
        None => news(&seen, WAITING, false, || code(&app, visitor.lang, &id, &found, now)),
    })
}

/// The claims that were shown, as long as they are kept: so they leave the screen too.
async fn shown(
    State(app): State<App>,
    visitor: Visitor,
    Clerk(session): Clerk,
    Path(id): Path<RequestId>,
    Query(seen): Query<Seen>,
) -> Result<Response, Problem> {
    let found = app.desk.find(&id, clock::now()).map_err(Problem::internal)?;
    let found = found.filter(|found| is_shown_to(found, &session));
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

fn find(app: &Core, id: &RequestId, session: &ClerkSession, now: UnixMillis) -> Result<Found, Problem> {
    let found = app.desk.find(id, now).map_err(Problem::internal)?;
    let found = found.filter(|found| is_shown_to(found, session));
    found.ok_or_else(|| Problem::not_found("There is no such request, or it is forgotten"))
}

/// The code and what it is for.
fn code(app: &Core, lang: Lang, id: &RequestId, found: &Found, now: UnixMillis) -> Markup {
    let t = texts(lang);
    let purpose = app.purpose(&found.request.purpose);
    let title = purpose
        .as_ref()
        .map_or(found.request.purpose.as_str(), |purpose| lang.pick(&purpose.title.zh, &purpose.title.en));
    let label = t.with("counter.scan_lead", &[("title", title)]);
    let link = app.link(id, &found.request).unwrap_or_default();
    let expires = Some((found.request.expires.seconds(), now.seconds()));
    html! {
        (qr_panel(lang, &QrPanel { link: &link, label: &label, robustness: Robustness::Usual, expires }))
        p.row { span { (t.get("counter.waiting")) } (link_button(t.get("counter.other"), "/", true)) }
    }
}

/// How it ended, if it did.
fn ended(app: &Core, lang: Lang, id: &RequestId, found: &Found, now: UnixMillis) -> Option<Markup> {
    let t = texts(lang);
    match found.answered.as_ref().map(|answered| &answered.outcome) {
        Some(Outcome::Decided(decision)) => {
            Some(result::decided(app, lang, id, &found.request, decision, found.forgotten))
        }
        Some(Outcome::Declined { code }) if code == "access_denied" => {
            Some(notice(Tone::Info, t.get("decision.declined"), t.get("decision.declined_text")))
        }
        Some(Outcome::Declined { code }) => {
            let text = t.with("decision.phone_refused_text", &[("code", code)]);
            Some(notice(Tone::Unsure, t.get("decision.phone_refused"), &text))
        }
        None if found.request.expires <= now => {
            Some(notice(Tone::Info, t.get("decision.expired"), t.get("decision.expired_text")))
        }
        None => None,
    }
}

/// What to do next.
fn next(lang: Lang, found: &Found, csrf: &str) -> Markup {
    let t = texts(lang);
    html! {
        div.row {
            @if found.request.query.is_none() {
                (start_form(found.request.purpose.as_str(), csrf, t.get("counter.again")))
            }
            (link_button(t.get("counter.other"), "/", true))
        }
    }
}

/// Never kept by a browser or a proxy.
fn private(content: impl IntoResponse) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], content).into_response()
}
