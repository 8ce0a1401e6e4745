//! The portal's first page: what can be applied for.

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use credentials::catalogue::CredentialType;
use service::ui::{Markup, Page, PreEscaped, Visitor, Width, heading, html, link_button, panel, pattern};
use service::{Lang, Texts};

use super::frame::portal;
use crate::core::{App, Core, texts};

pub(super) fn router() -> Router<App> {
    Router::new().route("/", get(home))
}

async fn home(State(app): State<App>, visitor: Visitor) -> Page {
    let t = texts(visitor.lang);
    portal(&app, &visitor, t.get("home.title")).width(Width::Wide).body(html! {
        (heading(t.get("home.title"), t.get("home.lead")))
        section.stack aria-labelledby="choose" {
            h2 #choose { (t.get("home.choose")) }
            @for of in app.kinds.types() { (choice(&app, visitor.lang, of)) }
        }
        (panel(t.get("home.how"), how(t)))
        p { a href="/console" { (t.get("home.staff")) } }
    })
}

/// A type: the card as it will look, what it is, and the way to it.
fn choice(app: &Core, lang: Lang, of: &CredentialType) -> Markup {
    let t = texts(lang);
    let name = lang.pick(&of.label.zh, &of.label.en);
    html! {
        article.panel { div.beside-card {
            (specimen(app, lang, of))
            div.stack {
                h3 { (name) }
                p { (lang.pick(&of.description.zh, &of.description.en)) }
                p.quiet { (validity(t, of.validity_days)) }
                (link_button(t.get("home.apply"), &format!("/apply/{}", of.id), false))
            }
        } }
    }
}

/// A card of nobody's: its face without holder and state.
fn specimen(app: &Core, lang: Lang, of: &CredentialType) -> Markup {
    html! {
        div.credential aria-hidden="true" {
            (PreEscaped(pattern(&of.colours.from, &of.id)))
            div.card-face {
                div.card-top { span.card-issuer { (app.name_in(lang)) } }
                div.card-title {
                    (lang.pick(&of.label.zh, &of.label.en))
                    small { (lang.other().pick(&of.label.zh, &of.label.en)) }
                }
                div.card-bottom {}
            }
        }
    }
}

fn how(t: Texts<'_>) -> Markup {
    let steps = [
        (t.get("home.step-1"), t.get("home.step-1-text")),
        (t.get("home.step-2"), t.get("home.step-2-text")),
        (t.get("home.step-3"), t.get("home.step-3-text")),
    ];
    html! {
        ol.tiles { @for (number, (step, text)) in (1..).zip(steps) {
            li { h3 { (number) ". " (step) } p.quiet { (text) } }
        } }
    }
}

/// Years where they come out even, else days.
fn validity(t: Texts<'_>, days: u32) -> String {
    match (days / 365, days % 365) {
        (1, 0) => t.get("home.valid-year").to_owned(),
        (years, 0) => t.with("home.valid-years", &[("years", &years.to_string())]),
        _ => t.with("home.valid-days", &[("days", &days.to_string())]),
    }
}
