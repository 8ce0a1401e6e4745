//! What every service wraps its router in, once, at the outside.

mod discard;
mod late;

use std::any::Any;
use std::pin::pin;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, header};
use tower_http::catch_panic::CatchPanicLayer;
use tracing::Instrument;

use crate::oauth::OAuthError;
use crate::problem::{NO_SUCH_ADDRESS, Problem};
use crate::trace_context::{self, TraceContext};
use crate::{lang, request_id, ui};
use late::Waiting;

/// Limits and permissions of a service.
#[derive(Debug, Clone, Copy)]
pub struct Layers {
    /// Largest body that is read, in bytes.
    pub body_limit: usize,
    /// Longest time until an answer begins, the coming of the request's body included.
    pub timeout: Duration,
    /// Paths that take larger bodies for longer. Their routes must lift axum's limit too.
    pub large: fn(&str) -> Option<Large>,
    /// Whether pages may ask for the camera (the phone scans with it).
    pub camera: bool,
    /// Whether people come here with browsers: then a refusal is a page for them, also at an address that is none.
    pub pages: bool,
    /// Whether what is at this path belongs to OAuth or OpenID: there every refusal is an [`OAuthError`], whoever gives it.
    pub oauth: fn(&str) -> bool,
}

/// Limits of a path that takes larger bodies.
#[derive(Debug, Clone, Copy)]
pub struct Large {
    /// Largest body that is read, in bytes.
    pub body_limit: usize,
    /// Longest time until the body has come.
    pub body_timeout: Duration,
    /// Longest time until an answer begins, the coming of the body included.
    pub timeout: Duration,
}

impl Default for Layers {
    fn default() -> Self {
        Self {
            body_limit: 1024 * 1024,
            timeout: Duration::from_secs(10),
            large: |_| None,
            camera: false,
            pages: true,
            oauth: |_| false,
        }
    }
}

impl Layers {
    /// The limits of a path.
    fn limits_of(&self, path: &str) -> Large {
        let usual = Large { body_limit: self.body_limit, body_timeout: self.timeout, timeout: self.timeout };
        (self.large)(path).unwrap_or(usual)
    }

    /// Wraps the router, from the outside in: request id, trace, security headers, refusals in the protocol's format,
    /// panics into 500, time limit into 408 or 503, body limit into 413, the language a visitor chose; 404 and 405.
    pub fn wrap(self, router: Router) -> Router {
        let router = router
            .fallback(|| async { Problem::not_found(NO_SUCH_ADDRESS) })
            .method_not_allowed_fallback(|| async {
                Problem::new(
                    http::StatusCode::METHOD_NOT_ALLOWED,
                    "method-not-allowed",
                    "This address doesn't take that method",
                )
            });
        // As one layer, the outermost first: each that a router is given copies all that lie within it for every request, into a box
        // of its own.
        router.layer((
            from_fn_with_state(self, around),
            CatchPanicLayer::custom(panicked),
            from_fn_with_state(self, within),
            DefaultBodyLimit::max(self.body_limit),
        ))
    }
}

/// What must hold whatever happens inside, a panic included.
async fn around(State(layers): State<Layers>, request: Request, next: Next) -> Response {
    let answered = |request: Request| async move {
        let belongs = (layers.oauth)(request.uri().path());
        security_headers(layers, oauth_errors(belongs, next.run(request).await))
    };
    request_id::layer(request, |request| trace(request, answered)).await
}

/// What bounds a request and dresses its answer.
async fn within(State(layers): State<Layers>, request: Request, next: Next) -> Response {
    let answered = |request: Request| async move {
        let belongs = (layers.oauth)(request.uri().path());
        oauth_errors(belongs, next.run(request).await)
    };
    let dressed = |request: Request| async move {
        match layers.pages {
            true => ui::friendly(request, answered).await,
            false => answered(request).await,
        }
    };
    limits(layers, request, |request| lang::remember(request, dressed)).await
}

async fn limits<F>(layers: Layers, request: Request, next: impl FnOnce(Request) -> F) -> Response
where
    F: Future<Output = Response>,
{
    let Large { body_limit, body_timeout, timeout } = layers.limits_of(request.uri().path());
    let announced =
        request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: u64| length > body_limit as u64) {
        // Who asks first (`Expect: 100-continue`) is not sending yet.
        if !request.headers().contains_key(header::EXPECT) {
            discard::discard(request.into_body()).await;
        }
        return Problem::new(http::StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The body is too large")
            .with("limit", body_limit)
            .into_response();
    }
    let (waiting, request) = Waiting::watch(request);
    let mut answer = pin!(next(request));
    // Time for the body first. Once that is over, whoever still waits for it waits in vain; whoever has it may go on.
    for time in [body_timeout, timeout.saturating_sub(body_timeout)] {
        match tokio::time::timeout(time, &mut answer).await {
            Ok(response) => return response,
            Err(_) if waiting.for_the_body() => {
                let title = "The body did not come in time";
                return Problem::new(http::StatusCode::REQUEST_TIMEOUT, "body-timeout", title)
                    .into_response();
            }
            Err(_) => {}
        }
    }
    Problem::unavailable("timeout", "This took too long; try again").into_response()
}

/// What the router and the layers refuse by themselves, in the words of the protocol that the path belongs to.
fn oauth_errors(belongs: bool, mut response: Response) -> Response {
    let problem = if belongs { response.extensions_mut().remove::<Problem>() } else { None };
    match problem {
        None => response,
        Some(problem) => {
            let mut answer = OAuthError::from(problem).into_response();
            // What the router adds by itself: 405 names the methods that are allowed.
            if let Some(allowed) = response.headers_mut().remove(header::ALLOW) {
                answer.headers_mut().insert(header::ALLOW, allowed);
            }
            answer
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the layer hands it over")]
fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("a panic without text");
    Problem::internal(text).into_response()
}

/// No inline script or style, nothing from elsewhere, never in a frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
    media-src 'self' blob:; connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The policy of a page whose form leads to another place as well: an origin (`https://a.example`) or a private scheme
/// (`cn.example.app:`). Anything that is no such source leaves the policy as every page has it.
#[must_use]
pub fn page_policy(form_leads_to: &str) -> HeaderValue {
    let source = |byte: u8| byte.is_ascii_alphanumeric() || b":/.-+[]".contains(&byte);
    if !form_leads_to.bytes().all(source) {
        return HeaderValue::from_static(POLICY);
    }
    let widened = POLICY.replace("form-action 'self'", &format!("form-action 'self' {form_leads_to}"));
    HeaderValue::try_from(widened).unwrap_or(HeaderValue::from_static(POLICY))
}

fn security_headers(layers: Layers, mut response: Response) -> Response {
    let headers = response.headers_mut();
    // At once, with the request's id: a map of headers that grows hashes all that is in it again.
    headers.reserve(8);
    let mut set = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    set(header::CONTENT_SECURITY_POLICY, POLICY);
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::X_FRAME_OPTIONS, "DENY");
    set(header::REFERRER_POLICY, "no-referrer");
    set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    let permissions = if layers.camera {
        "camera=(self), microphone=(), geolocation=()"
    } else {
        "camera=(), microphone=(), geolocation=()"
    };
    set(HeaderName::from_static("permissions-policy"), permissions);
    set(header::CACHE_CONTROL, "no-store");
    response
}

/// One line a request, with the path and never the query: queries carry codes and links. The span is there at every level, so
/// that whatever a request causes to be said has its id.
async fn trace<F>(request: Request, next: impl FnOnce(Request) -> F) -> Response
where
    F: Future<Output = Response>,
{
    let span = tracing::error_span!(
        "request",
        request_id = request_id::current().unwrap_or_default(),
        trace_id = tracing::field::Empty,
        method = %request.method(),
        path = request.uri().path(),
        // OpenTelemetry's names, for those who collect.
        otel.kind = "server",
        http.response.status_code = tracing::field::Empty,
    );
    let belongs_to = TraceContext::begin(&span, TraceContext::of(request.headers()));
    span.record("trace_id", belongs_to.trace_id());
    let told = span.clone();
    let started = Instant::now();
    async move {
        let response = trace_context::within(Some(belongs_to), next(request)).await;
        let (status, ms) = (response.status().as_u16(), started.elapsed().as_millis() as u64);
        told.record("http.response.status_code", status);
        tracing::debug!(status, ms, "answered");
        response
    }
    .instrument(span)
    .await
}
