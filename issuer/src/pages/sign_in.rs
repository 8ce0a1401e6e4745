//! Signing in to the console, and out.

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use http::{HeaderMap, StatusCode, header};
use protocol::Secret;
use serde::Deserialize;
use service::Problem;
use service::extract::Form;
use service::ui::{Field, Kind, Visitor, button, form, heading, html};
use zeroize::Zeroizing;

use super::console::{ConsoleForm, SignedIn};
use super::frame::console_brand;
use crate::access::READERS;
use crate::accounts::SignInRefused;
use crate::audit::{Deed, Noting};
use crate::client::Client;
use crate::core::{App, Core, texts};

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
    let staff = app.accounts.staff();
    let found = if name.is_empty() {
        app.accounts.by_token(exposed(&token).trim()).ok_or(Wrong::Token)
    } else {
        match app.accounts.sign_in(name.trim(), exposed(&password), app.now()).await {
            Ok(member) => Ok(member),
            Err(SignInRefused::Wrong) => Err(Wrong::Password),
            Err(SignInRefused::Locked) => Err(Wrong::Locked),
            Err(error @ (SignInRefused::Store(_) | SignInRefused::Hash)) => {
                return Err(Problem::internal(error));
            }
        }
    };
    match found {
        Ok(member) => {
            let noting = Noting::by(&member.actor(), app.now());
            noting.note_alone(&app.store, Deed::new("signed-in")).await.map_err(Problem::internal)?;
            // Whoever keeps accounts sees nobody's data: another page is the first.
            let first = if member.roles.meets(READERS) { "/console" } else { "/console/overview" };
            let started = staff.sessions().start(member.name);
            Ok(([(header::SET_COOKIE, started.set_cookie)], Redirect::to(first)).into_response())
        }
        Err(wrong) => {
            staff.wrong_sign_in(&client)?;
            let noting = Noting::by_stranger(app.now());
            noting.note_alone(&app.store, Deed::new("sign-in-failed")).await.map_err(Problem::internal)?;
            let mut response = page(&app, &visitor, wrong);
            *response.status_mut() = StatusCode::UNAUTHORIZED;
            Ok(response)
        }
    }
}

fn exposed(secret: &Option<Secret>) -> Zeroizing<String> {
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
    let ended = app.accounts.staff().sessions().end(&headers);
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
            (form("/console/sign-in", "", html! { div.panel {
                h2 { (t.get("sign-in.by-account")) }
                (name.render(visitor.lang)) (password.render(visitor.lang)) (button(t.get("sign-in.with-password")))
            } }))
            (form("/console/sign-in", "", html! { div.panel { h2 { (t.get("sign-in.by-token")) } (token.render(visitor.lang)) (button(t.get("sign-in.submit"))) } }))
        })
        .into_response()
}
