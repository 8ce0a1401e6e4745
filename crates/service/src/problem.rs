//! RFC 9457 problem details: how our own endpoints say no.

use std::borrow::Cow;
use std::fmt::Display;

use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::request_id;

/// What is said of an address that nobody serves, and of one that can't be read.
pub(crate) const NO_SUCH_ADDRESS: &str = "There is nothing at this address";

/// An answer that says no (RFC 9457, `application/problem+json`).
///
/// `code` is stable and machine-readable; it becomes the `type`, `urn:huizheng:problem:<code>`. `title` is the same
/// for every occurrence; `detail` is for this one, and must be safe to show to whoever asked: internal
/// text belongs in the log, see [`Problem::internal`].
#[derive(Debug, Clone)]
pub struct Problem(Box<Parts>);

#[derive(Debug, Clone)]
struct Parts {
    status: StatusCode,
    code: Cow<'static, str>,
    title: Cow<'static, str>,
    detail: Option<String>,
    members: Map<String, Value>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    /// A problem with any status. Codes are short kebab-case words (`offer-expired`).
    pub fn new(
        status: StatusCode,
        code: impl Into<Cow<'static, str>>,
        title: impl Into<Cow<'static, str>>,
    ) -> Self {
        let (code, title) = (code.into(), title.into());
        Self(Box::new(Parts { status, code, title, detail: None, members: Map::new(), headers: Vec::new() }))
    }

    /// 400: the request itself is wrong; sending it again unchanged will not help.
    pub fn bad_request(code: impl Into<Cow<'static, str>>, title: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, title)
    }

    /// 401 with `WWW-Authenticate: Bearer`: credentials are missing or wrong.
    pub fn unauthorized(title: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", title)
            .header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
    }

    /// 403: known, and not allowed.
    pub fn forbidden(code: impl Into<Cow<'static, str>>, title: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, title)
    }

    /// 404.
    pub fn not_found(title: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", title)
    }

    /// 409: the thing exists but its state doesn't allow this.
    pub fn conflict(code: impl Into<Cow<'static, str>>, title: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::CONFLICT, code, title)
    }

    /// 410: it was there and is gone for good (an expired offer).
    pub fn gone(code: impl Into<Cow<'static, str>>, title: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::GONE, code, title)
    }

    /// 422: well-formed, but its content fails a check; list the failures with [`Problem::with`].
    pub fn unprocessable(code: impl Into<Cow<'static, str>>, title: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, title)
    }

    /// 429 with `Retry-After` in seconds.
    pub fn too_many_requests(retry_after_seconds: u64) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "too-many-requests", "Too many requests; wait a moment")
            .header(header::RETRY_AFTER, HeaderValue::from(retry_after_seconds))
    }

    /// 503: something this service needs doesn't answer; trying again later can help.
    pub fn unavailable(code: impl Into<Cow<'static, str>>, title: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, title)
    }

    /// 500. The error is logged with the request's id and never leaves the service.
    pub fn internal(error: impl Display) -> Self {
        tracing::error!(%error, "internal error");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Something went wrong on our side")
            .detail("Nothing was changed by mistake of yours. Quote the request id when you report this.")
    }

    /// What happened this time, in words safe for whoever asked.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    /// An extension member (RFC 9457 section 3.2). A value that can't be JSON is left out.
    #[must_use]
    pub fn with(mut self, member: &str, value: impl Serialize) -> Self {
        if let Ok(value) = serde_json::to_value(value) {
            self.0.members.insert(member.to_owned(), value);
        }
        self
    }

    /// An answer header that goes with the problem.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The stable code, without the `urn:huizheng:problem:` before it.
    pub fn code(&self) -> &str {
        &self.0.code
    }

    /// The title.
    pub fn title(&self) -> &str {
        &self.0.title
    }

    /// The detail, if there is one.
    pub fn detail_text(&self) -> Option<&str> {
        self.0.detail.as_deref()
    }

    /// The answer headers that go with it.
    pub fn headers(&self) -> &[(HeaderName, HeaderValue)] {
        &self.0.headers
    }

    fn body(&self) -> Value {
        let mut body = self.0.members.clone();
        body.insert("type".into(), format!("urn:huizheng:problem:{}", self.0.code).into());
        body.insert("title".into(), self.0.title.as_ref().into());
        body.insert("status".into(), self.0.status.as_u16().into());
        if let Some(detail) = &self.0.detail {
            body.insert("detail".into(), detail.as_str().into());
        }
        if let Some(id) = request_id::current() {
            body.insert("requestId".into(), id.into());
        }
        Value::Object(body)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = self.body().to_string();
        let content_type = (header::CONTENT_TYPE, "application/problem+json");
        let mut response =
            (self.0.status, [content_type, (header::CACHE_CONTROL, "no-store")], body).into_response();
        for (name, value) in &self.0.headers {
            response.headers_mut().append(name, value.clone());
        }
        // Kept beside the answer so that `ui::errors` can draw it as a page for a browser.
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::to_bytes;

    #[tokio::test]
    async fn a_problem_is_problem_json_with_its_members_and_headers() {
        let answer = Problem::too_many_requests(7).detail("Slow down").with("limit", 5).into_response();
        assert_eq!(answer.status(), 429);
        assert_eq!(answer.headers()["retry-after"], "7");
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
        let body: Value =
            serde_json::from_slice(&to_bytes(answer.into_body(), 4096).await.expect("body")).expect("json");
        assert_eq!(body["type"], "urn:huizheng:problem:too-many-requests");
        assert_eq!(body["detail"], "Slow down");
        assert_eq!(body["limit"], 5);
        assert_eq!(body["status"], 429);
    }

    #[tokio::test]
    async fn an_internal_error_keeps_its_text_inside() {
        let answer = Problem::internal("the password is swordfish").into_response();
        let body = to_bytes(answer.into_body(), 4096).await.expect("body");
        assert!(!String::from_utf8_lossy(&body).contains("swordfish"));
    }
}
