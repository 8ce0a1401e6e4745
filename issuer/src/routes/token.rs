//! The token endpoint (OpenID4VCI 1.0 §6): a pre-authorized code and a transaction code for an access token.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use protocol::Secret;
use protocol::limits::{Form, Limits};
use protocol::openid4vci::{ATTEMPTS_LEFT, AuthorizationDetail, TokenErrorCode, TokenRequest, TokenResponse};
use service::OAuthError;

use super::answers::secret_json;
use super::body::FormBytes;
use crate::core::App;
use crate::model::{Offer, OfferState};
use crate::offers::RedeemError;

/// Authorization details in one request at most.
const MAX_DETAILS: usize = 16;

pub(super) fn router() -> Router<App> {
    Router::new().route("/token", post(token))
}

async fn token(State(app): State<App>, FormBytes(body): FormBytes) -> Result<Response, OAuthError> {
    let malformed = |error: protocol::ParseError| OAuthError::invalid_request(error.to_string());
    let (code, tx_code) = match TokenRequest::parse(&body).map_err(malformed)? {
        TokenRequest::PreAuthorized { code, tx_code, .. } => (code, tx_code),
        TokenRequest::OtherGrant(_) => return Err(refusal(&TokenErrorCode::UnsupportedGrantType)),
    };
    let identifiers = identifiers(&body)?;
    let tx_code = tx_code.ok_or_else(|| OAuthError::invalid_request("the parameter `tx_code` is missing"))?;
    let now = app.now();
    let offer =
        app.offers.redeem(code.expose(), tx_code.expose(), identifiers, now).await.map_err(refused)?;

    let lifetime = app.policy.token_lifetime.as_secs();
    let expires = now.seconds.plus(i64::try_from(lifetime).unwrap_or(i64::MAX)).0;
    let token = Secret::from(app.seals.token(offer.id, expires).as_str());
    let mut response = TokenResponse::bearer(token, lifetime);
    response.authorization_details = details(&offer);
    Ok(secret_json(&response))
}

/// The credential configurations that `authorization_details` names (§5.1.1); empty if there is none.
fn identifiers(body: &[u8]) -> Result<Vec<String>, OAuthError> {
    let bad = |text: &'static str| OAuthError::new("invalid_authorization_details").description(text);
    let form = Form::parse(body).map_err(|error| OAuthError::invalid_request(error.to_string()))?;
    let Some(text) = form.get("authorization_details") else { return Ok(Vec::new()) };
    let details: Vec<AuthorizationDetail> = protocol::limits::json(text.as_bytes(), Limits::MESSAGE)
        .map_err(|_| bad("authorization_details is not a list of objects with a type"))?;
    if details.is_empty() || details.len() > MAX_DETAILS {
        return Err(bad("authorization_details is empty or too long"));
    }
    let mut identifiers = Vec::with_capacity(details.len());
    for detail in details {
        match detail.credential_configuration_id {
            Some(id) if detail.kind == "openid_credential" && !identifiers.contains(&id) => {
                identifiers.push(id);
            }
            _ => {
                return Err(bad(
                    "each detail must be an openid_credential with its own credential_configuration_id",
                ));
            }
        }
    }
    Ok(identifiers)
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
