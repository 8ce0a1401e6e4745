//! By codes, with no network between phone and counter: the counter's codes in turn, and the reader of the phone's.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Json, Router};
use registry::UnixMillis;
use serde::Deserialize;
use serde_json::json;
use service::extract::{Form, Path};
use service::qr::{self, Robustness};
use service::ui::{
    Field, Icon, Kind, Markup, PreEscaped, Tone, Visitor, Width, copy, countdown, csrf_field, heading, html,
    icon, link_button, notice,
};
use service::{Lang, Problem, clock};

use super::app::asset;
use super::counter::{Way, start_form};
use super::request::{ended, find, private, title_of};
use super::session::{Clerk, ClerkSession, frame};
use crate::answer::Refusal;
use crate::codes::{Codes, challenge_ends, collect};
use crate::core::{App, Core};
use crate::decision::texts;
use crate::request::{Found, RequestId};

/// How long each of several codes is shown, in milliseconds: 2.5 a second, below the three flashes a second of WCAG 2.3.1.
const TURN: u32 = 400;
/// So many seconds before its codes run out the page shows new ones. Whoever read the former has so long to consent.
const REFRESH: u32 = 90;

pub(super) fn router() -> Router<App> {
    Router::new().route("/requests/{id}/codes", get(page).post(take))
}

async fn page(
    State(app): State<App>,
    visitor: Visitor,
    Clerk(session): Clerk,
    Path(id): Path<RequestId>,
) -> Result<Response, Problem> {
    let now = clock::now();
    let found = find(&app, &id, &session, now)?;
    if found.answered.is_some() {
        return Ok(Redirect::to(&format!("/requests/{id}")).into_response());
    }
    draw(&app, &visitor, &session, &id, &found, now, None)
}

/// What was refused, and what had been read by then.
struct Said<'s> {
    text: &'s str,
    codes: &'s str,
}

fn draw(
    app: &Core,
    visitor: &Visitor,
    session: &ClerkSession,
    id: &RequestId,
    found: &Found,
    now: UnixMillis,
    said: Option<&Said<'_>>,
) -> Result<Response, Problem> {
    let (lang, t) = (visitor.lang, texts(visitor.lang));
    let title = title_of(app, lang, found);
    let content = match ended(app, lang, id, found, now, &session.csrf) {
        Some(content) => content,
        None if !found.request.manner.goes_by_codes() => html! {
            (heading(&title, ""))
            (notice(Tone::Unsure, "", t.get("codes.authorises")))
            div.row { (link_button(t.get("counter.start"), &format!("/requests/{id}"), false)) }
        },
        None => {
            let lead = match &found.request.manner.place {
                Some(place) => t.with("codes.lead_place", &[("place", place.as_str())]),
                None => t.get("codes.lead").to_owned(),
            };
            let asked = match found.request.manner.place {
                Some(_) => html! {},
                None => own(app, lang, id, found, now, session)?,
            };
            html! {
                (heading(&title, &lead))
                div.desk.even { (asked) (reader(lang, id, session, said)) }
            }
        }
    };
    let page = frame(app, visitor, Some(session), &title)
        .width(Width::Wide)
        .script(asset("reader.js"))
        .body(html! { div.stack { (content) } });
    Ok(private(page))
}

/// The counter's own codes.
fn own(
    app: &Core,
    lang: Lang,
    id: &RequestId,
    found: &Found,
    now: UnixMillis,
    session: &ClerkSession,
) -> Result<Markup, Problem> {
    let t = texts(lang);
    let codes = app.ask_by_codes(&found.request).map_err(Problem::internal)?;
    let total = codes.len().to_string();
    let mut drawn = Vec::with_capacity(codes.len());
    for (number, code) in (1..).zip(&codes) {
        let number: usize = number;
        let label = t.with("codes.nth", &[("n", &number.to_string()), ("total", &total)]);
        drawn.push(qr::svg(code, Robustness::Near, &label).map_err(Problem::internal)?);
    }
    let ends = challenge_ends(&found.request).seconds();
    Ok(html! {
        section.qr-panel.refreshed data-refresh=(REFRESH) data-state={ "/requests/" (id) "/state" } data-request=(id) {
            h2 { span.step { "1" } (t.get("codes.show")) }
            div.qr-frame data-turn=(TURN) {
                @for (at, svg) in drawn.iter().enumerate() { div.qr-turn.later[at > 0] { (PreEscaped(svg)) } }
                p.qr-over hidden { (t.get("codes.over")) }
            }
            div.row.turning hidden[drawn.len() < 2] {
                span.turns aria-hidden="true" { @for at in 0..drawn.len() { i.on[at == 0] {} } }
                button.button.quiet.small type="button" data-hold data-play=(t.get("codes.play")) { (t.get("codes.hold")) }
                button.button.quiet.small type="button" data-next { (t.get("codes.next")) }
            }
            (countdown(lang, ends, now.seconds()))
            details.more { summary { (t.get("codes.as_text")) } div.more-body {
                (copy(lang, &codes.join("\n"), t.get("codes.copy")))
            } }
            div.refresh { (start_form(found.request.purpose.as_str(), &session.csrf, Way::Codes, true, t.get("counter.again"))) }
        }
    })
}

/// The reader: camera, scanner, and a field.
fn reader(lang: Lang, id: &RequestId, session: &ClerkSession, said: Option<&Said<'_>>) -> Markup {
    let t = texts(lang);
    let field = Field::new("codes", t.get("codes.field"))
        .kind(Kind::Lines)
        .hint(t.get("codes.field_hint"))
        .value(said.map_or("", |said| said.codes));
    html! {
        section.panel.reader data-reader={ "/requests/" (id) "/codes" } data-decoder=(asset("decoder.js"))
            data-no-camera=(t.get("codes.no_camera")) data-looking=(t.get("codes.looking"))
            data-progress=(t.get("codes.progress")) data-typing=(t.get("codes.typing")) data-lost=(t.get("codes.lost"))
            data-stop=(t.get("codes.stop")) data-camera=(t.get("codes.camera")) {
            h2 { span.step { "2" } (t.get("codes.read")) }
            div.finder {
                video muted playsinline hidden aria-label=(t.get("codes.view")) {}
                div.finder-idle { (icon(Icon::Scan)) p { (t.get("codes.idle")) } }
            }
            div.row {
                button.button type="button" data-camera-toggle { (t.get("codes.camera")) }
                label.lens hidden { span { (t.get("codes.lens")) } select data-lens {} }
                button.button.quiet type="button" data-afresh hidden { (t.get("codes.afresh")) }
            }
            div.read aria-live="polite" role="status" {
                p data-read-text { (t.get("codes.ready")) }
                ol.parts data-parts {}
            }
            div data-said role="alert" { @if let Some(said) = said { (notice(Tone::Bad, "", said.text)) } }
            details.more open[said.is_some()] {
                summary { (t.get("codes.by_hand")) }
                form.more-body method="post" action={ "/requests/" (id) "/codes" } data-once {
                    (csrf_field(&session.csrf))
                    (field.render(lang))
                    button.button type="submit" { (t.get("codes.send")) }
                }
            }
        }
    }
}

#[derive(Deserialize)]
struct Read {
    csrf: String,
    /// The texts, a line each.
    codes: String,
    /// The request whose codes the screen showed before these: a phone may answer that one.
    former: Option<RequestId>,
}

async fn take(
    State(app): State<App>,
    visitor: Visitor,
    Clerk(session): Clerk,
    Path(id): Path<RequestId>,
    headers: HeaderMap,
    Form(Read { csrf, codes, former }): Form<Read>,
) -> Result<Response, Problem> {
    session.check_csrf(&csrf)?;
    let (now, t) = (clock::now(), texts(visitor.lang));
    let found = find(&app, &id, &session, now)?;
    let by_script =
        headers.get(header::ACCEPT).is_some_and(|accept| accept.as_bytes().starts_with(b"application/json"));
    let (refused, kept) = match collect(&codes) {
        Ok(Codes::Part { have, total, missing }) if by_script => {
            return Ok(private(Json(
                json!({ "state": "part", "have": have, "total": total, "missing": missing }),
            )));
        }
        Ok(Codes::Part { have, total, .. }) => {
            let read = [("have", have.to_string()), ("total", total.to_string())];
            let read = read.each_ref().map(|(name, value)| (*name, value.as_str()));
            (("part", t.with("codes.part", &read)), codes.as_str())
        }
        Ok(Codes::Whole(answer)) => {
            let former = former.filter(|former| answers(&app, &session, former, &answer.nonce, now));
            let id = former.unwrap_or_else(|| id.clone());
            match app.take_codes(&id, &answer, now).await {
                Ok(()) => {
                    let to = format!("/requests/{id}");
                    return Ok(match by_script {
                        true => private(Json(json!({ "state": "decided", "next": to }))),
                        false => Redirect::to(&to).into_response(),
                    });
                }
                Err(Refusal::Store(error)) => return Err(Problem::internal(error)),
                Err(Refusal::Seal(error)) => return Err(Problem::internal(error)),
                Err(Refusal::Unknown) => (("gone", t.get("codes.gone").to_owned()), ""),
                Err(Refusal::Expired) => (("expired", t.get("codes.expired").to_owned()), ""),
                Err(Refusal::Used | Refusal::Spent) => (("used", t.get("codes.used").to_owned()), ""),
                Err(Refusal::Authorises) => (("authorises", t.get("codes.authorises").to_owned()), ""),
                Err(Refusal::Malformed(_) | Refusal::NotGenuine(_)) => {
                    (("unreadable", t.get("codes.unreadable").to_owned()), "")
                }
            }
        }
        Err(error) => {
            ((error.id(), t.find(&format!("codes.{}", error.id())).unwrap_or_default().to_owned()), "")
        }
    };
    let (code, text) = refused;
    if by_script {
        // Not an error of the request: the page says it and goes on reading.
        return Ok(private(Json(json!({ "state": "refused", "code": code, "text": text }))));
    }
    let said = Said { text: &text, codes: kept };
    let mut page = draw(&app, &visitor, &session, &id, &found, now, Some(&said))?;
    *page.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    Ok(page)
}

/// Whether this is the nonce of that request, which this screen showed and which can still be answered.
fn answers(app: &Core, session: &ClerkSession, id: &RequestId, nonce: &str, now: UnixMillis) -> bool {
    find(app, id, session, now).is_ok_and(|found| {
        found.request.nonce == nonce && found.answered.is_none() && now < challenge_ends(&found.request)
    })
}
