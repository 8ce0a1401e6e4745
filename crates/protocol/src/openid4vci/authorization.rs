//! The authorization endpoint and pushed requests to it (§5; RFC 6749 §4.1, RFC 9126, RFC 7636, RFC 9207).

use serde::{Deserialize, Serialize};
use url::Url;

use super::AuthorizationDetail;
use crate::codes::open_codes;
use crate::limits::{self, Form, Limits, ParseError};
use crate::pkce::{CodeChallenge, S256};
use crate::redirect_uri::RedirectUri;
use crate::{Endpoint, Secret};

open_codes! {
    /// Errors of the authorization endpoint and of pushed requests (RFC 6749 §4.1.2.1, RFC 9126 §2.3).
    AuthorizationErrorCode {
        /// A parameter is missing, repeated or malformed.
        InvalidRequest = "invalid_request",
        /// The client is unknown or did not prove itself.
        InvalidClient = "invalid_client",
        /// The holder said no, or has nothing to collect.
        AccessDenied = "access_denied",
        /// Another response type than `code`.
        UnsupportedResponseType = "unsupported_response_type",
        /// The scope names nothing that is issued here.
        InvalidScope = "invalid_scope",
        /// The details name nothing that is issued here, or are malformed.
        InvalidAuthorizationDetails = "invalid_authorization_details",
    }
}

/// An authorization request, as it is pushed (RFC 9126 §2.1): a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizationRequest {
    /// The wallet's client id.
    pub client_id: String,
    /// Where the browser goes afterwards.
    pub redirect_uri: RedirectUri,
    /// The wallet's own; comes back unchanged.
    pub state: Option<String>,
    /// The PKCE challenge, by `S256`.
    pub challenge: CodeChallenge,
    /// Scopes, each the one of a credential configuration.
    pub scope: Vec<String>,
    /// Credential configurations, asked for by details.
    pub details: Vec<AuthorizationDetail>,
    /// From the offer.
    pub issuer_state: Option<String>,
    /// The thumbprint of the key that the code will be bound to (RFC 9449 §10).
    pub dpop_jkt: Option<String>,
}

/// Why a request is refused. [`BadAuthorizationRequest::code`] is what to answer with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadAuthorizationRequest {
    /// It can't be read.
    #[error("{0}")]
    Unreadable(#[from] ParseError),
    /// Another response type than `code`.
    #[error("the only response_type here is code")]
    ResponseType,
    /// A pushed request must not refer to another one (RFC 9126 §2.1).
    #[error("a pushed request carries no request_uri and no request")]
    Nested,
    /// There is no challenge.
    #[error("PKCE is required: send a code_challenge")]
    NoChallenge,
    /// The challenge's method is another, or the challenge none of it.
    #[error("the code_challenge must be of method S256")]
    Challenge,
    /// The redirect URI is none that a browser may be sent to.
    #[error("{0}")]
    RedirectUri(#[from] crate::redirect_uri::BadRedirectUri),
    /// The details are malformed, repeated, or too many.
    #[error(
        "authorization_details must be openid_credential objects, each with its own credential_configuration_id"
    )]
    Details,
    /// Neither scope nor details.
    #[error("name what to collect, by scope or authorization_details")]
    Nothing,
    /// A value is too long.
    #[error("{0} is too long")]
    TooLong(&'static str),
}

impl BadAuthorizationRequest {
    /// The error code to answer with.
    pub fn code(&self) -> AuthorizationErrorCode {
        match self {
            Self::ResponseType => AuthorizationErrorCode::UnsupportedResponseType,
            Self::Details => AuthorizationErrorCode::InvalidAuthorizationDetails,
            Self::Nothing => AuthorizationErrorCode::InvalidScope,
            Self::Unreadable(_)
            | Self::Nested
            | Self::NoChallenge
            | Self::Challenge
            | Self::RedirectUri(_)
            | Self::TooLong(_) => AuthorizationErrorCode::InvalidRequest,
        }
    }
}

const MAX_DETAILS: usize = 16;
const MAX_TEXT: usize = 1024;

impl AuthorizationRequest {
    /// Reads a pushed request's form.
    ///
    /// # Errors
    /// [`BadAuthorizationRequest`].
    pub fn parse(body: &[u8]) -> Result<Self, BadAuthorizationRequest> {
        let form = Form::parse(body)?;
        if form.get("request_uri").is_some() || form.get("request").is_some() {
            return Err(BadAuthorizationRequest::Nested);
        }
        if form.require("response_type")? != "code" {
            return Err(BadAuthorizationRequest::ResponseType);
        }
        let short = |name: &'static str| match form.get(name) {
            Some(text) if text.len() > MAX_TEXT => Err(BadAuthorizationRequest::TooLong(name)),
            text => Ok(text.map(str::to_owned)),
        };
        let challenge = form.get("code_challenge").ok_or(BadAuthorizationRequest::NoChallenge)?;
        if form.get("code_challenge_method") != Some(S256) {
            return Err(BadAuthorizationRequest::Challenge);
        }
        let details = match form.get("authorization_details") {
            Some(text) => AuthorizationDetail::read(text).ok_or(BadAuthorizationRequest::Details)?,
            None => Vec::new(),
        };
        let scope = short("scope")?.unwrap_or_default();
        let scope: Vec<_> = scope.split_ascii_whitespace().map(str::to_owned).collect();
        if scope.is_empty() && details.is_empty() {
            return Err(BadAuthorizationRequest::Nothing);
        }
        if scope.len() > MAX_DETAILS {
            return Err(BadAuthorizationRequest::TooLong("scope"));
        }
        form.require("client_id")?;
        Ok(Self {
            client_id: short("client_id")?.unwrap_or_default(),
            redirect_uri: RedirectUri::parse(form.require("redirect_uri")?)?,
            state: short("state")?,
            challenge: CodeChallenge::parse(challenge).map_err(|_| BadAuthorizationRequest::Challenge)?,
            scope,
            details,
            issuer_state: short("issuer_state")?,
            dpop_jkt: short("dpop_jkt")?,
        })
    }

    /// The form.
    pub fn to_form(&self) -> Form {
        let scope = (!self.scope.is_empty()).then(|| self.scope.join(" "));
        let details = (!self.details.is_empty()).then(|| serde_json::to_string(&self.details).ok()).flatten();
        Form::default()
            .with("response_type", Some("code"))
            .with("client_id", Some(&self.client_id))
            .with("redirect_uri", Some(self.redirect_uri.as_str()))
            .with("state", self.state.as_deref())
            .with("code_challenge", Some(self.challenge.as_str()))
            .with("code_challenge_method", Some(S256))
            .with("scope", scope.as_deref())
            .with("authorization_details", details.as_deref())
            .with("issuer_state", self.issuer_state.as_deref())
            .with("dpop_jkt", self.dpop_jkt.as_deref())
    }
}

impl AuthorizationDetail {
    /// Reads `authorization_details`: at most 16 of type `openid_credential`, each with a configuration of its own.
    pub fn read(text: &str) -> Option<Vec<Self>> {
        let details: Vec<Self> = limits::json(text.as_bytes(), Limits::MESSAGE).ok()?;
        let sound = |(at, detail): (usize, &Self)| {
            let id = &detail.credential_configuration_id;
            let again = details[..at].iter().any(|before| before.credential_configuration_id == *id);
            detail.kind == "openid_credential" && id.is_some() && !again
        };
        let all = (1..=MAX_DETAILS).contains(&details.len()) && details.iter().enumerate().all(sound);
        all.then_some(details)
    }
}

/// What a pushed request is answered with (RFC 9126 §2.2), status 201.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushedResponse {
    /// Stands for the request, once.
    pub request_uri: String,
    /// How many seconds it counts.
    pub expires_in: u64,
}

/// What the browser comes back to the wallet with (RFC 6749 §4.1.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizationResponse {
    /// The code, or why there is none.
    pub outcome: Result<Secret, AuthorizationErrorCode>,
}

/// Why an answer is not taken. Nothing was sent anywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadAuthorizationResponse {
    /// It is no address with an answer.
    #[error("this is no answer to an authorization request")]
    Unreadable,
    /// The state is another: the answer belongs to another request, or somebody made it up.
    #[error("the answer belongs to another request")]
    State,
    /// It is from another authorization server, or does not say from which: a mix-up (RFC 9207).
    #[error("the answer is from another authorization server")]
    Issuer,
}

impl AuthorizationResponse {
    /// The `state` of an answer, by which the wallet finds what it asked.
    pub fn state_of(address: &str) -> Option<String> {
        form_of(address)?.get("state").map(str::to_owned)
    }

    /// Reads an answer that must be for `state` and from `issuer`.
    ///
    /// # Errors
    /// [`BadAuthorizationResponse`].
    pub fn parse(address: &str, state: &str, issuer: &Endpoint) -> Result<Self, BadAuthorizationResponse> {
        let form = form_of(address).ok_or(BadAuthorizationResponse::Unreadable)?;
        if form.get("state") != Some(state) {
            return Err(BadAuthorizationResponse::State);
        }
        if form.get("iss") != Some(issuer.as_str()) {
            return Err(BadAuthorizationResponse::Issuer);
        }
        let outcome = match (form.get("code"), form.get("error")) {
            (Some(code), None) => Ok(Secret::from(code)),
            (None, Some(error)) => Err(AuthorizationErrorCode::from(error)),
            _ => return Err(BadAuthorizationResponse::Unreadable),
        };
        Ok(Self { outcome })
    }
}

fn form_of(address: &str) -> Option<Form> {
    let url = Url::parse(address).ok().filter(|_| address.len() <= 8192)?;
    Form::parse(url.query()?.as_bytes()).ok()
}
