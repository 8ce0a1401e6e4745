//! The token endpoint (OpenID4VCI 1.0 §6): a code, by either grant, for an access token.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use http::HeaderMap;
use protocol::Secret;
use protocol::limits::Form;
use protocol::openid4vci::{ATTEMPTS_LEFT, AuthorizationDetail, TokenErrorCode, TokenRequest, TokenResponse};
use service::OAuthError;

use super::answers::secret_json;
use super::body::FormBytes;
use crate::attestation;
use crate::authorize::RedeemCodeError;
use crate::clock::Moment;
use crate::core::{App, Core};
use crate::dpop::{self, DpopRefused, KeyShown};
use crate::model::{Offer, OfferState, Shown};
use crate::offers::RedeemError;

pub(super) fn router() -> Router<App> {
    Router::new().route("/token", post(token))
}

async fn token(
    State(app): State<App>,
    headers: HeaderMap,
    FormBytes(body): FormBytes,
) -> Result<Response, OAuthError> {
    let malformed = |error: protocol::ParseError| OAuthError::invalid_request(error.to_string());
    let request = TokenRequest::parse(&body).map_err(malformed)?;
    let now = app.now();
    let attested = attestation::wallet(&app, &headers, client_of(&request), now).await;
    attested.map_err(attestation::answer)?;
    // Before the code is looked at: who must make the proof again has not used it up.
    let shown = dpop::check(&app, &headers, "POST", "token", None, now).await;
    let shown = shown.map_err(|error| dpop::at_server(&app, error, now))?;
    if let Some(shown) = shown {
        dpop::not_lost(&app, &shown.text())?;
    }
    let offer = match request {
        TokenRequest::PreAuthorized { code, tx_code, .. } => {
            let identifiers = identifiers(&body)?;
            let tx_code =
                tx_code.ok_or_else(|| OAuthError::invalid_request("the parameter `tx_code` is missing"))?;
            let redeemed = app.offers.redeem(code.expose(), tx_code.expose(), identifiers, now).await;
            redeemed.map_err(refused)?
        }
        TokenRequest::AuthorizationCode { code, redirect_uri, code_verifier, client_id }
            if app.citizens.is_some() =>
        {
            let key = shown.ok_or_else(|| dpop::at_server(&app, DpopRefused::Missing, now))?.text();
            let verifier = code_verifier
                .ok_or_else(|| OAuthError::invalid_request("the parameter `code_verifier` is missing"))?;
            let shown = Shown { client: client_id, redirect_uri, verifier, key };
            app.authorizations.redeem(code.expose(), shown, now).await.map_err(code_refused)?
        }
        TokenRequest::Refresh { refresh_token, .. } => {
            let KeyShown(key) = shown.ok_or_else(|| dpop::at_server(&app, DpopRefused::Missing, now))?;
            let opened = app.seals.open_refresh_token(refresh_token.expose(), now.seconds.0);
            let (offer, bound) = opened.ok_or_else(|| {
                refusal(&TokenErrorCode::InvalidGrant).description("the refresh token is unknown or expired")
            })?;
            if bound != key {
                return Err(refusal(&TokenErrorCode::InvalidGrant)
                    .description("the refresh token is bound to another key"));
            }
            app.authorizations.refresh(offer, now).await.map_err(code_refused)?
        }
        TokenRequest::AuthorizationCode { .. } | TokenRequest::OtherGrant(_) => {
            return Err(refusal(&TokenErrorCode::UnsupportedGrantType));
        }
    };
    Ok(secret_json(&response(&app, &offer, shown, now)))
}

fn client_of(request: &TokenRequest) -> Option<&str> {
    match request {
        TokenRequest::AuthorizationCode { client_id, .. } => Some(client_id),
        TokenRequest::PreAuthorized { client_id, .. } | TokenRequest::Refresh { client_id, .. } => {
            client_id.as_deref()
        }
        TokenRequest::OtherGrant(_) => None,
    }
}

/// A token for what the offer grants: bound to the key of whoever showed one.
fn response(app: &Core, offer: &Offer, shown: Option<KeyShown>, now: Moment) -> TokenResponse {
    let lifetime = app.policy.token_lifetime.as_secs();
    let expires = now.seconds.plus(i64::try_from(lifetime).unwrap_or(i64::MAX)).0;
    let mut response = match shown {
        Some(KeyShown(key)) => {
            let token = app.seals.bound_token(offer.id, expires, &key);
            let renewable = i64::try_from(app.policy.renewal_lifetime.as_secs()).unwrap_or(i64::MAX);
            let refresh = app.seals.refresh_token(offer.id, now.seconds.plus(renewable).0, &key);
            let bearer = TokenResponse::bearer(Secret::from(token.as_str()), lifetime);
            TokenResponse { refresh_token: Some(refresh.as_str().into()), ..bearer.dpop() }
        }
        None => TokenResponse::bearer(app.seals.token(offer.id, expires).as_str().into(), lifetime),
    };
    response.authorization_details = details(offer);
    response
}

/// The credential configurations that `authorization_details` names (§5.1.1); empty if there is none.
fn identifiers(body: &[u8]) -> Result<Vec<String>, OAuthError> {
    let bad = |text: &'static str| OAuthError::new("invalid_authorization_details").description(text);
    let form = Form::parse(body).map_err(|error| OAuthError::invalid_request(error.to_string()))?;
    let Some(text) = form.get("authorization_details") else { return Ok(Vec::new()) };
    let details = AuthorizationDetail::read(text).ok_or_else(|| {
        bad("authorization_details must be openid_credential objects, each with its own credential_configuration_id")
    })?;
    Ok(details.into_iter().filter_map(|detail| detail.credential_configuration_id).collect())
}

/// What was granted by name: each configuration has one credential, named as the configuration.
fn details(offer: &Offer) -> Option<Vec<AuthorizationDetail>> {
    let OfferState::Redeemed { identifiers } = &offer.state else { return None };
    let detail = |id: &String| AuthorizationDetail {
        kind: "openid_credential".to_owned(),
        credential_configuration_id: Some(id.clone()),
        credential_identifiers: vec![id.clone()],
    };
    (!identifiers.is_empty()).then(|| identifiers.iter().map(detail).collect())
}

fn refusal(code: &TokenErrorCode) -> OAuthError {
    OAuthError::new(code.as_str().to_owned())
}

fn refused(error: RedeemError) -> OAuthError {
    let invalid_grant = || refusal(&TokenErrorCode::InvalidGrant);
    match error {
        RedeemError::Code => {
            invalid_grant().description("the pre-authorized code is unknown, used or expired")
        }
        RedeemError::TxCode { left } => {
            invalid_grant().description("the transaction code is wrong").with(ATTEMPTS_LEFT, left)
        }
        RedeemError::Locked => invalid_grant()
            .description("too many wrong transaction codes; the offer is void, ask for a new one")
            .with(ATTEMPTS_LEFT, 0),
        RedeemError::NotGranted => OAuthError::new("invalid_authorization_details")
            .description("the offer does not include that credential configuration"),
        RedeemError::Store(error) => OAuthError::internal(error),
    }
}

fn code_refused(error: RedeemCodeError) -> OAuthError {
    match error {
        RedeemCodeError::Store(error) => OAuthError::internal(error),
        error @ (RedeemCodeError::Code(_) | RedeemCodeError::Over) => {
            refusal(&TokenErrorCode::InvalidGrant).description(error.to_string())
        }
    }
}
