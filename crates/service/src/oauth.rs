//! OAuth 2.0 error answers (RFC 6749 section 5.2), which OpenID4VCI and OpenID4VP use too, and extractors that answer
//! with them.

use std::borrow::Cow;
use std::fmt::Display;

use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::extract::{self, InputError};
use crate::problem::Problem;

/// An OAuth error: `{"error": code, "error_description": …}` with `Cache-Control: no-store`.
#[derive(Debug, Clone)]
pub struct OAuthError(Box<Parts>);

#[derive(Debug, Clone)]
struct Parts {
    status: StatusCode,
    error: Cow<'static, str>,
    description: Option<Cow<'static, str>>,
    members: Map<String, Value>,
    headers: HeaderMap,
}

impl OAuthError {
    /// 400 with this code; pass the protocol's own code text (`invalid_grant`, `invalid_proof`).
    pub fn new(error: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Parts {
            status: StatusCode::BAD_REQUEST,
            error: error.into(),
            description: None,
            members: Map::new(),
            headers: HeaderMap::new(),
        }))
    }

    /// `invalid_request`: malformed, a parameter missing, repeated or of the wrong type.
    pub fn invalid_request(description: impl Into<Cow<'static, str>>) -> Self {
        Self::new("invalid_request").description(description)
    }

    /// 401 `invalid_token` with `WWW-Authenticate: Bearer error="invalid_token"` (RFC 6750 section 3).
    pub fn invalid_token(description: impl Into<Cow<'static, str>>) -> Self {
        Self::new("invalid_token")
            .status(StatusCode::UNAUTHORIZED)
            .description(description)
            .header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer error=\"invalid_token\""))
    }

    /// 500 `server_error`. The error is logged and never leaves the service.
    pub fn internal(error: impl Display) -> Self {
        tracing::error!(%error, "internal error");
        Self::new("server_error").status(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// Another status than 400.
    #[must_use]
    pub fn status(mut self, status: StatusCode) -> Self {
        self.0.status = status;
        self
    }

    /// `error_description`: for a developer, safe to show.
    #[must_use]
    pub fn description(mut self, description: impl Into<Cow<'static, str>>) -> Self {
        self.0.description = Some(description.into());
        self
    }

    /// Another member of the answer (`c_nonce`, `interval`).
    #[must_use]
    pub fn with(mut self, member: &str, value: impl Into<Value>) -> Self {
        self.0.members.insert(member.to_owned(), value.into());
        self
    }

    /// An answer header.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.insert(name, value);
        self
    }

    /// The code.
    pub fn error(&self) -> &str {
        &self.0.error
    }
}

impl IntoResponse for OAuthError {
    fn into_response(self) -> Response {
        let mut body = self.0.members;
        body.insert("error".into(), json!(self.0.error));
        if let Some(description) = self.0.description {
            body.insert("error_description".into(), json!(description));
        }
        let mut response = (
            self.0.status,
            [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")],
            Value::Object(body).to_string(),
        )
            .into_response();
        response.headers_mut().extend(self.0.headers);
        response
    }
}

impl From<InputError> for OAuthError {
    fn from(error: InputError) -> Self {
        Self::invalid_request(error.to_string()).status(error.status())
    }
}

/// A refusal that was not made for OAuth, in its words. Status, headers and text stay.
impl From<Problem> for OAuthError {
    fn from(problem: Problem) -> Self {
        let status = problem.status();
        let code = match status {
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => "temporarily_unavailable",
            status if status.is_server_error() => "server_error",
            _ => "invalid_request",
        };
        let text = problem.detail_text().unwrap_or(problem.title()).to_owned();
        let headers = problem.headers().iter().cloned();
        headers.fold(Self::new(code).status(status).description(text), |error, (name, value)| {
            error.header(name, value)
        })
    }
}

/// [`extract::Json`] whose refusal is an OAuth `invalid_request`.
#[derive(Debug, Clone)]
pub struct Json<T>(pub T);

/// [`extract::Form`] whose refusal is an OAuth `invalid_request`.
#[derive(Debug, Clone)]
pub struct Form<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = OAuthError;
    async fn from_request(request: Request, state: &S) -> Result<Self, OAuthError> {
        let extract::Json(value) = extract::Json::from_request(request, state).await?;
        Ok(Self(value))
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Form<T> {
    type Rejection = OAuthError;
    async fn from_request(request: Request, state: &S) -> Result<Self, OAuthError> {
        let extract::Form(value) = extract::Form::from_request(request, state).await?;
        Ok(Self(value))
    }
}
