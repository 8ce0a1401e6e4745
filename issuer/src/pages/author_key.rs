//! The author's key on the page of keys: one admin asks for another, a second one approves.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use serde::Deserialize;
use service::extract::Form;
use service::ui::{Field, Kind, Markup, Visitor, button, csrf_field, danger_button, form, html, panel};
use service::{Lang, Problem, dates};

use super::console::{SignedIn, StaffSession};
use super::keys::{done, refused};
use crate::core::{App, texts};
use crate::keys::Replacement;
use crate::reason::Reason;

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/console/keys/author/replace", post(ask))
        .route("/console/keys/author/replace/approve", post(approve))
        .route("/console/keys/author/replace/withdraw", post(withdraw))
}

#[derive(Deserialize)]
struct Sent {
    #[serde(default)]
    csrf: String,
    /// Named apart from the other form's on the page.
    #[serde(default)]
    why: String,
}

async fn ask(
    State(app): State<App>,
    visitor: Visitor,
    SignedIn(session): SignedIn,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    session.check_csrf(&sent.csrf)?;
    let Ok(reason) = Reason::try_from(sent.why) else {
        return refused(&app, &visitor, &session, texts(visitor.lang).get("keys.author-incomplete")).await;
    };
    let asked = app.keys.ask_to_replace(reason.into(), session.member.actor(), app.now()).await;
    done(&app, &visitor, &session, asked.map(drop).map_err(Problem::from)).await
}

async fn approve(
    State(app): State<App>,
    visitor: Visitor,
    SignedIn(session): SignedIn,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    session.check_csrf(&sent.csrf)?;
    let replaced = app.keys.approve_replacement(session.member.actor(), app.now()).await;
    done(&app, &visitor, &session, replaced.map(drop).map_err(Problem::from)).await
}

async fn withdraw(
    State(app): State<App>,
    visitor: Visitor,
    SignedIn(session): SignedIn,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    session.check_csrf(&sent.csrf)?;
    let withdrawn = app.keys.take_back_replacement(session.member.actor(), app.now()).await;
    done(&app, &visitor, &session, withdrawn.map_err(Problem::from)).await
}

/// What was asked, for whoever may approve it.
pub(super) fn request(lang: Lang, session: &StaffSession, may: bool, wish: &Replacement) -> Markup {
    let t = texts(lang);
    let who = wish.asked_by.name().unwrap_or_default();
    let asked_at = dates::moment(lang, registry::UnixMillis::from_seconds(wish.asked_at.0));
    let values = [("key", wish.replaces.as_str()), ("who", who), ("time", &asked_at)];
    let small = |what: &str, markup: Markup| {
        html! { form method="post" action={ "/console/keys/author/replace/" (what) } data-once {
            (csrf_field(&session.csrf)) (markup)
        } }
    };
    panel(
        t.get("keys.asked"),
        html! {
            p { (t.with("keys.author-asked", &values)) }
            p.quiet { (wish.reason.as_str()) }
            @if wish.approved_by.is_some() { p { (t.get("keys.author-approved")) } }
            @else if may { div.row {
                @if who == session.member.name { p.quiet { (t.get("keys.other-must")) } }
                @else { (small("approve", danger_button(t.get("keys.author-approve")))) }
                (small("withdraw", html! { button.button.quiet type="submit" { (t.get("keys.withdraw")) } }))
            } }
        },
    )
}

/// To ask for another one.
pub(super) fn ask_for(lang: Lang, session: &StaffSession) -> Markup {
    let t = texts(lang);
    panel(
        t.get("keys.author"),
        html! {
            p { (t.get("keys.author-text")) }
            (form("/console/keys/author/replace", &session.csrf, html! { div.stack {
                (Field::new("why", t.get("credential.reason")).kind(Kind::Lines).render(lang))
                (button(t.get("keys.author-ask")))
            } }))
        },
    )
}
