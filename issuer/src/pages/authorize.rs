//! The authorization endpoint's pages: a browser opens a wallet's request, its user logs in, and says yes or no.

use axum::Router;
use axum::extract::{FromRequestParts, RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use http::request::Parts;
use http::{HeaderValue, header};
use protocol::Secret;
use protocol::limits::Form;
use serde::Deserialize;
use service::ui::{
    Icon, Markup, Tone, Visitor, csrf_field, facts, form, heading, html, icon, link_button, notice, panel,
};
use service::{Lang, Problem, session};

use super::frame::{format_name, portal, type_name};
use crate::authorize::AuthorizeError;
use crate::citizens::{self, Citizen};
use crate::core::{App, Core, texts};
use crate::login::{Login, LoginError};
use crate::model::{Authorization, Id, Stage, Waiting};
use crate::routes::went_on;
use crate::seals::Of;

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/authorize", get(open))
        .route("/authorize/callback", get(callback))
        .route("/authorize/presented", get(presented))
        .route("/authorize/consent", get(ask).post(answer))
}

/// The authorization that this browser opened, by its cookie.
#[derive(Clone, Copy, Debug)]
pub(super) struct Visit(pub(super) Id);

impl FromRequestParts<App> for Visit {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let lang = Visitor::of(parts).lang;
        let found = session::cookie(&parts.headers, &cookie_name(app));
        let id = found.and_then(|text| app.seals.open_authorization(Of::Browser, text));
        id.map(Self).ok_or_else(|| Problem::unauthorized(texts(lang).get("authorize.again")))
    }
}

impl Visit {
    /// What the forms of this visit carry.
    pub(super) fn csrf(self, app: &Core) -> String {
        app.seals.authorization(Of::Form, self.0).to_string()
    }

    /// Refuses a form that another site made the browser send.
    pub(super) fn check_csrf(self, app: &Core, lang: Lang, sent: &str) -> Result<(), Problem> {
        match app.seals.open_authorization(Of::Form, sent) {
            Some(id) if id == self.0 => Ok(()),
            _ => Err(Problem::forbidden("csrf", texts(lang).get("authorize.again"))),
        }
    }
}

/// With TLS browsers take it from nobody without.
fn cookie_name(app: &Core) -> String {
    let prefix = if session::is_https(app.base.as_str()) { "__Secure-" } else { "" };
    format!("{prefix}hz_visit")
}

/// Lax, not Strict: the browser comes back from the identity source.
fn remember(app: &Core, id: Id) -> HeaderValue {
    let secure = if session::is_https(app.base.as_str()) { "; Secure" } else { "" };
    let value = app.seals.authorization(Of::Browser, id);
    let text = format!(
        "{}={}; Path=/authorize; HttpOnly; SameSite=Lax; Max-Age=1800{secure}",
        cookie_name(app),
        value.as_str()
    );
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
}

/// What a login is told: the same each time it is asked for, and different for each authorization.
pub(super) fn login(app: &Core, id: Id) -> Result<Login, Problem> {
    let secret = |purpose| app.seals.login_secret(id, purpose).to_string();
    Ok(Login {
        state: secret("state"),
        nonce: secret("nonce"),
        verifier: Secret::new(secret("verifier")),
        callback: app.base.join("authorize/callback").map_err(Problem::internal)?,
    })
}

/// Nothing that is wrong here sends the browser anywhere: who asked is not known.
async fn open(
    State(app): State<App>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let t = texts(visitor.lang);
    let wrong = || Problem::bad_request("authorization-request", t.get("authorize.pushed-only"));
    let source = app.citizens.clone().ok_or_else(|| Problem::not_found(t.get("authorize.unknown")))?;
    let form = Form::parse(query.unwrap_or_default().as_bytes()).map_err(|_| wrong())?;
    let (Some(request_uri), Some(client)) = (form.get("request_uri"), form.get("client_id")) else {
        return Err(wrong());
    };
    let opened = app.authorizations.open(request_uri, client, app.now()).await;
    let opened = opened.map_err(|error| stopped(visitor.lang, error))?;
    let address = source.begin(&login(&app, opened.id)?).await.map_err(|error| away(visitor.lang, &error))?;
    Ok(([(header::SET_COOKIE, remember(&app, opened.id))], Redirect::to(&address)).into_response())
}

/// The browser comes back from the identity source.
async fn callback(
    State(app): State<App>,
    visitor: Visitor,
    visit: Visit,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let t = texts(visitor.lang);
    let again = || Problem::bad_request("login", t.get("authorize.again"));
    let answer = Form::parse(query.unwrap_or_default().as_bytes()).map_err(|_| again())?;
    let login = login(&app, visit.0)?;
    if !answer.get("state").is_some_and(|state| Secret::from(state).matches(&login.state)) {
        return Err(again());
    }
    let source = app.citizens.clone().ok_or_else(again)?;
    match source.finish(&login, &answer).await {
        Ok(citizen) => identified(&app, &visitor, visit.0, &citizen).await,
        Err(LoginError::Declined) => over(&app, &visitor, visit.0).await,
        Err(error) => Err(away(visitor.lang, &error)),
    }
}

/// Goes on to consent with whoever logged in, or says that there is nothing for them.
pub(super) async fn identified(
    app: &Core,
    visitor: &Visitor,
    id: Id,
    citizen: &Citizen,
) -> Result<Response, Problem> {
    match app.authorizations.identify(id, citizen, app.now()).await {
        Ok(_) => Ok(Redirect::to("/authorize/consent").into_response()),
        Err(AuthorizeError::NothingToCollect) => nothing(app, visitor, id, citizen).await,
        Err(error) => Err(stopped(visitor.lang, error)),
    }
}

/// Nothing is ready for whoever logged in. Where a credential can be presented instead, that is the next step: one of somebody
/// whom she represents.
async fn nothing(app: &Core, visitor: &Visitor, id: Id, citizen: &Citizen) -> Result<Response, Problem> {
    let t = texts(visitor.lang);
    let found = found(app, visitor.lang, id)?;
    let of = type_of(app, visitor.lang, &found);
    let present = match app.onestops.step(&of.1) {
        Some(_) => {
            let login = Waiting { authorization: id, holders: citizens::names_of(&app.seals, citizen) };
            let asked = app.onestops.ask(&of.1, Some(login), app.now()).await?;
            Some(format!("/presentations/{}", app.seals.presentation(asked.id)))
        }
        None => None,
    };
    let content = html! {
        (heading(t.get("authorize.nothing"), &t.with("authorize.nothing-text", &[("type", &of.0)])))
        div.row {
            @if let Some(link) = &present { (link_button(t.get("authorize.present"), link, false)) }
            (link_button(t.get("authorize.apply"), &format!("/apply/{}", of.1), present.is_some()))
            (form("/authorize/consent", &Visit(id).csrf(app), html! {
                button.button.quiet type="submit" name="decision" value="decline" { (t.get("authorize.back")) }
            }))
        }
    };
    Ok(leading_back(&found, portal(app, visitor, t.get("authorize.nothing")).body(content).into_response()))
}

#[derive(Deserialize)]
struct Went {
    code: String,
}

/// The browser comes back from the wallet, which was told the code when what it presented was accepted. It must be the browser that
/// began: whoever lured somebody else into answering has that browser but not the code.
async fn presented(
    State(app): State<App>,
    visitor: Visitor,
    visit: Visit,
    service::extract::Query(Went { code }): service::extract::Query<Went>,
) -> Result<Response, Problem> {
    let again = || Problem::bad_request("presentation", texts(visitor.lang).get("authorize.again"));
    let (application, authorization) = went_on(&app, &code)?.ok_or_else(again)?;
    if authorization != visit.0 {
        return Err(again());
    }
    let identified = app.authorizations.identify_as(visit.0, application, app.now()).await;
    identified.map_err(|error| stopped(visitor.lang, error))?;
    Ok(Redirect::to("/authorize/consent").into_response())
}

async fn ask(State(app): State<App>, visitor: Visitor, visit: Visit) -> Result<Response, Problem> {
    let found = found(&app, visitor.lang, visit.0)?;
    let Stage::Identified { application } = found.stage else {
        return Err(stopped(visitor.lang, crate::model::Stopped::Before.into()));
    };
    let application = app.desk.find(application).map_err(Problem::internal)?;
    let holder = application.map(|application| application.holder.0).unwrap_or_default();
    let t = texts(visitor.lang);
    let title = t.with("authorize.title", &[("type", &type_of(&app, visitor.lang, &found).0)]);
    let body = html! {
        (heading(&title, t.get("authorize.lead")))
        (consent(&app, &visitor, &found, &holder, &visit.csrf(&app)))
    };
    Ok(leading_back(&found, portal(&app, &visitor, &title).body(body).into_response()))
}

fn consent(app: &Core, visitor: &Visitor, found: &Authorization, holder: &str, csrf: &str) -> Markup {
    let (lang, t) = (visitor.lang, texts(visitor.lang));
    let formats = found.configurations.iter().map(|id| format_name(app, lang, id)).collect::<Vec<_>>();
    let replaced = found.offer.is_none();
    html! {
        form.consent method="post" action="/authorize/consent" data-once {
            (csrf_field(csrf))
            (panel("", facts([
                (t.get("authorize.what"), html! { (type_of(app, lang, found).0) }),
                (t.get("authorize.whose"), html! { (holder) }),
                (t.get("authorize.form"), html! { (formats.join("、")) }),
                (t.get("authorize.wallet"), html! { span.figures { (found.client) } }),
                (t.get("authorize.goes-to"), html! { span.figures { (found.redirect_uri.source()) } }),
            ])))
            (notice(Tone::Info, t.get("authorize.yours"), t.get("authorize.yours-text")))
            @if replaced { p.quiet { (t.get("authorize.replaces")) } }
            div.two {
                button.button.even type="submit" name="decision" value="decline" {
                    (icon(Icon::Cross)) (t.get("authorize.decline"))
                }
                button.button.even type="submit" name="decision" value="agree" {
                    (icon(Icon::Tick)) (t.get("authorize.agree"))
                }
            }
        }
    }
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    csrf: String,
    decision: String,
}

async fn answer(
    State(app): State<App>,
    visitor: Visitor,
    visit: Visit,
    service::extract::Form(Answer { csrf, decision }): service::extract::Form<Answer>,
) -> Result<Response, Problem> {
    visit.check_csrf(&app, visitor.lang, &csrf)?;
    if decision != "agree" {
        return over(&app, &visitor, visit.0).await;
    }
    let agreed = app.authorizations.agree(visit.0, app.now()).await;
    let (found, code) = agreed.map_err(|error| stopped(visitor.lang, error))?;
    Ok(back(&app, &found, ("code", code.as_str())))
}

/// The wallet is told no.
async fn over(app: &Core, visitor: &Visitor, id: Id) -> Result<Response, Problem> {
    let found = app.authorizations.decline(id).await.map_err(|error| stopped(visitor.lang, error))?;
    Ok(back(app, &found, ("error", "access_denied")))
}

/// To the wallet, which is told from whom (RFC 9207).
fn back(app: &Core, found: &Authorization, said: (&str, &str)) -> Response {
    let mut parameters = vec![said, ("iss", app.base.as_str())];
    parameters.extend(found.state.as_deref().map(|state| ("state", state)));
    leading_back(found, Redirect::to(&found.redirect_uri.with(&parameters)).into_response())
}

/// Browsers hold a form's redirects to the page's policy: this one may lead to the wallet.
fn leading_back(found: &Authorization, mut response: Response) -> Response {
    let policy = service::page_policy(&found.redirect_uri.source());
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}

fn found(app: &Core, lang: Lang, id: Id) -> Result<Authorization, Problem> {
    let found = app.authorizations.find(id).map_err(Problem::internal)?;
    found.ok_or_else(|| stopped(lang, AuthorizeError::Unknown))
}

/// The name and the catalogue id of the type that is asked for.
fn type_of(app: &Core, lang: Lang, found: &Authorization) -> (String, String) {
    let kind = found.configurations.first().and_then(|id| app.kinds.get(id));
    let id = kind.map(|kind| kind.of.id.clone()).unwrap_or_default();
    (type_name(app, lang, &id).to_owned(), id)
}

fn stopped(lang: Lang, error: AuthorizeError) -> Problem {
    let t = texts(lang);
    match error {
        AuthorizeError::Unknown => {
            Problem::bad_request("authorization-request", t.get("authorize.pushed-only"))
        }
        AuthorizeError::Stopped(_) => Problem::gone("authorization-over", t.get("authorize.again")),
        AuthorizeError::NothingToCollect => Problem::not_found(t.get("authorize.nothing")),
        AuthorizeError::Store(error) => Problem::internal(error),
    }
}

fn away(lang: Lang, error: &LoginError) -> Problem {
    tracing::warn!(%error, "a login was not completed");
    match error {
        LoginError::Forged(_) | LoginError::Declined => {
            Problem::bad_request("login", texts(lang).get("authorize.again"))
        }
        LoginError::Away(_) => Problem::unavailable("identity-source", texts(lang).get("authorize.away")),
    }
}
