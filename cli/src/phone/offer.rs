//! An offer: who offers what, the code, and taking it.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use protocol::openid4vci::InputMode;
use serde::Deserialize;
use service::extract::{Form, Path};
use service::ui::{Field, Icon, Kind, Page, Tone, button, facts, form, icon, link_button, notice};
use service::{Lang, Problem};
use wallet_core::{Offer, ReceiveError, Received};

use super::cards;
use super::frame::{Screen, Tab};
use super::state::{App, Holder};
use super::words::{self, Said, texts};

pub(super) async fn page(State(app): State<Arc<App>>, Path(id): Path<String>, holder: Holder) -> Response {
    match app.offer(&id) {
        Some(offer) => draw(&holder, &id, &offer, None).into_response(),
        None => Redirect::to("/scan").into_response(),
    }
}

#[derive(Deserialize)]
pub(super) struct Answer {
    csrf: String,
    #[serde(default)]
    tx_code: String,
}

pub(super) async fn take(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    holder: Holder,
    Form(answer): Form<Answer>,
) -> Result<Response, Problem> {
    holder.session.check_csrf(&answer.csrf)?;
    let Some(offer) = app.offer(&id) else { return Ok(Redirect::to("/scan").into_response()) };
    let code = answer.tx_code.split_whitespace().collect::<String>();
    let code = offer.tx_code().is_some().then_some(code.as_str());
    Ok(match holder.wallet.receive(&offer, code).await {
        Ok(received) => {
            app.forget(&id);
            cards::refresh(&holder.wallet).await;
            done(&holder, &received).into_response()
        }
        Err(error) => {
            let said = words::not_received(holder.visitor.lang, &error);
            if !is_typo(&error) {
                app.forget(&id);
                return Ok(failed(&holder, &said).into_response());
            }
            draw(&holder, &id, &offer, Some(&said)).into_response()
        }
    })
}

/// Whether entering the code again can help.
fn is_typo(error: &ReceiveError) -> bool {
    matches!(error, ReceiveError::TxCodeMissing | ReceiveError::TxCodeForm | ReceiveError::TxCodeWrong { .. })
        || (error.is_passing() && *error != ReceiveError::Deferred)
}

fn draw(holder: &Holder, id: &str, offer: &Offer, said: Option<&Said>) -> Page {
    let lang = holder.visitor.lang;
    let t = texts(lang);
    let called = offer.self_called();
    let host = offer.issuer().host();
    let name = called.as_ref().map_or(host.as_str(), |name| lang.pick(&name.zh, &name.en));
    Screen::new(&holder.visitor, t.get("offer.title")).back("/scan").tab(Tab::Scan).body(html! {
        section.who {
            span.who-sign { (icon(Icon::Building)) }
            div { h2 { (name) } p.quiet.small { (t.get("offer.checked_later")) } }
        }
        section.panel { (facts(offered(lang, offer))) }
        (form(&format!("/offers/{id}"), &holder.session.csrf, html! {
            @if let Some(rules) = offer.tx_code() {
                @let kind = match rules.input_mode {
                    InputMode::Numeric => Kind::Digits(rules.length.and_then(|length| u8::try_from(length).ok())),
                    InputMode::Text => Kind::Text,
                };
                @let error = said.map_or("", |said| said.what.as_str());
                (Field::new("tx_code", t.get("offer.code")).kind(kind).hint(t.get("offer.code_hint")).error(error)
                    .autocomplete("one-time-code").autofocus().render(lang))
            } @else if let Some(said) = said {
                (notice(Tone::Bad, &said.what, &said.todo))
            }
            (button(t.get("offer.take")))
        }))
        (link_button(t.get("offer.leave"), "/", true))
    })
}

fn offered(lang: Lang, offer: &Offer) -> Vec<(&'static str, Markup)> {
    let t = texts(lang);
    let mut kinds: Vec<&str> = Vec::new();
    for credential in offer.credentials() {
        let label = lang.pick(&credential.label.zh, &credential.label.en);
        if !kinds.contains(&label) {
            kinds.push(label);
        }
    }
    let from = html! { (offer.issuer().host()) };
    vec![(t.get("offer.what"), html! { (kinds.join(t.get("list.and"))) }), (t.get("offer.from"), from)]
}

pub(super) fn done(holder: &Holder, received: &Received) -> Page {
    let lang = holder.visitor.lang;
    let t = texts(lang);
    Screen::new(&holder.visitor, t.get("offer.done_title")).tab(Tab::Cards).body(html! {
        div.heading { h2 { (t.get("offer.done")) } p.lead { (t.get("offer.done_lead")) } }
        @for card in &received.cards { (cards::draw(lang, card, true)) }
        @for failed in &received.failed {
            @let said = words::not_received(lang, &failed.error);
            (notice(Tone::Unsure, &t.with("offer.part_failed", &[("format", words::format(lang, failed.credential.format))]), &said.what))
        }
        (link_button(t.get("offer.to_cards"), "/", false))
    })
}

fn failed(holder: &Holder, said: &Said) -> Page {
    let t = texts(holder.visitor.lang);
    Screen::new(&holder.visitor, t.get("offer.title")).back("/scan").tab(Tab::Scan).body(html! {
        (notice(Tone::Bad, &said.what, &said.todo))
        (link_button(t.get("scan.again"), "/scan", false))
    })
}
