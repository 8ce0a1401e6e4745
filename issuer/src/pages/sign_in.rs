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

use super::console::{ConsoleForm, SignedIn};
use super::frame::console_brand;
use crate::client::Client;
use crate::core::{App, Core, texts};
use crate::model::Actor;

pub(super) fn router() -> Router<App> {
    Router::new().route("/console/sign-in", get(ask).post(sign_in)).route("/console/sign-out", post(sign_out))
}

#[derive(Deserialize)]
struct Credentials {
    token: Secret,
}

async fn ask(State(app): State<App>, visitor: Visitor) -> Response {
    page(&app, &visitor, false)
}

async fn sign_in(
    State(app): State<App>,
    visitor: Visitor,
    Client(client): Client,
    Form(Credentials { token }): Form<Credentials>,
) -> Result<Response, Problem> {
    match app.staff.by_token(token.expose().trim()) {
        Some(name) => {
            let started = app.staff.sessions().start(Actor::staff(name));
            Ok(([(header::SET_COOKIE, started.set_cookie)], Redirect::to("/console")).into_response())
        }
        None => {
            app.staff.wrong_sign_in(&client)?;
            let mut response = page(&app, &visitor, true);
            *response.status_mut() = StatusCode::UNAUTHORIZED;
            Ok(response)
        }
    }
}

async fn sign_out(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    headers: HeaderMap,
    Form(sent): Form<ConsoleForm>,
) -> Result<Response, Problem> {
    sent.check(&session)?;
    let ended = app.staff.sessions().end(&headers);
    Ok(([(header::SET_COOKIE, ended)], Redirect::to("/console/sign-in")).into_response())
}

fn page(app: &Core, visitor: &Visitor, wrong: bool) -> Response {
    let t = texts(visitor.lang);
    let error = if wrong { t.get("sign-in.wrong") } else { "" };
    let token = Field::new("token", t.get("sign-in.token"))
        .kind(Kind::Secret)
        .hint(t.get("sign-in.token-hint"))
        .error(error)
        .autocomplete("current-password")
        .autofocus();
    let title = t.get("sign-in.title");
    console_brand(app, visitor, title)
        .body(html! {
            (heading(title, ""))
            (form("/console/sign-in", "", html! { div.panel { (token.render(visitor.lang)) (button(t.get("sign-in.submit"))) } }))
        })
        .into_response()
}
