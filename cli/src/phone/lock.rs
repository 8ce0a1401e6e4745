//! Making the wallet, unlocking it, locking it.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use http::{HeaderMap, header};
use maud::{Markup, PreEscaped, html};
use serde::Deserialize;
use service::extract::Form;
use service::ui::{self, Field, Kind, Page, Tone, Visitor, button, form, link_button, notice};
use service::{Lang, Problem, Texts};
use wallet_core::{CreateError, OpenError, Wallet};

use super::frame::Screen;
use super::state::{App, Csrf, Holder};
use super::words::texts;

type Shared = State<Arc<App>>;

pub(super) async fn welcome(State(app): Shared, visitor: Visitor) -> Response {
    if app.has_wallet() {
        return Redirect::to("/").into_response();
    }
    welcome_page(&visitor, "").into_response()
}

#[derive(Deserialize)]
pub(super) struct NewPin {
    pin: String,
    again: String,
}

pub(super) async fn create(
    State(app): Shared,
    visitor: Visitor,
    Form(sent): Form<NewPin>,
) -> Result<Response, Problem> {
    let t = texts(visitor.lang);
    if sent.pin != sent.again {
        return Ok(welcome_page(&visitor, t.get("pin.differ")).into_response());
    }
    if !sent.pin.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(welcome_page(&visitor, t.get("pin.weak")).into_response());
    }
    match Wallet::create(&app.vault, &sent.pin, app.ports.clone(), app.config.clone()).await {
        Ok(wallet) => Ok(let_in(&app, wallet)),
        Err(CreateError::PinTooWeak(_)) => Ok(welcome_page(&visitor, t.get("pin.weak")).into_response()),
        Err(CreateError::Exists) => Ok(Redirect::to("/unlock").into_response()),
        Err(CreateError::InUse) => Err(in_use()),
        Err(error @ (CreateError::Keys(_) | CreateError::Folder(_) | CreateError::Vault(_))) => {
            Err(Problem::internal(error))
        }
    }
}

pub(super) async fn ask(State(app): Shared, visitor: Visitor) -> Response {
    if app.has_wallet() {
        unlock_page(&visitor, "").into_response()
    } else {
        Redirect::to("/welcome").into_response()
    }
}

#[derive(Deserialize)]
pub(super) struct Pin {
    pin: String,
}

pub(super) async fn unlock(
    State(app): Shared,
    visitor: Visitor,
    Form(Pin { pin }): Form<Pin>,
) -> Result<Response, Problem> {
    let t = texts(visitor.lang);
    match app.check_pin(&pin).await {
        Ok(()) => Ok(enter(&app)),
        Err(OpenError::WrongPin { wait, .. }) if wait.is_zero() => {
            Ok(unlock_page(&visitor, t.get("pin.wrong")).into_response())
        }
        Err(OpenError::WrongPin { wait, .. } | OpenError::Wait { wait }) => {
            Ok(unlock_page(&visitor, &waiting(t, wait)).into_response())
        }
        Err(OpenError::NoWallet) => Ok(Redirect::to("/welcome").into_response()),
        Err(OpenError::InUse) => Err(in_use()),
        Err(
            error @ (OpenError::PinTooWeak(_)
            | OpenError::Keys(_)
            | OpenError::OtherChain
            | OpenError::Biometrics(_)
            | OpenError::Wiped
            | OpenError::Damaged(_)
            | OpenError::Vault(_)),
        ) => Err(Problem::internal(error)),
    }
}

pub(super) async fn lock(
    State(app): Shared,
    headers: HeaderMap,
    holder: Holder,
    Form(sent): Form<Csrf>,
) -> Result<Response, Problem> {
    holder.session.check_csrf(&sent.csrf)?;
    let ended = app.sessions.end(&headers);
    app.close_unless_watched();
    Ok((AppendHeaders([(header::SET_COOKIE, ended)]), Redirect::to("/unlock")).into_response())
}

fn let_in(app: &App, wallet: Wallet) -> Response {
    app.set_wallet(Arc::new(wallet));
    enter(app)
}

/// The same, and to another page.
pub(super) fn let_in_at(app: &App, wallet: Wallet, page: &str) -> Response {
    app.set_wallet(Arc::new(wallet));
    enter_at(app, page)
}

fn enter(app: &App) -> Response {
    enter_at(app, "/")
}

fn enter_at(app: &App, page: &str) -> Response {
    let started = app.sessions.start(());
    (AppendHeaders([(header::SET_COOKIE, started.set_cookie)]), Redirect::to(page)).into_response()
}

fn in_use() -> Problem {
    Problem::conflict("wallet-in-use", "This wallet is open in another program; close that one first")
}

fn waiting(t: Texts<'static>, wait: Duration) -> String {
    let minutes = wait.as_secs().div_ceil(60);
    match wait.as_secs() {
        0..60 => t.with("pin.wait_seconds", &[("n", &wait.as_secs().max(1).to_string())]),
        _ => t.with("pin.wait_minutes", &[("n", &minutes.to_string())]),
    }
}

fn welcome_page(visitor: &Visitor, error: &str) -> Page {
    let t = texts(visitor.lang);
    let pin = Field::new("pin", t.get("pin.new"))
        .kind(Kind::Pin)
        .hint(t.get("pin.rule"))
        .autocomplete("new-password");
    let again =
        Field::new("again", t.get("pin.again")).kind(Kind::Pin).error(error).autocomplete("new-password");
    locked(
        visitor,
        t.get("welcome.title"),
        t.get("welcome.lead"),
        form(
            "/welcome",
            "",
            html! {
                (pin.autofocus().render(visitor.lang))
                (again.render(visitor.lang))
                (button(t.get("welcome.go")))
            },
        ),
        html! {
            (link_button(t.get("restore.link"), "/restore", true))
            (notice(Tone::Info, "", t.get("welcome.demo")))
        },
    )
}

fn unlock_page(visitor: &Visitor, error: &str) -> Page {
    let t = texts(visitor.lang);
    let pin =
        Field::new("pin", t.get("pin.label")).kind(Kind::Pin).error(error).autocomplete("current-password");
    locked(
        visitor,
        t.get("unlock.title"),
        t.get("unlock.lead"),
        form(
            "/unlock",
            "",
            html! {
                (pin.autofocus().render(visitor.lang))
                (button(t.get("unlock.go")))
            },
        ),
        html! {},
    )
}

fn locked(visitor: &Visitor, title: &str, lead: &str, form: Markup, below: Markup) -> Page {
    Screen::new(visitor, texts(visitor.lang).get("phone.brand")).body(html! {
        div.pin-lock {
            (PreEscaped(ui::MARK))
            h2 { (title) }
            p.quiet { (lead) }
            (form)
        }
        (below)
        (languages(visitor.lang))
    })
}

/// The switch of language inside the screen, where a phone hides the page's header.
pub(super) fn languages(lang: Lang) -> Markup {
    let t = texts(lang);
    let other = lang.other();
    html! {
        p.phone-language { a href={ "?lang=" (other.code()) } lang=(other.html()) hreflang=(other.html()) { (t.get("nav.other_language")) } }
    }
}
