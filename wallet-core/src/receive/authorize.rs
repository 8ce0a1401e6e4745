//! The authorization code grant, within HAIP 1.0: the holder logs in at the issuer's, in a browser, and comes back with a code.
//!
//! What is needed afterwards lies in the vault meanwhile, so an app that was closed while its browser was open goes on.

use std::sync::Arc;

use credentials::key::{Jwk, PublicKey};
use protocol::{
    Endpoint, Form, RedirectUri, Secret,
    limits::{self, Limits},
    openid4vci::{
        AuthorizationDetail, AuthorizationErrorCode, AuthorizationRequest, AuthorizationResponse,
        AuthorizationServerMetadata, BadAuthorizationResponse, CredentialOffer, IssuerMetadata,
        OAuthErrorBody, PushedResponse, TokenRequest,
    },
    pkce::{self, CodeChallenge, S256},
};
use registry::UnixMillis;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Offer, OfferRefused, ReceiveError, Received, collecting,
    dpop::{Dpop, Grant},
    error::is_passing,
    instance, later, offer,
    received::received,
    token,
};
use crate::{
    config::ConfigError,
    context::Context,
    ports::{HeldKey, KeyHandle},
    vault::{Sealed, VaultError, VaultTx},
    web::{Body, JSON, MESSAGE},
};

/// Authorizations that wait for a browser, by the wallet's own state.
const AUTHORIZATIONS: Sealed<StoredAuthorization> = Sealed::new("authorizations");
/// How long one may wait, in milliseconds; older ones are forgotten.
const WAITS: u64 = 3_600_000;

/// Who this wallet is to issuers, and where browsers come back to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WalletClient {
    /// Its client id.
    pub client_id: String,
    /// Its redirect URI; checked when a login begins.
    pub redirect_uri: String,
}

impl WalletClient {
    /// The same, with a redirect URI that is checked already.
    ///
    /// # Errors
    /// [`ConfigError::Client`].
    pub fn parse(client_id: &str, redirect_uri: &str) -> Result<Self, ConfigError> {
        // What RFC 6749 appendix A.1 lets a client id be.
        let printable = |byte| matches!(byte, b' '..=b'~');
        let is_id = !client_id.is_empty() && client_id.len() <= 256 && client_id.bytes().all(printable);
        let uri = RedirectUri::parse(redirect_uri).ok().filter(|_| is_id).ok_or(ConfigError::Client)?;
        Ok(Self { client_id: client_id.to_owned(), redirect_uri: uri.as_str().to_owned() })
    }
}

/// A login that can begin: open the address in the device's browser, never in a view of the app's own (RFC 8252 §8.12).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginStarted {
    /// The address.
    pub address: String,
}

/// Why nothing came of a login.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthorizeError {
    /// The issuer does not let holders log in, or not as securely as this wallet demands: PAR, PKCE by S256, DPoP, and an
    /// `iss` in its answers. Collect in another way.
    #[error("the issuer offers no login that is secure enough: it lacks {0}")]
    NotOffered(&'static str),
    /// The issuer refuses the request.
    #[error("the issuer refuses the login: {0}")]
    Refused(AuthorizationErrorCode),
    /// The address that came back belongs to nothing that this wallet asked, or not any more: begin again.
    #[error("this is no answer to a login that was begun")]
    NotOpen,
    /// The answer is not to be believed.
    #[error(transparent)]
    Answer(#[from] BadAuthorizationResponse),
    /// The holder said no at the issuer's, or had nothing to collect.
    #[error("the login was not completed: {0}")]
    NotCompleted(AuthorizationErrorCode),
    /// The offer or the issuer.
    #[error(transparent)]
    Offer(#[from] OfferRefused),
    /// From the code on, as with any other.
    #[error(transparent)]
    Receive(#[from] ReceiveError),
}

impl From<VaultError> for AuthorizeError {
    fn from(error: VaultError) -> Self {
        Self::Receive(error.into())
    }
}

#[derive(Clone, Serialize, Deserialize)]
struct StoredAuthorization {
    begun: UnixMillis,
    offer: CredentialOffer,
    metadata: IssuerMetadata,
    authorization_server: Endpoint,
    token_endpoint: Endpoint,
    client_id: String,
    redirect_uri: RedirectUri,
    verifier: Secret,
    key: KeyHandle,
    public: Jwk,
}

/// Pushes the request, and says where the browser goes.
pub(crate) async fn begin(
    context: &Context,
    client: &WalletClient,
    offer: &Offer,
    configurations: &[String],
) -> Result<LoginStarted, AuthorizeError> {
    let redirect_uri = RedirectUri::parse(&client.redirect_uri)
        .map_err(|_| AuthorizeError::NotOffered("a redirect_uri of ours"))?;
    forget_old(context).await?;
    let server = token::metadata(context, &offer.authorization_server).await?;
    let (par, authorize, token_endpoint) = endpoints(&server)?;
    let mut dpop = instance::of(context, &server).await?.ok_or(AuthorizeError::NotOffered("DPoP"))?;
    let state = context.new_id()?;
    let mut random = [0; 32];
    context.ports.random.fill(&mut random).map_err(VaultError::from)?;
    let verifier = pkce::verifier(&random);
    let grant = offer.offer.grants.as_ref().and_then(|grants| grants.authorization_code.as_ref());
    let detail = |id: &String| AuthorizationDetail {
        kind: "openid_credential".to_owned(),
        credential_configuration_id: Some(id.clone()),
        credential_identifiers: Vec::new(),
    };
    let mut request = AuthorizationRequest {
        client_id: client.client_id.clone(),
        redirect_uri,
        state: Some(state.clone()),
        challenge: CodeChallenge::of(&verifier),
        scope: Vec::new(),
        details: configurations.iter().map(detail).collect(),
        issuer_state: grant.and_then(|grant| grant.issuer_state.clone()),
        dpop_jkt: Some(dpop.thumbprint()),
    };
    let mut outcome = push(context, &par, &request).await;
    if matches!(outcome, Err(AuthorizeError::Refused(AuthorizationErrorCode::InvalidClient)))
        && dpop.was_known
    {
        dpop =
            instance::begin_anew(context, &server, dpop).await?.ok_or(AuthorizeError::NotOffered("DPoP"))?;
        request.dpop_jkt = Some(dpop.thumbprint());
        outcome = push(context, &par, &request).await;
    }
    let pushed = match outcome {
        Ok(pushed) => pushed,
        Err(error) => {
            instance::let_go(context, dpop).await?;
            return Err(error);
        }
    };
    let stored = StoredAuthorization {
        begun: context.now(),
        offer: CredentialOffer {
            credential_configuration_ids: configurations.to_vec(),
            ..offer.offer.clone()
        },
        metadata: offer.metadata.clone(),
        authorization_server: offer.authorization_server.clone(),
        token_endpoint,
        client_id: request.client_id.clone(),
        redirect_uri: request.redirect_uri,
        verifier,
        public: dpop.key.public.to_jwk(),
        key: dpop.key.handle,
    };
    context.vault.write(move |tx| tx.put(&AUTHORIZATIONS, &state, &stored)).await?;
    let query = Form::default()
        .with("client_id", Some(&request.client_id))
        .with("request_uri", Some(&pushed.request_uri));
    let joint = if authorize.as_str().contains('?') { '&' } else { '?' };
    Ok(LoginStarted { address: format!("{authorize}{joint}{}", query.encode()) })
}

/// Takes what the browser came back with to a code, the code to a token, and the token to credentials. Each answer is
/// taken once.
pub(crate) async fn finish(context: &Context, address: &str) -> Result<Received, AuthorizeError> {
    let state = AuthorizationResponse::state_of(address).ok_or(AuthorizeError::NotOpen)?;
    let _only = context.under_way.only(&state)?;
    // Its code was taken to a token before, and what came of it not to its end.
    if let Some(begun) = collecting::begun(context, &state).await? {
        return Ok(received(collecting::resume(context, state, begun).await?)?);
    }
    let stored = context.vault.get(&AUTHORIZATIONS, &state)?.ok_or(AuthorizeError::NotOpen)?;
    let answer = AuthorizationResponse::parse(address, &state, &stored.authorization_server)?;
    let key = state.clone();
    let (shown, handle) = (Arc::clone(&context.shown), stored.key.clone());
    let take = move |tx: &mut VaultTx<'_, '_>| {
        tx.remove(&AUTHORIZATIONS, &key)?;
        Ok(shown.begin(&handle))
    };
    let showing = context.vault.write(take).await?;
    let public = PublicKey::from_jwk(&stored.public).map_err(|_| VaultError::OtherForm("authorizations"))?;
    let dpop = Dpop::known(HeldKey { handle: stored.key, public }).kept(showing);
    let code = match answer.outcome {
        Ok(code) => code,
        Err(error) => {
            instance::let_go(context, dpop).await?;
            return Err(AuthorizeError::NotCompleted(error));
        }
    };
    let request = TokenRequest::AuthorizationCode {
        code,
        redirect_uri: stored.redirect_uri.as_str().to_owned(),
        code_verifier: Some(stored.verifier),
        client_id: stored.client_id,
    };
    let offer = offer::described(context, stored.offer, stored.metadata, stored.authorization_server)?;
    let token = match token::request(context, &stored.token_endpoint, &request, Some(&dpop)).await {
        Ok(token) => token,
        Err(error) => {
            instance::let_go(context, dpop).await?;
            return Err(error.into());
        }
    };
    let grant = Grant { token, dpop: Some(dpop), token_endpoint: stored.token_endpoint };
    Ok(received(collecting::begin(context, state, &offer, grant, None).await?)?)
}

/// What a server must have, by HAIP 1.0 §4.
fn endpoints(server: &AuthorizationServerMetadata) -> Result<(Endpoint, Endpoint, Endpoint), AuthorizeError> {
    use AuthorizeError::NotOffered;
    if !server.code_challenge_methods_supported.iter().any(|method| method == S256) {
        return Err(NotOffered("PKCE"));
    }
    if !server.authorization_response_iss_parameter_supported {
        return Err(NotOffered("iss"));
    }
    let par = server.pushed_authorization_request_endpoint.clone();
    Ok((
        par.ok_or(NotOffered("pushed requests"))?,
        server.authorization_endpoint.clone().ok_or(NotOffered("an authorization endpoint"))?,
        server.token_endpoint.clone().ok_or(NotOffered("a token endpoint"))?,
    ))
}

async fn push(
    context: &Context,
    par: &Endpoint,
    request: &AuthorizationRequest,
) -> Result<PushedResponse, AuthorizeError> {
    let answer = context.web.post(par, Body::Form(&request.to_form()), JSON, None, MESSAGE).await;
    let answer = answer.map_err(ReceiveError::from)?;
    if answer.is_success() {
        let pushed = limits::json(&answer.body, Limits::MESSAGE);
        return Ok(pushed.map_err(|_| ReceiveError::Unreadable("the pushed request's answer"))?);
    }
    let refusal: Result<OAuthErrorBody<AuthorizationErrorCode>, _> =
        limits::json(&answer.body, Limits::MESSAGE);
    match refusal {
        Ok(body) if is_passing(answer.status, body.error.as_str()) => {
            Err(ReceiveError::Unavailable(answer.status).into())
        }
        Ok(body) => Err(AuthorizeError::Refused(body.error)),
        Err(_) => Err(ReceiveError::status(answer.status).into()),
    }
}

/// The logins that wait for a browser, in clear.
pub(crate) fn exported(context: &Context) -> Result<Vec<Value>, VaultError> {
    let login = |stored: StoredAuthorization| {
        json!({
            "issuer": stored.offer.credential_issuer,
            "configurations": stored.offer.credential_configuration_ids,
            "begun": stored.begun,
        })
    };
    Ok(context.vault.all(&AUTHORIZATIONS)?.into_iter().map(|(_, stored)| login(stored)).collect())
}

/// Every key that the wallet has in the device.
pub(crate) fn all_keys(context: &Context) -> Result<Vec<KeyHandle>, VaultError> {
    let mut keys = later::keys(context)?;
    keys.extend(context.vault.all(&AUTHORIZATIONS)?.into_iter().map(|(_, stored)| stored.key));
    Ok(keys)
}

/// Whether a login that waits needs a key.
pub(super) fn needs(context: &Context, key: &KeyHandle) -> Result<bool, VaultError> {
    Ok(context.vault.all(&AUTHORIZATIONS)?.into_iter().any(|(_, stored)| stored.key == *key))
}

/// Forgets logins that nobody came back from, and their keys.
async fn forget_old(context: &Context) -> Result<(), AuthorizeError> {
    let now = context.now();
    for (state, stored) in context.vault.all(&AUTHORIZATIONS)? {
        if stored.begun.0.saturating_add(WAITS) < now.0 {
            context.vault.write(move |tx| tx.remove(&AUTHORIZATIONS, &state)).await?;
            instance::forget_unless_needed(context, &stored.key).await?;
        }
    }
    Ok(())
}
