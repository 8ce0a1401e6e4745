//! Signing in to the console at the department's OpenID provider: the way there and the way back.
//!
//! A sign-in that began is known by a cookie that this issuer sealed, so any instance can finish it. `state`, `nonce` and the
//! PKCE verifier follow from it and are kept nowhere.

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use axum::routing::get;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use protocol::Secret;
use protocol::limits::Form;
use rand_core::OsRng;
use service::ui::{Tone, Visitor, heading, html, link_button, notice};
use service::{Lang, Problem, session};

use super::frame::console_brand;
use super::sign_in::first_page;
use crate::accounts::{Basis, NotLetIn, Provider};
use crate::audit::{Deed, Note as _, Noting};
use crate::client::Client;
use crate::clock::Moment;
use crate::core::{App, Core, texts};
use crate::login::{Login, LoginError};
use crate::model::Id;
use crate::seals::Of;

/// How long somebody may take at the provider, in seconds.
const TIME: u64 = 600;

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/console/sign-in/provider", get(begin))
        .route("/console/sign-in/callback", get(callback))
}

async fn begin(State(app): State<App>, visitor: Visitor) -> Result<Response, Problem> {
    let provider = provider(&app, visitor.lang)?;
    let id = Id::new(app.now().ms, &mut OsRng);
    let address = provider.begin(&login(&app, id)?).await.map_err(|error| away(visitor.lang, &error))?;
    let sealed = app.seals.authorization(Of::StaffLogin, id);
    Ok(([(header::SET_COOKIE, cookie(&app, &sealed, TIME))], Redirect::to(&address)).into_response())
}

async fn callback(
    State(app): State<App>,
    visitor: Visitor,
    Client(client): Client,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let t = texts(visitor.lang);
    provider(&app, visitor.lang)?;
    let again = || Problem::bad_request("login", t.get("sign-in.again"));
    let id = began(&app, &headers, app.now()).ok_or_else(again)?;
    let answer = Form::parse(query.unwrap_or_default().as_bytes()).map_err(|_| again())?;
    let login = login(&app, id)?;
    if !answer.get("state").is_some_and(|state| Secret::from(state).matches(&login.state)) {
        return Err(again());
    }
    let let_in = app.accounts.sign_in_from_provider(&login, &answer, app.now()).await;
    let over = (header::SET_COOKIE, cookie(&app, "", 0));
    let member = match let_in {
        Ok(member) => member,
        Err(refused) => {
            let noting = Noting::by_stranger(app.now());
            noting.note_alone(&app.store, Deed::new("sign-in-failed")).await.map_err(Problem::internal)?;
            app.accounts.tokens().wrong_sign_in(&client)?;
            let refusal = not_let_in(&app, &visitor, refused)?;
            return Ok((AppendHeaders([over]), refusal).into_response());
        }
    };
    let first = first_page(member.roles);
    let basis = Basis::Provider(app.accounts.provider().map(Provider::issuer).unwrap_or_default().to_owned());
    let begun = app.accounts.begin_session(member.name.clone(), basis, app.now()).await;
    let begun = (header::SET_COOKIE, begun.map_err(Problem::internal)?);
    // The browser comes from the provider, and a redirect would still count as its: a `Strict` cookie goes along only from a
    // page of our own, which is this one.
    let onward =
        (header::REFRESH, HeaderValue::try_from(format!("0; url={first}")).map_err(Problem::internal)?);
    let title = t.get("sign-in.in");
    let body = html! {
        (heading(title, &t.with("sign-in.in-text", &[("name", &member.name)])))
        (link_button(t.get("sign-in.go-on"), first, false))
    };
    let page = console_brand(&app, &visitor, title).body(body);
    Ok((AppendHeaders([over, begun, onward]), page).into_response())
}

fn provider(app: &Core, lang: Lang) -> Result<&Provider, Problem> {
    app.accounts.provider().ok_or_else(|| Problem::not_found(texts(lang).get("sign-in.no-provider")))
}

/// What a sign-in is told: the same each time, and different for each.
fn login(app: &Core, id: Id) -> Result<Login, Problem> {
    let secret = |purpose| app.seals.login_secret(id, purpose).to_string();
    Ok(Login {
        state: secret("staff state"),
        nonce: secret("staff nonce"),
        verifier: Secret::new(secret("staff verifier")),
        callback: app.base.join("console/sign-in/callback").map_err(Problem::internal)?,
    })
}

/// The sign-in that this browser began, if it was not long ago.
fn began(app: &Core, headers: &HeaderMap, now: Moment) -> Option<Id> {
    let sealed = session::cookie(headers, cookie_name(app))?;
    let id = app.seals.open_authorization(Of::StaffLogin, sealed)?;
    (now.ms < id.made_at_ms().saturating_add(TIME * 1000)).then_some(id)
}

/// With TLS browsers take it from nobody without.
fn cookie_name(app: &Core) -> &'static str {
    if session::is_https(app.base.as_str()) { "__Secure-hz_staff_login" } else { "hz_staff_login" }
}

/// Lax, not Strict: the browser comes back from the provider.
fn cookie(app: &Core, sealed: &str, max_age: u64) -> HeaderValue {
    let secure = if session::is_https(app.base.as_str()) { "; Secure" } else { "" };
    let text = format!(
        "{}={sealed}; Path=/console/sign-in; HttpOnly; SameSite=Lax; Max-Age={max_age}{secure}",
        cookie_name(app)
    );
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
}

/// The page for whoever the provider vouches for and we don't let in.
fn not_let_in(app: &Core, visitor: &Visitor, refused: NotLetIn) -> Result<Response, Problem> {
    let t = texts(visitor.lang);
    tracing::warn!(%refused, "a member of the staff was not let in");
    let text = match refused {
        NotLetIn::Login(LoginError::Declined) => t.get("sign-in.declined"),
        NotLetIn::Login(error) => return Err(away(visitor.lang, &error)),
        NotLetIn::NoRole => t.get("sign-in.no-role"),
        NotLetIn::Closed => t.get("sign-in.closed"),
        NotLetIn::Name => t.get("sign-in.name-taken"),
        NotLetIn::Store(error) => return Err(Problem::internal(error)),
    };
    let title = t.get("sign-in.not-in");
    let page = console_brand(app, visitor, title).body(html! {
        (heading(title, ""))
        (notice(Tone::Bad, "", text))
        (link_button(t.get("sign-in.back"), "/console/sign-in", true))
    });
    Ok((StatusCode::FORBIDDEN, page).into_response())
}

fn away(lang: Lang, error: &LoginError) -> Problem {
    match error {
        LoginError::Forged(_) | LoginError::Declined => {
            Problem::bad_request("login", texts(lang).get("sign-in.again"))
        }
        LoginError::Away(_) => {
            tracing::warn!(%error, "the staff's provider is away");
            Problem::unavailable("identity-source", texts(lang).get("authorize.away"))
        }
    }
}
