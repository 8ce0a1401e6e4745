//! What there is beside cards: how the keys are kept, locking, language.

use axum::extract::State;
use maud::html;
use service::Problem;
use service::ui::{Page, Tone, facts, form, notice};
use std::sync::Arc;
use wallet_core::ports::Protection;

use super::frame::{Screen, Tab};
use super::lock::languages;
use super::state::{App, Holder};
use super::words::texts;

pub(super) async fn page(State(app): State<Arc<App>>, holder: Holder) -> Result<Page, Problem> {
    let lang = holder.visitor.lang;
    let t = texts(lang);
    let cards = holder.wallet.cards().map_err(Problem::internal)?.len();
    let keys = match holder.wallet.protection() {
        Protection::Software => t.get("more.software"),
        _ => t.get("more.hardware"),
    };
    Ok(Screen::new(&holder.visitor, t.get("more.title")).tab(Tab::More).body(html! {
        section.panel { (facts([
            (t.get("more.cards"), html! { (cards) }),
            (t.get("more.keys"), html! { (keys) }),
            (t.get("more.chain"), html! { code { (app.config.anchor.network) } }),
        ])) }
        (notice(Tone::Info, "", t.get("more.demo")))
        (form("/lock", &holder.session.csrf, html! { button.button.quiet type="submit" { (t.get("more.lock")) } }))
        (languages(lang))
    }))
}
