//! The signed request, for wallets (OpenID4VP 1.0 §5.10, RFC 9101).

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use protocol::openid4vp::{REQUEST_CONTENT_TYPE, RequestUriPost};
use service::extract::Path;
use service::{OAuthError, clock};

use super::body::FormBytes;
use crate::core::{App, Core};
use crate::limits::Wallet;
use crate::request::{RequestId, signed};

pub(super) fn router() -> Router<App> {
    Router::new().route("/requests/{id}/object", get(by_get).post(by_post))
}

async fn by_get(
    State(app): State<App>,
    _: Wallet,
    Path(id): Path<RequestId>,
) -> Result<Response, OAuthError> {
    object(&app, &id, Fetched::ByGet)
}

async fn by_post(
    State(app): State<App>,
    _: Wallet,
    Path(id): Path<RequestId>,
    FormBytes(body): FormBytes,
) -> Result<Response, OAuthError> {
    let post =
        RequestUriPost::parse(&body).map_err(|error| OAuthError::invalid_request(error.to_string()))?;
    object(&app, &id, Fetched::ByPost(post.wallet_nonce))
}

/// How a wallet came for a request.
enum Fetched {
    ByGet,
    /// With the nonce that it wants to see again, if it sent one.
    ByPost(Option<String>),
}

fn object(app: &Core, id: &RequestId, fetched: Fetched) -> Result<Response, OAuthError> {
    let now = clock::now();
    let found = app.desk.find(id, now).map_err(OAuthError::internal)?;
    let found = found.ok_or_else(|| gone(StatusCode::NOT_FOUND, "there is no such request"))?;
    if found.answered.is_some() {
        return Err(gone(StatusCode::GONE, "the request was answered already"));
    }
    if found.request.expires <= now {
        return Err(gone(StatusCode::GONE, "the request has expired"));
    }
    let wallet_nonce = match fetched {
        // A wallet that was told to post must be the one that was told.
        Fetched::ByGet if found.request.manner.by_post => {
            return Err(OAuthError::invalid_request("fetch this request by POST, as its link says"));
        }
        Fetched::ByGet => None,
        Fetched::ByPost(wallet_nonce) => wallet_nonce,
    };
    let query = app.query_of(&found.request);
    let query =
        query.ok_or_else(|| gone(StatusCode::GONE, "the request's purpose is no longer asked for"))?;
    let as_whom = (&app.identity, &app.base, app.name.zh.as_str());
    let jwt = signed(id, &found.request, &query, wallet_nonce, as_whom).map_err(OAuthError::internal)?;
    Ok(([(header::CONTENT_TYPE, REQUEST_CONTENT_TYPE), (header::CACHE_CONTROL, "no-store")], jwt)
        .into_response())
}

fn gone(status: StatusCode, description: &'static str) -> OAuthError {
    OAuthError::new("invalid_request_uri").status(status).description(description)
}
