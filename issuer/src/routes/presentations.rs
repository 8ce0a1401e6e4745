//! Presentations in the place of a form: asked for over JSON, fetched and answered by wallets (OpenID4VP 1.0 §5.10, §8.2).

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json as Answer, Router};
use http::{StatusCode, header};
use protocol::Endpoint;
use protocol::openid4vp::{DirectPostReply, REQUEST_CONTENT_TYPE, RequestUriPost};
use registry::LocalText;
use serde::{Deserialize, Serialize};
use service::extract::{Json, Path};
use service::{OAuthError, Problem};

use super::answers::secret_json;
use super::body::FormBytes;
use crate::client::Client;
use crate::core::{App, Core};
use crate::model::{Answered, Flaw, Id, NotTaken, Presentation};
use crate::onestop::{AskError, ObjectError, TakeError, Taken};

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/api/presentations", post(ask))
        .route("/api/presentations/{id}", get(look))
        .route("/presentations/{id}/object", get(by_get).post(by_post))
        .route("/presentations/{id}/response", post(respond))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    /// What is applied for.
    #[serde(rename = "type")]
    credential_type: String,
}

#[derive(Serialize)]
struct Asked {
    id: String,
    /// For a QR code, or to open on the same device.
    link: String,
    request_uri: String,
    /// The page that shows it.
    page: String,
    expires: String,
}

async fn ask(State(app): State<App>, client: Client, Json(wish): Json<Wish>) -> Result<Response, Problem> {
    let asked = asked(&app, &client, &wish.credential_type).await?;
    let id = app.seals.presentation(asked.id);
    let answer = Asked {
        link: app.onestops.link(asked.id).map_err(Problem::internal)?,
        request_uri: app.onestops.request_uri(asked.id).map_err(Problem::internal)?.to_string(),
        page: format!("{}/presentations/{id}", app.base),
        expires: asked.expires_at.rfc3339(),
        id,
    };
    Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], Answer(answer)).into_response())
}

/// Asks for what is presented for a type, if this client didn't ask too often.
pub(crate) async fn asked(
    app: &Core,
    Client(client): &Client,
    credential_type: &str,
) -> Result<Presentation, Problem> {
    app.arrivals.check(client, std::time::Instant::now())?;
    Ok(app.onestops.ask(credential_type, None, app.now()).await?)
}

#[derive(Serialize)]
struct View {
    id: String,
    #[serde(rename = "type")]
    credential_type: String,
    /// `open`, `expired`, `accepted`, `refused`, `cannot_tell` or `declined`.
    state: &'static str,
    expires: String,
    /// Why it became no application, in one sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<LocalText>,
    /// What was not found good.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    flaws: Vec<Flaw>,
    /// The wallet's error code, when declined.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// How it stands, for whoever knows its address. The application is the business of the wallet that was accepted.
async fn look(State(app): State<App>, Path(id): Path<String>) -> Result<Response, Problem> {
    let found = found(&app, &id)?.ok_or_else(unknown)?;
    let (state, expires) = (found.code(app.now().seconds), found.expires_at.rfc3339());
    let (reason, flaws, error) = match found.stage {
        Answered::Not | Answered::Accepted { .. } => (None, Vec::new(), None),
        Answered::Refused(refusal) => (Some(refusal.reason), refusal.flaws, None),
        Answered::Declined { code } => (None, Vec::new(), Some(code)),
    };
    let credential_type = found.credential_type;
    let view = View { id, credential_type, state, expires, reason, flaws, error };
    Ok(([(header::CACHE_CONTROL, "no-store")], Answer(view)).into_response())
}

/// The presentation at an address.
pub(crate) fn found(app: &Core, address: &str) -> Result<Option<Presentation>, Problem> {
    let Some(id) = app.seals.open_presentation(address) else { return Ok(None) };
    app.onestops.find(id).map_err(Problem::internal)
}

async fn by_get(State(app): State<App>, Path(id): Path<String>) -> Result<Response, OAuthError> {
    object(&app, &id, None)
}

async fn by_post(
    State(app): State<App>,
    Path(id): Path<String>,
    FormBytes(body): FormBytes,
) -> Result<Response, OAuthError> {
    let post =
        RequestUriPost::parse(&body).map_err(|error| OAuthError::invalid_request(error.to_string()))?;
    object(&app, &id, post.wallet_nonce)
}

fn object(app: &Core, address: &str, wallet_nonce: Option<String>) -> Result<Response, OAuthError> {
    let gone =
        |status, text: &'static str| OAuthError::new("invalid_request_uri").status(status).description(text);
    let id = app.seals.open_presentation(address);
    let found = id.map(|id| app.onestops.find(id)).transpose().map_err(OAuthError::internal)?.flatten();
    let found = found.ok_or_else(|| gone(StatusCode::NOT_FOUND, "there is no such presentation"))?;
    found.check_open(app.now().seconds).map_err(|error| match error {
        NotTaken::Used => gone(StatusCode::GONE, "it was answered already"),
        NotTaken::Expired => gone(StatusCode::GONE, "its time is over"),
    })?;
    let step = app.onestops.step(&found.credential_type);
    let step = step.ok_or_else(|| gone(StatusCode::GONE, "it is no longer asked for"))?;
    let jwt = app.onestops.signed(&found, step, wallet_nonce).map_err(|error| match error {
        ObjectError::NoKey(_) => gone(StatusCode::GONE, "it can't be answered any more; ask again"),
        other => OAuthError::internal(other),
    })?;
    let headers = [(header::CONTENT_TYPE, REQUEST_CONTENT_TYPE), (header::CACHE_CONTROL, "no-store")];
    Ok((headers, jwt).into_response())
}

/// Takes an answer. One that is genuine is answered with 200 whatever became of it, and with where the holder's browser goes on:
/// to the application, whose key nobody else is given, or to why there is none.
async fn respond(
    State(app): State<App>,
    Path(address): Path<String>,
    FormBytes(body): FormBytes,
) -> Result<Response, OAuthError> {
    let id = app.seals.open_presentation(&address).ok_or(TakeError::Unknown)?;
    let taken = app.onestops.take(id, &body, app.now()).await?;
    let next = match taken {
        Taken::Accepted { application, login: None } => {
            let key = app.seals.applicant_secret(application);
            format!("{}/applications/{application}?key={}", app.base, key.as_str())
        }
        Taken::Accepted { login: Some(_), .. } => {
            format!("{}/authorize/presented?code={}", app.base, app.seals.presented(id).as_str())
        }
        Taken::Not => format!("{}/presentations/{address}", app.base),
    };
    let redirect_uri = Some(Endpoint::parse(&next).map_err(OAuthError::internal)?);
    Ok(secret_json(&DirectPostReply { redirect_uri }))
}

impl From<AskError> for Problem {
    fn from(error: AskError) -> Self {
        match error {
            AskError::NotThisWay => {
                Self::unprocessable("unknown-type", "Nothing can be presented to apply for that here")
            }
            AskError::NotRegistered => Self::unavailable(
                "purpose-not-registered",
                "This department is not registered to ask for that at present",
            ),
            AskError::Chain(error) => Self::from(error),
            AskError::Key(error) => Self::internal(error),
            AskError::Store(error) => Self::internal(error),
        }
    }
}

impl From<TakeError> for OAuthError {
    fn from(error: TakeError) -> Self {
        let status = match error {
            TakeError::Unknown => StatusCode::NOT_FOUND,
            TakeError::NotTaken(NotTaken::Expired) | TakeError::NoKey(_) => StatusCode::GONE,
            TakeError::NotTaken(NotTaken::Used) => StatusCode::CONFLICT,
            TakeError::Response(_)
            | TakeError::Unreadable(_)
            | TakeError::State
            | TakeError::Encryption(_)
            | TakeError::NotGenuine(_) => StatusCode::BAD_REQUEST,
            TakeError::Address(error) => return Self::internal(error),
            TakeError::Store(error) => return Self::internal(error),
        };
        Self::invalid_request(error.to_string()).status(status)
    }
}

/// What is said of an address that leads nowhere.
pub(crate) fn unknown() -> Problem {
    Problem::not_found("There is no such presentation, or it is forgotten")
}

/// The application that a browser may go on with, by what its wallet was given, and the authorization that waits for it.
pub(crate) fn went_on(app: &Core, code: &str) -> Result<Option<(Id, Id)>, Problem> {
    let Some(id) = app.seals.open_presented(code) else { return Ok(None) };
    let found = app.onestops.find(id).map_err(Problem::internal)?;
    Ok(found.and_then(|found| match (found.stage, found.login) {
        (Answered::Accepted { application }, Some(login)) => Some((application, login.authorization)),
        _ => None,
    }))
}
