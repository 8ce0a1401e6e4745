//! A member's own password.

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use http::{StatusCode, header};
use protocol::Secret;
use serde::Deserialize;
use service::Problem;
use service::extract::{Form, Query};
use service::ui::{Field, Kind, Tone, Visitor, button, form, heading, html, notice, panel};

use super::console::{SignedIn, StaffSession};
use super::frame::console;
use super::sign_in::{busy, exposed};
use crate::accounts::{Basis, ChangeRefused, FEWEST, SignInRefused};
use crate::client::Client;
use crate::core::{App, Core, texts};

pub(super) fn router() -> Router<App> {
    Router::new().route("/console/password", get(ask).post(change))
}

#[derive(Deserialize)]
struct Done {
    done: Option<String>,
}

#[derive(Deserialize)]
struct Passwords {
    #[serde(default)]
    csrf: String,
    old: Option<Secret>,
    new: Option<Secret>,
    again: Option<Secret>,
}

/// What is said beside the fields: at the old one, and at the new ones.
#[derive(Clone, Copy, Default)]
struct Said<'t> {
    old: &'t str,
    new: &'t str,
    again: &'t str,
}

async fn ask(
    State(app): State<App>,
    visitor: Visitor,
    SignedIn(session): SignedIn,
    Query(Done { done }): Query<Done>,
) -> Response {
    page(&app, &visitor, &session, Said::default(), done.is_some())
}

async fn change(
    State(app): State<App>,
    visitor: Visitor,
    SignedIn(session): SignedIn,
    Client(client): Client,
    Form(sent): Form<Passwords>,
) -> Result<Response, Problem> {
    session.check_csrf(&sent.csrf)?;
    let t = texts(visitor.lang);
    let refused = |said| {
        let mut response = page(&app, &visitor, &session, said, false);
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
        Ok(response)
    };
    if !matches!(session.basis, Basis::Password(_)) {
        return refused(Said::default());
    }
    let (new, again) = (exposed(&sent.new), exposed(&sent.again));
    if *new != *again {
        return refused(Said { again: t.get("password.not-again"), ..Said::default() });
    }
    app.accounts.tokens().may_try(&client)?;
    let name = session.member.name.clone();
    match app.accounts.change_password(name.clone(), exposed(&sent.old), new, app.now()).await {
        Ok(basis) => {
            let begun = app.accounts.begin_session(name, basis, app.now()).await;
            let set_cookie = begun.map_err(Problem::internal)?;
            Ok(([(header::SET_COOKIE, set_cookie)], Redirect::to("/console/password?done")).into_response())
        }
        Err(ChangeRefused::Old(SignInRefused::Wrong)) => {
            app.accounts.tokens().wrong_sign_in(&client)?;
            refused(Said { old: t.get("password.wrong"), ..Said::default() })
        }
        Err(ChangeRefused::Old(SignInRefused::Locked)) => {
            refused(Said { old: t.get("sign-in.locked"), ..Said::default() })
        }
        Err(ChangeRefused::Weak) => {
            let weak = t.with("password.hint", &[("fewest", &FEWEST.to_string())]);
            refused(Said { new: &weak, ..Said::default() })
        }
        Err(ChangeRefused::Same) => refused(Said { new: t.get("password.same"), ..Said::default() }),
        Err(ChangeRefused::Meanwhile) => Ok(Redirect::to("/console/sign-in").into_response()),
        Err(ChangeRefused::Old(SignInRefused::Busy)) => Err(busy()),
        Err(ChangeRefused::Old(error @ (SignInRefused::Store(_) | SignInRefused::Hash))) => {
            Err(Problem::internal(error))
        }
    }
}

fn page(app: &Core, visitor: &Visitor, session: &StaffSession, said: Said<'_>, done: bool) -> Response {
    let (lang, t) = (visitor.lang, texts(visitor.lang));
    let field = |name: &str, label: &str, error: &str, autocomplete: &'static str| {
        Field::new(name, label).kind(Kind::Secret).error(error).autocomplete(autocomplete)
    };
    let old = field("old", t.get("password.old"), said.old, "current-password");
    let new = field("new", t.get("password.new"), said.new, "new-password");
    let new = new.hint(t.with("password.hint", &[("fewest", &FEWEST.to_string())]));
    let again = field("again", t.get("password.again"), said.again, "new-password");
    let elsewhere = match session.basis {
        Basis::Password(_) | Basis::SomePassword => "",
        Basis::Token(_) => t.get("password.by-token"),
        Basis::Provider(_) => t.get("password.by-provider"),
    };
    let title = t.get("password.title");
    console(app, visitor, session, title)
        .body(html! {
            (heading(title, t.get("password.lead")))
            @if done { (notice(Tone::Good, t.get("password.done"), t.get("password.done-text"))) }
            @if elsewhere.is_empty() { (panel("", form("/console/password", &session.csrf, html! { div.stack {
                (old.render(lang)) (new.render(lang)) (again.render(lang)) (button(t.get("password.change")))
            } }))) }
            @else { (notice(Tone::Info, "", elsewhere)) }
        })
        .into_response()
}
