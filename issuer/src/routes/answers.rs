//! Answers that several routes give.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE, PRAGMA};
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use service::OAuthError;

/// JSON that nobody may keep: tokens, nonces, credentials (RFC 6749 §5.1).
pub(super) fn secret_json(value: &impl Serialize) -> Response {
    match serde_json::to_vec(value) {
        Ok(body) => (
            StatusCode::OK,
            [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store"), (PRAGMA, "no-cache")],
            body,
        )
            .into_response(),
        Err(error) => OAuthError::internal(error).into_response(),
    }
}

/// Something public of a media type that may be kept for so many seconds, by pages of any origin too.
pub(super) fn public(media_type: &'static str, seconds: u64, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    let kept = HeaderValue::try_from(format!("public, max-age={seconds}"));
    headers.insert(CACHE_CONTROL, kept.unwrap_or(HeaderValue::from_static("no-cache")));
    response
}
