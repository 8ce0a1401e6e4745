//! Signing in to the console, and out.

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use protocol::Secret;
use serde::Deserialize;
use service::Problem;
use service::extract::Form;
use service::ui::{Field, Kind, Visitor, button, form, heading, html, link_button};
use zeroize::Zeroizing;

use super::console::{ConsoleForm, SignedIn};
use super::frame::console_brand;
use crate::access::READERS;
use crate::accounts::SignInRefused;
use crate::audit::{Deed, Note as _, Noting};
use crate::client::Client;
use crate::core::{App, Core, texts};
use crate::model::Roles;

pub(super) fn router() -> Router<App> {
    Router::new().route("/console/sign-in", get(ask).post(sign_in)).route("/console/sign-out", post(sign_out))
}

#[derive(Deserialize)]
struct Credentials {
    token: Option<Secret>,
    #[serde(default)]
    name: String,
    password: Option<Secret>,
}

/// What was wrong.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wrong {
    Nothing,
    Token,
    Password,
    Locked,
}

async fn ask(State(app): State<App>, visitor: Visitor) -> Response {
    page(&app, &visitor, Wrong::Nothing)
}

async fn sign_in(
    State(app): State<App>,
    visitor: Visitor,
    Client(client): Client,
    Form(Credentials { token, name, password }): Form<Credentials>,
) -> Result<Response, Problem> {
    let found = if name.is_empty() {
        let member = app.accounts.by_token(exposed(&token).trim()).ok_or(Wrong::Token);
        member.and_then(|member| {
            let basis = app.accounts.by_its_token(&member.name).ok_or(Wrong::Token)?;
            Ok((member, basis))
        })
    } else {
        app.accounts.tokens().may_try(&client)?;
        match app.accounts.sign_in(name.trim(), exposed(&password), app.now()).await {
            Ok(let_in) => Ok(let_in),
            Err(SignInRefused::Wrong) => Err(Wrong::Password),
            Err(SignInRefused::Locked) => Err(Wrong::Locked),
            Err(SignInRefused::Busy) => return Err(busy()),
            Err(error @ (SignInRefused::Store(_) | SignInRefused::Hash)) => {
                return Err(Problem::internal(error));
            }
        }
    };
    match found {
        Ok((member, basis)) => {
            let noting = Noting::by(&member.actor(), app.now());
            noting.note_alone(&app.store, Deed::new("signed-in")).await.map_err(Problem::internal)?;
            let first = first_page(member.roles);
            let begun = app.accounts.begin_session(member.name, basis, app.now()).await;
            let set_cookie = begun.map_err(Problem::internal)?;
            Ok(([(header::SET_COOKIE, set_cookie)], Redirect::to(first)).into_response())
        }
        Err(wrong) => {
            // What was tried at a password is noted, however often. A token can't be guessed, and a stranger must not fill the log with
            // tries that cost nothing.
            let is_token = matches!(wrong, Wrong::Token);
            if !is_token || app.accounts.tokens().may_try(&client).is_ok() {
                let noting = Noting::by_stranger(app.now());
                noting
                    .note_alone(&app.store, Deed::new("sign-in-failed"))
                    .await
                    .map_err(Problem::internal)?;
            }
            app.accounts.tokens().wrong_sign_in(&client)?;
            let mut response = page(&app, &visitor, wrong);
            *response.status_mut() = StatusCode::UNAUTHORIZED;
            Ok(response)
        }
    }
}

/// Whoever keeps accounts sees nobody's data: another page is the first.
pub(super) fn first_page(roles: Roles) -> &'static str {
    if roles.meets(READERS) { "/console" } else { "/console/overview" }
}

/// As many passwords are being checked as may be at once.
pub(super) fn busy() -> Problem {
    Problem::unavailable("busy", "Many are signing in just now; try again in a moment")
        .header(header::RETRY_AFTER, HeaderValue::from(1u16))
}

pub(super) fn exposed(secret: &Option<Secret>) -> Zeroizing<String> {
    Zeroizing::new(secret.as_ref().map(|secret| secret.expose().to_owned()).unwrap_or_default())
}

async fn sign_out(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    headers: HeaderMap,
    Form(sent): Form<ConsoleForm>,
) -> Result<Response, Problem> {
    sent.check(&session)?;
    let noting = Noting::by(&session.member.actor(), app.now());
    noting.note_alone(&app.store, Deed::new("signed-out")).await.map_err(Problem::internal)?;
    let ended = app.accounts.end_session(&headers).await.map_err(Problem::internal)?;
    Ok(([(header::SET_COOKIE, ended)], Redirect::to("/console/sign-in")).into_response())
}

fn page(app: &Core, visitor: &Visitor, wrong: Wrong) -> Response {
    let t = texts(visitor.lang);
    let error = if wrong == Wrong::Token { t.get("sign-in.wrong") } else { "" };
    let refused = match wrong {
        Wrong::Nothing | Wrong::Token => "",
        Wrong::Password => t.get("sign-in.wrong-password"),
        Wrong::Locked => t.get("sign-in.locked"),
    };
    let name = Field::new("name", t.get("sign-in.name")).autocomplete("username");
    let password = Field::new("password", t.get("sign-in.password"))
        .kind(Kind::Secret)
        .error(refused)
        .autocomplete("current-password");
    let token = Field::new("token", t.get("sign-in.token"))
        .kind(Kind::Secret)
        .hint(t.get("sign-in.token-hint"))
        .error(error)
        .autocomplete("off");
    let title = t.get("sign-in.title");
    console_brand(app, visitor, title)
        .body(html! {
            (heading(title, ""))
            @if app.accounts.provider().is_some() { div.panel {
                h2 { (t.get("sign-in.by-provider")) }
                p { (t.get("sign-in.by-provider-text")) }
                (link_button(t.get("sign-in.to-provider"), "/console/sign-in/provider", false))
            } }
            (form("/console/sign-in", "", html! { div.panel {
                h2 { (t.get("sign-in.by-account")) }
                (name.render(visitor.lang)) (password.render(visitor.lang)) (button(t.get("sign-in.with-password")))
            } }))
            (form("/console/sign-in", "", html! { div.panel { h2 { (t.get("sign-in.by-token")) } (token.render(visitor.lang)) (button(t.get("sign-in.submit"))) } }))
        })
        .into_response()
}
