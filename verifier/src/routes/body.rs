//! Forms that wallets post, as bytes: what is in them is read by `protocol`, which knows the rules.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use service::OAuthError;

const FORM: &str = "application/x-www-form-urlencoded";

/// The bytes of a form.
pub(super) struct FormBytes(pub(super) Bytes);

impl<S: Send + Sync> FromRequest<S> for FormBytes {
    type Rejection = OAuthError;

    async fn from_request(request: Request, state: &S) -> Result<Self, OAuthError> {
        let value = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let essence = value.and_then(|value| value.split(';').next()).unwrap_or_default();
        if !essence.trim().eq_ignore_ascii_case(FORM) {
            let error = OAuthError::invalid_request(format!("send the body as {FORM}"));
            return Err(error.status(StatusCode::UNSUPPORTED_MEDIA_TYPE));
        }
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| {
            let status = match rejection.into_response().status() {
                StatusCode::PAYLOAD_TOO_LARGE => StatusCode::PAYLOAD_TOO_LARGE,
                _ => StatusCode::BAD_REQUEST,
            };
            OAuthError::invalid_request("the body is too large or broke off").status(status)
        })?;
        Ok(Self(bytes))
    }
}
