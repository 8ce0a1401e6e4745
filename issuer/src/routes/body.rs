//! Bodies of protocol endpoints, as bytes: what is in them is read by `protocol`, which knows the error codes.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::response::IntoResponse;
use http::{HeaderMap, StatusCode, header};
use service::OAuthError;
use zeroize::Zeroizing;

use crate::core::App;
use crate::sealed;

/// The bytes of an `application/x-www-form-urlencoded` body.
pub(super) struct FormBytes(pub(super) Bytes);

/// The bytes of an `application/json` body.
pub(super) struct JsonBytes(pub(super) Bytes);

impl<S: Send + Sync> FromRequest<S> for FormBytes {
    type Rejection = OAuthError;

    async fn from_request(request: Request, state: &S) -> Result<Self, OAuthError> {
        bytes(request, state, "application/x-www-form-urlencoded").await.map(Self)
    }
}

/// The bytes of a body that is JSON, or was before it was encrypted to us.
pub(super) struct MaybeSealed(pub(super) Zeroizing<Vec<u8>>);

impl FromRequest<App> for JsonBytes {
    type Rejection = OAuthError;

    async fn from_request(request: Request, state: &App) -> Result<Self, OAuthError> {
        bytes(request, state, "application/json").await.map(Self)
    }
}

impl FromRequest<App> for MaybeSealed {
    type Rejection = OAuthError;

    async fn from_request(request: Request, app: &App) -> Result<Self, OAuthError> {
        const SEALED: &str = "application/jwt";
        if is(request.headers(), SEALED) {
            let sealed = bytes(request, app, SEALED).await?;
            return sealed::opened(app, &sealed).map(Self);
        }
        let plain = bytes(request, app, "application/json").await?;
        Ok(Self(Zeroizing::new(plain.to_vec())))
    }
}

async fn bytes<S: Send + Sync>(
    request: Request,
    state: &S,
    media_type: &'static str,
) -> Result<Bytes, OAuthError> {
    if !is(request.headers(), media_type) {
        let error = OAuthError::invalid_request(format!("send the body as {media_type}"));
        return Err(error.status(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    Bytes::from_request(request, state).await.map_err(|rejection| {
        let status = rejection.into_response().status();
        let status = if status == StatusCode::PAYLOAD_TOO_LARGE { status } else { StatusCode::BAD_REQUEST };
        OAuthError::invalid_request("the body is too large or broke off").status(status)
    })
}

fn is(headers: &HeaderMap, media_type: &str) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = value.and_then(|value| value.split(';').next());
    essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case(media_type))
}
