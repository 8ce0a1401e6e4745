//! The portal's first page: what can be applied for.

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use credentials::catalogue::CredentialType;
use service::ui::{
    CardView, Markup, Page, State as Badge, Visitor, Width, card, heading, html, link_button, panel, stepper,
};

use super::frame::portal;
use crate::core::{App, Core, texts};

pub(super) fn router() -> Router<App> {
    Router::new().route("/", get(home))
}

async fn home(State(app): State<App>, visitor: Visitor) -> Page {
    let t = texts(visitor.lang);
    let steps = [t.get("home.step-1"), t.get("home.step-2"), t.get("home.step-3")];
    let texts = [t.get("home.step-1-text"), t.get("home.step-2-text"), t.get("home.step-3-text")];
    portal(&app, &visitor, t.get("home.title")).width(Width::Wide).body(html! {
        (heading(t.get("home.title"), t.get("home.lead")))
        section aria-labelledby="choose" {
            h2 #choose { (t.get("home.choose")) }
            div.grid { @for of in app.kinds.types() { (choice(&app, &visitor, of)) } }
        }
        (panel(t.get("home.how"), html! {
            (stepper(visitor.lang, &steps, 0))
            ol.tiles { @for (step, text) in steps.iter().zip(texts) { li { h3 { (step) } p.quiet { (text) } } } }
        }))
        p { a href="/console" { (t.get("home.staff")) } }
    })
}

fn choice(app: &Core, visitor: &Visitor, of: &CredentialType) -> Markup {
    let (lang, t) = (visitor.lang, texts(visitor.lang));
    let other = lang.other();
    let days = of.validity_days.to_string();
    html! {
        article.stack {
            (card(lang, &CardView {
                issuer: app.name_in(lang),
                title: lang.pick(&of.label.zh, &of.label.en),
                subtitle: other.pick(&of.label.zh, &of.label.en),
                holder: "",
                validity: &t.with("home.valid-days", &[("days", &days)]),
                state: Badge::Valid,
                colour: &of.colours.from,
                seed: &of.id,
                href: None,
            }))
            p { (lang.pick(&of.description.zh, &of.description.en)) }
            (link_button(t.get("home.apply"), &format!("/apply/{}", of.id), false))
        }
    }
}
