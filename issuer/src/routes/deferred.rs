//! The deferred credential endpoint (OpenID4VCI 1.0 §9).

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use http::HeaderMap;
use protocol::openid4vci::{CredentialErrorCode, DeferredRequest};
use service::OAuthError;

use super::body::MaybeSealed;
use super::credential::{grant, issued_answer, refusal, refused};
use crate::core::App;
use crate::sealed::Sealing;

pub(super) fn router() -> Router<App> {
    Router::new().route("/deferred_credential", post(deferred))
}

async fn deferred(
    State(app): State<App>,
    headers: HeaderMap,
    body: Result<MaybeSealed, OAuthError>,
) -> Result<Response, OAuthError> {
    let now = app.now();
    let granted = grant(&app, &headers, "deferred_credential", now).await?;
    let MaybeSealed(body) = body?;
    let request = DeferredRequest::parse(&body).map_err(|error| {
        refusal(&CredentialErrorCode::InvalidCredentialRequest).description(error.to_string())
    })?;
    let sealing = Sealing::of(request.credential_response_encryption)?;
    let issued = app.issuance.fetch(granted, &request.transaction_id, now).await;
    Ok(issued_answer(issued.map_err(|error| refused(error, false))?, sealing.as_ref()))
}
