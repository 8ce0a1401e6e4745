//! Extractors that check before a handler runs. None panics; each refusal is an [`InputError`], which answers 4xx
//! as a [`Problem`] and converts into an [`crate::oauth::OAuthError`].

use std::fmt;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, StatusCode, header};
use percent_encoding::percent_decode;
use serde::de::DeserializeOwned;

use crate::problem::{NO_SUCH_ADDRESS, Problem};

/// How deep JSON may nest before it is refused unread.
pub const MAX_JSON_DEPTH: usize = 32;

/// Why a request's body, path or query was refused. Its text names a place, never a value that was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InputError {
    /// The `Content-Type` is not the one this endpoint reads.
    #[error("send the body as {expected}")]
    MediaType {
        /// The media type to send.
        expected: &'static str,
    },
    /// The body is larger than this service reads, or broke off.
    #[error("the body is too large or broke off")]
    Body {
        /// Whether it was too large.
        too_large: bool,
    },
    /// JSON nested deeper than [`MAX_JSON_DEPTH`].
    #[error("the JSON nests deeper than {MAX_JSON_DEPTH} levels")]
    TooDeep,
    /// Not well-formed.
    #[error("the body is not well-formed at line {line}, column {column}")]
    Syntax {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// Well-formed, but a field is missing, repeated or of the wrong type.
    #[error("a field is missing, repeated or of the wrong type near line {line}, column {column}")]
    Shape {
        /// Line, from 1; 0 when the input has no lines.
        line: usize,
        /// Column, from 1; 0 when the input has no columns.
        column: usize,
    },
    /// The form or query has a field missing, repeated or of the wrong type.
    #[error("a parameter is missing, repeated or of the wrong type")]
    Parameters,
    /// The form or query is not text.
    #[error("a parameter is not UTF-8")]
    NotUtf8,
    /// The path holds a name of the wrong form.
    #[error("the address holds a name of the wrong form")]
    Path,
}

impl InputError {
    /// The HTTP status that fits.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::MediaType { .. } => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Body { too_large: true } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Path => StatusCode::NOT_FOUND,
            Self::Body { .. }
            | Self::TooDeep
            | Self::Syntax { .. }
            | Self::Shape { .. }
            | Self::Parameters
            | Self::NotUtf8 => StatusCode::BAD_REQUEST,
        }
    }

    fn json(error: &serde_json::Error) -> Self {
        let (line, column) = (error.line(), error.column());
        match error.classify() {
            serde_json::error::Category::Data => Self::Shape { line, column },
            _ => Self::Syntax { line, column },
        }
    }
}

impl From<InputError> for Problem {
    fn from(error: InputError) -> Self {
        if matches!(error, InputError::Path) {
            return Self::not_found(NO_SUCH_ADDRESS);
        }
        let code = match error {
            InputError::MediaType { .. } => "unsupported-media-type",
            InputError::Body { too_large: true } => "too-large",
            _ => "invalid-request",
        };
        Self::new(error.status(), code, "The request can't be read").detail(error.to_string())
    }
}

impl IntoResponse for InputError {
    fn into_response(self) -> Response {
        Problem::from(self).into_response()
    }
}

/// A JSON body (`application/json` or `…+json`), at most the service's body limit and [`MAX_JSON_DEPTH`] deep.
#[derive(Debug, Clone)]
pub struct Json<T>(pub T);

/// The bytes of a JSON body, for those who read JSON more strictly than [`Json`] does.
#[derive(Debug, Clone)]
pub struct JsonBytes(pub Bytes);

/// An `application/x-www-form-urlencoded` body. A field given twice is refused.
#[derive(Debug, Clone)]
pub struct Form<T>(pub T);

/// An `application/x-www-form-urlencoded` body in which a field may come several times, as boxes to tick do.
#[derive(Clone)]
pub struct RepeatedForm(pub Fields);

/// Fields as they came. There is no `Debug`: what people enter is theirs.
#[derive(Clone)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// The first value of a field; empty if there is none.
    #[must_use]
    pub fn one(&self, name: &str) -> &str {
        self.0.iter().find(|(of, _)| of == name).map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    /// Every value of a field.
    pub fn all<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f str> {
        self.0.iter().filter(move |(of, _)| of == name).map(|(_, value)| value.as_str())
    }
}

/// A `multipart/form-data` body, still to be read field by field.
#[derive(Debug)]
pub struct Multipart(pub axum::extract::Multipart);

/// The query string. A field given twice is refused.
#[derive(Debug, Clone)]
pub struct Query<T>(pub T);

/// The path's parameters; a name that `T` refuses is 404. One parameter deserialises into its value, several into
/// a struct or map by name.
#[derive(Debug, Clone)]
pub struct Path<T>(pub T);

/// `Authorization: Bearer …` (RFC 6750); 401 when missing. The token never shows in `Debug`.
#[derive(Clone)]
pub struct Bearer(pub String);

impl fmt::Debug for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bearer(…)")
    }
}

/// The token of an `Authorization: Bearer …` header, if there is one.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// Reads JSON with the depth bound, for bytes that don't come as a request body.
pub fn json_from_slice<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, InputError> {
    if nests_deeper_than(bytes, MAX_JSON_DEPTH) {
        return Err(InputError::TooDeep);
    }
    objects::from_slice(bytes).map_err(|error| InputError::json(&error))
}

/// Reads `application/x-www-form-urlencoded`. What is not UTF-8 once decoded is refused: the usual reading puts U+FFFD in its
/// place, and what was sent would be changed without a word.
pub fn form_from_slice<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, InputError> {
    percent_decode(bytes).decode_utf8().map_err(|_| InputError::NotUtf8)?;
    serde_urlencoded::from_bytes(bytes).map_err(|_| InputError::Parameters)
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = InputError;
    async fn from_request(request: Request, state: &S) -> Result<Self, InputError> {
        let JsonBytes(bytes) = JsonBytes::from_request(request, state).await?;
        json_from_slice(&bytes).map(Self)
    }
}

impl<S: Send + Sync> FromRequest<S> for JsonBytes {
    type Rejection = InputError;
    async fn from_request(request: Request, state: &S) -> Result<Self, InputError> {
        let is_json = |kind: &str| kind == "application/json" || kind.ends_with("+json");
        if !media_type(request.headers()).is_some_and(|kind| is_json(&kind)) {
            return Err(InputError::MediaType { expected: "application/json" });
        }
        body(request, state).await.map(Self)
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Form<T> {
    type Rejection = InputError;
    async fn from_request(request: Request, state: &S) -> Result<Self, InputError> {
        const FORM: &str = "application/x-www-form-urlencoded";
        if media_type(request.headers()).as_deref() != Some(FORM) {
            return Err(InputError::MediaType { expected: FORM });
        }
        form_from_slice(&body(request, state).await?).map(Self)
    }
}

impl<S: Send + Sync> FromRequest<S> for RepeatedForm {
    type Rejection = InputError;
    async fn from_request(request: Request, state: &S) -> Result<Self, InputError> {
        let Form(fields) = Form::from_request(request, state).await?;
        Ok(Self(Fields(fields)))
    }
}

impl<S: Send + Sync> FromRequest<S> for Multipart {
    type Rejection = InputError;
    async fn from_request(request: Request, state: &S) -> Result<Self, InputError> {
        // Another media type, or this one without the boundary that tells its fields apart.
        let expected = "multipart/form-data; boundary=…";
        let refused = |_| InputError::MediaType { expected };
        axum::extract::Multipart::from_request(request, state).await.map(Self).map_err(refused)
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = InputError;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, InputError> {
        form_from_slice(parts.uri.query().unwrap_or_default().as_bytes()).map(Self)
    }
}

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = InputError;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, InputError> {
        // axum's own refusal text would show the value that was sent; ours doesn't.
        RawPathParams::from_request_parts(parts, state).await.map_err(|_| InputError::Path)?;
        let axum::extract::Path(value) =
            axum::extract::Path::from_request_parts(parts, state).await.map_err(|_| InputError::Path)?;
        Ok(Self(value))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Bearer {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        bearer(&parts.headers)
            .map(|token| Self(token.to_owned()))
            .ok_or_else(|| Problem::unauthorized("Sign in, or send the staff token"))
    }
}

async fn body<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, InputError> {
    Bytes::from_request(request, state).await.map_err(|rejection| InputError::Body {
        too_large: rejection.into_response().status() == StatusCode::PAYLOAD_TOO_LARGE,
    })
}

fn media_type(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    Some(value.split(';').next()?.trim().to_ascii_lowercase())
}

/// Whether brackets outside strings nest deeper than `limit`: one pass, before anything is built.
fn nests_deeper_than(json: &[u8], limit: usize) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0usize, false, false);
    for byte in json {
        match (in_string, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (true, b'"') => in_string = false,
            (true, _) => {}
            (false, b'"') => in_string = true,
            (false, b'[' | b'{') => {
                depth += 1;
                if depth > limit {
                    return true;
                }
            }
            (false, b']' | b'}') => depth = depth.saturating_sub(1),
            (false, _) => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_counts_brackets_but_not_those_in_strings() {
        assert!(!nests_deeper_than(br#"{"a":"[[[[\"[[["}"#, 1));
        assert!(nests_deeper_than(b"[[", 1));
        let deep = format!("{}1{}", "[".repeat(33), "]".repeat(33));
        assert_eq!(json_from_slice::<serde_json::Value>(deep.as_bytes()), Err(InputError::TooDeep));
    }

    #[test]
    fn an_error_names_the_place_and_not_the_value() {
        #[derive(serde::Deserialize, Debug)]
        struct Person {
            #[expect(dead_code, reason = "only its type matters here")]
            age: u8,
        }
        let error = json_from_slice::<Person>(br#"{"age":"secret"}"#).expect_err("wrong type");
        assert_eq!(error, InputError::Shape { line: 1, column: 15 });
        assert!(!error.to_string().contains("secret"));
    }

    #[test]
    fn a_form_that_is_not_text_is_refused_and_not_mended() {
        type Pairs = Vec<(String, String)>;
        let read = |text: &[u8]| form_from_slice::<Pairs>(text);
        assert_eq!(read(b"name=%E7%8E%8B+%EF%BF%BD"), Ok(vec![("name".into(), "王 \u{fffd}".into())]));
        for bytes in [&b"name=%E7%8E"[..], b"%ED%A0%80=1", b"a=1&name=\xff"] {
            assert_eq!(read(bytes), Err(InputError::NotUtf8));
        }
    }

    #[test]
    fn bearer_takes_the_scheme_in_any_case_and_nothing_empty() {
        let with = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, value.parse().expect("header"));
            bearer(&headers).map(str::to_owned)
        };
        assert_eq!(with("bearer abc").as_deref(), Some("abc"));
        assert_eq!(with("Basic abc"), None);
        assert_eq!(with("Bearer "), None);
    }
}
