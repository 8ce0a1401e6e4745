//! Opening the counter once with its token, and closing it.

use axum::Router;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use protocol::Secret;
use ring::digest::{SHA256, digest};
use serde::Deserialize;
use service::extract::Form;
use service::ui::{
    Brand, Field, Kind, Page, Tone, Visitor, Width, button, form, heading, html, notice, panel,
};
use service::{Problem, Session, clock};

use super::app;
use crate::client::Client;
use crate::core::{App, Core};
use crate::decision::texts;

/// A signed-in clerk on a page, known by name.
pub(super) type ClerkSession = Session<String>;

pub(super) fn router() -> Router<App> {
    Router::new().route("/sign-in", get(ask).post(sign_in)).route("/sign-out", post(sign_out))
}

/// A clerk's session. Without one, pages lead to the sign-in, and everything else is refused.
pub(super) struct Clerk(pub(super) ClerkSession);

impl FromRequestParts<App> for Clerk {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let found = app.sessions.find(&parts.headers, clock::now()).await;
        match found.map_err(|error| Problem::internal(error).into_response())? {
            Some(session) => Ok(Self(session)),
            None if parts.method == Method::GET => Err(Redirect::to("/sign-in").into_response()),
            None => Err(Problem::unauthorized("Open the counter first").into_response()),
        }
    }
}

/// Names a session to the requests whose codes it shows, and gives nothing of it away.
pub(super) fn screen_of(session: &ClerkSession) -> String {
    let digest = digest(&SHA256, session.csrf.as_bytes());
    digest.as_ref()[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A form without other fields than its token against forgery.
#[derive(Deserialize)]
struct Plain {
    csrf: String,
}

#[derive(Deserialize)]
struct SignIn {
    token: Secret,
}

/// The layout of all pages.
pub(super) fn frame(core: &Core, visitor: &Visitor, session: Option<&ClerkSession>, title: &str) -> Page {
    let t = texts(visitor.lang);
    let brand = Brand {
        name: core.name_in(visitor.lang).to_owned(),
        part: t.get("counter.part").to_owned(),
        home: "/".to_owned(),
        demonstration: core.demonstration,
    };
    let page = Page::new(visitor, title).brand(brand).head(app::head()).script(app::asset("counter.js"));
    match session {
        None => page,
        Some(session) => page.aside(html! {
            span.tool { (session.value) }
            (form("/sign-out", &session.csrf, html! { button.tool type="submit" { (t.get("counter.sign_out")) } }))
        }),
    }
}

async fn ask(State(app): State<App>, visitor: Visitor) -> Response {
    page(&app, &visitor, None)
}

async fn sign_in(
    State(app): State<App>,
    visitor: Visitor,
    Client(client): Client,
    Form(SignIn { token }): Form<SignIn>,
) -> Response {
    let t = texts(visitor.lang);
    match app.staff.by_token(token.expose().trim()) {
        Some(clerk) => match app.sessions.begin(clerk, clock::now()).await {
            Ok(cookie) => ([(header::SET_COOKIE, cookie)], Redirect::to("/")).into_response(),
            Err(error) => Problem::internal(error).into_response(),
        },
        None => match app.staff.wrong_sign_in(&client) {
            Ok(()) => page(&app, &visitor, Some((StatusCode::UNAUTHORIZED, t.get("sign_in.wrong")))),
            Err(_) => page(&app, &visitor, Some((StatusCode::TOO_MANY_REQUESTS, t.get("sign_in.many")))),
        },
    }
}

async fn sign_out(
    State(app): State<App>,
    Clerk(session): Clerk,
    headers: HeaderMap,
    Form(Plain { csrf }): Form<Plain>,
) -> Result<Response, Problem> {
    session.check_csrf(&csrf)?;
    let ended = app.sessions.end(&headers).await.map_err(Problem::internal)?;
    Ok(([(header::SET_COOKIE, ended)], Redirect::to("/sign-in")).into_response())
}

fn page(app: &Core, visitor: &Visitor, refused: Option<(StatusCode, &str)>) -> Response {
    let t = texts(visitor.lang);
    let token = Field::new("token", t.get("sign_in.token"))
        .kind(Kind::Secret)
        .hint(t.get("sign_in.hint"))
        .autocomplete("current-password")
        .autofocus();
    let title = t.get("sign_in.title");
    let mut response = frame(app, visitor, None, title)
        .width(Width::Reading)
        .body(html! {
            (heading(title, t.get("sign_in.lead")))
            @if let Some((_, why)) = refused { (notice(Tone::Bad, "", why)) }
            (panel("", form("/sign-in", "", html! { (token.render(visitor.lang)) (button(t.get("sign_in.button"))) })))
        })
        .into_response();
    if let Some((status, _)) = refused {
        *response.status_mut() = status;
    }
    response
}
