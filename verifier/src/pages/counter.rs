//! The first page: what is it for?

use axum::Router;
use axum::extract::State;
use axum::response::Redirect;
use axum::routing::{get, post};
use registry::Slug;
use serde::Deserialize;
use service::extract::Form;
use service::ui::{Markup, Page, Visitor, Width, button, form, heading, html};
use service::{Lang, Problem, clock};

use super::session::{Clerk, frame, screen_of};
use crate::core::{App, Core};
use crate::decision::texts;
use crate::purpose::{AskConfig, Purpose};
use crate::request::{Manner, Wish};

pub(super) fn router() -> Router<App> {
    Router::new().route("/", get(home)).route("/requests", post(start))
}

#[derive(Deserialize)]
struct Start {
    purpose: Slug,
    csrf: String,
}

async fn home(State(app): State<App>, visitor: Visitor, Clerk(session): Clerk) -> Page {
    let (lang, t) = (visitor.lang, texts(visitor.lang));
    frame(&app, &visitor, Some(&session), t.get("counter.title")).width(Width::Wide).body(html! {
        (heading(t.get("counter.title"), t.get("counter.lead")))
        ul.tiles {
            @for purpose in app.policies.all() { li { (tile(&app, lang, &purpose, &session.csrf)) } }
        }
    })
}

fn tile(app: &Core, lang: Lang, purpose: &Purpose, csrf: &str) -> Markup {
    let t = texts(lang);
    html! {
        article.tile {
            h2 { (lang.pick(&purpose.title.zh, &purpose.title.en)) }
            p { (t.get("counter.asks")) }
            ul.stack { @for ask in &purpose.asks { li { (asks(app, lang, ask)) } } }
            (start_form(purpose.id.as_str(), csrf, t.get("counter.start")))
        }
    }
}

/// The credential and the claims, by their labels.
fn asks(app: &Core, lang: Lang, ask: &AskConfig) -> Markup {
    let kind = app.catalogue.by_id(ask.credential_type.as_str());
    let claims: Vec<&str> = ask
        .claims
        .iter()
        .filter_map(|name| kind?.claim(name))
        .map(|claim| lang.pick(&claim.label.zh, &claim.label.en))
        .collect();
    html! {
        strong { (kind.map_or(ask.credential_type.as_str(), |kind| lang.pick(&kind.label.zh, &kind.label.en))) }
        " " span.quiet { (claims.join(lang.pick("、", ", "))) }
    }
}

/// A button that asks for a purpose.
pub(super) fn start_form(purpose: &str, csrf: &str, label: &str) -> Markup {
    form("/requests", csrf, html! { input type="hidden" name="purpose" value=(purpose); (button(label)) })
}

async fn start(
    State(app): State<App>,
    Clerk(session): Clerk,
    Form(Start { purpose, csrf }): Form<Start>,
) -> Result<Redirect, Problem> {
    session.check_csrf(&csrf)?;
    app.limits.ask(&session.value)?;
    let Some(policy) = app.purpose(&purpose) else {
        return Err(Problem::unprocessable("unknown-purpose", "This counter has no such purpose"));
    };
    let manner = Manner {
        known_by: app.policy.known_by,
        encrypted: app.policy.encrypted_responses,
        screen: Some(screen_of(&session)),
        ..Manner::default()
    };
    let version = Some(policy.version.clone());
    let wish = Wish { purpose, version, query: None, manner, asked_by: session.value };
    let (id, _) = app.desk.ask(wish, clock::now()).await.map_err(Problem::internal)?;
    app.metrics.asked(&app.tenant);
    Ok(Redirect::to(&format!("/requests/{id}")))
}
