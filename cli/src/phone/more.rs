//! What there is beside cards: how the keys are kept, locking, language.

use axum::extract::State;
use maud::{Markup, html};
use service::Problem;
use service::ui::{Page, Tone, details, facts, form, link_button, notice};
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
    let to_collect = holder.wallet.to_collect().map_err(Problem::internal)?.len();
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
        section.panel { nav.stack aria-label=(t.get("more.title")) {
            (link_button(t.get("login.title"), "/login", true))
            @if to_collect > 0 { (link_button(&t.with("collect.open", &[("n", &to_collect.to_string())]), "/collect", true)) }
            (form("/pick-up", &holder.session.csrf, html! {
                button.button.quiet type="submit" { (t.get("login.pick_up")) }
            }))
            (link_button(t.get("backup.title"), "/backup", true))
            (link_button(t.get("more.export"), "/export", true))
            (link_button(t.get("erase.title"), "/erase", true))
        } }
        (lost(&holder)?)
        (notice(Tone::Info, "", t.get("more.demo")))
        (form("/lock", &holder.session.csrf, html! { button.button.quiet type="submit" { (t.get("more.lock")) } }))
        (languages(lang))
    }))
}

/// Whom to tell when this phone is lost: to be read before it is.
fn lost(holder: &Holder) -> Result<Markup, Problem> {
    let lang = holder.visitor.lang;
    let t = texts(lang);
    let mut issuers: Vec<String> = Vec::new();
    for card in holder.wallet.cards().map_err(Problem::internal)? {
        let name = lang.pick(&card.issuer_name.zh, &card.issuer_name.en).to_owned();
        if !issuers.contains(&name) {
            issuers.push(name);
        }
    }
    if issuers.is_empty() {
        return Ok(html! {});
    }
    let body = html! { p { (t.get("more.lost_text")) } ul { @for name in &issuers { li { (name) } } } };
    Ok(details(t.get("more.lost"), body))
}
