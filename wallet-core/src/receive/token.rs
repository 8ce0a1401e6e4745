//! From the offer's code to an access token.

use protocol::{
    Endpoint, Secret,
    limits::{self, Limits},
    openid4vci::{
        ATTEMPTS_LEFT, AUTHORIZATION_SERVER_WELL_KNOWN, AuthorizationServerMetadata, OAuthErrorBody,
        TokenErrorCode, TokenRequest, TokenResponse,
    },
};
use serde_json::Value;

use super::{
    Offer, ReceiveError,
    dpop::{Dpop, Grant},
    error::is_passing,
    instance,
};
use crate::{
    context::Context,
    web::{Body, JSON, MESSAGE},
};

pub(super) async fn token(
    context: &Context,
    offer: &Offer,
    tx_code: Option<&str>,
) -> Result<Grant, ReceiveError> {
    let grant = offer.grant().ok_or(ReceiveError::Demands("that its holder logs in"))?;
    let tx_code = match (&grant.tx_code, tx_code.map(str::trim)) {
        (None, _) => None,
        (Some(_), None | Some("")) => return Err(ReceiveError::TxCodeMissing),
        (Some(rules), Some(code)) if !rules.fits(code) => return Err(ReceiveError::TxCodeForm),
        (Some(_), Some(code)) => Some(Secret::from(code)),
    };
    let request = TokenRequest::PreAuthorized { code: grant.code.clone(), tx_code, client_id: None };
    let server = metadata(context, &offer.authorization_server).await?;
    let endpoint = server.token_endpoint.as_ref().ok_or(ReceiveError::Unreadable("no token endpoint"))?;
    let mut dpop = instance::of(context, &server).await?;
    let mut asked = self::request(context, endpoint, &request, dpop.as_ref()).await;
    if let Err(error) = &asked
        && let Some(over) = dpop.take_if(|shown| instance::is_over(shown, error))
    {
        dpop = instance::begin_anew(context, &server, over).await?;
        asked = self::request(context, endpoint, &request, dpop.as_ref()).await;
    }
    match asked {
        Ok(token) => Ok(Grant { token, dpop, token_endpoint: endpoint.clone() }),
        Err(error) => {
            if let Some(dpop) = dpop {
                instance::let_go(context, dpop).await?;
            }
            Err(error)
        }
    }
}

/// Asks for a token, which must be bound to the key if one is shown.
pub(super) async fn request(
    context: &Context,
    endpoint: &Endpoint,
    request: &TokenRequest,
    dpop: Option<&Dpop>,
) -> Result<TokenResponse, ReceiveError> {
    let form = request.to_form();
    let asked = matches!(request, TokenRequest::PreAuthorized { tx_code: Some(_), .. });
    let answer = match dpop {
        Some(dpop) => dpop.post(context, endpoint, Body::Form(&form), None, MESSAGE).await?,
        None => context.web.post(endpoint, Body::Form(&form), JSON, None, MESSAGE).await?,
    };
    if !answer.is_success() {
        return Err(refused(answer.status, &answer.body, asked));
    }
    let token: TokenResponse = limits::json(&answer.body, Limits::MESSAGE)
        .map_err(|_| ReceiveError::Unreadable("the token response"))?;
    // A server that answers a proof with a bearer token would have it used by whoever finds it.
    let fits = if dpop.is_some() { token.is_dpop() } else { token.is_bearer() };
    if !fits {
        return Err(ReceiveError::TokenUnusable(token.token_type.chars().take(32).collect()));
    }
    Ok(token)
}

pub(super) async fn metadata(
    context: &Context,
    server: &Endpoint,
) -> Result<AuthorizationServerMetadata, ReceiveError> {
    let unreadable = || ReceiveError::Unreadable("the authorization server's metadata");
    let url = server.well_known(AUTHORIZATION_SERVER_WELL_KNOWN).map_err(|_| unreadable())?;
    let answer = context.web.get(&url, JSON, MESSAGE).await?;
    if !answer.is_success() {
        return Err(ReceiveError::status(answer.status));
    }
    let metadata: AuthorizationServerMetadata =
        limits::json(&answer.body, Limits::MESSAGE).map_err(|_| unreadable())?;
    // RFC 8414 §3.3: it must speak for the server it was asked of.
    if metadata.issuer == *server { Ok(metadata) } else { Err(unreadable()) }
}

fn refused(status: u16, body: &[u8], with_tx_code: bool) -> ReceiveError {
    let Ok(body) = limits::json::<Value>(body, Limits::MESSAGE) else { return ReceiveError::status(status) };
    let attempts_left = attempts_left(&body);
    match limits::value::<OAuthErrorBody<TokenErrorCode>>(&body).map(|body| body.error) {
        Ok(TokenErrorCode::InvalidGrant) => match attempts_left {
            Some(attempts_left @ 1..) if with_tx_code => ReceiveError::TxCodeWrong { attempts_left },
            _ => ReceiveError::CodeRefused,
        },
        Ok(code) if is_passing(status, code.as_str()) => ReceiveError::Unavailable(status),
        Ok(code) => ReceiveError::TokenRefused(code),
        Err(_) => ReceiveError::status(status),
    }
}

/// How many more transaction codes the issuer takes. Shown to the holder, never decided by.
fn attempts_left(body: &Value) -> Option<u32> {
    body.get(ATTEMPTS_LEFT)?.as_u64()?.try_into().ok()
}
