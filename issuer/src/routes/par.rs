//! Pushed authorization requests (RFC 9126, required by HAIP 1.0 §4.3).

use std::time::Instant;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use http::{HeaderMap, StatusCode};
use protocol::openid4vci::{AuthorizationErrorCode, AuthorizationRequest, PushedResponse};
use service::OAuthError;

use super::answers::secret_json;
use super::body::FormBytes;
use crate::attestation;
use crate::authorize::{PUSHED, PushError};
use crate::client::Client;
use crate::core::{App, Core};
use crate::dpop;

pub(super) fn router() -> Router<App> {
    Router::new().route("/par", post(par))
}

async fn par(
    State(app): State<App>,
    Client(client): Client,
    headers: HeaderMap,
    FormBytes(body): FormBytes,
) -> Result<Response, OAuthError> {
    let now = app.now();
    if app.citizens.is_none() {
        return Err(refusal(&AuthorizationErrorCode::InvalidRequest)
            .description("this issuer authorises by pre-authorized codes alone"));
    }
    app.arrivals.check(&format!("par {client}"), Instant::now()).map_err(service::Problem::from)?;
    let mut request = AuthorizationRequest::parse(&body)
        .map_err(|error| refusal(&error.code()).description(error.to_string()))?;
    let attested = attestation::wallet(&app, &headers, Some(&request.client_id), now).await;
    attested.map_err(attestation::answer)?;
    client_of(&app, &request)?;
    // A proof here binds the code as `dpop_jkt` does; both must say the same (RFC 9449 §10.1).
    let shown = dpop::check(&app, &headers, "POST", "par", None, now).await;
    if let Some(shown) = shown.map_err(|error| dpop::at_server(&app, error, now))? {
        if request.dpop_jkt.as_ref().is_some_and(|said| *said != shown.text()) {
            return Err(refusal(&AuthorizationErrorCode::InvalidRequest)
                .description("dpop_jkt and the DPoP proof are of different keys"));
        }
        request.dpop_jkt = Some(shown.text());
    }
    if let Some(key) = &request.dpop_jkt {
        dpop::not_lost(&app, key)?;
    }
    let by_details = !request.details.is_empty();
    let request_uri = app.authorizations.push(request, now).await.map_err(|error| match error {
        PushError::Unknown | PushError::SeveralTypes if by_details => {
            refusal(&AuthorizationErrorCode::InvalidAuthorizationDetails).description(error.to_string())
        }
        PushError::Unknown | PushError::SeveralTypes => {
            refusal(&AuthorizationErrorCode::InvalidScope).description(error.to_string())
        }
        PushError::IssuerState => {
            refusal(&AuthorizationErrorCode::InvalidRequest).description(error.to_string())
        }
        PushError::Store(error) => OAuthError::internal(error),
    })?;
    let answer = secret_json(&PushedResponse { request_uri, expires_in: PUSHED });
    Ok((StatusCode::CREATED, answer).into_response())
}

/// The wallet must be known, and its redirect URI one of those it is known with.
fn client_of(app: &Core, request: &AuthorizationRequest) -> Result<(), OAuthError> {
    let known = app.wallets.iter().find(|wallet| wallet.client_id == request.client_id);
    let known = known.ok_or_else(|| {
        refusal(&AuthorizationErrorCode::InvalidClient)
            .status(StatusCode::UNAUTHORIZED)
            .description("no wallet of this client_id is known here")
    })?;
    if known.redirect_uris.iter().any(|registered| request.redirect_uri.is(registered)) {
        return Ok(());
    }
    Err(refusal(&AuthorizationErrorCode::InvalidRequest)
        .description("the redirect_uri is not one that this wallet is known with"))
}

fn refusal(code: &AuthorizationErrorCode) -> OAuthError {
    OAuthError::new(code.as_str().to_owned())
}
