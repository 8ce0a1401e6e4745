//! The first page: what is it for, and which way?

use axum::Router;
use axum::extract::State;
use axum::response::Redirect;
use axum::routing::{get, post};
use registry::Slug;
use serde::Deserialize;
use service::extract::Form;
use service::ui::{Icon, Markup, Page, Visitor, Width, csrf_field, heading, html, icon};
use service::{Lang, Problem, clock};

use super::offline;
use super::session::{Clerk, frame, screen_of};
use crate::codes::{Place, Printed};
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
    /// The page that it leads to; the code to scan if there is none.
    way: Option<Way>,
    /// Of a printed request.
    place: Option<Place>,
    csrf: String,
}

/// How question and answer travel.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Way {
    /// Over the network.
    Link,
    /// By codes.
    Codes,
}

async fn home(State(app): State<App>, visitor: Visitor, Clerk(session): Clerk) -> Result<Page, Problem> {
    let (lang, t) = (visitor.lang, texts(visitor.lang));
    let printed = Printed::all(app.account.store(), clock::now()).map_err(Problem::internal)?;
    let flagged = offline::flagged(&app, lang)?;
    Ok(frame(&app, &visitor, Some(&session), t.get("counter.title")).width(Width::Wide).body(html! {
        (heading(t.get("counter.title"), t.get("counter.lead")))
        (flagged)
        ul.tiles.purposes {
            @for purpose in app.policies.all() { li { (tile(&app, lang, &purpose, &session.csrf)) } }
        }
        p.row.quiet {
            a href="/printed" { (t.get("printed.link")) }
            @if !printed.is_empty() { span.count { (printed.len()) } }
            a href=(offline::PATH) { (t.get("offline.link")) }
        }
    }))
}

fn tile(app: &Core, lang: Lang, purpose: &Purpose, csrf: &str) -> Markup {
    let t = texts(lang);
    html! {
        article.tile {
            h2 { (lang.pick(&purpose.title.zh, &purpose.title.en)) }
            p { (t.get("counter.asks")) }
            ul.stack { @for ask in &purpose.asks { li { (asks(app, lang, ask)) } } }
            form method="post" action="/requests" data-once {
                (csrf_field(csrf))
                input type="hidden" name="purpose" value=(purpose.id);
                div.ways {
                    button.button type="submit" name="way" value="link" { (icon(Icon::Scan)) (t.get("counter.start")) }
                    button.button.quiet type="submit" name="way" value="codes" { (t.get("codes.start")) }
                }
            }
        }
    }
}

/// The credential and the claims, by their labels.
pub(super) fn asks(app: &Core, lang: Lang, ask: &AskConfig) -> Markup {
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

/// A button that asks for a purpose, one way; `again` is the form that the page itself sends before a code runs out.
pub(super) fn start_form(purpose: &str, csrf: &str, way: Way, again: bool, label: &str) -> Markup {
    let way = if way == Way::Codes { "codes" } else { "link" };
    html! {
        form method="post" action="/requests" data-once data-again[again] {
            (csrf_field(csrf))
            input type="hidden" name="purpose" value=(purpose);
            button.button type="submit" name="way" value=(way) { (label) }
        }
    }
}

async fn start(
    State(app): State<App>,
    Clerk(session): Clerk,
    Form(Start { purpose, way, place, csrf }): Form<Start>,
) -> Result<Redirect, Problem> {
    session.check_csrf(&csrf)?;
    app.limits.ask(&session.value)?;
    let Some(policy) = app.purpose(&purpose) else {
        return Err(Problem::unprocessable("unknown-purpose", "This counter has no such purpose"));
    };
    let by_codes = way == Some(Way::Codes) || place.is_some();
    let manner = Manner {
        known_by: app.policy.known_by,
        encrypted: app.policy.encrypted_responses,
        screen: Some(screen_of(&session)),
        place,
        ..Manner::default()
    };
    let version = Some(policy.version.clone());
    let seal = app.identity.sealing().seal(manner.encrypted).map_err(Problem::internal)?;
    let wish = Wish { purpose, version, query: None, manner, seal, asked_by: session.value };
    let (id, _) = app.desk.ask(wish, clock::now()).await.map_err(Problem::internal)?;
    app.metrics.asked(&app.tenant);
    Ok(Redirect::to(&format!("/requests/{id}{}", if by_codes { "/codes" } else { "" })))
}
