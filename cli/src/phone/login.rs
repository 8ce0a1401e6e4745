//! Collecting by logging in at an issuer's; renewing, and fetching what took time.

use std::sync::Arc;

use axum::extract::{OriginalUri, State};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use protocol::Endpoint;
use serde::Deserialize;
use service::Problem;
use service::extract::{Form, Path};
use service::ui::{
    Field, Kind, Page, Tone, button, danger_button, details, facts, form, heading, link_button, notice,
};
use wallet_core::{AuthorizeError, Offer, ReceiveError, WaitedFor};

use super::frame::{Screen, Tab};
use super::offer;
use super::state::{App, Csrf, Holder, Pending};
use super::words::{self, Said, texts};

#[derive(Deserialize)]
pub(super) struct Place {
    csrf: String,
    issuer: String,
}

pub(super) async fn page(holder: Holder) -> Result<Page, Problem> {
    let waiting = holder.wallet.to_collect().map_err(Problem::internal)?;
    let place = waiting.iter().find_map(|card| card.collect_at.as_ref());
    Ok(draw(&holder, place.map(Endpoint::as_str).unwrap_or_default(), None))
}

/// Asks the issuer what it has, and lets the holder choose.
pub(super) async fn look(
    State(app): State<Arc<App>>,
    holder: Holder,
    Form(sent): Form<Place>,
) -> Result<Response, Problem> {
    holder.session.check_csrf(&sent.csrf)?;
    let lang = holder.visitor.lang;
    let place = sent.issuer.trim().trim_end_matches('/');
    let Ok(issuer) = Endpoint::parse(place) else {
        let said = Said::new(texts(lang).get("login.no_address"), texts(lang).get("login.address_hint"));
        return Ok(draw(&holder, place, Some(&said)).into_response());
    };
    Ok(match holder.wallet.preview_issuer(&issuer).await {
        Ok(offer) if offer.takes_login() => {
            Redirect::to(&format!("/login/{}", app.keep(Pending::Offer(Arc::new(offer))))).into_response()
        }
        Ok(_) => {
            let said = Said::new(texts(lang).get("login.not_offered"), texts(lang).get("offer.ask_issuer"));
            draw(&holder, place, Some(&said)).into_response()
        }
        Err(error) => draw(&holder, place, Some(&words::offer_refused(lang, &error))).into_response(),
    })
}

/// What can be collected there, one type at a time.
pub(super) async fn choose(State(app): State<Arc<App>>, Path(id): Path<String>, holder: Holder) -> Response {
    let Some(offer) = app.offer(&id) else { return Redirect::to("/login").into_response() };
    let t = texts(holder.visitor.lang);
    let lang = holder.visitor.lang;
    let screen = Screen::new(&holder.visitor, t.get("login.title")).back("/login").tab(Tab::More);
    let page = screen.body(html! {
        (heading(t.get("login.what"), &offer.issuer().host()))
        @for (kind, label) in kinds(&offer) {
            (form(&format!("/login/{id}"), &holder.session.csrf, html! {
                input type="hidden" name="kind" value=(kind);
                button.button.quiet type="submit" { (lang.pick(&label.zh, &label.en)) }
            }))
        }
        p.quiet.small { (t.get("login.leaves")) }
    });
    page.into_response()
}

#[derive(Deserialize)]
pub(super) struct Chosen {
    csrf: String,
    kind: String,
}

/// Goes to the issuer's page, in this browser.
pub(super) async fn begin(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    holder: Holder,
    Form(sent): Form<Chosen>,
) -> Result<Response, Problem> {
    holder.session.check_csrf(&sent.csrf)?;
    let Some(offer) = app.offer(&id) else { return Ok(Redirect::to("/login").into_response()) };
    let of_kind = offer.credentials().iter().filter(|credential| credential.kind == sent.kind);
    let wanted: Vec<String> = of_kind.map(|credential| credential.configuration.clone()).collect();
    if wanted.is_empty() {
        return Ok(Redirect::to(&format!("/login/{id}")).into_response());
    }
    Ok(match holder.wallet.begin_login(&offer, &wanted).await {
        Ok(begun) => Redirect::to(&begun.address).into_response(),
        Err(error) => failed(&holder, &said(&holder, &error)).into_response(),
    })
}

/// Where the issuer's page sends the browser back to.
pub(super) async fn back(
    State(app): State<Arc<App>>,
    OriginalUri(uri): OriginalUri,
    holder: Holder,
) -> Response {
    let query = uri.query().unwrap_or_default();
    let address = format!("{}?{query}", app.config.client.redirect_uri);
    match holder.wallet.finish_login(&address).await {
        Ok(received) => offer::done(&holder, &received).into_response(),
        Err(error) => failed(&holder, &said(&holder, &error)).into_response(),
    }
}

/// Renews a card; the one before is gone when the new one is there.
pub(super) async fn renew(
    Path(id): Path<String>,
    holder: Holder,
    Form(Csrf { csrf }): Form<Csrf>,
) -> Result<Response, Problem> {
    holder.session.check_csrf(&csrf)?;
    Ok(match holder.wallet.renew(&id).await {
        Ok(received) => offer::done(&holder, &received).into_response(),
        Err(error) => failed(&holder, &words::not_received(holder.visitor.lang, &error)).into_response(),
    })
}

/// Fetches what issuers said takes time.
pub(super) async fn pick_up(holder: Holder, Form(Csrf { csrf }): Form<Csrf>) -> Result<Page, Problem> {
    holder.session.check_csrf(&csrf)?;
    let lang = holder.visitor.lang;
    let t = texts(lang);
    let picked = holder.wallet.pick_up().await.map_err(Problem::internal)?;
    let row = |one: &wallet_core::PickedUp| match &one.outcome {
        Ok(cards) => {
            let names =
                cards.iter().map(|card| lang.pick(&card.label.zh, &card.label.en)).collect::<Vec<_>>();
            notice(Tone::Good, &names.join(t.get("list.and")), t.get("offer.done"))
        }
        Err(ReceiveError::Deferred) => notice(Tone::Info, &one.issuer.host(), t.get("login.still")),
        Err(error) => {
            let said = words::not_received(lang, error);
            notice(Tone::Bad, &said.what, &said.todo)
        }
    };
    let waited = holder.wallet.waited_for().map_err(Problem::internal)?;
    Ok(Screen::new(&holder.visitor, t.get("login.pick_up")).back("/more").tab(Tab::More).body(html! {
        @if picked.is_empty() { (notice(Tone::Info, "", t.get("login.nothing"))) }
        @for one in &picked { (row(one)) }
        (given_up(&holder, &waited))
        (link_button(t.get("offer.to_cards"), "/", false))
    }))
}

/// How to wait no more, for what each offer gives.
fn given_up(holder: &Holder, waited: &[WaitedFor]) -> Markup {
    let lang = holder.visitor.lang;
    let t = texts(lang);
    let mut offers: Vec<(&str, Vec<&str>)> = Vec::new();
    for WaitedFor { id, offered, .. } in waited {
        let label = lang.pick(&offered.label.zh, &offered.label.en);
        match offers.iter_mut().find(|(offer, _)| offer == id) {
            Some((_, labels)) if labels.contains(&label) => {}
            Some((_, labels)) => labels.push(label),
            None => offers.push((id, vec![label])),
        }
    }
    html! {
        @for (id, labels) in &offers {
            (details(&t.with("login.give_up_open", &[("what", &labels.join(t.get("list.and")))]), html! {
                p { (t.get("login.give_up_text")) }
                (form("/give-up", &holder.session.csrf, html! {
                    input type="hidden" name="id" value=(id);
                    (danger_button(t.get("login.give_up")))
                }))
            }))
        }
    }
}

#[derive(Deserialize)]
pub(super) struct GivenUp {
    csrf: String,
    id: String,
}

/// Waits no more for what an issuer takes time for.
pub(super) async fn give_up(holder: Holder, Form(sent): Form<GivenUp>) -> Result<Response, Problem> {
    holder.session.check_csrf(&sent.csrf)?;
    Ok(match holder.wallet.give_up(&sent.id).await {
        Ok(_) => Redirect::to("/more").into_response(),
        Err(error) => failed(&holder, &words::not_received(holder.visitor.lang, &error)).into_response(),
    })
}

/// What a backup named and is still to be collected, and what to do about a phone that is gone.
pub(super) async fn to_collect(holder: Holder) -> Result<Page, Problem> {
    let lang = holder.visitor.lang;
    let t = texts(lang);
    let cards = holder.wallet.to_collect().map_err(Problem::internal)?;
    Ok(Screen::new(&holder.visitor, t.get("collect.title")).back("/more").tab(Tab::More).body(html! {
        @if cards.is_empty() { (notice(Tone::Good, "", t.get("collect.none"))) }
        @else { (notice(Tone::Unsure, t.get("collect.lost"), t.get("collect.lost_text"))) }
        @for card in &cards {
            section.panel {
                h2 { (lang.pick(&card.label.zh, &card.label.en)) }
                (facts([
                    (t.get("collect.whose"), html! { (card.holder_line) }),
                    (t.get("card.issuer"), html! { (lang.pick(&card.issuer_name.zh, &card.issuer_name.en)) }),
                ]))
                @if let Some(place) = &card.collect_at {
                    (form("/login", &holder.session.csrf, html! {
                        input type="hidden" name="issuer" value=(place);
                        (button(t.get("collect.go")))
                    }))
                } @else { p.quiet.small { (t.get("collect.ask")) } }
            }
        }
    }))
}

/// The types offered, each once.
fn kinds(offer: &Offer) -> Vec<(&str, &registry::LocalText)> {
    let mut kinds: Vec<(&str, &registry::LocalText)> = Vec::new();
    for credential in offer.credentials() {
        if !kinds.iter().any(|(kind, _)| *kind == credential.kind) {
            kinds.push((&credential.kind, &credential.label));
        }
    }
    kinds
}

fn said(holder: &Holder, error: &AuthorizeError) -> Said {
    let lang = holder.visitor.lang;
    let t = texts(lang);
    match error {
        AuthorizeError::NotOffered(_) => Said::new(t.get("login.not_offered"), t.get("offer.ask_issuer")),
        AuthorizeError::Refused(_) | AuthorizeError::Answer(_) => {
            Said::new(t.get("offer.issuer_broken"), t.get("offer.ask_issuer"))
        }
        AuthorizeError::NotOpen => Said::new(t.get("login.not_open"), t.get("login.again")),
        AuthorizeError::NotCompleted(_) => Said::new(t.get("login.not_completed"), t.get("login.again")),
        AuthorizeError::Offer(error) => words::offer_refused(lang, error),
        AuthorizeError::Receive(ReceiveError::Deferred) => {
            Said::new(t.get("login.still"), t.get("login.still_todo"))
        }
        AuthorizeError::Receive(error) => words::not_received(lang, error),
    }
}

fn draw(holder: &Holder, place: &str, said: Option<&Said>) -> Page {
    let lang = holder.visitor.lang;
    let t = texts(lang);
    let address = Field::new("issuer", t.get("login.address"))
        .kind(Kind::Text)
        .hint(t.get("login.address_hint"))
        .value(place);
    Screen::new(&holder.visitor, t.get("login.title")).back("/more").tab(Tab::More).body(html! {
        (heading(t.get("login.heading"), t.get("login.lead")))
        @if let Some(said) = said { (notice(Tone::Bad, &said.what, &said.todo)) }
        (form("/login", &holder.session.csrf, html! { (address.render(lang)) (button(t.get("login.go"))) }))
    })
}

fn failed(holder: &Holder, said: &Said) -> Page {
    let t = texts(holder.visitor.lang);
    Screen::new(&holder.visitor, t.get("login.title")).back("/more").tab(Tab::More).body(html! {
        (notice(Tone::Bad, &said.what, &said.todo))
        (link_button(t.get("offer.to_cards"), "/", false))
    })
}
